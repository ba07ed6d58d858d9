"""Names for what arguments take. Only type checkers import this."""

from collections.abc import Generator, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeAlias


class HasItems(Protocol):
    """Like `http.client.HTTPMessage`: no mapping, but it has `items()`."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Pairs of name and value."""


Amount: TypeAlias = str | Decimal
"""A decimal in major units, like "29.99". A float or an int is refused."""

Seconds: TypeAlias = float | timedelta
"""Seconds as a number, or a timedelta. More than 0, at most an hour."""

Duration: TypeAlias = float | timedelta | str
"""Seconds as a number, a timedelta, or a text like "250ms", "90s", "20m", "1h30m" or "2d"."""

Headers: TypeAlias = HasItems | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]] | str | None
"""All headers as a mapping or as pairs, or the value of the signature header."""

Query: TypeAlias = str | Mapping[str, Any] | HasItems | Iterable[tuple[str, str]]
"""A query string, or its parameters."""

EventKindName: TypeAlias = Literal["paid", "partially_paid", "closed", "attention"]
"""What a shop is told."""


PaymentStateName: TypeAlias = Literal[
    "creating", "open", "partially_paid", "confirming", "closed", "attention", "settled"
]
"""Where a payment stands."""

WorkerName: TypeAlias = Literal["thread", "inline", "external"]
"""Who runs the handlers."""

MigrateName: TypeAlias = Literal["auto", "check"]
"""What happens to tables that are missing."""

AnswerPolicyName: TypeAlias = Literal["standard", "guide"]
"""What callbacks are answered with."""


class OnceAnswer(Protocol):
    """Whether a key was new: a bool, or with an asynchronous connection something to await that gives one."""

    def __bool__(self) -> bool:
        """Say whether the key was new."""

    def __await__(self) -> Generator[Any, Any, bool]:
        """Give a bool."""


Fault: TypeAlias = Literal[
    "callback.delay",
    "callback.duplicate",
    "callback.reorder",
    "callback.drop",
    "callback.truncate",
    "callback.wrong_secret",
    "callback.status_6",
    "callback.status_10",
    "callback.status_42",
    "callback.unknown_fields",
    "callback.large_payment_id",
    "callback.text_payment_id",
    "callback.null_additional_data",
    "callback.no_additional_data",
    "callback.byte_order_mark",
    "callback.lower_case_signature",
    "callback.underscore_header",
    "api.bad_gateway",
    "api.rate_limited",
    "api.stalled_body",
    "api.lost_create",
    "api.token_with_space",
    "api.status_integer",
    "api.status_numeric_text",
    "api.status_absent",
    "api.legacy_verify",
    "api.paid_not_approved",
]
"""How the simulator misbehaves; `paymento.testing.FAULTS` says what each does."""
