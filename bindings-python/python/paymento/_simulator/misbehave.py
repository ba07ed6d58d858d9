"""Making a running simulator misbehave, and what it found wrong with the shop."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._enums import OrderStatus
    from .._native import ArmedFault, Finding, RunningSimulator
    from .._types import Fault


class Misbehaving:
    """Callbacks that nothing but a test asks for, faults by order and by chance, and findings."""

    __slots__ = ()
    _running: RunningSimulator

    def send_callback(self, token: str, status: OrderStatus | int) -> None:
        """Send a signed callback with any status, without moving the payment: a repeated, late or undocumented one.

        Raises:
            ApiError: `api.rejected` when the token is unknown.
            ConfigError: `config.missing` when no callback URL is set.
        """
        self._running.send_callback(token, status)

    def forge_callback(self, token: str, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send these bytes with exactly these headers, unsigned unless one holds a signature.

        Raises:
            ApiError: `api.rejected` when the token is unknown.
            ConfigError: `config.missing` when no callback URL is set.
            InputError: `input.headers`.
        """
        self._running.forge_callback(token, body, {} if headers is None else headers)

    def resend(self, delivery: int) -> int:
        """Send the delivery with this id again, byte for byte, to where it went. Gives the new delivery's id.

        Raises:
            ApiError: `api.rejected` when there is no such delivery, or it is not kept any more.
        """
        return self._running.resend(delivery)

    def tamper(self, delivery: int) -> int:
        """Send a delivery again with its status changed after it was signed, once. Gives the new delivery's id.

        A shop that answers 2xx is found out; see `findings`.

        Raises:
            ApiError: `api.rejected` when there is no such delivery, or it is not kept any more.
        """
        return self._running.tamper(delivery)

    def send_test_webhook(self, store: str | None = None) -> int:
        """Send what the dashboard's "Test Webhook" sends, once: signed, and about no payment. Gives the delivery's id.

        Args:
            store: the name of the store; the first one by default.

        Raises:
            ConfigError: `config.missing` when no store has this name, or it has no callback URL.
        """
        return self._running.send_test_webhook(store)

    def send_tampered_probe(self, store: str | None = None) -> int:
        """Send what a thief would, once: the newest payment is Paid, under a signature that belongs to other bytes.

        A shop that answers 2xx is found out; see `findings`. Arguments and errors as `send_test_webhook`.
        """
        return self._running.send_tampered_probe(store)

    def trigger(
        self,
        status: OrderStatus | int,
        *,
        token: str | None = None,
        order_id: str | None = None,
        faults: Sequence[Fault] = (),
    ) -> int:
        """Send a signed callback once, behind which no payment stands. Gives the delivery's id.

        Args:
            status: the one that it carries.
            token: made up by default.
            order_id: "A-578" by default.
            faults: what is wrong with it; those of when and how often a callback is sent have no effect here.

        Raises:
            ConfigError: `config.missing` when the first store has no callback URL.
            InputError: `input.fault`.
        """
        return self._running.trigger(status, token=token, order_id=order_id, faults=list(faults))

    def arm(self, fault: Fault, *, times: int | None = 1, token: str | None = None) -> None:
        """Arm a fault: it befalls the next callbacks or API answers that it concerns.

        Args:
            fault: its name, for instance "callback.duplicate"; `paymento.testing.FAULTS` says what each does.
            times: how many of them; None for all until `clear_faults`.
            token: only those of this payment. A create has no token yet, and is befallen only by faults without one.

        Raises:
            InputError: `input.fault` when there is no such fault.
        """
        self._running.arm(fault, times=times, token=token)

    def faults(self) -> list[ArmedFault]:
        """List the faults that are armed, in the order in which they were."""
        return self._running.faults()

    def clear_faults(self) -> None:
        """Disarm every fault. Chaos goes on."""
        self._running.clear_faults()

    def chaos(
        self,
        *,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        drop: float = 0.0,
        delay: float = 0.0,
        stalled_body: float = 0.0,
        bad_gateway: float = 0.0,
        seed: int | None = None,
    ) -> None:
        """Let faults strike by chance from now on, in place of the chaos before. Probabilities are from 0 to 1.

        Args:
            duplicate: a callback is sent twice.
            reorder: a callback is sent after the payment's next one.
            drop: a callback is never sent.
            delay: a callback is sent a minute late.
            stalled_body: an API answer begins and never ends.
            bad_gateway: an API answer is HTTP 502 with a page of HTML.
            seed: what decides, the same way each time. Default: the simulator's own seed, or chance.

        Raises:
            InputError: `input.fault` when a probability is not from 0 to 1.
        """
        self._running.chaos(
            duplicate=duplicate,
            reorder=reorder,
            drop=drop,
            delay=delay,
            stalled_body=stalled_body,
            bad_gateway=bad_gateway,
            seed=seed,
        )

    def calm(self) -> None:
        """End the chaos, and disarm every fault."""
        self._running.calm()

    def findings(self) -> list[Finding]:
        """List what is wrong with the shop, as far as it was seen: the first of each kind and place, and how often."""
        return self._running.findings()

    def check_findings(self) -> None:
        """Fail when there are findings. For the end of a test.

        Raises:
            ConfigError: `config.findings`, which lists their kinds; the hint mends the first.
        """
        self._running.check_findings()
