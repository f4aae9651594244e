"""New scores: what they change, that none counts twice, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saisei.base.dates import parse_as_of
from saisei.base.errors import CaseError, OptionError
from saisei.cases import Case, case_from_data, read_case
from saisei.decision import Kind, Options, decide
from saisei.decision.outlook import known_context, look_ahead
from saisei.forecast import Course, arm_course
from saisei.forecast.adding import add_scores
from saisei.forecast.assessment import next_assessment, unusual_scores
from saisei.forecast.updating import Change, bands_of, changes

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
THEN = parse_as_of("2026-12-11T09:00+09:00")
EARLY: dict[str, Any] = {
    "birth_date": "1968-07-21",
    "onset_datetime": "2026-10-30",
    "stroke_type": "ischemic",
}
FIRST = {"value": 18, "date": "2026-11-04"}
SECOND = {"value": 30, "date": "2026-11-19"}


def example(name: str) -> Case:
    (path,) = EXAMPLES.glob(f"{name}-*.yaml")
    return read_case(path, as_of=THEN)


def early(*scores: dict[str, Any], **more: Any) -> Case:
    return case_from_data(
        {**EARLY, **({"fma_ue": list(scores)} if scores else {}), **more}, as_of=THEN
    )


def changed(case: Case, *add: str, context: str | None = None) -> tuple[Change, ...]:
    after, added = add_scores(case, add)
    return changes(case, after, added, context)[0]


def arm(case: Case) -> Course:
    found = arm_course(case)
    assert isinstance(found, Course)
    return found


def test_a_score_added_is_the_same_as_one_in_the_file() -> None:
    added, _ = add_scores(early(FIRST, SECOND), ["fma_ue=38@2026-12-11"])
    written = early(FIRST, SECOND, {"value": 38, "date": "2026-12-11"})
    assert added == written
    assert decide(added, THEN) == decide(written, THEN)


def test_the_order_of_scores_does_not_matter() -> None:
    third = {"value": 38, "date": "2026-12-11"}
    one, other = early(FIRST, SECOND, third), early(third, FIRST, SECOND)
    assert bands_of(arm(one)) == bands_of(arm(other))
    texts = ["fma_ue=38@2026-12-11", "fma_ue=18@2026-11-04"]
    assert add_scores(early(SECOND), texts)[0] == add_scores(early(SECOND), texts[::-1])[0]


@pytest.mark.parametrize("again", ["fma_ue=30@2026-11-19", "fma_ue=30@2026-11-19T10:00"])
def test_the_same_score_twice_counts_once(again: str) -> None:
    case = early(FIRST, SECOND)
    after, added = add_scores(case, [again])
    assert after == case
    assert added[0].known
    found, beside = changes(case, after, added)
    assert found == ()
    assert "It counts once" in beside[0].text
    twice, _ = add_scores(early(FIRST), [again, again])
    assert twice == add_scores(early(FIRST), [again])[0]


def test_a_total_that_the_items_give_counts_once() -> None:
    case = example("01")
    after, added = add_scores(case, ["barthel_total=75@2026-11-05"])
    assert after == case
    assert added[0].known


@settings(max_examples=15, deadline=None)
@given(
    scores=st.permutations(["fma_ue=22@2026-11-10", "fma_ue=33@2026-11-25", "fma_ue=40@2026-12-09"])
)
def test_any_order_gives_the_same_forecast(scores: list[str]) -> None:
    together, _ = add_scores(early(FIRST), scores)
    one_by_one = early(FIRST)
    for score in scores:
        one_by_one, _ = add_scores(one_by_one, [score])
    assert together == one_by_one
    ends = [22, 33, 40]
    dates = ["2026-11-10", "2026-11-25", "2026-12-09"]
    rows = [{"value": v, "date": d} for v, d in zip(ends, dates, strict=True)]
    assert bands_of(arm(together)) == bands_of(arm(early(FIRST, *rows)))


def test_before_and_after_are_the_forecasts_of_the_report() -> None:
    case = early(FIRST, SECOND)
    found = look_ahead(case, THEN, add=["fma_ue=38@2026-12-11"])
    (change,) = found.changes
    old, new = decide(case, THEN).futures[0], found.decision.futures[0]
    for bands, points in ((change.before, old.points), (change.after, new.points)):
        assert [
            (b.day, b.low, b.quarter, b.middle, b.three_quarters, b.high, b.extrapolated)
            for b in bands
        ] == [(p.day, p.q05, p.q25, p.q50, p.q75, p.q95, p.extrapolated) for p in points]


def test_a_third_score_in_the_first_months_narrows_the_band_and_moves_the_chance() -> None:
    (change,) = changed(early(FIRST, SECOND), "fma_ue=38@2026-12-11")
    widths = [rows[-1].high - rows[-1].low for rows in (change.before, change.after)]
    assert widths[1] < widths[0] - 3
    assert change.reach is not None
    assert change.reach.score == 40
    before, after = (
        arm(early(FIRST, SECOND)),
        arm(early(FIRST, SECOND, {"value": 38, "date": "2026-12-11"})),
    )
    assert change.reach.before == before.spread.at_least(40)
    assert change.reach.after == after.spread.at_least(40)
    told = " ".join(one.text for one in change.sentences)
    assert f"{round(100 * change.reach.before)} of 100 people without the new score" in told


def test_late_after_a_stroke_only_the_last_score_counts() -> None:
    (newer,) = changed(example("01"), "fma_ue=33@2026-12-11")
    assert "takes the place of those before" in newer.sentences[-1].text
    assert (
        bands_of(arm(example("01").replace(fma_ue={"value": 33, "date": "2026-12-11"})))
        == newer.after
    )
    (older,) = changed(example("01"), "fma_ue=33@2026-10-11")
    assert older.before == older.after
    (told,) = older.sentences
    assert "nothing moves" in told.text
    assert "only the last score counts" in told.text


def test_a_first_score_makes_a_forecast_possible_and_others_do_not() -> None:
    case = early()
    (change,) = changed(case, "fma_ue=30@2026-11-19")
    assert change.before == ()
    assert len(change.after) == 13
    assert change.reach is None
    assert "without the new score no forecast was possible" in change.sentences[0].text
    (change,) = changed(example("05"), "fma_ue=40@2026-12-01")
    assert change.after == ()
    assert "no forecast is possible with the new score either" in change.sentences[0].text
    after, added = add_scores(case, ["nihss_total=4@2026-12-01"])
    found, beside = changes(case, after, added)
    assert found == ()
    assert "nihss_total changes no forecast" in beside[0].text


def test_a_full_score_ends_the_forecast_and_says_why() -> None:
    (change,) = changed(early(FIRST, SECOND), "fma_ue=66@2026-12-11")
    assert change.after == ()
    assert "no forecast is possible" in change.sentences[0].text


def test_forecasts_for_different_days_are_not_compared() -> None:
    case = example("03")
    (change,) = changed(case, "barthel_total=80@2026-12-11")
    assert not change.comparable
    assert "The days differ" in change.sentences[0].text


MISTAKES = {
    "malformed": ("fma_ue 38", "FIELD=SCORE@DATE"),
    "no date": ("fma_ue=38", "FIELD=SCORE@DATE"),
    "no score": ("fma_ue=@2026-12-11", "not a number"),
    "nothing": ("", "FIELD=SCORE@DATE"),
    "no number": ("fma_ue=high@2026-12-11", "not a number"),
    "nan": ("fma_ue=nan@2026-12-11", "not a number"),
    "unknown": ("fma_ue=unknown@2026-12-11", "not a number"),
    "another name": ("barthel=60@2026-12-11", "barthel_total"),
    "no such field": ("grip=20@2026-12-11", "a score of the case"),
    "no score field": ("sex=1@2026-12-11", "this is no score"),
    "derived": ("fma_motor_total=60@2026-12-11", "computed, never typed in"),
    "beyond the scale": ("fma_ue=67@2026-12-11", "0 to 66"),
    "below the scale": ("fma_ue=-1@2026-12-11", "0 to 66"),
    "between steps": ("barthel_total=62@2026-12-11", "steps of 5"),
    "half a point": ("fma_ue=37.5@2026-12-11", "whole number"),
    "after now": ("fma_ue=38@2026-12-12", "--as-of"),
    "before the stroke": ("fma_ue=38@2026-10-29", "before the stroke"),
    "before birth": ("fma_ue=38@1960-01-01", "birth"),
    "no such day": ("fma_ue=38@2026-11-31", "not a date"),
    "only the month": ("fma_ue=38@2026-11", "the day of the score"),
    "another value that day": ("fma_ue=31@2026-11-19", "of the same day"),
    "another value at an hour of it": ("fma_ue=31@2026-11-19T09:00", "of the same day"),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_score_that_cannot_be_is_refused(text: str, told: str) -> None:
    with pytest.raises(OptionError) as caught:
        add_scores(early(FIRST, SECOND), [text])
    message = str(caught.value)
    assert told in message
    assert "--add" in message
    value = text.partition("=")[2].partition("@")[0]
    assert not value or f" {value} " not in f" {message} ".replace("such as fma_ue=38", "")


def test_every_mistake_is_told_at_once_with_its_number() -> None:
    with pytest.raises(OptionError) as caught:
        add_scores(early(FIRST), ["fma_ue=67@2026-12-11", "38", "fma_ue=30@2026-11-19"])
    assert len(caught.value.problems) == 2
    assert "number 2 cannot be read" in str(caught.value)


def test_two_values_of_one_day_may_not_be_added_together() -> None:
    with pytest.raises(OptionError, match="same day"):
        add_scores(early(FIRST), ["fma_ue=30@2026-11-19", "fma_ue=31@2026-11-19"])
    hours = ["fma_ue=30@2026-11-19T09:00", "fma_ue=31@2026-11-19T17:00"]
    assert len(add_scores(early(FIRST), hours)[0].series("fma_ue")) == 3


def test_a_score_that_its_items_contradict_is_refused() -> None:
    with pytest.raises(OptionError, match="barthel_items of the same date"):
        add_scores(example("01"), ["barthel_total=70@2026-11-05"])


def test_another_score_narrows_early_and_hardly_late() -> None:
    first = next_assessment(early(FIRST, SECOND), 21)
    late = next_assessment(example("01"), 21)
    assert first.narrowing is not None
    assert late.narrowing is not None
    assert first.narrowing.width_expected < 0.9 * first.narrowing.width_now
    assert late.narrowing.width_expected == pytest.approx(late.narrowing.width_now, rel=0.1)
    told = " ".join(one.text for one in late.sentences)
    assert "takes the place of the last one" in told
    assert "hardly narrow" in told
    assert "hardly" not in " ".join(one.text for one in first.sentences)


def test_the_band_of_now_is_that_of_the_forecast() -> None:
    case = early(FIRST, SECOND)
    found = next_assessment(case, 21)
    last = bands_of(arm(case))[-1]
    assert found.narrowing is not None
    assert found.narrowing.horizon == last.day
    assert found.narrowing.width_now == pytest.approx(last.high - last.low, abs=1e-9)


def test_an_unusual_score_then_is_what_adding_it_would_say() -> None:
    case = early(FIRST, SECOND)
    found = next_assessment(case, 21)
    assert found.narrowing is not None
    low, high = unusual_scores(found.narrowing)
    assert 0.05 <= low.share < 0.12
    assert 0.05 <= high.share < 0.12
    assert low.then.score < high.then.score
    total = sum(one.chance for one in found.narrowing.scores if one.score <= low.then.score)
    assert low.share == pytest.approx(total)
    later = parse_as_of("2027-01-01T09:00+09:00")
    for one in (low, high):
        rows = [FIRST, SECOND, {"value": one.then.score, "date": "2027-01-01"}]
        then = arm(case_from_data({**EARLY, "fma_ue": rows}, as_of=later))
        at = [i for i, day in enumerate(then.times) if abs(day - (365.28 - 21)) < 16][-1]
        assert one.then.median == pytest.approx(then.quantiles[at][2], abs=0.3)


@pytest.mark.parametrize("days", [0, -21, 365, 100_000])
def test_an_absurd_day_for_another_score_is_refused(days: int) -> None:
    for case in (early(FIRST), early()):
        with pytest.raises(OptionError, match="1 to 364"):
            next_assessment(case, days)


def test_without_a_forecast_another_score_tells_nothing() -> None:
    found = next_assessment(early(), 21)
    assert found.narrowing is None
    assert "cannot be said" in found.sentences[0].text


def test_contexts_are_known_by_name_and_short_name() -> None:
    assert known_context(None) is None
    assert known_context("intensive") == known_context("intensive-arm-therapy")
    with pytest.raises(OptionError, match="--context"):
        known_context("yoga")


def test_a_context_that_changes_nothing_says_so() -> None:
    found = look_ahead(early(FIRST, SECOND), THEN, Options(context="intensive"))
    assert ["changes nothing here" in one.text for one in found.notes] == [True]
    assert look_ahead(example("01"), THEN, Options(context="intensive")).notes == ()


def test_a_context_that_does_not_hold_then_gives_no_forecast() -> None:
    found = look_ahead(example("01"), THEN, Options(context="first-year-therapy"))
    assert found.decision.futures[0].points == ()
    assert "Choose another" in str(found.decision.futures[0].why_not)


@pytest.mark.parametrize("name", ["02b", "12"])
def test_in_an_emergency_no_option_is_looked_at(name: str) -> None:
    as_of = parse_as_of("2026-11-20T09:00+09:00")
    (path,) = EXAMPLES.glob(f"{name}-*.yaml")
    case = read_case(path, as_of=as_of)
    found = look_ahead(case, as_of, Options(context="yoga"), add=["x"], another=-1)
    assert found.decision.kind is Kind.EMERGENCY
    assert found.decision == decide(case, as_of)
    assert (found.changes, found.another, found.drawn) == ((), None, ())


def test_scores_from_before_the_stroke_alone_say_so() -> None:
    found = arm_course(early({"value": 60, "date": "2026-09-01"}))
    assert not isinstance(found, Course)
    assert found.code == "before-stroke"
    both = arm(early({"value": 60, "date": "2026-09-01"}, SECOND))
    assert both.measured == arm(early(SECOND)).measured
    assert "before the stroke were left out (1)" in str(both.notes[-1].text)


BAD_FILES: dict[str, tuple[Any, str]] = {
    "after now": ({"value": 30, "date": "2026-12-12"}, "after the moment"),
    "before birth": ({"value": 30, "date": "1960-12-12"}, "birth"),
    "beyond the scale": ({"value": 67, "date": "2026-12-01"}, "0 to 66"),
    "two on one day": ([SECOND, {"value": 31, "date": "2026-11-19"}], "date of its own"),
}


def test_a_score_of_a_day_and_the_same_of_an_hour_of_it_count_once() -> None:
    again = {"value": SECOND["value"], "date": f"{SECOND['date']}T09:00"}
    assert len(arm(early(FIRST, SECOND, again)).measured) == len(arm(early(FIRST, SECOND)).measured)
    other = again | {"value": 31}
    more = len(arm(early(FIRST, SECOND, other)).measured)
    assert more == len(arm(early(FIRST, SECOND)).measured) + 1


@pytest.mark.parametrize(("scores", "told"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_with_an_impossible_score_is_refused(scores: Any, told: str) -> None:
    with pytest.raises(CaseError, match=told) as caught:
        early(fma_ue=scores)
    assert "fma_ue" in str(caught.value)


def test_a_file_whose_sections_contradict_the_total_is_refused() -> None:
    sections = {"date": "2026-11-19", "value": {"A": 20, "B": 5, "C": 3, "D": 1}}
    with pytest.raises(CaseError, match="fma_ue_sections of the same date"):
        early(SECOND, fma_ue_sections=sections)


def test_several_new_scores_are_spoken_of_as_several() -> None:
    (one,) = changed(early(FIRST), "fma_ue=30@2026-11-19")
    (two,) = changed(early(FIRST), "fma_ue=30@2026-11-19", "fma_ue=38@2026-12-11")
    assert "Without the new score nine" in one.sentences[1].text
    assert "Without the new scores nine" in two.sentences[1].text
    assert two.sentences[1].text.count("with them") == 1


DAYS = st.dates(min_value=date(2026, 10, 30), max_value=date(2026, 12, 11))


@settings(max_examples=60, deadline=None)
@given(
    stated=st.dictionaries(DAYS, st.integers(0, 66), max_size=4),
    new=st.dictionaries(DAYS, st.integers(0, 66), min_size=1, max_size=3),
    days=st.integers(1, 364),
    kind=st.sampled_from(["ischemic", "intracerebral-haemorrhage", "tia", "unknown"]),
)
def test_whatever_is_added_there_are_words_and_finite_numbers(
    stated: dict[date, int], new: dict[date, int], days: int, kind: str
) -> None:
    assume(not set(stated) & set(new))
    rows = [{"value": value, "date": day.isoformat()} for day, value in stated.items()]
    case = early(*rows, stroke_type=kind)
    after, added = add_scores(case, [f"fma_ue={v}@{d.isoformat()}" for d, v in new.items()])
    found, beside = changes(case, after, added)
    assert found or beside
    for change in found:
        assert change.sentences
        for band in (*change.before, *change.after):
            assert (
                0
                <= band.low
                <= band.quarter
                <= band.middle
                <= band.three_quarters
                <= band.high
                <= 66
            )
    told = next_assessment(after, days)
    assert told.sentences
    if told.narrowing is not None:
        assert 0 < told.narrowing.width_low <= told.narrowing.width_high <= 66
