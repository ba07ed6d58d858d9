"""Why we are behind where we are: written by hand after profiling, and shown only while it is so."""

from __future__ import annotations

READS_ALL = "It reads the body's JSON as well, all of it; the others only hash."
LOOKS_FOR_IT = "It looks for the signature among all headers; hmac and stripe are handed it."
TWO_THREADS = (
    "The call runs on another thread, and waking that and being woken costs more than the call itself. A client that "
    "lives on the event loop's own thread needs neither; when many calls are under way, they share the wake-ups."
)
COMPILED = "Here the peer's JavaScript is compiled; in the programs of 100 calls, as in a shop, it is not."
LOADS_ADDON = "standardwebhooks is three small files; this loads an addon, and all that stands around it."
STORES_MORE = (
    "The others insert a row; this also makes the payment's verify call due, in the same transaction, wakes whoever "
    "waits for that, and hands the callback to a thread of its own. Alone it has nobody to share that with."
)

# By what a table's title begins with and what the name of ours begins with; the first that fits.
REMARKS = (
    ("Python, webhook check, 64 KiB", "paymento", READS_ALL),
    ("Node.js, webhook check, 64 KiB", "paymento", READS_ALL),
    ("Python, webhook", "paymento Client, all headers", LOOKS_FOR_IT),
    ("Node.js, webhook", "paymento Client, all headers", LOOKS_FOR_IT),
    ("Python, webhook check", "paymento", READS_ALL),
    ("Node.js, webhook check", "paymento", READS_ALL),
    ("HTTP, Python", "paymento", TWO_THREADS),
    ("HTTP, Node.js", "paymento", f"{TWO_THREADS} {COMPILED}"),
    ("Node.js, require", "paymento", LOADS_ADDON),
    ("Node.js, import", "paymento", LOADS_ADDON),
    ("Callbacks stored", "paymento", STORES_MORE),
)


def remark(title: str, ours: str) -> str:
    """The reason, or that nobody has found it yet."""
    for beginning, name, text in REMARKS:
        if title.startswith(beginning) and ours.startswith(name):
            return text
    return "Why is not yet known."
