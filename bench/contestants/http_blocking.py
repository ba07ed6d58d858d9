"""Contestants that ask over HTTP and wait: `http_blocking.py NAME URL THREADS`."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from question import EXPECTED, HEADERS, PATH, QUESTION, TIMEOUT, TOKEN, check
from serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable


def paymento(url: str) -> Callable[[], object]:
    import paymento

    client = paymento.Client(HEADERS["Api-Key"], base_url=url)
    if not client.verify_payment(TOKEN, **EXPECTED).is_settled:
        raise SystemExit("the payment is settled, and paymento does not say so")
    return lambda: client.verify_payment(TOKEN, **EXPECTED).is_settled


def http_client(url: str) -> Callable[[], Any]:
    import http.client

    own = threading.local()

    def ask() -> Any:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
        headers = {**HEADERS, "Content-Type": "application/json"}
        own.connection.request("POST", PATH, json.dumps(QUESTION), headers)
        return json.loads(own.connection.getresponse().read())

    return checked(ask)


def requests(url: str) -> Callable[[], Any]:
    import requests

    # A session is not promised to be safe between threads.
    own = threading.local()

    def ask() -> Any:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            own.session.headers.update(HEADERS)
        return own.session.post(url + PATH, json=QUESTION, timeout=TIMEOUT).json()

    return checked(ask)


def httpx(url: str) -> Callable[[], Any]:
    import httpx

    client = httpx.Client(base_url=url, headers=HEADERS, timeout=TIMEOUT)
    return checked(lambda: client.post(PATH, json=QUESTION).json())


def checked(ask: Callable[[], Any]) -> Callable[[], Any]:
    check(ask())
    return ask


def repeat(ask: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        ask()


def main() -> None:
    name, url, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    contestants = {"paymento": paymento, "http.client": http_client, "requests": requests, "httpx": httpx}
    ask = contestants[name](url)
    if threads == 1:
        serve(lambda calls: repeat(ask, calls), warm_up=20)
        return
    with ThreadPoolExecutor(threads) as pool:
        serve(lambda calls: list(pool.map(lambda _: repeat(ask, calls // threads), range(threads))), warm_up=threads)


main()
