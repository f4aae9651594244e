"""The account of all reference files as a page of the documents."""

from __future__ import annotations

from collections.abc import Sequence

from synthesis.reference_walk.ledger import Ledger, Tally

HEAD = """\
# Every number of the reference files

Written by `make validate`, which computes every number below anew. `make test` holds that each
largest deviation is within its tolerance and that no number is forgotten.

The reference files (`tests/synthesis/reference`) hold what other programs made of published data,
with 12 significant digits: metafor 5.1-12, netmeta 3.3-1 with meta 8.3-0, bayesmeta 3.4 and ordinal
2022.11-16 in R 4.2.2; and 17 analyses of Cochrane reviews as Review Manager stored them, with their
rows. Closed forms are asked to 1e-9. Iterated numbers can agree only as far as the other program
went, and the last column says how far that is.

"""
COUNTS = "| file | numbers | input | compared | not compared |\n| --- | --- | --- | --- | --- |\n"
TABLE = (
    "| quantity | numbers | largest deviation | tolerance | unit | why not less |\n"
    "| --- | --- | --- | --- | --- | --- |\n"
)
UNITS = """\
*Relative*: to the reference's number. *Of the largest*: to the largest number of the same matrix,
which is what differences between its entries leave. *Standard errors* and *posterior SDs*: those of
the quantity itself; for limits of a prediction, with τ added. A deviation of 0 is below the
reference's digits.

"""


def render(ledgers: Sequence[Ledger]) -> str:
    """Return the whole page."""
    rows = [
        f"| `{one.file}` | {one.numbers} | {one.given} | {one.compared} | "
        f"{sum(one.left.values())} |\n"
        for one in ledgers
    ]
    reasons = [
        f"- {number} of `{one.file}`: {reason}.\n"
        for one in ledgers
        for reason, number in one.left.items()
    ]
    tables = [
        f"## `{one.file}`\n\n{TABLE}{''.join(map(line, one.tallies.values()))}\n" for one in ledgers
    ]
    left = "## What is not compared\n\n" + "".join(reasons) + "\n"
    return (HEAD + COUNTS + "".join(rows) + "\n" + UNITS + "".join(tables) + left).rstrip() + "\n"


def line(tally: Tally) -> str:
    """Return one row of the table."""
    own = tally.quantity
    found = f"{tally.largest:.1e}" if tally.largest else "0"
    asked = f"{own.tolerance:g}" if own.tolerance else "0"
    return f"| {own.name} | {tally.numbers} | {found} | {asked} | {own.unit} | {own.why} |\n"
