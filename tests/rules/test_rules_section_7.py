"""The verdict: it moves only where half or double the threshold was looked at."""

from __future__ import annotations

from appraisal.appraisal_builders import contrast, finding
from saisei.appraisal import Verdict


def test_a_verdict_without_a_threshold_does_not_move() -> None:
    assert not Verdict("uncertain", ()).moves
    assert not Verdict("no data", ()).moves
    assert not finding().verdict.moves


def test_a_verdict_that_half_or_double_changes_moves() -> None:
    found = finding(*[contrast(y, 0.5) for y in (4.0, 4.1, 4.2, 3.9, 4.0)]).verdict
    assert (found.at_half, found.word, found.at_double) == (
        "benefit", "benefit", "no worthwhile difference",
    )  # fmt: skip
    assert found.moves
    steady = finding(*[contrast(y, 0.2) for y in (20.0, 20.1, 20.2, 19.9, 20.0)]).verdict
    assert not steady.moves
