"""What happens is logged under `paymento`, with fields, without keys, and on the caller's thread."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvloop

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


@pytest.fixture
def stopping() -> Iterator[None]:
    """Raise out of a handler what ends a program."""

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            raise Stopped

    handler, logger = Handler(), logging.getLogger("paymento")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(level)
    logger.removeHandler(handler)


class Stopped(KeyboardInterrupt):
    """Not an Exception, like KeyboardInterrupt itself and SystemExit."""


@pytest.mark.usefixtures("stopping")
def test_what_ends_the_program_passes_through_a_handler(gateway: Simulator, client: paymento.Client) -> None:
    before = len(gateway.payments())
    calls: list[Callable[[], object]] = [
        lambda: client.create_payment(order_id="1", fiat_amount="1", fiat_currency="USD"),
        lambda: client.authenticate(b"{}", "0" * 64),
        lambda: paymento.authenticate(b"{}", "0" * 64, "k"),
        lambda: paymento.authenticate(b"{}", 7, "k"),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(Stopped):
            call()
    assert len(gateway.payments()) == before + 1


@pytest.mark.usefixtures("stopping")
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_ends_the_program_passes_through_an_event_loop(
    gateway: Simulator, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    loop = new_loop()
    task = loop.create_task(gateway.async_client().ping())
    with pytest.raises(Stopped):
        loop.run_until_complete(task)
    # The call's own work is done.
    assert loop.run_until_complete(task) is None
    loop.close()


@pytest.mark.usefixtures("stopping")
def test_a_loop_that_was_stopped_still_gets_every_answer(gateway: Simulator) -> None:
    async def main() -> None:
        await asyncio.gather(*(client.ping() for _ in range(20)))

    client, loop = gateway.async_client(), asyncio.new_event_loop()
    task = loop.create_task(main())
    for _ in range(21):
        try:
            loop.run_until_complete(task)
        except Stopped:
            continue
        break
    assert task.done()
    loop.close()


class Shown(dict[str, str]):
    def items(self) -> Any:
        raise RuntimeError("mine")


def test_every_refusal_is_logged_with_its_code(caplog: pytest.LogCaptureFixture) -> None:
    client: Any = paymento.Client("an-api-key", secret_key="k")
    untyped: Any = paymento
    refused: list[tuple[str, Callable[[], object]]] = [
        ("input.body", lambda: untyped.authenticate("{}", {}, "k")),
        ("input.headers", lambda: untyped.authenticate(b"{}", 7, "k")),
        ("config.secret", lambda: untyped.authenticate(b"{}", {}, "")),
        ("config.secret", lambda: untyped.authenticate(b"{}", {}, None)),
        ("config.secret", lambda: untyped.authenticate(b"{}", {}, ["k", None])),
        ("input.type", lambda: untyped.authenticate(b"{}", {}, 7)),
        ("signature.missing", lambda: untyped.authenticate(b"{}", {}, "k")),
        ("input.body", lambda: client.authenticate("{}", {})),
        ("input.headers", lambda: client.authenticate(b"{}", 7)),
        ("signature.missing", lambda: client.authenticate(b"{}", {})),
        ("config.secret", lambda: paymento.Client("an-api-key").authenticate(b"{}", {})),
    ]
    for code, call in refused:
        caplog.clear()
        with pytest.raises(paymento.PaymentoError) as caught:
            call()
        [record] = caplog.records
        assert (caught.value.code, fields(record)["code"]) == (code, code)
        assert (record.levelname, record.getMessage()) == ("WARNING", f"callback refused: {code}")
    caplog.clear()
    for authenticate in (client.authenticate, lambda body, headers: paymento.authenticate(body, headers, "k")):
        with pytest.raises(RuntimeError, match="mine"):
            authenticate(b"{}", Shown())
    assert caplog.records == []


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
