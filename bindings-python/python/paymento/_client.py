"""`Client`, which blocks. `_async_client.py` is generated from this file by `scripts/generate.py`."""

from __future__ import annotations

from ._native import Calls, refuse_pickling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, NoReturn

    from typing_extensions import Self

    from ._native import (
        AcceptedCoin,
        Callback,
        CallbackUrlChange,
        Coin,
        CoinPrice,
        Currency,
        Info,
        Language,
        LastBlock,
        Merchant,
        Payment,
        Settings,
        Verification,
    )
    from ._types import Amount, Headers, Seconds


_ENVIRONMENT: Any = object()
"""Stands for the API key that the environment holds."""


class Client:
    """Talks to the gateway for one store, and blocks while it does.

    Args:
        api_key: the store's API key, as the dashboard shows it.
        secret_key: the key that signs callbacks, for `authenticate`. Without one the client only asks.
        previous_secret_key: the one before it, while the key is being changed.
        base_url: where the API is. Default https://api.paymento.io; plain http only to a loopback address.
        gateway_url: the hosted page. Default https://app.paymento.io/gateway.
        connect_timeout: until a connection stands, in seconds or as a timedelta. Default 5 seconds.
        attempt_timeout: for one attempt, its connection and the answer's last byte included. Default 20 seconds.
        timeout: for all attempts and the waits between them. Default 25 seconds.
        max_attempts: how often one call may be attempted, 1 to 10. Default 3.
        proxy: the URL of a proxy, instead of the one that the environment names.
        ca_certificates: more certificate authorities to trust, as PEM, besides the machine's.

    Making one opens nothing. It may be shared by threads, and used after a fork.

    Raises:
        ConfigError: `config.` and what cannot be used.
        InputError: `input.type`.
    """

    __slots__ = ("__weakref__", "_calls")

    def __init__(
        self,
        api_key: str,
        *,
        secret_key: str | None = None,
        previous_secret_key: str | None = None,
        base_url: str | None = None,
        gateway_url: str | None = None,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
        max_attempts: int | None = None,
        proxy: str | None = None,
        ca_certificates: bytes | str | None = None,
    ) -> None:
        options: dict[str, object] = {
            "secret_key": secret_key,
            "previous_secret_key": previous_secret_key,
            "base_url": base_url,
            "gateway_url": gateway_url,
            "connect_timeout": connect_timeout,
            "attempt_timeout": attempt_timeout,
            "timeout": timeout,
            "max_attempts": max_attempts,
            "proxy": proxy,
            "ca_certificates": ca_certificates,
        }
        self._calls = Calls.from_env(**options) if api_key is _ENVIRONMENT else Calls(api_key, **options)

    @classmethod
    def from_env(
        cls,
        *,
        secret_key: str | None = None,
        previous_secret_key: str | None = None,
        base_url: str | None = None,
        gateway_url: str | None = None,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
        max_attempts: int | None = None,
        proxy: str | None = None,
        ca_certificates: bytes | str | None = None,
    ) -> Self:
        """Make a client from the environment; the options go before it.

        Reads PAYMENTO_API_KEY and PAYMENTO_SECRET_KEY, and where they are set PAYMENTO_SECRET_KEY_PREVIOUS,
        PAYMENTO_BASE_URL and PAYMENTO_GATEWAY_URL. A given secret_key replaces both of the environment's keys, and
        then none needs to be set there. A subclass's own `__init__` runs as well, with these arguments to hand on.

        Raises:
            ConfigError: `config.missing` names a variable that is not set; `config.` and what cannot be used.
            InputError: `input.type`.
        """
        return cls(
            _ENVIRONMENT,
            secret_key=secret_key,
            previous_secret_key=previous_secret_key,
            base_url=base_url,
            gateway_url=gateway_url,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
            max_attempts=max_attempts,
            proxy=proxy,
            ca_certificates=ca_certificates,
        )

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._calls.base_url

    def authenticate(self, body: bytes, headers: Headers) -> Callback:
        """Check that the gateway signed this callback, with the client's own secret keys, and read it.

        Args:
            body: the raw body of the request, before anything parses it. At most 64 KiB.
            headers: all headers as a mapping or as pairs, or the value of X-HMAC-SHA256-SIGNATURE.

        Raises:
            SignatureError: missing, malformed, conflicting, or `signature.mismatch`.
            InputError: `input.body`, `input.headers`, `input.body_too_large`.
            ConfigError: `config.secret` when the client has no secret key, `config.closed`.
            DecodeError: `decode.callback`: authentic, but not readable.
        """
        return self._calls.authenticate(body, headers)

    def create_payment(
        self,
        *,
        order_id: str,
        fiat_amount: Amount | None = None,
        fiat_currency: str | None = None,
        crypto_amounts: Mapping[str, Amount] | None = None,
        return_url: str | None = None,
        speed: str | None = None,
        language: str | None = None,
        email_address: str | None = None,
        additional_data: Mapping[str, str] | None = None,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Payment:
        """Ask for a payment: gives its token and the address to send the customer to.

        Keep the token beside the order before the customer is redirected. The price is in fiat money or in coins.

        Args:
            order_id: the shop's own id of the order, 1 to 128 characters, no control characters.
            fiat_amount: a decimal string or Decimal in major units, like "29.99"; at most 15 significant digits.
            fiat_currency: a three-letter code in any case.
            crypto_amounts: instead of a fiat price, an amount for each coin that is taken.
            return_url: where the browser goes afterwards: https; http only while the client talks to a loopback
                address.
            speed: "low" (wait for confirmations on the chain, the default) or "high".
            language: a culture name such as "en-US", for the hosted page.
            email_address: the customer's.
            additional_data: the shop's own notes, which come back in callbacks and verify answers. At most 8 KiB
                together; the key OrderId is the gateway's own.
            connect_timeout: for this call, in seconds or as a timedelta. See the class.
            attempt_timeout: the same.
            timeout: the same.

        Raises:
            InputError: what is wrong with an argument; nothing was sent.
            TransportError: no answer. Where `maybe_sent` is true the payment may have been made, and the call was not
                repeated: the gateway knows no idempotency key.
            ApiError: the gateway refused.
            DecodeError: the answer cannot be read.
            ConfigError: `config.closed`, `config.timeout`, `config.tls`.
        """
        payment: Payment = self._calls.create_payment(
            order_id=order_id,
            fiat_amount=fiat_amount,
            fiat_currency=fiat_currency,
            crypto_amounts=crypto_amounts,
            return_url=return_url,
            speed=speed,
            language=language,
            email_address=email_address,
            additional_data=additional_data,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return payment

    def verify_payment(
        self,
        token: str,
        *,
        order_id: str,
        fiat_amount: Amount | None = None,
        fiat_currency: str | None = None,
        crypto_amounts: Mapping[str, Amount] | None = None,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Verification:
        """Ask the gateway whether this payment is settled, and hold the answer against what the shop recorded.

        **This moves a Paid payment to Approve at the gateway.** It is no status poll: call it after a callback, for a
        returning customer with an open order, or to reconcile; show customers your own records.

        Args:
            token: the payment's token, from the shop's own record.
            order_id: the order that it was made for.
            fiat_amount: the recorded price, a decimal string or Decimal. Without one, `amount_unchecked` is true.
            fiat_currency: beside it. Not compared, since the gateway does not report it; the token binds it.
            crypto_amounts: the recorded price in coins.
            connect_timeout: for this call, in seconds or as a timedelta. See the class.
            attempt_timeout: the same.
            timeout: the same.

        Returns:
            A Verification with its outcome. That a payment is not settled is no error here; see
            `Verification.require_settled`.

        Raises:
            InputError: what is wrong with an argument; nothing was sent.
            TransportError, ApiError, DecodeError: there is no answer to decide on, which never means "not paid".
            ConfigError: `config.closed`, `config.timeout`, `config.tls`.
        """
        verification: Verification = self._calls.verify_payment(
            token,
            order_id=order_id,
            fiat_amount=fiat_amount,
            fiat_currency=fiat_currency,
            crypto_amounts=crypto_amounts,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return verification

    def settings(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Settings:
        """Ask where the gateway sends this store's callbacks."""
        settings: Settings = self._calls.settings(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return settings

    def set_settings(
        self,
        callback_url: str,
        method: str = "POST",
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Settings:
        """Set where the gateway sends this store's callbacks, for good.

        Prefer `ensure_callback_url`, which takes nothing away from another deployment.

        Args:
            callback_url: https; http only while the client talks to a loopback address.
            method: "POST" or "PUT".
            connect_timeout: for this call, in seconds or as a timedelta. See the class.
            attempt_timeout: the same.
            timeout: the same.

        Raises:
            InputError: `input.callback_url`, `input.method`.
        """
        settings: Settings = self._calls.set_settings(
            callback_url,
            method=method,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return settings

    def ensure_callback_url(
        self,
        callback_url: str,
        method: str = "POST",
        *,
        replace: bool = False,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> CallbackUrlChange:
        """Make sure that callbacks come to this address: reads, compares, and writes only a difference.

        Args:
            callback_url: https; http only while the client talks to a loopback address.
            method: "POST" or "PUT".
            replace: whether another host's address may be taken away.
            connect_timeout: for this call, in seconds or as a timedelta. See the class.
            attempt_timeout: the same.
            timeout: the same.

        Raises:
            ConfigError: `config.callback_url_taken`: callbacks go to another host.
            InputError: `input.callback_url`, `input.method`.
        """
        change: CallbackUrlChange = self._calls.ensure_callback_url(
            callback_url,
            method=method,
            replace=replace,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return change

    def accepted_coins(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> list[AcceptedCoin]:
        """Ask which coins this store takes."""
        coins: list[AcceptedCoin] = self._calls.accepted_coins(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return coins

    def coins(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> list[Coin]:
        """Ask which coins the gateway knows, those of test networks included."""
        coins: list[Coin] = self._calls.coins(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return coins

    def last_block(
        self,
        coin_id: int,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> LastBlock:
        """Ask how far the gateway has read a coin's chain.

        Raises:
            InputError: `input.coin` for a number that is no coin's id.
        """
        block: LastBlock = self._calls.last_block(
            coin_id=coin_id,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return block

    def coin_prices(
        self,
        coin_names: Sequence[str],
        currency: str,
        *,
        include_change: bool = False,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> list[CoinPrice]:
        """Ask what coins cost in a currency.

        Args:
            coin_names: at least one.
            currency: a three-letter code in any case.
            include_change: also how the price changed over 24 hours.
            connect_timeout: for this call, in seconds or as a timedelta. See the class.
            attempt_timeout: the same.
            timeout: the same.

        Raises:
            InputError: `input.coin`, `input.currency`.
        """
        prices: list[CoinPrice] = self._calls.coin_prices(
            coin_names=coin_names,
            currency=currency,
            include_change=include_change,
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return prices

    def currencies(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> list[Currency]:
        """Ask which currencies prices can be given in."""
        currencies: list[Currency] = self._calls.currencies(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return currencies

    def languages(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> list[Language]:
        """Ask which languages the hosted page has."""
        languages: list[Language] = self._calls.languages(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return languages

    def info(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Info:
        """Ask what the gateway says of itself."""
        info: Info = self._calls.info(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return info

    def ping(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> None:
        """Ask whether the gateway answers. Says nothing about the API key; see `merchant`."""
        self._calls.ping(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()

    def merchant(
        self,
        *,
        connect_timeout: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        timeout: Seconds | None = None,
    ) -> Merchant:
        """Ask which merchant the API key belongs to."""
        merchant: Merchant = self._calls.merchant(
            connect_timeout=connect_timeout,
            attempt_timeout=attempt_timeout,
            timeout=timeout,
        ).wait()
        return merchant

    def close(self) -> None:
        """Close the connections. A later call raises ConfigError (`config.closed`)."""
        self._calls.close()

    def __enter__(self) -> Self:
        """Give the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Show no key."""
        return f"<paymento.{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        """Refuse pickling: a client holds keys."""
        refuse_pickling(self)


Client.__module__ = "paymento"
