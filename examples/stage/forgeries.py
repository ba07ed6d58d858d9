"""What somebody tries who wants tea without paying. Each gives what the shop answered; none may get anything."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from stage.customer import send, visit

WAITING, PAID = 3, 7
CALLBACK_PATH = "/paymento/callback"


@dataclass(frozen=True)
class Target:
    """An order that nobody has paid, at a shop."""

    shop: object
    simulator: object
    token: str
    claimed_order_id: str = ""  # in place of the token's own

    @property
    def order_id(self):
        return self.claimed_order_id or self.simulator.payment(self.token).order_id

    def body(self, status, separators=(",", ":")):
        callback = {
            "Token": self.token,
            "PaymentId": 20001,
            "OrderId": self.order_id,
            "OrderStatus": status,
            "AdditionalData": [],
        }
        return json.dumps(callback, separators=separators).encode()

    @property
    def secret(self):
        return self.simulator.secret_key.encode()


def signature(body, key):
    """The gateway's, computed here without the library: a mistake in there must not hide itself."""
    return hmac.new(key, body, hashlib.sha256).hexdigest().upper()


def post(target, body, signed=None, method="POST"):
    headers = {"Content-Type": "application/json"} | ({"X-HMAC-SHA256-SIGNATURE": signed} if signed else {})
    return send(method, target.shop.url + CALLBACK_PATH, body, headers)[0]


def unsigned(target):
    return post(target, target.body(PAID))


def made_up(target):
    return post(target, target.body(PAID), secrets.token_hex(32).upper())


def tampered(target):
    return post(target, target.body(PAID), signature(target.body(WAITING), target.secret))


def decoded_secret(target):
    body = target.body(PAID)
    return post(target, body, signature(body, base64.b64decode(target.secret)))


def written_again(target):
    return post(target, target.body(PAID, separators=(", ", ": ")), signature(target.body(PAID), target.secret))


def return_address(target):
    query = urlencode({"token": target.token, "orderId": target.order_id, "status": PAID})
    return visit(f"{target.shop.url}/back?{query}").status


def not_paid(target):
    body = target.body(PAID)
    return post(target, body, signature(body, target.secret))


# Name, attempt, the answer that is right, the code that the shop's log has of it, and whether the gateway is asked.
FORGERIES = [
    ("a callback without a signature", unsigned, 401, "signature.missing", False),
    ("a callback with a made-up signature", made_up, 401, "signature.mismatch", False),
    ("a callback changed after it was signed", tampered, 401, "signature.mismatch", False),
    ("a callback signed with the base64-decoded secret", decoded_secret, 401, "signature.mismatch", False),
    ("a callback whose JSON was written again", written_again, 401, "signature.mismatch", False),
    ("a return address with status=7", return_address, 200, None, True),
    ("a signed callback that says Paid, unpaid at the gateway", not_paid, 200, None, True),
]
