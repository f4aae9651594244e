"""Statements about groups: which are shown when, and a group's grades moved by an odds ratio."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appraisal.appraisal_builders import contrast, finding
from saisei.appraisal import Asked, Finding, Worthwhile, findings_for
from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.evidence import ArmSummary, Target
from saisei.forecast import group_shift, group_sources, group_statements
from saisei.scales import scales
from saisei.vocabulary import CellType, Condition, Route, Stage

SHIFT = Asked("mrs-shift", "Rankin", "mrs", "COR", "mrs-shift")
LIMIT = Worthwhile(math.log(1.25), math.log(1.25), "log-odds-ratio", "limit")
COUNTS = (3, 8, 12, 17, 39, 20, 3)
TREASURE = Target(CellType.MAPC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.ACUTE)


def ordinal(
    *effects: float, counts: tuple[int, ...] | None = COUNTS, tier: str = "A", asked: Asked = SHIFT
) -> Finding:
    control = ArmSummary("sham", ("sham",), 102, counts=counts)
    trials = [
        contrast(y, 0.2, measure="COR", benefit=-1, control=control, study_id=f"made-{n}")
        for n, y in enumerate(effects)
    ]
    return finding(*trials, asked=asked, worthwhile=LIMIT, tier=tier)


def said(low: float, high: float) -> str:
    return " ".join(sentence.text for sentence in group_statements("mrs", Span(low, high)))


# published shares


@pytest.mark.parametrize(
    ("low", "high", "words", "never"),
    [
        (40, 50, "After mild strokes, of 100 people about 17", "12 months"),
        (100, 200, "From 3 to 12 months after a stroke, of 100 people about 25", "first year"),
        (400, 900, "After the first year, of 100 people about 11", "3 to 12"),
    ],
)
def test_the_statement_is_that_of_the_time_since_the_stroke(
    low: float, high: float, words: str, never: str
) -> None:
    assert words in said(low, high)
    assert never not in said(low, high)


@pytest.mark.parametrize(("low", "high"), [(3, 3), (20, 40), (60, 200), (300, 400)])
def test_nothing_is_said_where_the_date_leaves_the_time_open_or_nobody_counted(
    low: float, high: float
) -> None:
    assert said(low, high) == ""


def test_the_numbers_are_those_of_the_sources_in_both_framings() -> None:
    assert "about 57 the same and about 8 worse" in said(40, 50)
    assert "Of the other 18 we read nothing (1,339 people)" in said(40, 50)
    assert "about 75 did not (1,266 people)" in said(100, 200)
    assert "about 89 did not (858 people)" in said(400, 900)
    assert "about 4 came to live independently" in said(400, 900)
    assert "13 of 353 people" in said(400, 900)


def test_every_statement_is_verified_and_has_its_source() -> None:
    table = load_data("forecast/groups.yaml")
    for row in table["groups"]:
        assert row["status"] in ("source", "derived")
        assert f"groups/{row['source']}" in group_sources()
        assert row["scale"] in scales()
        shares = row.get("shares", {}).values()
        assert sum(shares) <= 1.0 + 1e-9
    for days in (40, 200, 700):
        told = group_statements("mrs", Span(days, days))
        assert all(key in group_sources() for one in told for key in one.sources)
        assert told[0].text.startswith("What is known is of groups")


def test_no_other_scale_has_shares_of_groups() -> None:
    for scale_id in scales():
        found = group_statements(scale_id, Span(700, 700))
        assert bool(found) == (scale_id == "mrs")


# a common odds ratio


def test_the_grades_of_the_control_groups_are_moved_by_the_odds_ratio() -> None:
    """By hand: 23 of 99 living controls stand at 2 or better; twice the odds are 46 to 76."""
    found = group_shift(ordinal(-math.log(2), -math.log(2), -math.log(2)))
    assert found is not None
    two = found.rows[2]
    living = 99 / 102
    assert two.at_most == 2
    assert two.control == pytest.approx(23 / 102)
    assert two.treated == pytest.approx(living * 46 / (46 + 76))
    assert found.died == pytest.approx(3 / 102)
    assert two.low < two.treated < two.high
    words = " ".join(sentence.text for sentence in found.sentences)
    assert "odds ratio, 2.00" in words
    assert "assumption" in words
    assert "Those who died" in words or "those who died are kept apart" in words
    assert "no forecast" in words


@given(st.floats(-3, 3))
def test_death_stays_and_a_better_ratio_moves_every_grade_to_the_good_side(theta: float) -> None:
    found = group_shift(ordinal(theta, theta, theta))
    assert found is not None
    assert found.died == pytest.approx(3 / 102)
    shares = [row.treated for row in found.rows]
    assert all(np.diff(shares) >= 0)
    assert shares[-1] <= 1 - found.died + 1e-12
    for row in found.rows:
        assert row.low - 1e-12 <= row.treated <= row.high + 1e-12
        assert (row.treated - row.control) * -theta >= -1e-12


def test_no_effect_leaves_the_groups_as_they_are() -> None:
    found = group_shift(ordinal(0.0, 0.0, 0.0))
    assert found is not None
    for row in found.rows:
        assert row.treated == pytest.approx(row.control)
        assert row.low < row.control < row.high


@pytest.mark.parametrize(
    "found",
    [
        ordinal(0.1, tier="C"), ordinal(0.1, counts=None), ordinal(0.1, counts=(1, 2, 3)),
        ordinal(0.1, counts=(0, 0, 0, 0, 0, 0, 9)), finding(), finding(contrast(4.0, 0.8)),
        ordinal(),
    ],
    ids=["far", "no counts", "few grades", "all died", "empty", "points", "none"],
)  # fmt: skip
def test_nothing_else_moves_a_group(found: Finding) -> None:
    assert group_shift(found) is None


def test_one_trial_without_counts_is_enough_to_say_nothing() -> None:
    one, two = ordinal(0.1).used[0], ordinal(0.2, counts=None).used[0]
    assert group_shift(finding(one, two, asked=SHIFT, worthwhile=LIMIT)) is None


def test_the_packaged_trial_over_the_whole_scale() -> None:
    (found,) = [one for one in findings_for(TREASURE) if one.asked.id == "mrs-shift"]
    shift = group_shift(found)
    assert shift is not None
    assert shift.people == 102
    assert [round(100 * row.control) for row in shift.rows] == [3, 11, 23, 39, 77]
    assert not re.search(r"\b(inf|nan)\b", " ".join(s.text for s in shift.sentences))
