"""A shop with Flask that takes crypto through Paymento. The checkout does what must not go wrong; the shop says what it
sells, and what to do when an order is paid.

    create      pay()        asks the checkout for the order's payment
    redirect                 and sends the customer to the gateway's own page
    callback    callback()   hands the gateway's signed message to the checkout, and gives back its answer
    verify                   the checkout does it, also where no callback comes
    fulfill     ship()       called when the order is paid; once() makes it once

Environment: PAYMENTO_API_KEY and PAYMENTO_SECRET_KEY, PUBLIC_URL (where the world reaches this shop; https, unless the
gateway is a simulator on this machine), and if you like PORT, PAYMENTO_DATABASE_URL (the checkout's database), DATABASE
(the shop's own, another file) and PAYMENTO_BASE_URL. Any number of processes may share both databases: the demo has
this one and the Express example do so, and when one dies the other goes on.
"""

import logging
import os
import re
import secrets
import sys
from pathlib import Path

from flask import Flask, abort, redirect, render_template, request, send_file, url_for
from paymento import Checkout, CheckoutError, Client, PaymentoError
from records import add, database, find, set_up
from werkzeug.serving import make_server

# By the first letter of an order's id: any process sells what any other one shows. Money is text, never a float.
PRODUCTS = {"T": ("Mountain oolong", "24.00"), "C": ("Ethiopian filter roast", "18.50")}
CURRENCY = "USD"
ORDER_ID = re.compile(r"[TC]-[0-9a-f]{16}")
PORT = int(os.environ.get("PORT", "5000"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CALLBACK_PATH = "/paymento/callback"
NO_PAYMENT_PAGE = "The payment page could not be opened, and nothing was charged. Please try again."

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024  # Flask answers 413 above it; no callback of the gateway comes close
client = Client.from_env()
checkout = Checkout(client, os.environ.get("PAYMENTO_DATABASE_URL", "sqlite:paymento.db"))
log = logging.getLogger("shop")


# Create, and redirect


@app.get("/")
def shop():
    # The page carries the id of the order to be: a button that is pressed twice orders once. Nobody guesses such an id,
    # so it can stand in the address of the order's page.
    order_id = "T-" + secrets.token_hex(8)
    item, amount = PRODUCTS["T"]
    return render_template("shop.html", item=item, amount=amount, currency=CURRENCY, order_id=order_id)


@app.post("/buy")
def buy():
    order_id = request.form.get("order", "")
    if not ORDER_ID.fullmatch(order_id):
        abort(400)
    item, amount = PRODUCTS[order_id[0]]
    if add(order_id, item, amount, CURRENCY):
        log.info("order %s: placed, %s %s", order_id, amount, CURRENCY)
    return pay(order_id)


@app.post("/orders/<order_id>/pay")
def pay(order_id):
    """Also the way to try again: while the order can be paid, the same price gives the same payment."""
    order = find(order_id) or abort(404)
    try:
        payment = checkout.create_payment(
            order_id=order["id"],
            fiat_amount=order["amount"],
            fiat_currency=order["currency"],
            return_url=PUBLIC_URL + url_for("back"),
        )
    except CheckoutError as error:  # it is paid already, or about to be: the order's page says so
        log.info("order %s: no payment: %s", order_id, error.code)
        return redirect(url_for("order_page", order_id=order_id), 303)
    except PaymentoError as error:
        log.warning("order %s: no payment: %s", order_id, error.code)
        return render_template("order.html", order=order, state="unpaid", notice=NO_PAYMENT_PAGE), 502
    log.info("order %s: sent to the payment page", order_id)
    return redirect(payment.url, 303)


# Callback


@app.route(CALLBACK_PATH, methods=["POST", "PUT"])
def callback():
    # The raw bytes: the signature is over these, and JSON that was parsed and written again has others.
    answer = checkout.receive(request.method, request.headers, request.get_data())
    return answer.body, answer.status, answer.headers


# What the checkout tells: one process that lives, also about orders that another one has taken


@checkout.on_paid
def ship(order):
    with database() as db:  # one transaction: what is written here is written once, however often this runs
        first = order.once(db)
        if first:
            db.execute("UPDATE orders SET fulfilled = 1 WHERE id = ?", (order.order_id,))
    log.info("order %s: %s", order.order_id, "fulfilled" if first else "already fulfilled, nothing done")


@checkout.on("partially_paid")
def ask_for_the_rest(order):
    log.info("order %s: a part is missing, %s", order.order_id, missing(order.shortfall, CURRENCY))


@checkout.on("closed")
def release(order):
    log.info("order %s: closed, what was reserved is free again", order.order_id)


@checkout.on("attention")
def call_somebody(order):
    log.error("order %s: attention, %s", order.order_id, order.reason.value)


# The customer comes back


@app.get("/back")
def back():
    # Anybody can type this address, with any status in it: the checkout believes nothing of it, and asks the gateway.
    order = checkout.visit(request.query_string.decode("latin-1"))
    if order is None:
        abort(404)
    log.info("order %s: the customer is back", order.order_id)
    return redirect(url_for("order_page", order_id=order.order_id), 303)


@app.get("/orders/<order_id>")
def order_page(order_id):
    order = find(order_id) or abort(404)
    state, payment = state_of(order)
    return render_template("order.html", order=order, state=state, payment=payment)


def state_of(order):
    """What to tell the customer: by the shop's own record whether it is on its way, and otherwise by the checkout's."""
    if order["fulfilled"]:
        return "fulfilled", None
    try:
        payment = checkout.status(order["id"])
    except CheckoutError:  # no payment was ever asked for
        return "unpaid", None
    if payment.state == "open":
        return ("waiting" if payment.url else "unpaid"), payment
    return payment.state.value, payment


@app.template_filter()
def missing(shortfall, currency):
    """What is missing, as far as the gateway tells it: exactly in the coin, about in the order's currency."""
    if shortfall is None:
        return "how much is not known"
    exact = f"{shortfall.amount} {shortfall.coin or 'of the coin'}"
    return f"{exact}, about {shortfall.fiat_estimated} {currency}" if shortfall.fiat_estimated else exact


@app.get("/shop.css")
def style():
    return send_file(Path(app.root_path).parent / "shop.css")


@app.after_request
def guard(response):
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'"
    response.headers["Referrer-Policy"] = "no-referrer"  # the return address holds the payment's token
    response.headers["Cache-Control"] = "no-store"
    return response


set_up()

if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its lines would hold tokens
    logging.getLogger("paymento").setLevel(logging.WARNING)
    try:
        # Once, at the start. Reads first, writes only a difference, and does not take another host's address away.
        client.ensure_callback_url(PUBLIC_URL + CALLBACK_PATH)
    except PaymentoError as error:
        sys.exit(f"the store's callback URL could not be set: {error}")
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    log.info("open at http://127.0.0.1:%s, for %s", PORT, PUBLIC_URL)
    server.serve_forever()
