"""The published Cochrane analyses are of every kind that is meant to be checked.

Their numbers are compared in ``test_synthesis_reference_walk``.
"""

from __future__ import annotations

from typing import Any

from synthesis.reference_walk import read

ANALYSES: list[dict[str, Any]] = read("cochrane.json")["analyses"]


def test_all_are_here() -> None:
    kinds = {(a["measure"], a["effects"], a["method"]) for a in ANALYSES}
    assert len(ANALYSES) == 17
    assert len(kinds) == 10
    assert {a["measure"] for a in ANALYSES} == {"MD", "SMD", "RR", "OR", "PETO_OR"}
    assert all(a["doi"].startswith("10.1002/14651858.") for a in ANALYSES)
