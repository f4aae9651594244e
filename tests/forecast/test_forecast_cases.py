"""From a case to its futures: who gets a forecast, who does not, and in which words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from saisei.appraisal import appraisal_sources, findings_for
from saisei.base.dates import parse_as_of
from saisei.base.store import load_data
from saisei.cases import Case, case_from_data
from saisei.evidence import Target, study_sources
from saisei.forecast import (
    Course,
    NoForecast,
    arm_course,
    barthel_course,
    forecast_sources,
    futures,
    group_sources,
)
from saisei.scales import scale_sources
from saisei.vocabulary import CellType, Condition, Route, Stage

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
READER: dict[str, Any] = {
    "birth_date": "1964-05-14", "sex": "male", "condition": "ischemic-stroke",
    "stroke_type": "ischemic", "onset_datetime": "2024-09-18", "fma_ue": 28, "barthel_total": 75,
}  # fmt: skip
FORBIDDEN = re.compile(
    r"\b(candidates?|recommend(s|ed)?|promising|safe|works|success rate|breakthrough)\b",
    re.IGNORECASE,
)


def case(**changes: Any) -> Case:
    given = {key: value for key, value in {**READER, **changes}.items() if value is not None}
    return case_from_data(given, as_of=AS_OF)


def arm(**changes: Any) -> Course:
    found = arm_course(case(**changes))
    assert isinstance(found, Course), found
    return found


def refused(**changes: Any) -> str:
    found = arm_course(case(**changes))
    assert isinstance(found, NoForecast), found
    assert found.reason.text
    return found.code


def test_the_reader_of_the_clinics_pages() -> None:
    course = arm()
    assert course.model == "chronic"
    assert course.start == 28
    counts = course.counts(6)
    assert (counts.better, counts.worse) == (12, 10)
    assert any("no date" in note.text for note in course.notes)
    assert any("after therapy has ended" in note.text for note in course.notes)


def test_three_weeks_after_every_dated_score_counts() -> None:
    scores = [{"value": 18, "date": "2026-11-04"}, {"value": 30, "date": "2026-11-19"}]
    both = arm(onset_datetime="2026-10-30", fma_ue=scores, barthel_total=None)
    last = arm(onset_datetime="2026-10-30", fma_ue=scores[1:], barthel_total=None)
    assert both.model == last.model == "mixture"
    assert both.measured == ((-16.0, 18.0), (-1.0, 30.0))
    assert not (both.quantiles == last.quantiles).all()
    assert both.quantiles[-1][2] > 45


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"birth_date": "2015-08-09"}, "child"),
        ({"sex": "female", "pregnant_or_breastfeeding": True}, "pregnant"),
        ({"condition": "tbi", "stroke_type": None, "onset_datetime": None,
          "date_brain_injury": "2024-03-10"}, "brain-injury"),
        ({"condition": "none", "stroke_type": None, "onset_datetime": None}, "no-stroke"),
        ({"condition": None, "stroke_type": "tia"}, "tia"),
        ({"condition": "subarachnoid-haemorrhage", "stroke_type": None}, "subarachnoid"),
        ({"onset_datetime": None}, "no-date"),
        ({"fma_ue": None}, "no-score"),
        ({"fma_ue": 66}, "full-score"),
        ({"fma_ue": {"value": 28, "date": "2025-10-01"}}, "stale"),
        ({"onset_datetime": "2026"}, "vague-date"),
        ({"onset_datetime": "2026-09-18", "condition": "intracerebral-haemorrhage",
          "stroke_type": "intracerebral-haemorrhage"}, "early-haemorrhage"),
        ({"onset_datetime": "2026-09-18", "condition": None, "stroke_type": "unknown"},
         "early-unknown-type"),
    ],
)  # fmt: skip
def test_nothing_is_forecast_without_a_reason_in_words(changes: dict[str, Any], code: str) -> None:
    assert refused(**changes) == code


def test_after_a_bleeding_the_chronic_model_says_how_few_it_rests_on() -> None:
    course = arm(
        onset_datetime="2025-09-15",
        condition="intracerebral-haemorrhage",
        stroke_type="intracerebral-haemorrhage",
    )
    assert course.model == "chronic"
    assert any("25 had had a bleeding" in said.text for said in course.certainty)


def test_a_year_alone_is_enough_for_the_chronic_phase() -> None:
    course = arm(onset_datetime="2024", condition=None, stroke_type="unknown")
    assert course.model == "chronic"
    assert any("known to within" in note.text for note in course.notes)


def test_a_second_stroke_is_said_where_the_course_is_of_first_ones() -> None:
    changes = {"onset_datetime": "2026-10-20", "date_previous_stroke": "2019"}
    assert any("not the first" in note.text for note in arm(**changes).notes)


def test_barthel_of_the_reader_and_after_a_bleeding() -> None:
    found = barthel_course(case())
    assert isinstance(found, Course)
    assert found.counts(10).better == pytest.approx(10, abs=2)
    bleeding = {
        "condition": "intracerebral-haemorrhage",
        "stroke_type": "intracerebral-haemorrhage",
    }
    late = barthel_course(case(onset_datetime="2025-09-15", **bleeding))
    assert isinstance(late, Course)
    assert any("19 of these people" in said.text for said in late.certainty)
    early = barthel_course(case(onset_datetime="2026-10-15", **bleeding))
    assert isinstance(early, NoForecast)
    assert early.code == "barthel-early-type"


def test_the_futures_of_the_reader() -> None:
    targets = [
        Target(CellType.SB623, Route.INTRACEREBRAL, Condition.ISCHEMIC_STROKE, Stage.CHRONIC),
        Target(CellType.AD_MSC, Route.INTRAVENOUS, Condition.ISCHEMIC_STROKE, Stage.CHRONIC),
    ]
    findings = [found for target in targets for found in findings_for(target)]
    found = {future.scale_id: future for future in futures(case(), findings)}
    assert set(found) == {"fma_ue", "barthel", "mrs", "nihss", "fma_le", "fma_motor"}
    assert found["fma_ue"].step == 6
    assert found["barthel"].step == 10
    assert all(future.with_ == () for future in found.values())
    assert any("no-data" in why.codes for why in found["fma_ue"].why_no_with)
    for name in ("mrs", "nihss", "fma_le", "fma_motor"):
        nothing = found[name].none
        assert nothing is not None
        assert nothing.reason.text


def test_before_the_chronic_phase_ten_points_count() -> None:
    early = case(onset_datetime="2026-10-20", barthel_total=None)
    assert next(f for f in futures(early) if f.scale_id == "fma_ue").step == 10


def test_every_sentence_leads_to_a_source_that_is_known() -> None:
    known = {
        **forecast_sources(),
        **group_sources(),
        **scale_sources(),
        **study_sources(),
        **appraisal_sources(),
    }
    for future in futures(case()):
        said = [*future.sentences]
        said += [future.step_note] if future.step_note else []
        said += [*future.course.certainty, *future.course.notes] if future.course else []
        assert {key for one in said for key in one.sources} <= set(known)
        if future.course:
            assert set(future.course.source_keys) <= set(known)


def test_the_same_case_gives_the_same_numbers() -> None:
    assert (arm().quantiles == arm().quantiles).all()


def strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)


@pytest.mark.parametrize("name", ["recovery", "texts"])
def test_no_catalogue_uses_a_word_that_sells(name: str) -> None:
    found = [text for text in strings(load_data(f"forecast/{name}.yaml")) if FORBIDDEN.search(text)]
    assert found == []


def test_nothing_unverified_is_in_the_parameters() -> None:
    statuses = {
        block["status"]
        for block in load_data("forecast/recovery.yaml").values()
        if isinstance(block, dict) and "status" in block
    }
    assert statuses <= {"source", "derived", "convention"}


def test_a_context_of_other_days_gives_no_number() -> None:
    found = arm_course(case(), "first-year-therapy")
    assert isinstance(found, NoForecast)
    assert found.code == "context"
    assert "181 to 365 days" in found.reason.text
    assert arm_course(case(onset_datetime="2026-04-18"), "first-year-therapy").scale_id == "fma_ue"


def test_a_score_known_to_the_month_takes_its_middle_and_says_so() -> None:
    early = {"onset_datetime": "2026-09-18"}
    course = arm(**early, fma_ue={"value": 28, "date": "2026-10"})
    assert any("within 31 days; its middle" in note.text for note in course.notes)
    exact = arm(**early, fma_ue={"value": 28, "date": "2026-10-16"})
    assert not any("its middle" in note.text for note in exact.notes)
    assert course.measured[0][0] == pytest.approx(exact.measured[0][0], abs=1)


def test_a_score_known_to_the_year_is_too_vague_for_the_first_months() -> None:
    scores = [{"value": 20, "date": "2026"}, {"value": 28, "date": "2026-11-10"}]
    assert refused(onset_datetime="2026-06-01", fma_ue=scores) == "no-dated-score"
    assert refused(onset_datetime="2026-09-18", fma_ue=scores[0]) == "before-stroke"
    later = arm(onset_datetime="2026-05-01", fma_ue=scores)
    assert later.model == "chronic"
