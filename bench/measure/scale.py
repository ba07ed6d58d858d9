"""`python -m measure.scale PROGRAM ROWS…`: how long each call takes with so many payments, and the databases' plans."""

from __future__ import annotations

import subprocess
import sys

from .databases import PLANS, SETTINGS, databases


def main() -> None:
    """Fill and measure SQLite and PostgreSQL, one size after the other. Everything is removed afterwards."""
    program, *sizes = sys.argv[1:]
    for rows in sizes:
        with databases(SETTINGS | PLANS) as found:
            for name, database in (("SQLite", found.sqlite), ("PostgreSQL", found.postgres)):
                print(f"\n## {name}, {int(rows):,} payments", flush=True)
                subprocess.run([program, "scale", database, rows], check=True)


main()
