"""A journey as a calendar file (RFC 5545): all-day events, the same bytes for the same journey."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from saisei.therapies.journey import Journey, Step

__all__ = ["journey_calendar"]

HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Saisei//Journey//EN", "CALSCALE:GREGORIAN")
MAX_OCTETS = 75
"""Longest line without its end (RFC 5545, section 3.1)."""


def journey_calendar(journey: Journey, *, as_of: datetime | None = None) -> str:
    """Give the dated steps of a journey as the text of an ``.ics`` file.

    Parameters
    ----------
    journey
        From `plan_journey` with a start.
    as_of
        The moment of the report, which stamps the events; the start of the first day when left out.

    Raises
    ------
    ValueError
        The journey has no start, so no step has a date.
    """
    if journey.start is None:
        raise ValueError("a calendar needs a journey with a start")
    stamp = as_of or datetime(
        journey.start.year, journey.start.month, journey.start.day, tzinfo=UTC
    )
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Saisei//Journey//EN",
        "CALSCALE:GREGORIAN",
    ]
    for step in journey.steps:
        if step.first is not None and step.last is not None:
            lines += _event(journey, step, step.first, step.last, stamp)
    return "".join(_fold(line) + "\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(journey: Journey, step: Step, first: date, last: date, stamp: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{step.id}.{journey.programme.id}.{first:%Y%m%d}@saisei"
    yield f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{first:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{last + timedelta(1):%Y%m%d}"
    yield f"SUMMARY:{_escape(_summary(step))}"
    if described := _described(step):
        yield f"DESCRIPTION:{_escape(described)}"
    yield "STATUS:TENTATIVE"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _summary(step: Step) -> str:
    if step.spans or step.first == step.last:
        return step.title
    return f"{step.title} (one day between these dates)"


def _described(step: Step) -> str:
    said = [step.duration, *(note.text for note in step.notes if note.text != step.duration)]
    return "\n".join(text for text in said if text)


def _escape(text: str) -> str:
    """Escape what has a meaning in a text value (RFC 5545, section 3.3.11)."""
    for mark, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(mark, escaped)
    return text


def _fold(line: str) -> str:
    """Break a line into pieces of at most 75 octets, never inside a character."""
    pieces, piece, size = [], "", 0
    for character in line:
        width = len(character.encode())
        if size + width > MAX_OCTETS:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += width
    return "\r\n".join([*pieces, piece])
