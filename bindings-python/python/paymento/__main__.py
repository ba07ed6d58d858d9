"""The command line: `python -m paymento`, and the script `paymento`. `paymento --help` says what it does."""

from __future__ import annotations

import signal
import sys

from ._native import run_command_line


def main() -> int:
    """Run the command line with this process's arguments, and give the exit code."""
    if sys.argv[1:2] == ["worker"]:
        from ._worker import main as worker

        return worker(sys.argv[2:])
    # The command runs outside of Python, whose own handlers would not get their turn.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    return run_command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
