"""The checkout's enumerations. Their values are core's; a test compares them with core's own lists."""

from ._enums import _Text


class EventKind(_Text):
    """The four things that a shop is told. One handler each."""

    PAID = "paid"
    """The order is paid: fulfill it, once. A late or overpaid payment is paid, and says so."""
    PARTIALLY_PAID = "partially_paid"
    """Less than the amount owed has arrived."""
    CLOSED = "closed"
    """Expired, canceled or rejected, and no other payment of the order is open or paid: stock can be released."""
    ATTENTION = "attention"
    """Somebody should look; see the reason."""


class Reason(_Text):
    """Why somebody should look."""

    DUPLICATE_PAYMENT = "duplicate_payment"
    """A second payment of an order that is paid."""
    MISMATCH = "mismatch"
    """The gateway's answer is about another token, order or amount."""
    INVALID_TOKEN = "invalid_token"  # noqa: S105 (the name of a reason)
    """The gateway does not know the token for this store: mostly another store's API key."""
    CONTRADICTORY = "contradictory"
    """Success and status of the gateway's answer do not go together."""
    SUPERSEDED_PRICE = "superseded_price"
    """A settled payment of an earlier price of the order."""
    UNKNOWN_STATUS = "unknown_status"
    """A status that is not documented, in a callback or an answer."""
    NOT_APPROVED = "not_approved"
    """Paid on the chain, and for five minutes not approved by the gateway."""
    REVERSED_AFTER_SETTLED = "reversed_after_settled"
    """The gateway takes back what was settled. Nothing is undone by itself."""
    PAID_AFTER_CANCEL = "paid_after_cancel"
    """A settled payment of an order that the shop has canceled."""
    HANDLER_FAILED = "handler_failed"
    """A handler failed as often as it may; the event is a dead letter and can be replayed."""
    HANDLER_TOO_SLOW = "handler_too_slow"
    """A handler runs longer than it may; its lease is no longer renewed."""
    NOTHING_HEARD = "nothing_heard"
    """After a week the payment is neither settled nor closed."""
    UNDECODABLE_CALLBACK = "undecodable_callback"
    """An authentic callback that cannot be read."""


class Problem(_Text):
    """What `health` finds wrong."""

    NO_PAID_HANDLER = "no_paid_handler"
    """Paid orders have waited for a minute, and no process that lives has a handler for "paid"."""
    NO_RUNNER = "no_runner"
    """Work has been due for a minute, and no runner lives: start a worker."""
    DEAD_LETTERS = "dead_letters"
    """Events whose handler has failed for good wait to be replayed."""
    VERIFY_BEHIND = "verify_behind"
    """Verify calls have been due for ten minutes: the gateway does not answer, or the pace is too slow."""


class OrderState(_Text):
    """Where an order stands. Paid is final."""

    OPEN = "open"
    """A payment can be made."""
    PARTIALLY_PAID = "partially_paid"
    """Less than the amount owed has arrived."""
    CONFIRMING = "confirming"
    """Enough has arrived, and it is being confirmed."""
    PAID = "paid"
    """Paid: a settled payment of the order's price. Final."""
    CLOSED = "closed"
    """No payment is open: expired, canceled or rejected."""
    ATTENTION = "attention"
    """Money has come that pays nothing, or an answer cannot be relied on: somebody should look."""


class PaymentState(_Text):
    """Where a payment stands by the last verify answer. Settled is final."""

    CREATING = "creating"
    """The gateway is being asked for it; it has no token yet."""
    OPEN = "open"
    """Nothing has arrived."""
    PARTIALLY_PAID = "partially_paid"
    """Less than the amount owed has arrived."""
    CONFIRMING = "confirming"
    """Enough has arrived, and it is being confirmed or approved."""
    CLOSED = "closed"
    """Expired, canceled or rejected. Money can still arrive."""
    ATTENTION = "attention"
    """The gateway's answer is none to rely on; somebody should look."""
    SETTLED = "settled"
    """Approved. Final."""


for _class in (EventKind, OrderState, PaymentState, Problem, Reason):
    _class.__module__ = "paymento"
