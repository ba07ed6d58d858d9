"""Take crypto payments through the Paymento gateway.

Five steps: `Client.create_payment` gives a payment; send the customer to its `url`; the gateway posts a signed
callback, which `authenticate` checks; `Client.verify_payment` asks whether it is settled;
`Verification.require_settled` gives the proof on which to fulfill the order, once.

`Checkout` does all of it durably: it records, verifies and hands each paid order over to the shop's own function.

A callback and a returning customer (`ReturnVisit`) are reasons to verify, never proofs. Amounts are decimal strings or
`Decimal` in major units. Every failure is a `PaymentoError` with a stable `code`. In tests, see `paymento.testing`.
"""

from ._native import (
    SIGNATURE_HEADER,
    AcceptedCoin,
    Answer,
    Callback,
    CallbackUrlChange,
    Coin,
    CoinPrice,
    Currency,
    DeadLetter,
    Health,
    HistoryEntry,
    Info,
    Language,
    LastBlock,
    Merchant,
    OrderEvent,
    OrderRecord,
    Payment,
    PaymentRecord,
    PaymentsPage,
    Price,
    ReturnVisit,
    Settings,
    Settlement,
    Shortfall,
    Transaction,
    Verification,
    authenticate,
    checkout_schema_sql,
    once_table_sql,
    sign,
)
from ._native import VERSION as __version__  # noqa: N811 (Python's own name for it)

# Importing this package must cost next to nothing: what needs enum or asyncio, or is not needed at once, comes later.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._async_checkout import AsyncCheckout
    from ._async_client import AsyncClient
    from ._checkout import Checkout
    from ._checkout_enums import EventKind, OrderState, PaymentState, Problem, Reason
    from ._client import Client
    from ._enums import CallbackMethod, Meaning, OrderStatus, Outcome, Speed
    from ._errors import (
        ApiError,
        CheckoutError,
        ConfigError,
        DatabaseError,
        DecodeError,
        InputError,
        PaymentoError,
        SignatureError,
        TransportError,
        VerifyError,
    )

__all__ = [
    "SIGNATURE_HEADER",
    "AcceptedCoin",
    "Answer",
    "ApiError",
    "AsyncCheckout",
    "AsyncClient",
    "Callback",
    "CallbackMethod",
    "CallbackUrlChange",
    "Checkout",
    "CheckoutError",
    "Client",
    "Coin",
    "CoinPrice",
    "ConfigError",
    "Currency",
    "DatabaseError",
    "DeadLetter",
    "DecodeError",
    "EventKind",
    "Health",
    "HistoryEntry",
    "Info",
    "InputError",
    "Language",
    "LastBlock",
    "Meaning",
    "Merchant",
    "OrderEvent",
    "OrderRecord",
    "OrderState",
    "OrderStatus",
    "Outcome",
    "Payment",
    "PaymentRecord",
    "PaymentState",
    "PaymentoError",
    "PaymentsPage",
    "Price",
    "Problem",
    "Reason",
    "ReturnVisit",
    "Settings",
    "Settlement",
    "Shortfall",
    "SignatureError",
    "Speed",
    "Transaction",
    "TransportError",
    "Verification",
    "VerifyError",
    "__version__",
    "authenticate",
    "checkout_schema_sql",
    "once_table_sql",
    "sign",
]

_LATER = {
    "AsyncCheckout": "_async_checkout",
    "AsyncClient": "_async_client",
    "Checkout": "_checkout",
    "Client": "_client",
    **dict.fromkeys(("EventKind", "OrderState", "PaymentState", "Problem", "Reason"), "_checkout_enums"),
    **dict.fromkeys(("CallbackMethod", "Meaning", "OrderStatus", "Outcome", "Speed"), "_enums"),
    **dict.fromkeys((name for name in __all__ if name.endswith("Error")), "_errors"),
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_LATER[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
