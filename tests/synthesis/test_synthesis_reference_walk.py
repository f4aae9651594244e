"""Every number of the reference files, and the page that accounts for them.

Tolerances stand beside the quantities in ``reference_walk``, with their reasons.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthesis.reference_walk import FILES, QUANTITIES, walk
from synthesis.reference_walk.ledger import Ledger, Quantity
from synthesis.reference_walk.page import render

PAGE = Path(__file__).parents[2] / "docs" / "validation-reference.md"
DEVIATION = re.compile(
    r"^(\|[^|]+\|[^|]+\|)([^|]+)(\|[^|]+\| (?:relative|absolute|standard|posterior|of the))",
    re.MULTILINE,
)


def test_every_number_and_the_page_that_accounts_for_them() -> None:
    """One test, since walking takes seconds; the page is held but for its deviations' digits."""
    ledgers = [walk(file) for file in FILES]
    for ledger in ledgers:
        assert ledger.unclaimed() == []
        assert ledger.numbers == ledger.given + ledger.compared + sum(ledger.left.values())
    used = [tally for ledger in ledgers for tally in ledger.tallies.values()]
    assert {tally.quantity.name for tally in used} == set(QUANTITIES)
    off = [one.place for one in used if not one.largest <= one.quantity.tolerance]
    assert off == []
    written = PAGE.read_text(encoding="utf-8")
    assert DEVIATION.sub(r"\1\3", written) == DEVIATION.sub(r"\1\3", render(ledgers))
    rows = DEVIATION.findall(written)
    for (_, shown, _), tally in zip(rows, used, strict=True):
        assert float(shown) <= tally.quantity.tolerance


def ledger_of(document: object) -> Ledger:
    return Ledger("x", document, {"a": Quantity("a", 1e-9, "relative", "")})


def test_a_ledger_sees_what_is_wrong() -> None:
    ledger = ledger_of({"a": [1.0, 2.0, None], "b": 3.0, "c": "word"})
    ledger.compare("a", ("a",), [1.0, 2.002, float("nan")])
    assert ledger.tallies["a"].largest == pytest.approx(1e-3)
    assert (ledger.tallies["a"].numbers, ledger.tallies["a"].nulls) == (2, 1)
    assert ledger.unclaimed() == ["b"]
    with pytest.raises(AssertionError, match="claimed twice"):
        ledger.take(("a", 1))
    with pytest.raises(AssertionError, match="on one side only"):
        ledger_of({"a": [1.0]}).compare("a", ("a",), [float("nan")])
    with pytest.raises(AssertionError, match=r"\(2,\) against \(1,\)"):
        ledger_of({"a": [1.0]}).compare("a", ("a",), [1.0, 1.0])
    ledger = ledger_of({"a": 1.0})
    ledger.compare("a", ("a",), float("inf"))
    assert not ledger.tallies["a"].largest <= 1e-9
