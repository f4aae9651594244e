"""The journey: durations by source, dates, what growth implies, law, and a valid calendar."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei.base.dates import parse_as_of
from saisei.therapies import (
    Journey,
    Programme,
    check_culture,
    journey_calendar,
    legal_route,
    plan_journey,
    programme,
    programmes,
    questions_for_clinic,
    warning_signs_of_a_clinic,
)
from saisei.therapies.ics import _escape, _fold

START = date(2027, 1, 11)
CLINIC = programme("ad-msc-intravenous-asrm")
AS_OF = parse_as_of("2026-11-20T09:00+09:00")


def step(journey: Journey, name: str) -> tuple[date | None, date | None]:
    (found,) = [s for s in journey.steps if s.id == name]
    return found.first, found.last


def test_both_pages_are_shown_and_both_reach_into_the_dates() -> None:
    journey = plan_journey(CLINIC, START)
    (culture,) = [s for s in journey.steps if s.id == "culture-fat"]
    assert "7 weeks by a clinic's own page" in culture.duration
    assert "3 to 5 weeks by an agency's page" in culture.duration
    assert step(journey, "infusion") == (START + timedelta(weeks=3), START + timedelta(weeks=7))
    assert step(journey, "harvest-fat") == (START, START)


def test_the_arithmetic_on_growth_agrees_with_the_printed_one() -> None:
    """Worked by hand in the data's notes: 9.0 and 10.0 doublings, 45.7 and 50.8 days at 5.1."""
    hundred, two_hundred = check_culture(CLINIC)
    assert (round(hundred.doublings, 1), round(hundred.days, 1)) == (9.0, 45.7)
    assert (round(two_hundred.doublings, 1), round(two_hundred.days, 1)) == (10.0, 50.8)
    assert round(hundred.needed["agency"], 1) == 3.9
    assert round(hundred.needed["cabo"], 1) == 2.3


def test_what_growth_implies_is_said_of_both_pages() -> None:
    said = [statement.text for statement in plan_journey(CLINIC).culture]
    assert said[0].endswith("The pages contradict each other.")
    assert any(
        text.startswith("The 7 weeks of a clinic's own page") and "fit that" in text
        for text in said
    )
    assert any(
        text.startswith("The 5 weeks of an agency's page") and "do not fit" in text for text in said
    )
    assert any("10.1 doublings" in text for text in said)


def test_nothing_after_an_unknown_duration_has_a_date() -> None:
    journey = plan_journey(programme("huns001-intracerebral-jp"), START)
    assert step(journey, "harvest-marrow") == (START, START)
    assert step(journey, "operation") == (None, None)
    assert step(journey, "follow-up-12") == (None, None)


def test_a_trial_with_a_medicine_before_the_operation() -> None:
    journey = plan_journey(programme("nr1-intracerebral"), START)
    assert step(journey, "start-tacrolimus") == (START - timedelta(2), START - timedelta(2))
    assert step(journey, "stop-tacrolimus") == (START + timedelta(56), START + timedelta(61))


def test_without_a_start_nothing_is_dated() -> None:
    assert {s.first for s in plan_journey(CLINIC).steps} == {None}


@pytest.mark.parametrize("found", programmes(), ids=lambda p: p.id)
def test_every_journey_is_in_order_and_gives_cells_once(found: Programme) -> None:
    journey = plan_journey(found, START)
    dated = [s for s in journey.steps if s.first is not None and s.last is not None]
    for one in dated:
        assert one.first is not None
        assert one.last is not None
        assert one.first <= one.last
    treatments = {"infusion", "catheter", "lumbar-puncture", "operation"}
    assert len(treatments & {s.id for s in journey.steps}) == len(found.routes)


def test_prices_stand_only_where_something_is_sold_and_never_as_a_market_price() -> None:
    for found in programmes():
        journey = plan_journey(found)
        assert bool(journey.costs) == (found.asrm_class is not None), found.id
        notes = " ".join(note.text for note in journey.cost_notes)
        assert ("not a market price" if journey.costs else "does not sell") in notes
    assert {cost.quality for cost in plan_journey(CLINIC).costs} == {"low", "medium"}


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("ad-msc-intravenous-asrm", "In Japan a person's own stem cells that were grown"),
        ("uc-msc-allogeneic", "In Japan cells grown from another person need a class I plan"),
        ("nr1-intracerebral", "It exists only in trials"),
        ("bm-msc-intravenous", "Nothing that was read offers it outside a trial"),
    ],
)
def test_the_legal_route(name: str, starts: str) -> None:
    said = legal_route(programme(name))
    assert said[0].text.startswith(starts)
    assert all(statement.sources for statement in said)


def test_a_plan_is_not_proof_and_the_approval_is_not_for_stroke() -> None:
    meaning = "do not mean that anybody found the treatment to work"
    assert any(meaning in s.text for s in legal_route(CLINIC))
    assert any(
        "not approved for stroke" in s.text for s in legal_route(programme("sb623-intracerebral"))
    )


def test_the_questions_for_a_clinic_and_its_warning_signs() -> None:
    assert any("close later trials" in s.text for s in questions_for_clinic())
    assert len(warning_signs_of_a_clinic()) == 8


# ---------------------------------------------------------------- the calendar


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def events(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for line in unfolded(text):
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and ":" in line and not line.startswith("END"):
            name, _, value = line.partition(":")
            found[-1][name] = value
    return found


@pytest.mark.parametrize("found", programmes(), ids=lambda p: p.id)
def test_a_calendar_is_valid(found: Programme) -> None:
    text = journey_calendar(plan_journey(found, START), as_of=AS_OF)
    lines = unfolded(text)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-1] == "END:VCALENDAR"
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT")
    for event in events(text):
        assert event["DTSTAMP"] == "20261120T000000Z"
        assert re.fullmatch(r"\d{8}", event["DTSTART;VALUE=DATE"])
        assert event["DTSTART;VALUE=DATE"] < event["DTEND;VALUE=DATE"]
        assert event["SUMMARY"]
    assert len({event["UID"] for event in events(text)}) == len(events(text))


def test_a_calendar_ends_the_day_after_and_says_what_is_a_range() -> None:
    text = journey_calendar(plan_journey(CLINIC, START))
    by_summary = {event["SUMMARY"]: event for event in events(text)}
    infusion = by_summary["The cells are given by vein (one day between these dates)"]
    assert infusion["DTSTART;VALUE=DATE"] == "20270201"
    assert infusion["DTEND;VALUE=DATE"] == "20270302"
    assert infusion["DTSTAMP"] == "20270111T000000Z"


def test_the_same_journey_gives_the_same_bytes() -> None:
    one = journey_calendar(plan_journey(CLINIC, START), as_of=AS_OF)
    other = journey_calendar(plan_journey(CLINIC, START), as_of=datetime(2026, 11, 20, tzinfo=UTC))
    assert one == other


def test_no_calendar_without_a_start() -> None:
    with pytest.raises(ValueError, match="start"):
        journey_calendar(plan_journey(CLINIC))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
@settings(max_examples=100)
def test_folding_loses_nothing_and_never_splits_a_character(text: str) -> None:
    folded = _fold(text)
    assert folded.replace("\r\n ", "") == text
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))


def test_marks_with_a_meaning_are_escaped() -> None:
    assert _escape("a,b;c\\d\ne") == "a\\,b\\;c\\\\d\\ne"
