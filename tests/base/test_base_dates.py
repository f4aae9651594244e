"""Partial dates: the stretch that each leaves open."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.dates import PartialDate, Span, parse_as_of

AS_OF = parse_as_of("2026-11-20T09:00+09:00")


@pytest.mark.parametrize(
    ("written", "low", "high"),
    [
        ("2024-09-18", 793, 793),
        ("2026-11-20", 0, 0),
        ("2026-11-21", -1, -1),
        ("2024", 688.3, 1054.4),
        ("2026-11", 0, 19.4),
        ("2026-11-19T13:00+09:00", 20 / 24, 20 / 24),
    ],
)
def test_days_before(written: str, low: float, high: float) -> None:
    days = PartialDate.parse(written, AS_OF.tzinfo).days_before(AS_OF)
    assert days.low == pytest.approx(low, abs=0.1)
    assert days.high == pytest.approx(high, abs=0.1)


def test_hours_since_a_day_cover_the_day() -> None:
    hours = PartialDate.parse("2026-11-19", AS_OF.tzinfo).hours_before(AS_OF)
    assert (round(hours.low), round(hours.high)) == (9, 33)


@pytest.mark.parametrize(
    ("born", "low", "high"),
    [("1964-05-14", 62, 62), ("1964-11-20", 62, 62), ("1964-11-21", 61, 61), ("1964", 61, 62)],
)
def test_age_counts_birthdays(born: str, low: float, high: float) -> None:
    years = PartialDate.parse(born, AS_OF.tzinfo).years_before(AS_OF)
    assert (years.low, years.high) == (low, high)


@pytest.mark.parametrize(
    "written", ["2024-13", "2024-02-30", "24-09-18", "yesterday", "2024-9-18", "", True, 2024.5]
)
def test_what_is_not_a_date(written: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message of an impossible day is Python's own
        PartialDate.parse(written)


def test_as_of_needs_a_day() -> None:
    assert parse_as_of("2026-11-20") == datetime(2026, 11, 20, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="a day is needed"):
        parse_as_of("2026-11")


@given(st.datetimes(datetime(1900, 1, 1), datetime(2026, 11, 19)))  # noqa: DTZ001 - made aware below
def test_a_coarser_date_contains_the_finer(moment: datetime) -> None:
    moment = moment.replace(tzinfo=AS_OF.tzinfo, second=0, microsecond=0)
    exact = PartialDate.parse(moment.isoformat()).days_before(AS_OF)
    for coarse in (f"{moment.year:04}", f"{moment.year:04}-{moment.month:02}"):
        days = PartialDate.parse(coarse, AS_OF.tzinfo).days_before(AS_OF)
        assert days.low <= exact.low <= days.high


def test_a_span_runs_upwards() -> None:
    with pytest.raises(ValueError, match="upwards"):
        Span(2, 1)
