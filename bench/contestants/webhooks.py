"""Contestants that check a webhook: `webhooks.py check|parse NAME SIZE`.

Each is a statement as a shop would write it, over names that were made once. It raises when the body is not authentic.
"""

from __future__ import annotations

import sys
import time
import timeit
import uuid
from datetime import datetime, timezone
from typing import Any

import payloads
from serve import serve

Names = dict[str, Any]

# What a server hands over besides the signature.
OTHER_HEADERS = {
    "Host": "shop.example",
    "User-Agent": "gateway/1.0",
    "Content-Type": "application/json",
    "Content-Length": "220",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Connection": "keep-alive",
    "X-Forwarded-For": "203.0.113.7",
}


def paymento_names(size: int) -> Names:
    import paymento

    body, secret = payloads.callback(size), payloads.SECRET
    signature = paymento.sign(body, secret)
    headers = {**OTHER_HEADERS, paymento.SIGNATURE_HEADER: signature}
    client = paymento.Client("an-api-key", secret_key=secret)
    return {
        **vars(paymento),
        "client": client,
        "body": body,
        "signature": signature,
        "headers": headers,
        "secret": secret,
    }


def plain_names(size: int) -> Names:
    import hashlib
    import hmac
    import json

    body, key = payloads.callback(size), payloads.SECRET.encode()
    signature = hmac.new(key, body, hashlib.sha256).hexdigest().upper()
    return {"hmac": hmac, "sha256": hashlib.sha256, "json": json, "body": body, "key": key, "signature": signature}


def stripe_names(size: int) -> Names:
    import stripe

    body = payloads.stripe_event(size)
    header = stripe.WebhookSignature.generate_signature_header(body.decode(), payloads.SECRET)
    return {"stripe": stripe, "body": body, "header": header, "secret": payloads.SECRET}


def svix_names(size: int) -> Names:
    import json

    import svix

    return {**_standard_names(svix.Webhook, "svix", size), "json": json}


def standardwebhooks_names(size: int) -> Names:
    import standardwebhooks

    return _standard_names(standardwebhooks.Webhook, "webhook", size)


def _standard_names(webhook_class: Any, prefix: str, size: int) -> Names:
    webhook, body = webhook_class("whsec_" + payloads.SECRET), payloads.callback(size)
    message_id, now = f"msg_{uuid.uuid4().hex}", datetime.now(tz=timezone.utc)
    signature = webhook.sign(message_id, now, body.decode())
    headers = {
        f"{prefix}-id": message_id,
        f"{prefix}-timestamp": str(int(time.time())),
        f"{prefix}-signature": signature,
    }
    return {"webhook": webhook, "body": body, "headers": {**OTHER_HEADERS, **headers}}


OUR_FIELDS = "; callback.token; callback.payment_id; callback.order_id; callback.status"
JSON_FIELDS = '; event["Token"]; event["PaymentId"]; event["OrderId"]; event["OrderStatus"]'
STRIPE_FIELDS = "; event.id; event.type; event.created; event.data"

NEW = "if not hmac.compare_digest(hmac.new(key, body, sha256).hexdigest().upper(), signature): raise ValueError"
DIGEST = 'if not hmac.compare_digest(hmac.digest(key, body, "sha256").hex().upper(), signature): raise ValueError'
LOADS = "\nevent = json.loads(body)" + JSON_FIELDS

CHECK = {
    "paymento Client": (paymento_names, "client.authenticate(body, signature)"),
    "paymento Client, all headers": (paymento_names, "client.authenticate(body, headers)"),
    "paymento.authenticate": (paymento_names, "authenticate(body, signature, secret)"),
    "hmac.new": (plain_names, NEW),
    "hmac.digest": (plain_names, DIGEST),
    "stripe": (stripe_names, "stripe.WebhookSignature.verify_header(body, header, secret, 300)"),
    "svix": (svix_names, "webhook.verify(body, headers)"),
    "standardwebhooks": (standardwebhooks_names, "webhook.verify(body, headers, json_parse=False)"),
}

PARSE = {
    "paymento Client": (paymento_names, "callback = client.authenticate(body, signature)" + OUR_FIELDS),
    "paymento Client, all headers": (paymento_names, "callback = client.authenticate(body, headers)" + OUR_FIELDS),
    "paymento.authenticate": (paymento_names, "callback = authenticate(body, signature, secret)" + OUR_FIELDS),
    "hmac.new, json": (plain_names, NEW + LOADS),
    "hmac.digest, json": (plain_names, DIGEST + LOADS),
    "stripe": (stripe_names, "event = stripe.Webhook.construct_event(body, header, secret)" + STRIPE_FIELDS),
    "svix, json": (svix_names, "webhook.verify(body, headers)" + LOADS),
    "standardwebhooks": (standardwebhooks_names, "event = webhook.verify(body, headers)" + JSON_FIELDS),
}


def validate(statement: str, names: Names) -> None:
    """The good body passes and a tampered one is refused, or there is nothing to measure."""
    exec(statement, {**names})
    try:
        exec(statement, {**names, "body": payloads.tampered(names["body"])})
    except Exception:  # noqa: BLE001 (each has its own)
        return
    raise SystemExit(f"a tampered body was accepted by: {statement}")


def main() -> None:
    job, name, size = sys.argv[1:]
    make_names, statement = {"check": CHECK, "parse": PARSE}[job][name]
    names = make_names(int(size))
    validate(statement, names)
    # timeit switches the collector off, which no shop does.
    timer = timeit.Timer(statement, "import gc; gc.enable()", globals=names)
    serve(timer.timeit, warm_up=50)


main()
