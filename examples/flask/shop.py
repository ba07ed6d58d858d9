"""A tea shop with Flask that takes crypto through Paymento: the five steps of a payment, each in one function.

    create      start_payment()   asks the gateway for a payment, and keeps its token beside the order
    redirect    pay()             sends the customer to the gateway's own page
    callback    callback()        takes the gateway's signed message: a reason to ask, no proof
    verify      settle()          asks the gateway, about exactly this order and this amount
    fulfill     fulfill()         ships, once

Environment: PAYMENTO_API_KEY and PAYMENTO_SECRET_KEY, PUBLIC_URL (where the world reaches this shop; https, unless the
gateway is a simulator on this machine), and if you like PORT, DATABASE and PAYMENTO_BASE_URL.
"""

import logging
import os
import secrets
import sys
from pathlib import Path

from flask import Flask, abort, redirect, render_template, request, send_file, url_for
from paymento import Client, DecodeError, Meaning, PaymentoError, ReturnVisit, SignatureError, VerifyError
from records import database, set_up
from werkzeug.serving import make_server

ITEM, AMOUNT, CURRENCY = "Mountain oolong", "24.00", "USD"  # money is text in major units, never a float
PORT = int(os.environ.get("PORT", "5000"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CALLBACK_PATH = "/paymento/callback"
NO_PAYMENT_PAGE = "The payment page could not be opened, and nothing was charged. Please try again."

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024  # Flask answers 413 above it; no callback of the gateway comes close
client = Client.from_env()  # one client for all threads: it is made to be shared
log = logging.getLogger("shop")


# Create, and redirect


@app.get("/")
def shop():
    return render_template("shop.html", item=ITEM, amount=AMOUNT, currency=CURRENCY)


@app.post("/buy")
def buy():
    # Nobody guesses such an id, so it can stand in the address of the order's page.
    order_id = "T-" + secrets.token_hex(5)
    with database() as db:
        db.execute(
            "INSERT INTO orders (id, item, amount, currency) VALUES (?, ?, ?, ?)", (order_id, ITEM, AMOUNT, CURRENCY)
        )
    log.info("order %s: placed, %s %s", order_id, AMOUNT, CURRENCY)
    return pay(order_id)


@app.post("/orders/<order_id>/pay")
def pay(order_id):
    """Also the way to try again: an order may have several payments, and each is known by its own token."""
    order, state, _ = look_up(order_id)
    # A second payable payment for the same order would invite paying twice. Two clicks at the very same moment still
    # make two: if both are paid, the order is fulfilled once and the other payment is reported.
    if state not in ("unpaid", "closed"):
        return redirect(url_for("order_page", order_id=order_id), 303)
    try:
        return redirect(start_payment(order).url, 303)
    except PaymentoError as error:
        # The gateway may have made a payment even so, where error.maybe_sent says. Nobody has its token, so nobody can
        # pay it; a callback about it is unknown to our records and changes nothing. Trying again is safe.
        log.warning("order %s: no payment: %s", order_id, error.code)
        return render_template("order.html", order=order, state=state, notice=NO_PAYMENT_PAGE), 502


def start_payment(order):
    payment = client.create_payment(
        order_id=order["id"],
        fiat_amount=order["amount"],
        fiat_currency=order["currency"],
        return_url=PUBLIC_URL + url_for("back"),
    )
    with database() as db:  # before the customer sees the page: a callback must find its token here
        db.execute(
            "INSERT INTO payments (token, order_id, url) VALUES (?, ?, ?)", (payment.token, order["id"], payment.url)
        )
    log.info("order %s: payment created", order["id"])
    return payment


# Callback, verify, fulfill


@app.route(CALLBACK_PATH, methods=["POST", "PUT"])
def callback():
    try:
        # The raw bytes: the signature is over these, and JSON that was parsed and written again has others.
        message = client.authenticate(request.get_data(), request.headers)
    except SignatureError:  # the library logs the code, and never the body or the signature
        return "refused", 401
    except DecodeError:  # signed by the gateway, yet not a callback that we know: the same bytes again would not help
        return "", 200
    # Found by the token, in our own records. Not by the order id: several payments may carry the same one.
    payment = find_payment(message.token)
    if payment is None:  # another shop's, an attempt that was never recorded, or the dashboard's test message
        log.info("callback about an unknown payment, nothing done")
        return "", 200
    log.info("order %s: callback authenticated, it says %s", payment["order_id"], message.meaning.value)
    if message.meaning in (Meaning.OPEN, Meaning.ATTENTION):
        remember(payment, "confirming", only_from="waiting")
        return "", 200  # nothing to verify yet; another callback follows
    return "", settle(payment)


def settle(payment):
    """Asks the gateway about a payment of ours and fulfills it if it is settled. Gives the callback's answer."""
    order_id = payment["order_id"]
    try:
        verification = client.verify_payment(
            payment["token"], order_id=order_id, fiat_amount=payment["amount"], fiat_currency=payment["currency"]
        )
        verification.require_settled()
    except PaymentoError as error:
        if error.code == "verify.closed":
            remember(payment, "closed")
        log.warning("order %s: verified, not settled: %s", order_id, error.code)
        # 200 ends the matter, so it is for final answers. Anything else may be different soon, or is for us to repair:
        # 503 makes the gateway call again.
        final = isinstance(error, VerifyError) and not error.is_retryable
        return 200 if final else 503
    log.info("order %s: verified, settled", order_id)
    fulfill(payment)
    return 200


def fulfill(payment):
    """Ships, once: of any number of callbacks, at the same time or much later, one finds the order unfulfilled."""
    token, order_id = payment["token"], payment["order_id"]
    with database() as db:
        changed = db.execute(
            "UPDATE orders SET fulfilled_by = ? WHERE id = ? AND fulfilled_by IS NULL", (token, order_id)
        )
        first = changed.rowcount == 1
        # What ships the goods goes here, into the same transaction: a row in a table of parcels to send, for instance.
        by = db.execute("SELECT fulfilled_by FROM orders WHERE id = ?", (order_id,)).fetchone()[0]
    if first:
        log.info("order %s: fulfilled", order_id)
    elif by == token:
        log.info("order %s: already fulfilled, nothing done", order_id)
    else:
        log.error("order %s: paid a second time, by another payment: give that money back", order_id)


@app.cli.command("reconcile")
def reconcile():
    """Asks about every payment that is still open. For cron: a callback can get lost, and a late payment can come."""
    with database() as db:
        rows = db.execute(
            "SELECT token FROM payments_of_orders WHERE fulfilled_by IS NULL AND age_in_days < 7"
        ).fetchall()
    for row in rows:
        settle(find_payment(row["token"]))


# The customer comes back


@app.get("/back")
def back():
    # Anybody can type this address, with any status in it. A ReturnVisit holds hints only, and all that follows from
    # them is which of our own pages to show.
    payment = find_payment(ReturnVisit.parse(request.full_path).token)
    if payment is None:
        abort(404)
    log.info("order %s: the customer is back", payment["order_id"])
    return redirect(url_for("order_page", order_id=payment["order_id"]), 303)


@app.get("/orders/<order_id>")
def order_page(order_id):
    order, state, url = look_up(order_id)
    return render_template("order.html", order=order, state=state, url=url)


@app.get("/shop.css")
def style():
    return send_file(Path(app.root_path).parent / "shop.css")


@app.after_request
def guard(response):
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"  # the return address holds the payment's token
    response.headers["Cache-Control"] = "no-store"
    return response


# Our own records


def look_up(order_id):
    """The order, what to tell the customer about it, and where to go on paying."""
    with database() as db:
        order = db.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
        latest = "SELECT * FROM payments WHERE order_id = ? ORDER BY created DESC, rowid DESC LIMIT 1"
        payment = db.execute(latest, (order_id,)).fetchone()
    if order is None:
        abort(404)
    if order["fulfilled_by"] is not None:
        return order, "fulfilled", None
    return (order, payment["state"], payment["url"]) if payment else (order, "unpaid", None)


def find_payment(token):
    with database() as db:
        return db.execute("SELECT * FROM payments_of_orders WHERE token = ?", (token,)).fetchone()


def remember(payment, state, only_from=None):
    """For the order's page. Callbacks come late and out of order, so a mere hint does not overwrite what is known."""
    with database() as db:
        change = "UPDATE payments SET state = ? WHERE token = ? AND state = coalesce(?, state)"
        db.execute(change, (state, payment["token"], only_from))


set_up()

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its lines would hold tokens
    try:
        # Once, at the start. Reads first, writes only a difference, and does not take another host's address away.
        client.ensure_callback_url(PUBLIC_URL + CALLBACK_PATH)
    except PaymentoError as error:
        sys.exit(f"the store's callback URL could not be set: {error}")
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    log.info("open at %s", PUBLIC_URL)
    server.serve_forever()
