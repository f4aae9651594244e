"""Scores that are added to a case: read, held against what is stated, never counted twice."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from saisei.base.dates import PartialDate
from saisei.base.errors import CaseError, OptionError, Problem
from saisei.cases import Case, Entry, expected_of, fields
from saisei.cases.entries import nearest, same_time

__all__ = ["AddedScore", "add_scores"]

OPTION = "--add"
SHAPE = re.compile(r"\s*(\w+)\s*=\s*([^@=]*?)\s*@\s*(\S(?:.*\S)?)\s*")
EXPECTED = "FIELD=SCORE@DATE, such as fma_ue=38@2026-12-11"


@dataclass(frozen=True, slots=True)
class AddedScore:
    """One score that was added to a case.

    Parameters
    ----------
    field
        The field of the case.
    known
        Whether the case states the same score of the same day, so that it counts once.
    """

    field: str
    value: float
    date: str
    known: bool = False


def add_scores(case: Case, written: Sequence[str]) -> tuple[Case, tuple[AddedScore, ...]]:
    """Add scores to a case as if its file stated them.

    Parameters
    ----------
    case
        The person.
    written
        Each as ``field=score@date``, in any order.

    Returns
    -------
    Case, tuple of AddedScore
        The case with the scores, and what was read.

    Raises
    ------
    OptionError
        One cannot be read, is impossible, lies before the stroke or after the moment of the
        forecast, or differs from what is stated of the same day. All are told together.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> case, added = add_scores(
    ...     case_from_data({"as_of": "2026-12-11", "onset_datetime": "2026-10-30"}),
    ...     ["fma_ue=38@2026-12-11"],
    ... )
    >>> case.answer("fma_ue").value, added[0].known
    (38.0, False)
    """
    problems: list[Problem] = []
    added: list[AddedScore] = []
    for place, text in enumerate(written, 1):
        try:
            one = _parsed(text, place, len(written))
            case, known = _with(case, one)
        except OptionError as error:
            problems += error.problems
        else:
            added.append(AddedScore(one.field, one.value, one.date, known))
    if problems:
        raise OptionError(problems)
    return case, tuple(added)


def _parsed(text: str, place: int, of: int) -> AddedScore:
    matched = SHAPE.fullmatch(text)
    if matched is None:
        which = f"number {place} " if of > 1 else "this "
        raise OptionError(
            Problem("malformed", f"{which}cannot be read", EXPECTED, field=OPTION)
        )  # fmt: skip
    name, value, date = matched.groups()
    _must_be_a_score(name)
    return AddedScore(name, _number(name, value), date)


def _must_be_a_score(name: str) -> None:
    wanted = fields().get(name)
    if wanted is not None and wanted.group == "scales" and wanted.type == "number":
        if not wanted.derived:
            return
        step = f"Give {', '.join(wanted.inputs)} instead"
        found = "this is computed, never typed in"
        raise OptionError(Problem("derived", found, "", step, field=f"{OPTION} {name}"))
    near = None if wanted is not None else nearest(name)
    found = "this is no score" if wanted is not None else f"there is no field {name[:60]!r}"
    step = f"Did you mean {near}?" if near else ""
    expected = "a score of the case, such as fma_ue, barthel_total, nihss_total or mrs_current"
    raise OptionError(Problem("unknown-field", found, expected, step, field=OPTION))


def _number(name: str, written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _refused(name, "wrong-type", "the score is not a number", expected_of(fields()[name]))
    return value


def _with(case: Case, one: AddedScore) -> tuple[Case, bool]:
    """Give the case with one score more, and whether it was there already."""
    stated = {one.field: {"value": one.value, "date": one.date}}
    entry = _alone(case, one.field, stated)
    if entry.date.precision not in {"day", "minute"}:
        found, expected = "the day of the score is needed", "a date such as 2026-12-11"
        raise _refused(one.field, "vague-date", found, expected)
    _must_follow_the_stroke(case, one.field, entry)
    for other in case.series(one.field):
        if not other.dated or not same_time(entry.date, other.date):
            continue
        if other.value == entry.value:
            return case, True
        found = "another score of the same day is stated"
        step = "Correct one of the two, or give both with the hour, such as @2026-12-11T09:00"
        raise _refused(one.field, "same-date", found, "one score a day", step)
    return case.answered(**stated), False


def _alone(case: Case, name: str, stated: dict[str, dict[str, object]]) -> Entry:
    """Read one score by the rules of the case, whatever else is stated of this field."""
    try:
        return case.replace(**stated).entries[name][0]
    except CaseError as error:
        raise OptionError([_told(problem, name) for problem in error.problems]) from None


def _told(problem: Problem, name: str) -> Problem:
    later = problem.code == "future-date"
    step = "Make the forecast for that day or a later one: --as-of" if later else problem.next_step
    field = f"{OPTION} {name}"
    return Problem(problem.code, problem.found, problem.expected, step, field=field)


def _must_follow_the_stroke(case: Case, name: str, entry: Entry) -> None:
    onset = case.answer("onset_datetime").value
    if isinstance(onset, PartialDate) and entry.date.last < onset.first:
        found = "a score from before the stroke says nothing about the time after it"
        step = "Check this date and onset_datetime"
        raise _refused(name, "before-stroke", found, "a date after the stroke", step)


def _refused(name: str, code: str, found: str, expected: str, step: str = "") -> OptionError:
    return OptionError(Problem(code, found, expected, step, field=f"{OPTION} {name}"))
