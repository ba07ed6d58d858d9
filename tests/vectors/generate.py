"""Writes the vectors whose signatures are made by Python's own hmac module, not by the code under test.

Run from anywhere: `python3 tests/vectors/generate.py`. The other vectors are written by hand.
"""

import base64
import hashlib
import hmac
import json
import pathlib

HERE = pathlib.Path(__file__).parent
SECRET = base64.b64encode(b"00112233445566778899AABBCCDDEEFF").decode()
PREVIOUS = base64.b64encode(b"FFEEDDCCBBAA99887766554433221100").decode()
HEADER = "X-HMAC-SHA256-SIGNATURE"
TOKEN = "3f1c9a5e7d2b4c6080a1b2c3d4e5f607"


def sign(body: bytes, secret: str | bytes = SECRET) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, body, hashlib.sha256).hexdigest().upper()


def body(**fields) -> str:
    full = {"Token": TOKEN, "PaymentId": 31007, "OrderId": "A-578", "OrderStatus": 7, "AdditionalData": []} | fields
    return json.dumps({k: v for k, v in full.items() if v != "absent"}, ensure_ascii=False, separators=(",", ":"))


def write(name: str, about: str, cases: list[dict]) -> None:
    text = json.dumps({"about": about, "secret": SECRET, "cases": cases}, indent=2, ensure_ascii=False)
    (HERE / name).write_text(text + "\n")


def signatures() -> None:
    paid, good = body(), sign(body().encode())
    cases = [
        ("upper case", paid, good, None),
        ("lower case", paid, good.lower(), None),
        ("mixed case", paid, good[:32].lower() + good[32:], None),
        ("an empty body", "", sign(b""), None),
        ("text beyond ASCII", body(OrderId="заказ-№7 ☕"), sign(body(OrderId="заказ-№7 ☕").encode()), None),
        ("one space more in the body", paid + " ", good, "signature.mismatch"),
        ("parsed and written again", json.dumps(json.loads(paid)), good, "signature.mismatch"),
        ("another status", body(OrderStatus=8), good, "signature.mismatch"),
        ("the secret base64-decoded", paid, sign(paid.encode(), base64.b64decode(SECRET)), "signature.mismatch"),
        ("an empty secret", paid, sign(paid.encode(), b""), "signature.mismatch"),
        ("another secret", paid, sign(paid.encode(), PREVIOUS), "signature.mismatch"),
        ("SHA-512", paid, hmac.new(SECRET.encode(), paid.encode(), hashlib.sha512).hexdigest(), "signature.malformed"),
        ("SHA-256 without a key", paid, hashlib.sha256(paid.encode()).hexdigest(), "signature.mismatch"),
        ("base64", paid, base64.b64encode(bytes.fromhex(good)).decode(), "signature.malformed"),
        ("a prefix", paid, "sha256=" + good, "signature.malformed"),
        ("one character short", paid, good[:-1], "signature.malformed"),
        ("one character long", paid, good + "0", "signature.malformed"),
        ("no hexadecimal", paid, "z" * 64, "signature.malformed"),
        ("beyond ASCII", paid, "é" * 32, "signature.malformed"),
        ("full-width digits", paid, "０" * 64, "signature.malformed"),
        ("empty", paid, "", "signature.missing"),
        ("blank", paid, "  ", "signature.missing"),
        ("white space around it", paid, f"  {good}\t", None),
        ("the same twice in one value", paid, f"{good}, {good}", None),
        ("two that differ in one value", paid, f"{good}, {'0' * 64}", "signature.conflicting"),
    ]
    write(
        "signatures.json",
        "The one header value, checked over the body's UTF-8 bytes with the secret. `code` null: authentic or at least signed rightly.",
        [{"name": n, "body": b, "signature": s, "code": c} for n, b, s, c in cases],
    )


def headers() -> None:
    paid = body()
    good, other = sign(paid.encode()), "0" * 64
    cases = [
        ("the documented name", [[HEADER, good]], None),
        ("in lower case", [[HEADER.lower(), good]], None),
        ("in the older documentation's case", [["X-Hmac-Sha256-Signature", good]], None),
        ("the curl example's name", [["HMAC_SHA256_SIGNATURE", good]], None),
        ("a server variable", [["HTTP_X_HMAC_SHA256_SIGNATURE", good]], None),
        (
            "among others",
            [["Host", "x"], ["Content-Type", "application/json"], [HEADER, good], ["Accept", "*/*"]],
            None,
        ),
        ("both names, equal", [[HEADER, good], ["HMAC_SHA256_SIGNATURE", good.lower()]], None),
        ("both names, different", [[HEADER, good], ["HMAC_SHA256_SIGNATURE", other]], "signature.conflicting"),
        ("none at all", [], "signature.missing"),
        (
            "only others",
            [["Host", "x"], ["X-HMAC-SHA256", good], ["X-HMAC-SHA256-SIGNATURE-2", good]],
            "signature.missing",
        ),
        ("empty", [[HEADER, ""]], "signature.missing"),
        ("of payment links", [["X-Paymento-Signature", good.lower()]], "signature.missing"),
        ("forged", [[HEADER, other]], "signature.mismatch"),
    ]
    write(
        "headers.json",
        f"Headers as pairs, over this body: {paid}",
        [{"name": n, "body": paid, "headers": h, "code": c} for n, h, c in cases],
    )


def callbacks() -> None:
    read = {
        "token": TOKEN,
        "payment_id": "31007",
        "order_id": "A-578",
        "status": 7,
        "status_text": "7",
        "additional_data": {},
    }
    cases = [
        ("paid", body(), {}),
        *[
            (f"status {n}", body(OrderStatus=n), {"status": n, "status_text": str(n)})
            for n in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 42, -1)
        ],
        ("status as a numeric string", body(OrderStatus="8"), {"status": 8, "status_text": "8"}),
        (
            "status as a name",
            body(OrderStatus="waiting_to-Confirm"),
            {"status": 3, "status_text": "waiting_to-Confirm"},
        ),
        ("status as an unknown name", body(OrderStatus="Revert"), {"status": None, "status_text": "Revert"}),
        ("status missing", body(OrderStatus="absent"), {"status": None, "status_text": None}),
        ("status of another type", body(OrderStatus=[7]), {"status": None, "status_text": "[7]"}),
        (
            "camelCase",
            '{"token":"%s","paymentId":31007,"orderId":"A-578","orderStatus":7,"additionalData":[]}' % TOKEN,
            {},
        ),
        ("payment id beyond 2^53", body(PaymentId=9007199254740993), {"payment_id": "9007199254740993"}),
        ("the largest payment id", body(PaymentId=2**63 - 1), {"payment_id": "9223372036854775807"}),
        ("payment id as a string", body(PaymentId="31007"), {}),
        ("payment id beyond 64 bits", body(PaymentId=2**64), {"payment_id": None}),
        ("payment id missing", body(PaymentId="absent"), {"payment_id": None}),
        ("order id as a number", body(OrderId=957), {"order_id": "957"}),
        ("order id missing", body(OrderId="absent"), {"order_id": None}),
        ("order id empty", body(OrderId=""), {"order_id": None}),
        ("order id beyond ASCII", body(OrderId="заказ-№7 ☕"), {"order_id": "заказ-№7 ☕"}),
        ("token with a space before it", body(Token=" " + TOKEN), {}),
        ("token in upper case", body(Token=TOKEN.upper()), {}),
        ("a field twice with one value", body()[:-1] + ',"token":"%s"}' % TOKEN, {}),
        ("the dashboard's probe", "{}", dict.fromkeys(read) | {"additional_data": {}}),
        ("token null", body(Token=None), {"token": None}),
        (
            "additional data",
            body(AdditionalData=[{"key": "b", "value": "2"}, {"Key": "a", "Value": "Zoë ☕"}]),
            {"additional_data": {"b": "2", "a": "Zoë ☕"}},
        ),
        ("additional data null", body(AdditionalData=None), {}),
        ("additional data missing", body(AdditionalData="absent"), {}),
        (
            "additional data as a string",
            body(AdditionalData='[{"Key":"a","Value":"1"}]'),
            {"additional_data": {"a": "1"}},
        ),
        (
            "additional data as a map",
            body(AdditionalData={"a": "1", "__proto__": "x"}),
            {"additional_data": {"a": "1", "__proto__": "x"}},
        ),
        ("additional data of another type", body(AdditionalData=7), {}),
        ("unknown fields", body(Nonce="x", Nested={"deep": [1, 2]}), {}),
        ("white space and a line end", json.dumps(json.loads(body()), indent=1) + "\n", {}),
        ("a byte order mark", "\ufeff" + body(), {}),
    ]
    refused = [
        ("an empty body", ""),
        ("a list", "[]"),
        ("null", "null"),
        ("a number", "7"),
        ("cut off", body()[:-10]),
        ("two objects", body() * 2),
        ("nested 20,000 deep", "[" * 20_000),
        ("a token that could change a URL", body(Token="../../" + TOKEN)),
        ("two statuses", body()[:-1] + ',"orderStatus":8}'),
        ("two tokens", body()[:-1] + ',"token":"%s"}' % ("0" * 32)),
        ("a token of another type", body(Token=[TOKEN])),
    ]
    cases = [{"name": n, "body": b, "signature": sign(b.encode()), "callback": read | c} for n, b, c in cases]
    cases += [{"name": n, "body": b, "signature": sign(b.encode()), "code": "decode.callback"} for n, b in refused]
    not_text = b'{"Token":"\xff\xfe"}'
    cases.append(
        {
            "name": "bytes that are no UTF-8",
            "body_hex": not_text.hex(),
            "signature": sign(not_text),
            "code": "decode.callback",
        }
    )
    large = " " * (64 * 1024 + 1)
    cases.append(
        {
            "name": "one byte over 64 KiB",
            "body_repeat": [" ", len(large)],
            "signature": sign(large.encode()),
            "code": "input.body_too_large",
        }
    )
    write("callbacks.json", "Authentic bodies and what is read from them. 64-bit ids are strings here.", cases)


def rotation() -> None:
    paid = body()
    cases = [
        {"name": "the current one", "secrets": [SECRET, PREVIOUS], "signature": sign(paid.encode()), "secret_index": 0},
        {
            "name": "the previous one",
            "secrets": [SECRET, PREVIOUS],
            "signature": sign(paid.encode(), PREVIOUS),
            "secret_index": 1,
        },
        {
            "name": "neither",
            "secrets": [SECRET, PREVIOUS],
            "signature": sign(paid.encode(), "x"),
            "code": "signature.mismatch",
        },
        {"name": "none given", "secrets": [], "signature": sign(paid.encode()), "code": "config.secret"},
        {
            "name": "an empty one among them",
            "secrets": [SECRET, ""],
            "signature": sign(paid.encode()),
            "code": "config.secret",
        },
        {"name": "a blank one", "secrets": [" \t"], "signature": sign(paid.encode()), "code": "config.secret"},
        {
            "name": "one with a line end",
            "secrets": [SECRET + "\n"],
            "signature": sign(paid.encode()),
            "code": "config.secret",
        },
    ]
    write(
        "secrets.json",
        f"Several secrets while the key is being changed, over this body: {paid}",
        [{**c, "body": paid} for c in cases],
    )


if __name__ == "__main__":
    signatures()
    headers()
    callbacks()
    rotation()
