"""Names for what arguments take. Only type checkers import this."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeAlias


class HasItems(Protocol):
    """Like `http.client.HTTPMessage`: no mapping, but it has `items()`."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Pairs of name and value."""


Amount: TypeAlias = str | Decimal
"""A decimal in major units, like "29.99". A float or an int is refused."""

Seconds: TypeAlias = float | timedelta
"""Seconds as a number, or a timedelta. More than 0, at most an hour."""

Headers: TypeAlias = HasItems | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]] | str | None
"""All headers as a mapping or as pairs, or the value of the signature header."""

Query: TypeAlias = str | Mapping[str, Any] | HasItems | Iterable[tuple[str, str]]
"""A query string, or its parameters."""
