"""Selection as properties: nothing vanishes, directions hold, combining adds up."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.evidence_builders import arm, made, row
from saisei.base.errors import OptionError
from saisei.evidence import (
    Limit,
    Question,
    Selection,
    Study,
    beside_text,
    flag_text,
    outcome_facts,
    select,
    studies,
)
from saisei.vocabulary import CellType, Condition, Design, Outcome, Publication, Route, Stage

MIXED = {
    Condition.ISCHEMIC_STROKE,
    Condition.INTRACEREBRAL_HAEMORRHAGE,
    Condition.SUBARACHNOID_HAEMORRHAGE,
}
BORDERS = {Stage.ACUTE: (0, 7), Stage.SUBACUTE: (7, 183), Stage.CHRONIC: (183, math.inf)}


def questions(outcome: Outcome) -> list[dict[str, Any]]:
    """Every kind of question that an outcome allows."""
    facts = outcome_facts(outcome)
    if facts.kind != "scale":
        return [{"kind": "events"}, {"kind": "events", "measure": "RD"}]
    asked: list[dict[str, Any]] = [{"kind": "mean"}, {"kind": "mean", "measure": "SMD"}]
    asked += [{"kind": "events", "event": Limit(at_most=1)}]
    asked += [{"kind": "events", "event": Limit(gain_at_least=10)}]
    return asked + ([{"kind": "ordinal"}] if facts.categories else [])


def days_reach(study: Study, stage: Stage) -> bool:
    """Whether the days of treatment share more than a border with a stage, worked out anew."""
    days = study.onset_to_treatment.range_days if study.onset_to_treatment else None
    if days is None:
        return study.stage in (None, stage)
    low, high = (183 if 180 <= day <= 183 else day for day in days)
    return max(low, BORDERS[stage][0]) < min(high, BORDERS[stage][1])


def expected(question: Question, among: tuple[Study, ...]) -> set[str]:
    """The studies that a question is about, worked out anew."""
    return {
        study.id
        for study in among
        if study.condition is question.condition
        or (study.condition is Condition.STROKE and question.condition in MIXED)
        if question.stage is None or days_reach(study, question.stage)
    }


def assert_nothing_vanished(found: Selection, wanted: set[str]) -> None:
    """Hold a selection to its promise."""
    pool = {c.study_id for c in found.contrasts}
    beside = {c.study_id for c in found.beside}
    left = [out.study_id for out in found.left_out]
    unread = [each.study_id for each in found.unreported]
    assert len(left) == len(set(left))
    assert len(unread) == len(set(unread))
    assert pool | beside | set(left) | set(unread) == wanted
    assert not pool & (beside | set(left) | set(unread))
    assert not set(left) & (beside | set(unread))
    assert all(out.reason for out in found.left_out)
    assert all(c.why_beside for c in found.beside)
    assert not any(c.why_beside for c in found.contrasts)


@pytest.mark.parametrize("condition", list(Condition))
def test_no_study_vanishes_whatever_is_asked(condition: Condition) -> None:
    packaged = studies()
    for outcome, stage, longest in itertools.product(Outcome, (None, *Stage), (False, True)):
        for parts in questions(outcome):
            question = Question(
                outcome=outcome, condition=condition, stage=stage, longest=longest, **parts
            )
            assert_nothing_vanished(select(question), expected(question, packaged))


@given(
    st.sets(st.sampled_from(list(CellType)), min_size=1),
    st.sets(st.sampled_from(list(Route)), min_size=1),
    st.sampled_from([Outcome.DEATH, Outcome.SAE]),
)
@settings(max_examples=40, deadline=None)
def test_no_study_vanishes_when_cells_and_routes_are_asked_for(
    cells: set[CellType], routes: set[Route], outcome: Outcome
) -> None:
    question = Question(
        outcome=outcome, kind="events", cells=frozenset(cells), routes=frozenset(routes)
    )
    found = select(question)
    named = {
        study.id
        for study in studies()
        for each in study.treatment_arms
        if each.cell_type in (None, *cells) and each.route in (None, *routes)
    }
    assert_nothing_vanished(found, named)


def test_every_pool_has_one_contrast_a_study() -> None:
    for outcome, condition in itertools.product(Outcome, MIXED):
        for parts in questions(outcome):
            found = select(Question(outcome=outcome, condition=condition, **parts))
            named = [c.study_id for c in found.contrasts]
            assert len(named) == len(set(named))


def test_every_flag_has_words() -> None:
    seen: set[str] = set()
    for outcome, longest in itertools.product(Outcome, (False, True)):
        for parts in questions(outcome):
            found = select(Question(outcome=outcome, longest=longest, **parts))
            seen |= {flag for c in found.contrasts + found.beside for flag in c.flags}
    assert {"percent", "printed", "arms-combined"} <= seen
    for flag in seen:
        assert flag_text(flag)


# Direction


@given(st.sampled_from([o for o in Outcome if outcome_facts(o).kind == "scale"]), st.booleans())
def test_a_better_mean_is_a_benefit(outcome: Outcome, changes: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    facts = outcome_facts(outcome)
    better = 3.0 if facts.better == "higher" else 1.0
    data = {
        "one": {"mean": better, "sd": 1.5, "n": 30},
        "none": {"mean": 2.0, "sd": 1.5, "n": 30},
    }
    kind = "change" if changes else "mean"
    study = made("s", [row(outcome.value, kind, data)])
    (contrast,) = select(Question(outcome=outcome, kind="mean"), [study]).contrasts
    assert contrast.y * contrast.benefit > 0


@given(
    st.sampled_from([Outcome.DEATH, Outcome.SAE, Outcome.AE, Outcome.SEIZURE, Outcome.INFECTION])
)
def test_fewer_bad_events_are_a_benefit(outcome: Outcome) -> None:
    data = {"one": {"events": 2, "n": 30}, "none": {"events": 9, "n": 30}}
    study = made("s", [row(outcome.value, "events", data, good=False)])
    for measure in ("OR", "RR", "RD"):
        question = Question(outcome=outcome, kind="events", measure=measure)
        (contrast,) = select(question, [study]).contrasts
        assert contrast.y < 0
        assert contrast.benefit == -1


@pytest.mark.parametrize(
    ("outcome", "limit", "good"),
    [
        ("mrs", {"at_most": 2}, True),
        ("mrs", {"at_least": 3}, False),
        ("nihss", {"fall_percent_at_least": 75}, True),
        ("barthel", {"at_least": 95}, True),
        ("fma-ue", {"gain_at_least": 6}, True),
    ],
)
def test_events_follow_good(outcome: str, limit: dict[str, Any], *, good: bool) -> None:
    data = {"one": {"events": 12, "n": 30}, "none": {"events": 6, "n": 30}}
    study = made("s", [row(outcome, "events", data, event=limit, good=good)])
    question = Question(outcome=Outcome(outcome), kind="events", event=Limit(**limit))
    (contrast,) = select(question, [study]).contrasts
    assert (contrast.benefit * contrast.y > 0) == good


def test_the_whole_scale_points_the_way_of_its_dichotomies() -> None:
    data = {"one": {"counts": [9, 8, 6, 3, 2, 1, 1]}, "none": {"counts": [1, 2, 3, 6, 8, 6, 4]}}
    study = made("s", [row("mrs", "counts", data)])
    (whole,) = select(Question(outcome=Outcome.MRS, kind="ordinal"), [study]).contrasts
    assert whole.y < 0  # lower on the scale
    assert whole.benefit * whole.y > 0  # which is better
    for most in range(6):
        limit = Limit(at_most=most)
        question = Question(outcome=Outcome.MRS, kind="events", event=limit)
        (cut,) = select(question, [study]).contrasts
        assert cut.benefit * cut.y > 0
        above = Question(outcome=Outcome.MRS, kind="events", event=Limit(at_least=most + 1))
        (other,) = select(above, [study]).contrasts
        assert other.y == pytest.approx(-cut.y)
        assert other.benefit == -cut.benefit


@pytest.mark.parametrize(("good", "better"), [(True, True), (False, False)])
def test_a_printed_common_odds_ratio_is_turned_to_higher_on_the_scale(
    *, good: bool, better: bool
) -> None:
    printed = {"measure": "OR", "estimate": 1.5, "ci95": [0.9, 2.5], "adjusted": True}
    data = {"contrast": printed | {"of": "one", "versus": "none"}}
    study = made("s", [row("mrs", "effect", data, good=good)])
    (contrast,) = select(Question(outcome=Outcome.MRS, kind="ordinal"), [study]).contrasts
    assert (contrast.benefit * contrast.y > 0) == better
    assert abs(contrast.y) == pytest.approx(math.log(1.5))
    assert contrast.se == pytest.approx(math.log(2.5 / 0.9) / (2 * 1.959963984540054))


# Combining

scores = st.lists(st.integers(0, 100).map(float), min_size=2, max_size=12).filter(
    lambda values: len(set(values)) > 1
)


@given(scores, scores, scores)
@settings(max_examples=60, deadline=None)
def test_combined_arms_are_as_one_group(
    first: list[float], second: list[float], control: list[float]
) -> None:
    def moments(values: list[float]) -> dict[str, Any]:
        return {
            "mean": statistics.fmean(values),
            "sd": statistics.stdev(values),
            "n": len(values),
        }

    data = {"one": moments(first), "two": moments(second), "none": moments(control)}
    study = made("s", [row("barthel", "mean", data)])
    (contrast,) = select(Question(outcome=Outcome.BARTHEL, kind="mean"), [study]).contrasts
    both = first + second
    assert contrast.treated.mean == pytest.approx(statistics.fmean(both), abs=1e-9)
    assert contrast.treated.sd == pytest.approx(statistics.stdev(both), abs=1e-9)
    assert contrast.treated.n == len(both)
    single = {"one": {"values": both}, "none": {"values": control}}
    alone = made("s", [row("barthel", "individual", single)])
    (same,) = select(Question(outcome=Outcome.BARTHEL, kind="mean"), [alone]).contrasts
    assert (same.y, same.v) == pytest.approx((contrast.y, contrast.v), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=3, max_size=3))
def test_events_of_doses_add_up(cells: list[tuple[int, int]]) -> None:
    data = {
        name: {"events": events, "n": events + more}
        for name, (events, more) in zip(("one", "two", "none"), cells, strict=True)
    }
    study = made("s", [row("death", "events", data, good=False)])
    found = select(Question(outcome=Outcome.DEATH, kind="events"), [study])
    if all(events == 0 for events, _ in cells):
        assert [out.code for out in found.left_out] == ["no-events"]
        return
    (contrast,) = found.contrasts
    assert contrast.treated.events == cells[0][0] + cells[1][0]
    assert contrast.treated.n == sum(sum(pair) for pair in cells[:2])
    kept = select(Question(outcome=Outcome.DEATH, kind="events", arms="kept"), [study])
    assert all("shared-control" in c.flags for c in kept.contrasts)


def test_swapping_the_arms_turns_the_estimate_round() -> None:
    one, none = {"mean": 12.0, "sd": 4.0, "n": 20}, {"mean": 9.0, "sd": 5.0, "n": 25}
    there = made("s", [row("fma-ue", "mean", {"one": one, "none": none})])
    back = made("s", [row("fma-ue", "mean", {"one": none, "none": one})])
    for measure in ("MD", "SMD"):
        question = Question(outcome=Outcome.FMA_UE, kind="mean", measure=measure)
        (first,), (second,) = (select(question, [each]).contrasts for each in (there, back))
        assert first.y == pytest.approx(-second.y)
        assert first.v == pytest.approx(second.v)


# Which row of a study


def test_the_time_nearest_to_the_one_asked_for_is_taken() -> None:
    rows = [
        row("death", "events", {a: {"events": n, "n": 40} for a in ("one", "none")},
            good=False, time_days=day)
        for day, n in ((30, 1), (90, 2), (365, 3))
    ]  # fmt: skip
    study = made("s", rows)
    for near, day in ((80, 90), (300, 365), (None, 365)):
        (c,) = select(Question(outcome=Outcome.DEATH, kind="events", near=near), [study]).contrasts
        assert c.days == day
    found = select(Question(outcome=Outcome.DEATH, kind="events", days=(100, 200)), [study])
    assert found.contrasts == ()
    assert "outside the days" in found.left_out[0].reason


def test_imputed_comes_before_as_treated_before_observed() -> None:
    rows = [
        row("mrs", "events", {"one": {"events": 9, "n": n}, "none": {"events": 5, "n": n}},
            event={"at_most": 2}, good=True, **({"analysis": a} if a else {}))
        for n, a in ((26, "observed"), (28, "as-treated"), (30, "imputed"), (27, None))
    ]  # fmt: skip
    question = Question(outcome=Outcome.MRS, kind="events", event=Limit(at_most=2))
    for order in itertools.permutations(rows):
        (c,) = select(question, [made("s", list(order))]).contrasts
        assert c.n_treated == 30


def test_a_row_without_a_limit_is_never_pooled() -> None:
    data = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    study = made("s", [row("mrs", "events", data, event=None, good=True, note="not said")])
    question = Question(outcome=Outcome.MRS, kind="events", event=Limit(at_most=2))
    found = select(question, [study])
    assert found.contrasts == ()
    assert "limit" in found.left_out[0].reason


def test_changes_and_scores_are_not_standardised_together() -> None:
    data = {"one": {"mean": 4.0, "sd": 2.0, "n": 20}, "none": {"mean": 3.0, "sd": 2.0, "n": 20}}
    study = made("s", [row("nihss", "change", data)])
    assert select(Question(outcome=Outcome.NIHSS, kind="mean"), [study]).contrasts
    found = select(Question(outcome=Outcome.NIHSS, kind="mean", measure="SMD"), [study])
    assert found.contrasts == ()
    assert "standardised" in found.left_out[0].reason


@pytest.mark.parametrize(
    ("entry", "flag"),
    [
        ({"mean": 10.0, "se": 1.0, "n": 25}, "sd-from-se"),
        ({"mean": 10.0, "ci95": [8.0, 12.0], "n": 100}, "sd-from-ci"),
        ({"mean": 10.0, "sd": 5.0}, "n-of-arm"),
    ],
)
def test_what_is_printed_becomes_mean_and_sd(entry: dict[str, Any], flag: str) -> None:
    arms = [arm("one", "treatment", n_analysed=25), arm("none", "control", n_analysed=25)]
    data = {"one": entry, "none": {"mean": 8.0, "sd": 5.0, "n": 25}}
    study = made("s", [row("nihss", "mean", data)], arms=arms)
    (c,) = select(Question(outcome=Outcome.NIHSS, kind="mean"), [study]).contrasts
    assert flag in c.flags
    wanted = 10 * 4 / (2 * 1.959963984540054) if flag == "sd-from-ci" else 5.0
    assert c.treated.sd == pytest.approx(wanted)


def test_a_small_sample_interval_is_read_with_t() -> None:
    data = {
        "one": {"mean": 10.0, "ci95": [8.0, 12.0], "n": 16},
        "none": {"mean": 8.0, "sd": 5.0, "n": 25},
    }
    study = made("s", [row("nihss", "mean", data)])
    (c,) = select(Question(outcome=Outcome.NIHSS, kind="mean"), [study]).contrasts
    # t of 15 degrees of freedom at 97.5 %: 2.13145
    assert c.treated.sd == pytest.approx(4 * 4 / (2 * 2.131449545559323), rel=1e-9)


def test_medians_become_means_with_a_flag() -> None:
    data = {
        "one": {"median": 10.0, "iqr": [7, 14], "n": 40},
        "none": {"median": 11.0, "iqr": [7, 14], "range": [2, 25], "n": 40},
    }
    study = made("s", [row("nihss", "median", data)])
    (c,) = select(Question(outcome=Outcome.NIHSS, kind="mean"), [study]).contrasts
    assert "from-median" in c.flags
    # Luo 2018 and Wan 2014, worked out beside the formulae in the room synthesis
    assert (c.treated.mean, c.treated.sd) == pytest.approx((10.355, 5.383), abs=1e-3)


def test_a_change_is_taken_before_a_score_and_a_mean_before_a_printed_effect() -> None:
    entry = {"mean": 4.0, "sd": 2.0, "n": 20}
    effect = {"measure": "MD", "estimate": 1.0, "ci95": [0.0, 2.0], "adjusted": True}
    rows = [
        row("nihss", "effect", {"contrast": effect | {"of": "one", "versus": "none"}}),
        row("nihss", "mean", {"one": entry, "none": entry | {"mean": 3.0}}),
        row("nihss", "change", {"one": entry, "none": entry | {"mean": 2.0}}),
    ]
    question = Question(outcome=Outcome.NIHSS, kind="mean")
    for taken, y in ((rows, 2.0), (rows[:2], 1.0), (rows[:1], 1.0)):
        (c,) = select(question, [made("s", taken)]).contrasts
        assert c.y == pytest.approx(y)
    assert {"printed", "adjusted", "one-of-several"} == set(c.flags)


def test_a_risk_difference_in_percentage_points_is_read_as_one() -> None:
    printed = {"measure": "RD", "estimate": 0.5, "ci95": [-7.3, 8.3], "adjusted": True}
    data = {"contrast": printed | {"of": "one", "versus": "none"}}
    study = made("s", [row("excellent-outcome", "effect", data)])
    question = Question(outcome=Outcome.EXCELLENT_OUTCOME, kind="events", measure="RD")
    (c,) = select(question, [study]).contrasts
    assert c.y == pytest.approx(0.005)
    assert c.se == pytest.approx(0.156 / (2 * 1.959963984540054))
    assert "percentage-points" in c.flags
    assert c.benefit == 1


# Overlaps, states and designs


def overlapping(first: int, second: int) -> list[Study]:
    """Two studies of the same people, of these sizes an arm."""
    return [
        made(
            name,
            [
                row(
                    "death",
                    "events",
                    {a: {"events": 2, "n": n} for a in ("one", "none")},
                    good=False,
                )
            ],
            overlaps=[other],
        )
        for name, other, n in (("a", "b", first), ("b", "a", second))
    ]


@given(st.integers(5, 50), st.integers(5, 50))
def test_overlapping_studies_are_never_pooled_together(first: int, second: int) -> None:
    found = select(Question(outcome=Outcome.DEATH, kind="events"), overlapping(first, second))
    assert [c.study_id for c in found.contrasts] == ["a" if first >= second else "b"]
    assert [out.code for out in found.left_out] == ["overlap"]


def test_a_one_sided_overlap_counts_too() -> None:
    pair = overlapping(20, 10)
    lone = pair[0].model_copy(update={"overlaps": ()})
    found = select(Question(outcome=Outcome.DEATH, kind="events"), [lone, pair[1]])
    assert [c.study_id for c in found.contrasts] == ["a"]


@pytest.mark.parametrize("state", list(Publication))
def test_a_study_without_a_row_is_listed_by_its_state(state: Publication) -> None:
    study = made("s", [], publication=state.value, people=40, reported_direction="favourable")
    found = select(Question(outcome=Outcome.DEATH, kind="events"), [study])
    if state in (Publication.PUBLISHED_UNREAD, Publication.FINISHED_UNPUBLISHED):
        (unread,) = found.unreported
        assert (unread.people, unread.direction, unread.state) == (40, "favourable", state)
    else:
        (left,) = found.left_out
        codes = {"read": "no-row", "running": "running", "unknown": "unknown-state"}
        assert left.code == codes[state.value]


def test_an_unread_trial_with_a_row_beside_stays_unread() -> None:
    data = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    rows = [row("death", "events", data, good=False, prespecified=False)]
    study = made("s", rows, publication="published-unread", people=60, reported_direction="neutral")
    found = select(Question(outcome=Outcome.DEATH, kind="events"), [study])
    assert [c.why_beside for c in found.beside] == ["post-hoc"]
    assert [each.study_id for each in found.unreported] == ["s"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"prespecified": False}, "post-hoc"),
        ({"source": "press-release"}, "press-release"),
        ({"analysis": "per-protocol"}, "per-protocol"),
    ],
)
def test_what_may_drive_no_verdict_gives_way_to_what_may(more: dict[str, Any], why: str) -> None:
    data = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    doubtful = row("death", "events", data, good=False, **more)
    question = Question(outcome=Outcome.DEATH, kind="events")
    alone = select(question, [made("s", [doubtful])])
    assert (alone.contrasts, [c.why_beside for c in alone.beside]) == ((), [why])
    sound = row("death", "events", data, good=False, time_days=60)
    both = select(question, [made("s", [doubtful, sound])])
    assert [c.days for c in both.contrasts] == [60]
    assert beside_text(why)


def test_a_second_hand_number_is_pooled_and_labelled() -> None:
    data = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    study = made("s", [row("death", "events", data, good=False, source="secondary")])
    (c,) = select(Question(outcome=Outcome.DEATH, kind="events"), [study]).contrasts
    assert c.second_hand


def test_other_designs_enter_only_when_asked_for() -> None:
    data = {"one": {"events": 9, "n": 30}, "none": {"events": 5, "n": 30}}
    study = made("s", [row("death", "events", data, good=False)], design="controlled")
    question = Question(outcome=Outcome.DEATH, kind="events")
    assert select(question, [study]).left_out[0].code == "design"
    wide = Question(outcome=Outcome.DEATH, kind="events", designs=(Design.RCT, Design.CONTROLLED))
    assert select(wide, [study]).contrasts


def test_no_single_arm_ever_gives_a_contrast() -> None:
    for outcome in Outcome:
        for parts in questions(outcome):
            found = select(Question(outcome=outcome, designs=tuple(Design), **parts))
            for c in found.contrasts + found.beside:
                assert c.design is not Design.SINGLE_ARM


@pytest.mark.parametrize(
    "parts",
    [
        {"outcome": Outcome.DEATH, "kind": "mean"},
        {"outcome": Outcome.DEATH, "kind": "events", "event": Limit(at_most=1)},
        {"outcome": Outcome.MRS, "kind": "events"},
        {"outcome": Outcome.MRS, "kind": "mean", "event": Limit(at_most=1)},
        {"outcome": Outcome.MRS, "kind": "mean", "measure": "OR"},
        {"outcome": Outcome.ESS, "kind": "ordinal"},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Question(**parts)
