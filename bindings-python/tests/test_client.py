"""The blocking client: every call, closing, options, threads."""

from __future__ import annotations

import datetime
import decimal
import pickle
import socket
import sys
import threading
from typing import Any

import pytest

import paymento
from paymento.testing import Simulator

PRICE: dict[str, Any] = {"fiat_amount": "29.99", "fiat_currency": "USD"}


def test_a_payment_goes_from_create_to_settled(gateway: Simulator, client: paymento.Client) -> None:
    payment = client.create_payment(order_id="A-578", **PRICE, return_url="http://127.0.0.1/thanks")
    assert payment.url == f"{gateway.gateway_url}?token={payment.token}"
    assert (payment.order_id, payment.live) == ("A-578", False)
    assert payment.price.fiat_amount == decimal.Decimal("29.99")
    assert client.verify_payment(payment.token, order_id="A-578").outcome is paymento.Outcome.OPEN
    gateway.pay(payment.token)
    verification = client.verify_payment(payment.token, order_id="A-578", **PRICE)
    assert verification.is_settled
    assert not verification.amount_unchecked
    assert verification.status is paymento.OrderStatus.APPROVE
    assert verification.require_settled().requested_fiat_amount == decimal.Decimal("29.99")


def test_a_payment_that_is_not_settled_raises_with_its_outcome(client: paymento.Client) -> None:
    payment = client.create_payment(order_id="A-579", crypto_amounts={"bitcoin": decimal.Decimal("0.0005")})
    assert payment.price.crypto_amounts == {"bitcoin": decimal.Decimal("0.0005")}
    with pytest.raises(paymento.VerifyError) as caught:
        client.verify_payment(payment.token, order_id="A-579").require_settled()
    assert (caught.value.code, caught.value.outcome) == ("verify.open", paymento.Outcome.OPEN)
    assert pickle.loads(pickle.dumps(caught.value)).outcome is paymento.Outcome.OPEN


def test_every_other_endpoint_answers_with_its_type(client: paymento.Client) -> None:
    client.ping()
    assert isinstance(client.coins()[0], paymento.Coin)
    assert isinstance(client.accepted_coins()[0], paymento.AcceptedCoin)
    assert isinstance(client.last_block(1), paymento.LastBlock)
    assert isinstance(client.coin_prices(["Bitcoin"], "usd", include_change=True)[0], paymento.CoinPrice)
    assert isinstance(client.currencies()[0], paymento.Currency)
    assert isinstance(client.languages()[0], paymento.Language)
    assert isinstance(client.info(), paymento.Info)
    assert client.merchant().is_active


def test_the_callback_url_is_written_only_where_it_differs() -> None:
    with Simulator.start() as gateway, gateway.client() as client:
        assert client.ensure_callback_url("http://127.0.0.1:9/a").changed
        again = client.ensure_callback_url("http://127.0.0.1:9/a", "post")
        assert (again.changed, again.current.callback_method) == (False, paymento.CallbackMethod.POST)
        with pytest.raises(paymento.ConfigError) as caught:
            client.ensure_callback_url("http://127.0.0.2:9/b")
        assert caught.value.code == "config.callback_url_taken"
        assert client.ensure_callback_url("http://127.0.0.2:9/b", replace=True).previous == again.current
        assert client.set_settings("http://127.0.0.1:9/c", "PUT").callback_method is paymento.CallbackMethod.PUT
        assert client.settings().callback_url == "http://127.0.0.1:9/c"


def test_a_closed_client_says_so(gateway: Simulator) -> None:
    with gateway.client() as client:
        client.ping()
    client.close()
    for call in (client.ping, client.settings, lambda: client.authenticate(b"{}", "")):
        with pytest.raises(paymento.ConfigError) as caught:
            call()
        assert (caught.value.code, caught.value.message) == ("config.closed", "the client is closed")


def test_closing_closes_the_connections() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    seen: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{"success":true,"message":""}')
            seen.append(connection.recv(65536))

    thread = threading.Thread(target=serve)
    thread.start()
    with paymento.Client("an-api-key", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        client.ping()
        assert seen == []
    thread.join(5)
    assert seen == [b""]


@pytest.mark.parametrize("kind", [paymento.Client, paymento.AsyncClient])
def test_an_api_key_that_is_not_given_is_told_so(kind: Any) -> None:
    with pytest.raises(paymento.ConfigError, match="no API key was given") as caught:
        kind(None)
    assert (caught.value.code, "variable" in (caught.value.hint or "")) == ("config.api_key", True)


@pytest.mark.parametrize("coin_id", [10**30, -1, -(10**30), 2**63, 10**5000], ids=int.bit_length)
def test_a_number_that_is_no_coin_id_is_not_taken_for_another_coin(client: paymento.Client, coin_id: int) -> None:
    with pytest.raises(paymento.InputError, match="coin id") as caught:
        client.last_block(coin_id)
    assert caught.value.code == "input.coin"


@pytest.mark.parametrize("attempts", [-1, 0, 11, 2**32, 2**63 - 1])
def test_a_number_of_attempts_is_repeated_as_it_was_given(attempts: int) -> None:
    with pytest.raises(paymento.ConfigError, match=f"got {attempts}$") as caught:
        paymento.Client("an-api-key", max_attempts=attempts)
    assert caught.value.code == "config.timeout"


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**5000], ids=int.bit_length)
def test_a_number_beyond_64_bits_is_refused(number: int) -> None:
    with pytest.raises(paymento.InputError, match=r"max_attempts must be .* 64 bits") as caught:
        paymento.Client("an-api-key", max_attempts=number)
    assert caught.value.code == "input.type"


def test_both_secret_keys_are_accepted_while_the_key_is_being_changed() -> None:
    client = paymento.Client("an-api-key", secret_key="new", previous_secret_key="old")
    assert client.authenticate(b"{}", paymento.sign(b"{}", "new")).secret_index == 0
    assert client.authenticate(b"{}", paymento.sign(b"{}", "old")).secret_index == 1


def test_a_client_shows_and_pickles_no_key() -> None:
    client = paymento.Client("an-api-key", secret_key="s3cr3t")
    assert repr(client) == "<paymento.Client>"
    for thing in (client, paymento.AsyncClient("an-api-key")):
        with pytest.raises(paymento.InputError) as caught:
            pickle.dumps(thing)
        assert caught.value.code == "input.not_picklable"


@pytest.mark.parametrize("limit", ["connect_timeout", "attempt_timeout", "timeout"])
@pytest.mark.parametrize("value", [0, -1, 3601, float("nan"), float("inf"), 10**400, datetime.timedelta(-1)])
def test_a_limit_out_of_range_is_refused_when_it_is_given(limit: str, value: Any, client: paymento.Client) -> None:
    with pytest.raises(paymento.ConfigError) as made:
        paymento.Client("an-api-key", **{limit: value})
    with pytest.raises(paymento.ConfigError) as called:
        client.ping(**{limit: value})
    assert made.value.code == called.value.code == "config.timeout"


@pytest.mark.parametrize("limit", [0.05, datetime.timedelta(milliseconds=50)])
def test_a_call_has_limits_of_its_own(silent: Any, limit: Any) -> None:
    client = paymento.Client("an-api-key", base_url=silent.url, max_attempts=1)
    with pytest.raises(paymento.TransportError) as caught:
        client.create_payment(order_id="1", **PRICE, timeout=limit)
    assert caught.value.code == "transport.timeout"
    assert caught.value.maybe_sent
    assert not caught.value.is_retryable


def test_the_user_agent_names_the_versions() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    client = paymento.Client("an-api-key", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", max_attempts=1)
    seen: list[bytes] = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, listener:
            seen.append(connection.recv(65536))

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(paymento.TransportError):
        client.ping()
    thread.join()
    python = ".".join(map(str, sys.version_info[:3]))
    assert f"user-agent: paymento/{paymento.__version__} (python/{python})".encode() in seen[0].lower()


def test_threads_share_a_client(client: paymento.Client) -> None:
    failures: list[BaseException] = []

    def call() -> None:
        try:
            for _ in range(20):
                client.ping()
        except paymento.PaymentoError as error:
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_connection_that_the_server_closed_is_not_written_to() -> None:
    """Keep-alive servers close idle connections, and nobody drives the runtime between blocking calls."""
    listener = socket.create_server(("127.0.0.1", 0))
    body = b'{"success":true,"message":"","body":"7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a"}'
    served: list[int] = []

    def serve() -> None:
        for number in range(5):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                served.append(number)

    thread = threading.Thread(target=serve)
    thread.start()
    client = paymento.Client("an-api-key", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", max_attempts=1)
    for number in range(5):
        client.create_payment(order_id=str(number), **PRICE)
        while len(served) <= number:
            pass
    thread.join()
    listener.close()
    assert served == [0, 1, 2, 3, 4]
