"""The enumerations. Their values are core's; a test compares them with core's own lists."""

from enum import Enum, EnumMeta, IntEnum
from typing import Any, NoReturn

from ._native import refuse_value, status_code, status_meaning

NUMBERS = range(-(2**63), 2**63)
"""What the core keeps."""


class _Text(str, Enum):
    """Reads as its value, in every version of Python."""

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        refuse_value(cls.__name__, value)


class Meaning(_Text):
    """What a status means to a shop."""

    OPEN = "open"
    """Nothing to do: the customer has not paid yet, or the chain has not confirmed."""
    ATTENTION = "attention"
    """Still open, and somebody should look: less than the amount owed has arrived."""
    VERIFY_NOW = "verify_now"
    """Paid on the chain: call `verify_payment`, which approves it."""
    SETTLED = "settled"
    """Approved. Final."""
    CLOSED = "closed"
    """Expired, canceled or rejected. Money can still arrive late."""
    UNKNOWN = "unknown"
    """Not in the gateway's documentation: never fulfill on it."""


class _WholeNumbers(EnumMeta):
    """Takes no number that merely equals a member: True is no status, and neither is 7.0."""

    def __call__(cls, value: Any, *more: Any, **options: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            refuse_value(cls.__name__, value)
        return super().__call__(value, *more, **options)


class OrderStatus(IntEnum, metaclass=_WholeNumbers):
    """A payment's status at the gateway. A number that is not documented is kept.

    `OrderStatus(7)`, `OrderStatus("7")` and `OrderStatus("paid")` are the same. A status in a callback is a reason to
    verify, never a proof of payment.
    """

    INITIALIZE = 0
    """Created; the customer has not chosen a coin."""
    PENDING = 1
    """An address is issued; waiting for the customer."""
    PARTIAL_PAID = 2
    """Less than the amount owed has arrived."""
    WAITING_TO_CONFIRM = 3
    """Enough has arrived, and the chain has not confirmed it."""
    TIMEOUT = 4
    """The payment window ended."""
    USER_CANCELED = 5
    """The customer canceled on the hosted page."""
    PAID = 7
    """Confirmed on the chain, and not yet verified by the store."""
    APPROVE = 8
    """Verified by the store. Final."""
    REJECT = 9
    """No longer watched, or never verified by the store."""

    @property
    def meaning(self) -> Meaning:
        """What the status means to a shop."""
        return Meaning(status_meaning(int(self)))

    @classmethod
    def _missing_(cls, value: Any) -> "OrderStatus":
        if isinstance(value, str):
            return cls(status_code(value))
        if value not in NUMBERS:
            refuse_value(cls.__name__, value)
        unknown = int.__new__(cls, value)
        unknown._name_ = f"UNKNOWN_{value}"
        unknown._value_ = value
        return unknown

    def __str__(self) -> str:
        """Give the number, in every version of Python."""
        return int.__repr__(self)

    def __reduce_ex__(self, protocol: object) -> "tuple[type[OrderStatus], tuple[int]]":
        """By number, so that one that is not documented is pickled as well."""
        return OrderStatus, (int(self),)


class Outcome(_Text):
    """What a verify answer comes to."""

    SETTLED = "settled"
    """Approved, and it is the expected payment: fulfill the order, once."""
    OPEN = "open"
    """Not paid yet, or not confirmed."""
    CLOSED = "closed"
    """Expired, canceled or rejected. Money can still arrive late."""
    PAID_NOT_APPROVED = "paid_not_approved"
    """Paid on the chain, and not approved by this call: ask again soon."""
    INVALID_TOKEN = "invalid_token"  # noqa: S105 (the name of an outcome)
    """The gateway does not know the token for this store."""
    MISMATCH = "mismatch"
    """The answer is about another token, order or amount: never fulfill."""
    CONTRADICTORY = "contradictory"
    """Success and status do not go together: never fulfill."""
    UNKNOWN = "unknown"
    """A status that is not documented, or none: never fulfill, ask again later."""


class Speed(_Text):
    """How sure a payment must be before the gateway calls it paid."""

    LOW = "low"
    """Wait for confirmations on the chain. The default."""
    HIGH = "high"
    """Accept a transaction from the mempool, which can still be replaced by one that pays somebody else."""


class CallbackMethod(_Text):
    """The HTTP method of callbacks."""

    POST = "POST"
    """The default."""
    PUT = "PUT"
    """For hosts that want it."""


for _class in (CallbackMethod, Meaning, OrderStatus, Outcome, Speed):
    _class.__module__ = "paymento"
