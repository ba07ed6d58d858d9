"""Bodies of an exact size, each of the kind that its contestant expects."""

from __future__ import annotations

import json

SECRET = "MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUY="


def callback(size: int) -> bytes:
    """A callback of the gateway."""
    return _padded(
        '{"Token":"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a","PaymentId":20417,"OrderId":"A-578","OrderStatus":7,'
        '"AdditionalData":[{"key":"note","value":"%s"}]}',
        size,
    )


def stripe_event(size: int) -> bytes:
    """An event of Stripe's, with as many fields as the callback has."""
    return _padded(
        '{"id":"evt_1QbWZm2eZvKYlo2C","object":"event","type":"payment_intent.succeeded","created":1767225600,'
        '"data":{"object":{"id":"pi_3QbWZm2eZv","note":"%s"}}}',
        size,
    )


def tampered(body: bytes) -> bytes:
    """The same with one other character, still JSON."""
    return body.replace(b"xx", b"xy", 1)


def _padded(template: str, size: int) -> bytes:
    padding = size - len(template) + len("%s")
    body = (template % ("x" * padding)).encode()
    if len(body) != size:
        raise ValueError(f"the template does not fit into {size} bytes")
    json.loads(body)
    return body
