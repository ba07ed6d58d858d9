"""The front door: one address for all shops. Whoever knocks is led to a shop that lives, to each in turn.

What a load balancer does. It passes on bytes and knows nothing of payments: a callback that a dying shop has not
answered is sent again by the gateway.
"""

import select
import socket
import socketserver
from contextlib import suppress
from threading import Lock, Thread

HOST = "127.0.0.1"
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n\r\nno shop is open\n"


class FrontDoor:
    def __init__(self, port, shops):
        self._server = _Server((HOST, port), _Visit)
        self._server.shops = shops
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._turn, self._lock = 0, Lock()

    def knock(self):
        """A connection to the shop whose turn it is, or else to one that lives. None where none does."""
        with self._lock:
            self._turn += 1
            turn = self._turn % len(self.shops)
        for shop in self.shops[turn:] + self.shops[:turn]:
            with suppress(OSError):
                return socket.create_connection((HOST, shop.port))
        return None


class _Visit(socketserver.BaseRequestHandler):
    def handle(self):
        shop = self.server.knock()
        with suppress(OSError):
            if shop is None:
                self.request.recv(65536)
                self.request.sendall(NOBODY)
            else:
                with shop:
                    carry(self.request, shop)


def carry(customer, shop):
    """Passes on what either says, until one of them hangs up."""
    other = {customer: shop, shop: customer}
    for end in other:
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        for end in select.select(list(other), [], [])[0]:
            said = end.recv(65536)
            if not said:
                return
            other[end].sendall(said)
