"""The one question that every HTTP contestant asks, and the answer it must read."""

from __future__ import annotations

from typing import Any

TOKEN = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a"
PATH = "/v1/payment/verify"
QUESTION = {"token": TOKEN}
HEADERS = {"Api-Key": "an-api-key", "Accept": "application/json"}
EXPECTED = {"order_id": "A-578", "fiat_amount": "29.99", "fiat_currency": "USD"}
# Seconds. paymento always has limits, so its peers get one as well.
TIMEOUT = 20


def check(answer: Any) -> None:
    """Stop unless it is the answer of the server that all are measured against."""
    if answer["success"] is not True or answer["body"]["token"] != TOKEN:
        raise SystemExit("the server's answer is not what was asked for")
