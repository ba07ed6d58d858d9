"""One step of a payment, as the terminal shows it: a shop's line, or an event at the gateway."""

import re
from dataclasses import dataclass

GATEWAY = "gateway"

EVENTS = {
    "payment_created": "payment made, its token goes to the shop",
    "page_opened": "checkout page opened",
    "coin_chosen": "coin chosen: {detail}",
    "paid": "paid, not confirmed yet",
    "partially_paid": "paid in part: {detail}",
    "overpaid": "paid too much: {detail}",
    "paid_late": "paid late: {detail}",
    "confirmed": "confirmed on the chain",
    "canceled": "canceled by the customer",
    "expired": "the time to pay has ended",
    "callback_sent": "callback sent, it says {status}",
    "callback_answered": "callback answered: {detail}",
    "callback_failed": "callback failed: {detail}",
    "callback_skipped": "callback not sent: {detail}",
    "verified": "asked to verify, {detail}, now {status}",
    "customer_returned": "customer sent back, {detail}",
    "request_refused": "request refused: {detail}",
}

# How a shop's line begins, and the beginning of the gateway's step that must have come before it.
CAUSES = {
    "sent to the payment page": "payment_created",
    "fulfilled": "verified Approve",
    "closed": "verified",
    "the customer is back": "customer_returned",
}


@dataclass(frozen=True)
class Step:
    by: str  # the shop's name, or "gateway"
    kind: str  # a shop's line, or an event's name and the status that it leads to
    order_id: str
    text: str

    @property
    def cause(self):
        """How the gateway's step begins that this one comes from, if there is one."""
        causes = (cause for start, cause in CAUSES.items() if self.kind.startswith(start))
        return None if self.by == GATEWAY else next(causes, None)

    def causes(self, line):
        return self.order_id == line.order_id and self.kind.startswith(line.cause)


def step_of_line(shop, line):
    match = re.fullmatch(r"order (\S+): (.*)", line)
    order_id, text = match.groups() if match else ("", line)
    return Step(shop, text, order_id, text)


def step_of_event(event):
    status = event.status.name.title().replace("_", "") if event.status is not None else ""  # as the gateway spells it
    text = EVENTS.get(event.kind, event.kind).format(detail=event.detail, status=status)
    return Step(GATEWAY, f"{event.kind} {status}", event.order_id, text)
