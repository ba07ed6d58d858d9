"""The smallest shop that is right: it authenticates, verifies, and ships an order once."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import paymento


class Shop:
    def __init__(self, client: paymento.Client) -> None:
        self.client = client
        self.payments: dict[str, paymento.Payment] = {}
        self.shipped: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.callback_url = f"http://127.0.0.1:{self.server.server_port}/callback"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def expects(self, payment: paymento.Payment) -> None:
        self.payments[payment.token] = payment

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        try:
            callback = self.client.authenticate(body, headers)
        except paymento.SignatureError:
            return 401
        payment = self.payments.get(callback.token or "")
        if payment is None:
            return 200
        price = payment.price
        verification = self.client.verify_payment(
            payment.token,
            order_id=payment.order_id,
            fiat_amount=price.fiat_amount,
            fiat_currency=price.fiat_currency,
        )
        if verification.is_settled and payment.order_id not in self.shipped:
            self.shipped.append(payment.order_id)
        return 200

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(shop.receive(dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
