"""The exceptions. What each code means is in core's table; `tables()` lists it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._enums import Outcome
    from ._native import OrderRecord


class PaymentoError(Exception):
    """A failure: its `code` says what to do about it, its text says what happened.

    No error holds a key, a signature or a body.
    """

    code: str
    """The stable name, for instance `signature.mismatch`."""
    message: str
    """What happened, without the hint."""
    hint: "str | None"
    """The likely cause or cure, where there is one."""
    http_status: "int | None"
    """The HTTP status of the gateway's answer, where there was one."""
    retry_after: "float | None"
    """How long the gateway asked us to wait, in seconds."""
    is_retryable: bool
    """Whether the same call, made again later and unchanged, may succeed and does no harm."""
    maybe_sent: bool
    """Whether the gateway may have carried the request out although the call failed."""

    def __init__(
        self,
        text: str = "",
        *,
        code: str = "",
        message: "str | None" = None,
        hint: "str | None" = None,
        http_status: "int | None" = None,
        retry_after: "float | None" = None,
        is_retryable: bool = False,
        maybe_sent: bool = False,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.message = text if message is None else message
        self.hint = hint
        self.http_status = http_status
        self.retry_after = retry_after
        self.is_retryable = is_retryable
        self.maybe_sent = maybe_sent


class ConfigError(PaymentoError):
    """The library is set up wrongly; no payment was touched."""


class InputError(PaymentoError, ValueError):
    """An argument is wrong; nothing was sent."""


class TransportError(PaymentoError):
    """The gateway could not be reached, or its answer did not arrive. See `maybe_sent`."""


class ApiError(PaymentoError):
    """The gateway answered, and refused."""


class DecodeError(PaymentoError):
    """Something arrived that is not what the gateway's documentation describes."""


class SignatureError(PaymentoError):
    """A callback is not signed with the store's secret."""


class VerifyError(PaymentoError):
    """The payment is not settled, or not the one that was asked about."""

    outcome: "Outcome | None" = None
    """What the verification came to."""


class CheckoutError(PaymentoError):
    """The order does not allow it, or another process is at work on it."""

    order: "OrderRecord | None" = None
    """Where the order stands, with `checkout.already_paid` and `checkout.payment_in_progress`.

    None where it could not be read. Show it only to whom the order belongs. It is not pickled with the error.
    """

    def __reduce__(self) -> "tuple[object, ...]":
        kept = {name: value for name, value in vars(self).items() if name != "order"}
        return (type(self), self.args, kept)


class DatabaseError(PaymentoError):
    """The checkout's database cannot be used, or not now."""


for _class in list(globals().values()):
    if isinstance(_class, type):
        _class.__module__ = "paymento"
