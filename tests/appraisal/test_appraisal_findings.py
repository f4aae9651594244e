"""What the packaged evidence gives, and what stands beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from appraisal.appraisal_builders import GAIN, TEN, contrast, events, finding
from saisei import synthesis as syn
from saisei.appraisal import (
    Finding,
    appraisal_sources,
    asked_questions,
    axis_of,
    claims,
    comparator_notes,
    comparators,
    findings_for,
    other_treatments,
    pages,
)
from saisei.base.store import load_data
from saisei.evidence import Target, study_sources
from saisei.vocabulary import CellType, Condition, Route, Stage

SB623 = Target(CellType.SB623, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
FAT = Target(CellType.AD_MSC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.CHRONIC)
BRAIN = Target(CellType.SB623, Route.INTRACEREBRAL, Condition.TBI, Stage.CHRONIC)
FILES = (
    "claims", "comparators", "other_treatments", "priors", "questions", "texts", "thresholds",
)  # fmt: skip
FORBIDDEN = re.compile(
    r"\b(candidates?|recommend(s|ed)?|promising|safe|works|success rate|breakthrough)\b",
    re.IGNORECASE,
)


def by_id(target: Target) -> dict[str, Finding]:
    return {found.asked.id: found for found in findings_for(target)}


def test_every_question_is_answered_for_every_therapy() -> None:
    for target in (SB623, FAT, BRAIN):
        assert [f.asked.id for f in findings_for(target)] == [a.id for a in asked_questions()]


def test_the_sham_controlled_trial_of_sb623_is_told_dose_by_dose() -> None:
    found = by_id(SB623)["fma-motor-10"]
    said = " ".join(count.text for count in found.counts)
    assert found.tier == "A"
    assert all(counts in said for counts in ("7 of 55", "9 of 56", "7 of 52"))
    assert "missed its own main goal" in said
    assert found.verdict.word == "uncertain"
    assert found.certainty is not None
    assert found.certainty.level == "very-low"
    assert "second-hand source" in {s.domain for s in found.certainty.steps if s.change}
    assert found.worthwhile is not None
    assert (found.worthwhile.benefit, found.worthwhile.harm) == (20.0, 10.0)


def test_for_fat_derived_cells_nothing_comes_nearer_than_the_condition() -> None:
    nearer = [f.asked.id for f in findings_for(FAT) if f.tier == "A"]
    assert nearer == []
    assert by_id(FAT)["fma-ue"].verdict.word == "no data"
    assert by_id(FAT)["fma-ue"].selection.unreported


def test_a_chosen_afterwards_outcome_drives_nothing() -> None:
    acute = Target(CellType.MAPC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.ACUTE)
    found = by_id(acute)["excellent"]
    assert [contrast.study_id for contrast in found.used] == ["houkin-2024-treasure"]
    assert "chosen after the results were known" in [why for _, why in found.shown]


def test_a_press_release_is_shown_and_drives_nothing() -> None:
    found = by_id(BRAIN)["fma-motor-10"]
    assert found.verdict.word == "no data"
    assert [why for _, why in found.shown] == ["known from a press release only"]


def test_nobody_with_the_event_says_what_cannot_be_excluded() -> None:
    found = by_id(BRAIN)["death"]
    assert found.verdict.word == "uncertain"
    words = found.verdict.sentences[0].text
    upper = round(100 * syn.binomial_interval(0, 46).upper)
    assert f"up to {upper} of 100" in words


def test_longest_follow_up_is_a_question_of_its_own() -> None:
    for found in findings_for(SB623):
        assert all(c.time_exact != found.asked.longest for c in found.used)


def test_every_key_of_a_finding_leads_to_a_source() -> None:
    known = {**study_sources(), **appraisal_sources()}
    for target in (SB623, FAT, BRAIN):
        for found in findings_for(target):
            said = [*found.verdict.sentences, *found.counts]
            assert {key for s in said for key in s.sources} <= set(known)
    background = [*comparator_notes(), *(t.words for t in other_treatments())]
    keys = {key for s in background for key in s.sources}
    keys |= {key for c in comparators() for key in c.source_keys}
    keys |= {key for c in claims() for key in c.finding.sources}
    assert keys <= set(known)


def test_the_axis_places_limits_and_pool_on_the_ratio() -> None:
    found = finding(events((60, 200), (40, 200)), asked=GAIN, worthwhile=TEN)
    axis = axis_of(found)
    assert axis is not None
    assert axis.log
    assert (axis.better, axis.null) == ("right", 1.0)
    assert axis.worthwhile[1] == pytest.approx((0.3 / 0.7) / (0.2 / 0.8))
    assert axis.worthwhile[0] == pytest.approx((0.1 / 0.9) / (0.2 / 0.8))
    assert sum(row.weight for row in axis.rows) == pytest.approx(1.0)
    assert axis_of(finding()) is None


def test_fewer_is_better_puts_benefit_on_the_left() -> None:
    axis = axis_of(finding(contrast(-2.0, 1.0, benefit=-1)))
    assert axis is not None
    assert axis.better == "left"
    assert axis.worthwhile == (-3.0, 3.0)


def test_sham_and_therapy_only_gains_are_those_of_the_sources() -> None:
    table = {one.id: one for one in comparators()}
    sham = table["actissima-sham"]
    assert (sham.events, sham.people, round(sham.value, 1)) == (7, 52, 13.5)
    assert sham.low is not None
    assert sham.high is not None
    assert sham.low < sham.value < sham.high
    assert table["rgs-therapy-6m"].value == 3.99
    assert table["vns-sham"].value == 2.4
    assert {one.group for one in comparators()} == {"sham", "control", "therapy only"}


def test_intervals_of_small_groups_are_those_of_t_and_printed_ones_stay() -> None:
    table = {one.id: one for one in comparators()}
    levy = table["levy-control"]  # 1.9, SD 4.4, 12 people; t with 11 degrees of freedom is 2.201
    reach = 2.201 * 4.4 / math.sqrt(12)
    assert (levy.low, levy.high) == pytest.approx((1.9 - reach, 1.9 + reach), abs=1e-3)
    stemtra = table["stemtra-sham"]
    assert (stemtra.low, stemtra.high) == (-2.7, 7.3)
    assert len(stemtra.source_keys) == 2


def test_the_neutral_treatments_stand_beside_the_others() -> None:
    directions = {one.id: one.direction for one in other_treatments()}
    assert directions["vns"] == "better than control"
    assert directions["magnetic-stimulation"] == directions["robots"] == "no difference shown"


def test_claims_are_found_by_page_and_carry_what_was_found() -> None:
    one = claims(["page-cellgrand"])
    assert one
    assert all("page-cellgrand" in claim.pages for claim in one)
    assert claims([]) == ()
    assert len(claims()) == len({claim.id for claim in claims()})
    verdicts = {"supported", "contradicted", "missing-context", "no-evidence"}
    assert {claim.verdict for claim in claims()} == verdicts
    assert {page for claim in claims() for page in claim.pages} == set(pages())


def strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            if key not in ("sources", "url"):
                yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)


@pytest.mark.parametrize("name", FILES)
def test_no_catalogue_uses_a_word_that_sells(name: str) -> None:
    found = [
        text for text in strings(load_data(f"appraisal/{name}.yaml")) if FORBIDDEN.search(text)
    ]
    assert found == []
