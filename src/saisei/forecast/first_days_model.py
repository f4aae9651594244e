"""The model of the first days: how predictors become columns, and columns four probabilities.

Three steps, each a logistic regression of its own: dead; dependent among those alive; not recovered
among those alive and independent. The four states always add up to 1. Numbers: ``first_days.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from saisei.base.store import load_data
from saisei.forecast.scores import Floats

__all__ = [
    "FILE",
    "FirstDaysModel",
    "column_names",
    "columns",
    "first_days_model",
    "gradients",
    "probabilities",
    "spline",
    "strata",
]

FILE = "forecast/first_days.yaml"
Values = Mapping[str, NDArray[Any]]
Coding = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class FirstDaysModel:
    """The fitted model.

    Parameters
    ----------
    coding
        How each predictor becomes columns.
    coefficients
        One row for each step, one column for each column of the design.
    covariance
        One matrix for each step; the steps are independent of each other.
    """

    coding: Coding
    coefficients: Floats
    covariance: Floats


@cache
def first_days_model() -> FirstDaysModel:
    """Give the model as it stands in the data file."""
    data = load_data(FILE)
    names = column_names(data["coding"])
    coefficients = np.array([data["coefficients"][name] for name in names], dtype=float).T
    lower = [step["lower_triangle"] for step in data["covariance"]]
    covariance = np.array([_whole(rows, len(names)) for rows in lower])
    return FirstDaysModel(data["coding"], coefficients, covariance)


def _whole(rows: Sequence[Sequence[float]], size: int) -> Floats:
    matrix = np.zeros((size, size))
    for at, row in enumerate(rows):
        matrix[at, : at + 1] = row
        matrix[: at + 1, at] = row
    return matrix


def column_names(coding: Coding) -> tuple[str, ...]:
    """Name the columns of the design, the constant first."""
    return ("constant", *(name for one in coding for name in _names(one)))


def _names(one: Mapping[str, Any]) -> list[str]:
    match one["kind"]:
        case "spline":
            return [f"{one['field']}_{at + 1}" for at in range(len(one["knots"]) - 1)]
        case "levels":
            return [f"{one['field']}={level}" for level in one["levels"]]
        case _:
            return [one["field"]]


def columns(values: Values, coding: Coding) -> Floats:
    """Make the design: one row for each person (or each way to fill in what is missing).

    Parameters
    ----------
    values
        Every predictor by its name, as arrays of one length: numbers, or names of levels.
    coding
        How each becomes columns.
    """
    made = [column for one in coding for column in _columns(values[one["field"]], one)]
    return np.column_stack([np.ones(len(made[0])), *made])


def _columns(value: NDArray[Any], one: Mapping[str, Any]) -> list[Floats]:
    match one["kind"]:
        case "spline":
            return spline(value.astype(float), one["knots"], one["centre"], one["unit"])
        case "levels":
            return [(value == level).astype(float) for level in one["levels"]]
        case _:
            return [value.astype(float)]


def spline(value: Floats, knots: Sequence[float], centre: float, unit: float) -> list[Floats]:
    """Give a restricted cubic spline: linear beyond the outer knots (Harrell's form).

    Examples
    --------
    >>> [float(c[0]) for c in spline(np.array([70.0]), [60, 70, 80], 60, 10)]
    [1.0, 0.25]
    """
    x, k = (value - centre) / unit, (np.array(knots, dtype=float) - centre) / unit
    last, before = k[-1], k[-2]
    tail = [_cube(x - before), _cube(x - last)]
    made = [x]
    for knot in k[:-2]:
        bent = (tail[1] * (before - knot) - tail[0] * (last - knot)) / (last - before)
        made.append((_cube(x - knot) + bent) / (last - k[0]) ** 2)
    return made


def _cube(value: Floats) -> Floats:
    cubed: Floats = np.maximum(value, 0.0) ** 3
    return cubed


def probabilities(design: Floats, coefficients: Floats) -> Floats:
    """Give the four states of every row: dead, dependent, not recovered, recovered."""
    step = expit(design @ coefficients.T)
    left = np.cumprod(1.0 - step, axis=1)
    before = np.column_stack([np.ones(len(step)), left])
    return np.column_stack([before[:, :3] * step, left[:, 2]])


def gradients(design: Floats, coefficients: Floats) -> Floats:
    """Give the slope of each row's states by each step's linear predictor: (rows, 4, 3)."""
    step, state = expit(design @ coefficients.T), probabilities(design, coefficients)
    slope = np.zeros((len(design), 4, 3))
    for at in range(3):
        slope[:, at, at] = state[:, at] * (1.0 - step[:, at])
        slope[:, at + 1 :, at] = -state[:, at + 1 :] * step[:, [at]]
    return slope


def strata(values: Values, ages: Sequence[float], syndromes: Sequence[Sequence[str]]) -> Any:
    """Give the number of each stratum (consciousness, syndrome, age) for averaging what is missing.

    Examples
    --------
    >>> one = {"age_years": np.array([71.0]), "conscious_level": np.array(["alert"]),
    ...        "ocsp_class": np.array(["LACS"])}
    >>> int(strata(one, [70, 80], [["TACS", "PACS"], ["LACS"]])[0])
    4
    """
    group = {name: at for at, names in enumerate(syndromes) for name in names}
    syndrome = np.array([group[str(name)] for name in values["ocsp_class"]])
    age = np.searchsorted(np.asarray(ages), values["age_years"], side="right")
    dull = (values["conscious_level"] != "alert").astype(int)
    wide = len(ages) + 1
    return (dull * len(syndromes) + syndrome) * wide + age
