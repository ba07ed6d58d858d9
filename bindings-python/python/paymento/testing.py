"""For the tests of a shop: values that only the gateway can make otherwise, and the gateway itself on loopback.

With pytest, the fixture `paymento_simulator` starts a `Simulator` for each test that asks for one; the marker
`paymento_simulator` and the ini option of the same name take its options.
"""

from __future__ import annotations

import json

from . import _native
from ._enums import CallbackMethod, OrderStatus
from ._native import (
    ArmedFault,
    Attempt,
    Delivery,
    Event,
    Finding,
    PaymentSnapshot,
    Store,
    StoreSnapshot,
    TransactionSnapshot,
)
from ._simulator import Simulator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from ._native import (
        AcceptedCoin,
        Answer,
        Callback,
        CallbackUrlChange,
        Coin,
        CoinPrice,
        Currency,
        DeadLetter,
        Health,
        HistoryEntry,
        Info,
        Language,
        LastBlock,
        Merchant,
        OrderEvent,
        OrderRecord,
        Payment,
        PaymentRecord,
        PaymentsPage,
        Price,
        Settings,
        Settlement,
        Shortfall,
        Transaction,
        Verification,
    )
    from ._types import Amount, EventKindName

__all__ = [
    "FAULTS",
    "SECRET_KEY",
    "TOKEN",
    "ArmedFault",
    "Attempt",
    "Delivery",
    "Event",
    "Finding",
    "PaymentSnapshot",
    "Simulator",
    "Store",
    "StoreSnapshot",
    "TransactionSnapshot",
    "accepted_coin",
    "answer",
    "callback",
    "callback_url_change",
    "coin",
    "coin_price",
    "currency",
    "dead_letter",
    "health",
    "history_entry",
    "info",
    "language",
    "last_block",
    "merchant",
    "order_event",
    "order_record",
    "payment",
    "payment_record",
    "payments_page",
    "price",
    "settings",
    "settlement",
    "shortfall",
    "signed_callback",
    "transaction",
    "verification",
]

SECRET_KEY = "a-secret-key-for-tests"  # noqa: S105
"""The secret key that `signed_callback` and `callback` use where none is given."""

TOKEN = "7d1c0f4ab2e94c0e8a6f5b3d2c1e0f9a"  # noqa: S105
"""The token used where none is given."""

FAULTS: Mapping[str, str] = dict(_native.tables()["faults"])
"""Every way in which the simulator misbehaves on request, by name, and what it does. For `Simulator.arm`."""


def signed_callback(
    *,
    secret_key: str = SECRET_KEY,
    token: str = TOKEN,
    payment_id: int = 20_417,
    order_id: str = "A-578",
    status: OrderStatus | int = OrderStatus.PAID,
    additional_data: Mapping[str, str] | None = None,
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a callback, signed as the gateway signs. For the shop's own callback route."""
    return _native.signed_callback(
        secret_key, status, payment_id, token=token, order_id=order_id, additional_data=additional_data
    )


def callback(
    *,
    token: str = TOKEN,
    payment_id: int = 20_417,
    order_id: str = "A-578",
    status: OrderStatus | int = OrderStatus.PAID,
    additional_data: Mapping[str, str] | None = None,
) -> Callback:
    """Make a Callback, as `authenticate` gives it."""
    headers, body = signed_callback(
        token=token, payment_id=payment_id, order_id=order_id, status=status, additional_data=additional_data
    )
    return _native.authenticate(body, headers, SECRET_KEY)


def price(
    *,
    fiat_amount: Amount | None = None,
    fiat_currency: str | None = None,
    crypto_amounts: Mapping[str, Amount] | None = None,
) -> Price:
    """Make a Price, checked as `create_payment` checks it. Without arguments: 29.99 USD."""
    if fiat_amount is None and fiat_currency is None and crypto_amounts is None:
        fiat_amount, fiat_currency = "29.99", "USD"
    return _native.make_price(fiat_amount=fiat_amount, fiat_currency=fiat_currency, crypto_amounts=crypto_amounts)


def payment(
    *,
    token: str = TOKEN,
    gateway_url: str = "https://app.paymento.io/gateway",
    order_id: str = "A-578",
    price: Price | None = None,
    live: bool | None = None,
) -> Payment:
    """Make a Payment, as `create_payment` gives it."""
    if price is None:
        price = _native.make_price(fiat_amount="29.99", fiat_currency="USD")
    return _native.make_payment(token, gateway_url, order_id, price, live)


def verification(
    *,
    success: bool = True,
    message: str = "",
    body: str | Mapping[str, object] | None = None,
    token: str = TOKEN,
    order_id: str = "A-578",
    fiat_amount: Amount | None = None,
    fiat_currency: str | None = None,
    crypto_amounts: Mapping[str, Amount] | None = None,
) -> Verification:
    """Make a Verification: the real decision about an answer of the gateway.

    Args:
        success: what the gateway says.
        message: what the gateway says.
        body: the answer's body, as a mapping or as JSON: token, orderId, orderStatus, additionalData, settlement. By
            default that the payment is approved; `body={"orderStatus": 3}` replaces the status only.
        token: the token that was asked about.
        order_id: what the shop recorded; as are the amounts.
        fiat_amount: see `Client.verify_payment`.
        fiat_currency: the same.
        crypto_amounts: the same.
    """
    if not isinstance(body, str):
        answer = {"token": token, "orderId": order_id, "orderStatus": int(OrderStatus.APPROVE)}
        body = _to_json({**answer, **(body or {})})
    return _native.make_verification(
        success,
        message,
        body,
        token,
        order_id=order_id,
        fiat_amount=fiat_amount,
        fiat_currency=fiat_currency,
        crypto_amounts=crypto_amounts,
    )


def settlement(
    *,
    expected_crypto_amount: Amount | None = "0.00041732",
    requested_fiat_amount: Amount | None = "29.99",
    received_crypto_amount: Amount | None = "0.00041732",
    pending_tx_hash: str | None = None,
    transactions: Sequence[Mapping[str, object]] = (),
) -> Settlement:
    """Make a Settlement. `transactions`: the gateway's JSON objects, with a `txHash` and what else they have."""
    fields = {
        "expectedCryptoAmount": expected_crypto_amount,
        "requestedFiatAmount": requested_fiat_amount,
        "receivedCryptoAmount": received_crypto_amount,
        "pendingTxHash": pending_tx_hash,
        "transactions": list(transactions),
    }
    return _native.make_settlement(_to_json(fields))


def transaction(*, tx_hash: str | None = "5e1f0a9c", **more: object) -> Transaction:
    """Make a Transaction, with more fields of the gateway's JSON if wanted."""
    return settlement(transactions=[{"txHash": tx_hash, **more}]).transactions[0]


def order_event(
    *,
    kind: EventKindName = "paid",
    order_id: str = "A-578",
    token: str | None = TOKEN,
    price: Price | None = None,
    current_price: Price | None = None,
    reason: str | None = None,
    detail: str | None = None,
    account: str = "default",
    speed: str | None = None,
    additional_data: Mapping[str, str] | None = None,
    late: bool = False,
    overpaid_by: Amount | None = None,
    shortfall: Shortfall | None = None,
    settlement: Settlement | None = None,
    live: bool | None = False,
    key: str | None = None,
) -> OrderEvent:
    """Make an OrderEvent, as a handler of `Checkout` is given it. By default an order of 29.99 USD is paid."""
    made: OrderEvent = _native.make_of_checkout(
        "OrderEvent",
        kind=kind,
        order_id=order_id,
        token=token,
        price=_29_99_usd() if price is None else price,
        current_price=current_price,
        reason=reason,
        detail=detail,
        account=account,
        speed=speed,
        additional_data=additional_data,
        late=late,
        overpaid_by=overpaid_by,
        shortfall=shortfall,
        settlement=settlement,
        live=live,
        key=key,
    )
    return made


def shortfall(
    *,
    amount: Amount = "0.0001",
    in_mempool: Amount | None = None,
    coin: str | None = None,
    fiat_estimated: Amount | None = None,
) -> Shortfall:
    """Make a Shortfall, as `OrderEvent.shortfall` gives it."""
    made: Shortfall = _native.make_of_checkout(
        "Shortfall", amount=amount, in_mempool=in_mempool, coin=coin, fiat_estimated=fiat_estimated
    )
    return made


def answer(*, code: str | None = None, token: str | None = TOKEN) -> Answer:
    """Make an Answer, as `Checkout.receive` gives it: 200, or what is answered to an error of this code."""
    made: Answer = _native.make_of_checkout("Answer", code=code, token=token)
    return made


def order_record(
    *,
    order_id: str = "A-578",
    state: str = "open",
    price: Price | None = None,
    url: str | None = None,
    token: str | None = TOKEN,
    shortfall: Shortfall | None = None,
    live: bool | None = False,
    created_at: datetime | None = None,
    updated_at: datetime | None = None,
    paid_at: datetime | None = None,
    canceled_at: datetime | None = None,
) -> OrderRecord:
    """Make an OrderRecord, as `Checkout.status` gives it. Times are aware, and by default those of 1970."""
    made: OrderRecord = _native.make_of_checkout(
        "OrderRecord",
        order_id=order_id,
        state=state,
        price=_29_99_usd() if price is None else price,
        url=url,
        token=token,
        shortfall=shortfall,
        live=live,
        created_at=created_at,
        updated_at=updated_at,
        paid_at=paid_at,
        canceled_at=canceled_at,
    )
    return made


def payment_record(
    *,
    order_id: str = "A-578",
    token: str = TOKEN,
    state: str = "open",
    price: Price | None = None,
    url: str = f"https://app.paymento.io/gateway?token={TOKEN}",
    outcome: str | None = None,
    status: str | None = None,
    live: bool | None = False,
    callbacks: int = 0,
    created_at: datetime | None = None,
    updated_at: datetime | None = None,
    settled_at: datetime | None = None,
    next_verify_at: datetime | None = None,
) -> PaymentRecord:
    """Make a PaymentRecord, as `Checkout.payment` gives it. Times are aware, and by default those of 1970."""
    made: PaymentRecord = _native.make_of_checkout(
        "PaymentRecord",
        order_id=order_id,
        token=token,
        state=state,
        price=_29_99_usd() if price is None else price,
        url=url,
        outcome=outcome,
        status=status,
        live=live,
        callbacks=callbacks,
        created_at=created_at,
        updated_at=updated_at,
        settled_at=settled_at,
        next_verify_at=next_verify_at,
    )
    return made


def payments_page(*, payments: Sequence[PaymentRecord] = (), next: int | None = None) -> PaymentsPage:  # noqa: A002
    """Make a PaymentsPage, as `Checkout.payments` gives it."""
    made: PaymentsPage = _native.make_of_checkout("PaymentsPage", payments=list(payments), next=next)
    return made


def history_entry(
    *,
    what: str = "created",
    who: str = "shop 1@host",
    at: datetime | None = None,
    token: str | None = None,
    detail: str = "",
) -> HistoryEntry:
    """Make a HistoryEntry, as `Checkout.history` gives them."""
    made: HistoryEntry = _native.make_of_checkout("HistoryEntry", what=what, who=who, at=at, token=token, detail=detail)
    return made


def dead_letter(
    *,
    id: int = 1,  # noqa: A002 (the field's name)
    event: OrderEvent | None = None,
    failures: int = 10,
    error: str = "RuntimeError: out of paper",
    since: datetime | None = None,
) -> DeadLetter:
    """Make a DeadLetter, as `Checkout.dead_letters` gives them."""
    made: DeadLetter = _native.make_of_checkout(
        "DeadLetter",
        id=id,
        event=order_event() if event is None else event,
        failures=failures,
        error=error,
        since=since,
    )
    return made


def health(
    *,
    problems: Sequence[str] = (),
    runners: int = 1,
    events_due: int = 0,
    paid_unfinished: int = 0,
    dead_letters: int = 0,
    verifies_due: int = 0,
    verify_lag: float = 0,
    settled_without_callback: int = 0,
    probes: int = 0,
) -> Health:
    """Make a Health, as `Checkout.health` gives it: ok where there are no problems."""
    made: Health = _native.make_of_checkout(
        "Health",
        problems=list(problems),
        runners=runners,
        events_due=events_due,
        paid_unfinished=paid_unfinished,
        dead_letters=dead_letters,
        verifies_due=verifies_due,
        verify_lag=verify_lag,
        settled_without_callback=settled_without_callback,
        probes=probes,
    )
    return made


def settings(
    *,
    callback_url: str | None = "https://shop.example/paymento/callback",
    callback_method: CallbackMethod | str | None = CallbackMethod.POST,
) -> Settings:
    """Make Settings, as `Client.settings` gives them."""
    numbers = {CallbackMethod.POST: 1, CallbackMethod.PUT: 2}
    number = None if callback_method is None else numbers[CallbackMethod(callback_method)]
    made: Settings = _make("Settings", ipN_URL=callback_url, ipN_Method=number)
    return made


def callback_url_change(
    *, changed: bool = True, previous: Settings | None = None, current: Settings | None = None
) -> CallbackUrlChange:
    """Make a CallbackUrlChange, as `Client.ensure_callback_url` gives it."""
    before = settings(callback_url=None, callback_method=None) if previous is None else previous
    return _native.make_callback_url_change(changed, before, settings() if current is None else current)


def accepted_coin(*, name: str = "bitcoin", shortcut: str = "btc") -> AcceptedCoin:
    """Make an AcceptedCoin, as `Client.accepted_coins` gives them."""
    made: AcceptedCoin = _make("AcceptedCoin", name=name, shortcut=shortcut)
    return made


def coin(
    *,
    name: str = "Tether",
    shortcut: str = "USDT",
    contract_address: str | None = None,
    chain_id: int | None = None,
    network: str | None = "TRC20",
    is_test: bool = False,
) -> Coin:
    """Make a Coin, as `Client.coins` gives them."""
    made: Coin = _make(
        "Coin",
        name=name,
        shortcut=shortcut,
        contractAddress=contract_address,
        chainId=chain_id,
        network=network,
        isTest=is_test,
    )
    return made


def last_block(
    *, coin_id: int = 1, coin_name: str = "Bitcoin", height: int = 900_000, time: str = "2026-01-01T00:00:00Z"
) -> LastBlock:
    """Make a LastBlock, as `Client.last_block` gives it."""
    made: LastBlock = _make(
        "LastBlock", coinId=coin_id, coinName=coin_name, lastReceiveBlockHeight=height, lastReceiveBlockTime=time
    )
    return made


def coin_price(
    *,
    id: int = 1,  # noqa: A002 (the field's name)
    name: str = "Bitcoin",
    shortcut: str = "BTC",
    price: Amount = "71862.35",
    currency: str = "USD",
    change_24h: Amount | None = None,
) -> CoinPrice:
    """Make a CoinPrice, as `Client.coin_prices` gives them."""
    made: CoinPrice = _make(
        "CoinPrice", id=id, name=name, shortcut=shortcut, price=price, currency=currency, change24H=change_24h
    )
    return made


def currency(*, id: int = 1, title: str = "USD") -> Currency:  # noqa: A002 (the field's name)
    """Make a Currency, as `Client.currencies` gives them."""
    made: Currency = _make("Currency", id=id, title=title)
    return made


def language(*, name: str = "English", display_name: str = "English", culture: str = "en-US") -> Language:
    """Make a Language, as `Client.languages` gives them."""
    made: Language = _make("Language", name=name, displayName=display_name, culture=culture)
    return made


def info(*, version: str = "1.0") -> Info:
    """Make an Info, as `Client.info` gives it."""
    made: Info = _make("Info", version=version)
    return made


def merchant(*, name: str = "A shop", is_active: bool = True) -> Merchant:
    """Make a Merchant, as `Client.merchant` gives it."""
    made: Merchant = _make("Merchant", name=name, isActive=is_active)
    return made


def _29_99_usd() -> Price:
    return _native.make_price(fiat_amount="29.99", fiat_currency="USD")


def _make(name: str, /, **fields: object) -> Any:
    return _native.make(name, _to_json(fields))


def _to_json(fields: Mapping[str, object]) -> str:
    """Write a Decimal as a string of its digits, which is read like a number."""
    return json.dumps(fields, default=str)
