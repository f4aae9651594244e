"""Compute every number of the reference files anew and write the table: ``make validate``."""

from __future__ import annotations

import sys
from pathlib import Path

from synthesis.reference_walk import FILES, walk
from synthesis.reference_walk.page import render

PAGE = Path(__file__).resolve().parent.parent / "docs" / "validation-reference.md"


def main() -> int:
    """Write the page; 1 if a number is further off than it may be, or was forgotten."""
    ledgers = [walk(file) for file in FILES]
    PAGE.write_text(render(ledgers), encoding="utf-8")
    bad = [
        f"{tally.quantity.name}: {tally.largest:g} at {tally.place}"
        for ledger in ledgers
        for tally in ledger.tallies.values()
        if tally.largest > tally.quantity.tolerance
    ]
    bad += [name for ledger in ledgers for name in ledger.unclaimed()]
    for one in bad:
        print(one)
    print(f"{sum(ledger.compared for ledger in ledgers)} numbers compared; {PAGE.name} written")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
