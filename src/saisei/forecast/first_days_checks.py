"""How the model of the first days fared in countries left out: by place, and by tenth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from scipy.special import ndtri

from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.forecast.first_days_model import FILE

__all__ = ["CutCheck", "Line", "PlaceCheck", "Tenth", "first_days_checks", "people_like"]


@dataclass(frozen=True, slots=True)
class Line:
    """A number of a calibration line with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PlaceCheck:
    """How the model fared in one place left out of the fit.

    Parameters
    ----------
    name
        The trial's code; ``rest``: the countries with fewer than 200 people.
    slope, intercept
        Of the calibration line; the intercept with the slope held at 1.
    """

    name: str
    people: int
    observed: float
    expected: float
    slope: Line
    intercept: Line


@dataclass(frozen=True, slots=True)
class Tenth:
    """One tenth of the people by their chance, countries left out.

    Parameters
    ----------
    until
        The highest chance of it.
    low, high
        The 95 % interval of what was observed.
    places, lowest, highest
        Places with at least 50 of these people, and between which shares they lie.
    """

    until: float
    people: int
    expected: float
    observed: float
    low: float
    high: float
    places: int
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class CutCheck:
    """How a state, and all worse ones, was forecast where the model had not been."""

    id: str
    tenths: tuple[Tenth, ...]
    places: tuple[PlaceCheck, ...]


@cache
def first_days_checks() -> tuple[CutCheck, ...]:
    """Give the validation of every cut: dead; dead or dependent; not recovered or worse."""
    data: dict[str, Any] = load_data(FILE)
    return tuple(
        CutCheck(
            cut,
            tuple(_tenth(row) for row in rows),
            tuple(_place(name, row["people"], row[cut]) for name, row in data["countries"].items()),
        )
        for cut, rows in data["tenths"].items()
    )


def people_like(cut: str, chance: float) -> Tenth:
    """Give the tenth that a chance falls into; above the highest seen, the last one."""
    tenths = next(one.tenths for one in first_days_checks() if one.id == cut)
    return next((one for one in tenths if chance <= one.until), tenths[-1])


def _tenth(row: dict[str, Any]) -> Tenth:
    share = syn.binomial_interval(round(row["observed"] * row["people"]), row["people"])
    return Tenth(
        until=row["to"],
        people=row["people"],
        expected=row["expected"],
        observed=row["observed"],
        low=share.lower,
        high=share.upper,
        places=row["places"],
        lowest=row["lowest"],
        highest=row["highest"],
    )


def _place(name: str, people: int, row: dict[str, Any]) -> PlaceCheck:
    reach = float(ndtri(0.5 + load_data(FILE)["level"] / 2))
    slope, intercept = (
        Line(
            row[what], row[what] - reach * row[f"{what}_se"], row[what] + reach * row[f"{what}_se"]
        )
        for what in ("slope", "intercept")
    )
    return PlaceCheck(name, people, row["observed"], row["expected"], slope, intercept)
