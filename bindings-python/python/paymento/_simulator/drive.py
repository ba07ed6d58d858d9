"""What a test does to the payments of a running simulator."""

from __future__ import annotations

from .._loop import finish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native import PaymentSnapshot, RunningSimulator
    from .._types import Amount, Duration


class Driven:
    """The customer, the chain and the clock. Every method but `advance` and `advanced` returns at once."""

    __slots__ = ()
    _running: RunningSimulator

    def pay(self, token: str) -> None:
        """Pay exactly what is still owed: the payment waits for its confirmation, and callback 3 is on its way.

        Unless `start` was told otherwise, the payment is Paid as soon as the first attempt at that callback has ended,
        well or badly; callback 7 follows. Without a callback URL the payment is Paid at once. A coin is chosen where
        the customer has chosen none. A payment that has expired or was canceled is paid late, and goes the same way.

        Raises:
            ApiError: `api.rejected` when the token is unknown, or the payment is paid or rejected.
        """
        self._running.pay(token)

    def pay_amount(self, token: str, amount: Amount) -> None:
        """Pay this much of the chosen coin, whatever is owed. A closed payment stays so until all of it has come.

        Raises:
            ApiError: as `pay`.
            InputError: `input.amount` when it is not positive.
        """
        self._running.pay_amount(token, amount)

    def underpay(self, token: str) -> None:
        """Pay half of what is still owed, rounded down to 8 decimals: callback 2 is on its way.

        Raises:
            ApiError: as `pay`.
        """
        self._running.underpay(token)

    def underpay_by(self, token: str, amount: Amount) -> None:
        """Pay so much less than what is still owed.

        Raises:
            ApiError: as `pay`.
            InputError: `input.amount` when it is not positive or leaves nothing to pay.
        """
        self._running.underpay_by(token, amount)

    def overpay(self, token: str) -> None:
        """Pay a tenth more than what is still owed, rounded up to 8 decimals.

        Raises:
            ApiError: as `pay`.
        """
        self._running.overpay(token)

    def confirm(self, token: str) -> None:
        """Let the chain confirm all money that it has seen. Callback 7 is on its way where that is enough.

        Raises:
            ApiError: `api.rejected` when the token is unknown or nothing waits for the chain.
        """
        self._running.confirm(token)

    def drop_transaction(self, token: str) -> None:
        """Let the newest transaction that is in no block disappear from the mempool.

        The payment is open again, or PartialPaid where other money remains. For a simulator with `manual_confirmation`
        or `confirmation_time`: otherwise the chain is faster.

        Raises:
            ApiError: `api.rejected` when the token is unknown or nothing is in the mempool.
        """
        self._running.drop_transaction(token)

    def cancel(self, token: str) -> None:
        """Cancel, as the customer does on the checkout page; callback 5 is on its way.

        Raises:
            ApiError: `api.rejected` when the token is unknown or the payment is not open.
        """
        self._running.cancel(token)

    def expire(self, token: str) -> None:
        """End the time to pay of a payment that has received nothing; callback 4 is on its way.

        Raises:
            ApiError: `api.rejected` when the token is unknown or the payment does not wait for its money.
        """
        self._running.expire(token)

    def reject(self, token: str) -> None:
        """Reject a payment that is PartialPaid, waits for its confirmation, or is Paid; callback 9 is on its way.

        Raises:
            ApiError: `api.rejected` when the token is unknown or the payment is none of these.
        """
        self._running.reject(token)

    def advance(self, by: Duration) -> None:
        """Move the clock on, and block until whatever is due by then has happened and its callbacks were attempted.

        Payments expire, chains confirm, callbacks are sent again, all in order. A duration of zero waits for the
        callbacks that are under way. Not for a coroutine whose own loop serves the callbacks, which could not answer
        them: there, `await simulator.advanced(by)`.

        Args:
            by: seconds, a timedelta, or a text like "20m".

        Raises:
            InputError: `input.duration`.
            ConfigError: `config.closed` when the simulator is stopped.
        """
        self._running.advanced(by).wait()

    async def advanced(self, by: Duration) -> None:
        """Do what `advance` does while the running loop goes on, so that it can answer the callbacks."""
        await finish(self._running.advanced(by))

    def now(self) -> float:
        """Tell the simulator's clock, in seconds since its start."""
        return self._running.now()

    def payments(self) -> list[PaymentSnapshot]:
        """List the last 10,000 payments, oldest first."""
        return self._running.payments()

    def payment(self, token: str) -> PaymentSnapshot | None:
        """Look up one payment."""
        return self._running.payment(token)

    def forgotten_payments(self) -> int:
        """Count the payments that came before the last 10,000 and are not kept any more."""
        return self._running.forgotten_payments()
