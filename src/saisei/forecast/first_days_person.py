"""What the model of the first days reads of a case, and whom it has nothing to say about."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.cases import Answer, Case, fields
from saisei.forecast.first_days_model import FILE
from saisei.vocabulary import adult_age

__all__ = ["Entered", "Left", "Used", "read_entered"]

How = Literal["stated", "not_assessable", "middle", "averaged"]


@dataclass(frozen=True, slots=True)
class Used:
    """One input, its value (None where it was averaged over), and how it was come by."""

    field: str
    value: str | float | None
    how: How


@dataclass(frozen=True, slots=True)
class Left:
    """Nothing is forecast: the key of the reason, and what its sentence names."""

    code: str
    filling: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entered:
    """Someone like the people who entered the trial."""

    used: tuple[Used, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The known inputs."""
        return {one.field: one.value for one in self.used if one.how != "averaged"}

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs to average over."""
        return tuple(one.field for one in self.used if one.how == "averaged")


def read_entered(case: Case) -> Entered | Left:
    """Read the inputs, or why there is nothing to say: the person first, then what is missing."""
    code = _not_for(case) or _not_this_stroke(case)
    if code is not None:
        return Left(code)
    late = _not_now(case)
    if late is not None:
        return late
    used = tuple(_use(case, one["field"]) for one in load_data(FILE)["coding"])
    return _too_little(used) or _out_of_range(used) or Entered(used)


def _not_for(case: Case) -> str | None:
    if case.answer("respondent").value in ("family", "self"):
        return "not-clinician"
    age = _span(case.answer("age_years"))
    if age is not None and age.low < adult_age():
        return "child"
    return "pregnant" if case.answer("pregnant_or_breastfeeding").value is True else None


def _not_this_stroke(case: Case) -> str | None:
    condition, kind = case.answer("condition").value, case.answer("stroke_type").value
    bleeding = ("intracerebral-haemorrhage", "subarachnoid-haemorrhage")
    if (
        condition in bleeding
        or kind in bleeding
        or case.answer("intracranial_haemorrhage_on_imaging").value is True
    ):
        return "haemorrhage"
    if condition not in (None, "ischemic-stroke") or kind in ("tia", "none"):
        return "no-infarct"
    if kind != "ischemic":
        return "kind-unknown"
    scans = case.answer("has_brain_imaging").value
    return "no-scan" if scans == frozenset() else None


def _not_now(case: Case) -> Left | None:
    until = load_data(FILE)["hours_until"]
    hours = _span(case.answer("hours_since_stroke"))
    if hours is None:
        return Left("hours-unknown")
    if hours.low > until or hours.high < 0:
        return Left("too-late", {"hours": until})
    if hours.high > until:
        return Left("hours-vague", {"hours": until})
    if case.answer("in_hospital").value is not True:
        return Left("not-in-hospital")
    given = ("thrombolysis_done", "receiving_thrombolysis", "thrombectomy_done")
    treated = any(case.answer(name).value is True for name in given)
    return Left("reperfusion") if treated else None


def _too_little(used: tuple[Used, ...]) -> Left | None:
    data = load_data(FILE)
    gone = [one.field for one in used if one.how == "averaged"]
    needed = [name for name in gone if name in data["required"]]
    if needed:
        return Left("required-missing", {"fields": _named(needed)})
    if len(gone) > data["most_missing"]:
        return Left("too-many-missing", {"fields": _named(gone), "most": data["most_missing"]})
    return None


def _named(fields: list[str]) -> str:
    names = {"imaging": "visible_infarct_on_ct", "age_years": "birth_date"}
    return ", ".join(names.get(name, name) for name in fields)


def _out_of_range(used: tuple[Used, ...]) -> Left | None:
    people = load_data(FILE)["people"]
    codes = {"age_years": "age-range", "systolic_bp_mmhg": "pressure-range"}
    for one in used:
        if one.field in codes and isinstance(one.value, float):
            low, high = people["lowest"][one.field], people["highest"][one.field]
            if not low <= one.value <= high:
                return Left(codes[one.field], {"low": low, "high": high})
    return None


def _use(case: Case, name: str) -> Used:
    if name == "imaging":
        return _use_scan(case)
    answer = case.answer(name)
    if name.startswith("deficit_") and _not_assessable(answer, case):
        return Used(name, "cannot-assess", "not_assessable")
    span = _span(answer)
    if span is not None:
        return _use_number(name, span)
    if isinstance(answer.value, bool):
        return Used(name, float(answer.value), "stated")
    value = _syndrome(answer.value) if name == "ocsp_class" else answer.value
    known = isinstance(value, str) and value in _levels(name)
    return Used(name, str(value), "stated") if known else Used(name, None, "averaged")


def _use_number(name: str, span: Span) -> Used:
    """Take a number; an age in whole years, as in the trial."""
    whole = name == "age_years"
    low, high = (math.floor(span.low), math.floor(span.high)) if whole else (span.low, span.high)
    middle = float(math.floor(span.middle)) if whole else max(float(span.middle), 0.0)
    return Used(name, middle, "stated" if low == high else "middle")


def _use_scan(case: Case) -> Used:
    seen = case.answer("visible_infarct_on_ct").value
    if not isinstance(seen, bool):
        return Used("imaging", None, "averaged")
    return Used("imaging", "infarct" if seen else "no-infarct", "stated")


def _syndrome(value: object) -> object:
    """Read an infarct's class (TACI) as its syndrome (TACS): the same signs, after a scan."""
    if isinstance(value, str) and value.endswith("CI"):
        return f"{value[:-1]}S"
    return value


def _not_assessable(answer: Answer, case: Case) -> bool:
    """Whether somebody tried and could not: no longer ago than such an answer counts."""
    entry, days = answer.entry, fields()[answer.field].valid_for
    if answer.known or entry is None or entry.value != "cannot-assess":
        return False
    return isinstance(days, int | float) and entry.date.days_before(case.as_of).high <= days


def _levels(name: str) -> tuple[str, ...]:
    for one in load_data(FILE)["coding"]:
        if one["field"] == name and one["kind"] == "levels":
            return (one["reference"], *one["levels"])
    return ()


def _span(answer: Answer) -> Span | None:
    value = answer.value
    if isinstance(value, Span):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value == math.inf:
        return None
    return Span(float(value), float(value))
