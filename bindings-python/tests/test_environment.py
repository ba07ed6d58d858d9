"""`from_env`: what the environment says, and what goes before it."""

from __future__ import annotations

from typing import Any

import pytest

import paymento
from paymento.testing import Simulator

CLIENTS = [paymento.Client, paymento.AsyncClient]


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch, gateway: Simulator) -> None:
    for name in ("API_KEY", "SECRET_KEY", "SECRET_KEY_PREVIOUS", "BASE_URL", "GATEWAY_URL"):
        monkeypatch.delenv(f"PAYMENTO_{name}", raising=False)
    with pytest.raises(paymento.ConfigError, match="PAYMENTO_API_KEY") as caught:
        paymento.Client.from_env()
    assert caught.value.code == "config.missing"
    monkeypatch.setenv("PAYMENTO_API_KEY", gateway.api_key)
    monkeypatch.setenv("PAYMENTO_SECRET_KEY", "of-the-environment")
    monkeypatch.setenv("PAYMENTO_BASE_URL", "http://127.0.0.1:9")
    assert paymento.Client.from_env().base_url == "http://127.0.0.1:9/"
    client = paymento.Client.from_env(base_url=gateway.base_url, secret_key="given")
    client.ping()
    assert client.authenticate(b"{}", paymento.sign(b"{}", "given")).secret_index == 0
    with pytest.raises(paymento.SignatureError):
        client.authenticate(b"{}", paymento.sign(b"{}", "of-the-environment"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Hold an API key and nothing else."""
    for name in ("SECRET_KEY", "SECRET_KEY_PREVIOUS", "BASE_URL", "GATEWAY_URL"):
        monkeypatch.delenv(f"PAYMENTO_{name}", raising=False)
    monkeypatch.setenv("PAYMENTO_API_KEY", "an-api-key")
    return monkeypatch


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_given_secret_key_needs_none_in_the_environment(kind: Any) -> None:
    given = kind.from_env(secret_key="given")
    assert given.authenticate(b"{}", paymento.sign(b"{}", "given")).secret_index == 0
    with pytest.raises(paymento.ConfigError, match="PAYMENTO_SECRET_KEY ") as caught:
        kind.from_env()
    assert caught.value.code == "config.missing"


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_given_secret_key_replaces_both_of_the_environments(environment: pytest.MonkeyPatch, kind: Any) -> None:
    environment.setenv("PAYMENTO_SECRET_KEY", "current")
    environment.setenv("PAYMENTO_SECRET_KEY_PREVIOUS", "previous")
    assert kind.from_env().authenticate(b"{}", paymento.sign(b"{}", "previous")).secret_index == 1
    given = kind.from_env(secret_key="given")
    for replaced in ("current", "previous"):
        with pytest.raises(paymento.SignatureError):
            given.authenticate(b"{}", paymento.sign(b"{}", replaced))
    assert "replaces both" in kind.from_env.__doc__


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_subclass_is_initialized_from_the_environment_as_well(kind: Any) -> None:
    class Shop(kind):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.orders: list[str] = []

    shop = Shop.from_env(secret_key="given")
    assert (type(shop), shop.orders) == (Shop, [])
    assert shop.authenticate(b"{}", paymento.sign(b"{}", "given"))
