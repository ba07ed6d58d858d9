"""What happens is logged under `paymento`, with fields, without keys, and on the caller's thread."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest

import paymento
from paymento import testing
from paymento.testing import Simulator

FIELDS = ("event", "method", "path", "status", "milliseconds", "attempt", "code")


def fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in FIELDS}


def test_each_attempt_is_one_record(client: paymento.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "paymento")
    client.ping()
    [record] = caplog.records
    assert (record.name, record.levelname, record.threadName) == ("paymento", "DEBUG", threading.current_thread().name)
    milliseconds = fields(record).pop("milliseconds")
    assert isinstance(milliseconds, int)
    wanted = {"event": "request", "method": "GET", "path": "/v1/ping", "status": 200, "attempt": 1, "code": None}
    assert fields(record) == {**wanted, "milliseconds": milliseconds}
    assert record.getMessage().startswith("GET /v1/ping 200 in")
    assert record.filename == "_client.py"


def test_failures_are_warnings_with_a_code(caplog: pytest.LogCaptureFixture) -> None:
    client = paymento.Client("an-api-key", base_url="http://127.0.0.1:1", max_attempts=2)
    with pytest.raises(paymento.TransportError):
        client.ping()
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert [fields(record)["attempt"] for record in caplog.records] == [1, 2]
    assert fields(caplog.records[0])["code"] == "transport.connect"


def test_refused_callbacks_are_warnings_without_their_body(caplog: pytest.LogCaptureFixture) -> None:
    client = paymento.Client("an-api-key", secret_key="s3cr3t")
    for authenticate in (client.authenticate, lambda body, headers: paymento.authenticate(body, headers, "s3cr3t")):
        caplog.clear()
        with pytest.raises(paymento.SignatureError):
            authenticate(b'{"private": 1}', "0" * 64)
        [record] = caplog.records
        assert (record.levelname, fields(record)["event"]) == ("WARNING", "callback")
        assert fields(record)["code"] == "signature.mismatch"
        assert "private" not in str(vars(record))


def test_awaited_calls_are_logged_on_the_loops_thread(gateway: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "paymento")

    async def main() -> None:
        await gateway.async_client().ping()

    asyncio.run(main())
    [record] = caplog.records
    assert (record.thread, fields(record)["path"]) == (threading.get_ident(), "/v1/ping")


def test_a_canceled_call_is_logged(silent: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = asyncio.Event()

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            seen.set()

    async def main() -> None:
        handler = Handler()
        logging.getLogger("paymento").addHandler(handler)
        task = asyncio.create_task(paymento.AsyncClient("an-api-key", base_url=silent.url).ping())
        await asyncio.to_thread(silent.arrived.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(seen.wait(), 5)
        logging.getLogger("paymento").removeHandler(handler)

    asyncio.run(main())
    assert [fields(record)["code"] for record in caplog.records] == ["transport.canceled"]


def test_a_failing_filter_costs_no_payment(client: paymento.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: logging.LogRecord) -> bool:
        raise RuntimeError("of the filter")

    raised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    logger = logging.getLogger("paymento")
    monkeypatch.setattr(logger, "filters", [fail])
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    logger.manager._clear_cache()  # type: ignore[attr-defined]
    payment = client.create_payment(order_id="1", fiat_amount="1", fiat_currency="USD")
    assert payment.token
    assert len(raised) == 1
    monkeypatch.undo()
    logger.manager._clear_cache()  # type: ignore[attr-defined]


def test_nothing_is_printed_where_nobody_listens() -> None:
    headers = testing.signed_callback()[0]
    code = f"""
import sys, paymento
def refused():
    try: paymento.authenticate(b"x", {headers!r}, "another")
    except paymento.SignatureError: pass
refused()
assert "logging" not in sys.modules
import logging
refused()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
