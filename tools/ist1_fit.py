"""Read the people of IST-1, and fit the model of the first days on them or on some of them.

Method and decisions: docs/methods-first-days.md. Nothing is drawn at random.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from saisei.forecast.first_days_model import column_names, columns, strata

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "ist1" / "ist1.csv.gz"

Floats = NDArray[np.float64]
RIDGE = 1.0
"""Each slope has a normal prior with this precision: syndrome and deficits are nearly collinear."""
OWN_COUNTRY = 200
DEFICITS = ("face", "arm_hand", "leg_foot", "dysphasia", "hemianopia", "visuospatial",
            "brainstem_cerebellar", "other")  # fmt: skip
SPLINES = {
    "age_years": (70, 10, (0.05, 0.35, 0.65, 0.95)),
    "hours_since_stroke": (20, 10, (0.1, 0.5, 0.9)),
    "systolic_bp_mmhg": (160, 20, (0.05, 0.35, 0.65, 0.95)),
}
PRESSURES = 5
STRATA_AGES = (70, 80)
SYNDROMES = (("TACS",), ("PACS", "other"), ("POCS",), ("LACS",))
STRATA = 2 * len(SYNDROMES) * (len(STRATA_AGES) + 1)
AGELESS = 2
"""The third step has no age: see the page."""
OPTIONAL = (*(f"deficit_{name}" for name in DEFICITS if name not in ("arm_hand", "leg_foot")),
            "systolic_bp_mmhg", "atrial_fibrillation", "imaging")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody whose state at six months is known."""

    values: dict[str, NDArray[Any]]
    state: NDArray[np.int64]
    country: NDArray[Any]
    trial: Floats
    rows: list[dict[str, str]]
    stratum: NDArray[np.int64]
    entered: int

    def part(self, wanted: NDArray[np.bool_]) -> People:
        """Give some of them."""
        values = {name: value[wanted] for name, value in self.values.items()}
        rows = [row for row, kept in zip(self.rows, wanted, strict=True) if kept]
        return People(values, self.state[wanted], self.country[wanted], self.trial[wanted], rows,
                      self.stratum[wanted], self.entered)  # fmt: skip


def read_people(path: Path = DATA) -> People:
    """Read the trial's table."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        everybody = list(csv.DictReader(file))
    rows = [row for row in everybody if row["OCCODE"] in "1234"]
    values = _values(rows)
    count = Counter(row["COUNTRY"] for row in rows)
    country = [row["COUNTRY"] if count[row["COUNTRY"]] >= OWN_COUNTRY else "rest" for row in rows]
    state = np.array([int(row["OCCODE"]) - 1 for row in rows])
    trial = np.array([float(row["EXPDD"]) for row in rows])
    return People(
        values,
        state,
        np.array(country),
        trial,
        rows,
        strata(values, STRATA_AGES, SYNDROMES),
        len(everybody),
    )


def _values(rows: list[dict[str, str]]) -> dict[str, NDArray[Any]]:
    def said(column: str, words: dict[str, str]) -> NDArray[Any]:
        return np.array([words[row[column]] for row in rows])

    def number(column: str) -> Floats:
        return np.array([float(row[column]) for row in rows])

    signs = {"Y": "present", "N": "absent", "C": "cannot-assess"}
    made: dict[str, NDArray[Any]] = {
        "age_years": number("AGE"),
        "sex": said("SEX", {"F": "female", "M": "male"}),
        "conscious_level": said("RCONSC", {"F": "alert", "D": "drowsy", "U": "unconscious"}),
    }
    for at, name in enumerate(DEFICITS):
        made[f"deficit_{name}"] = said(f"RDEF{at + 1}", signs)
    made["ocsp_class"] = np.array([row["STYPE"].replace("OTH", "other") for row in rows])
    made["hours_since_stroke"], made["systolic_bp_mmhg"] = number("RDELAY"), number("RSBP")
    recorded = {"Y": 1.0, "N": 0.0, "": np.nan}
    made["atrial_fibrillation"] = np.array([recorded[row["RATRIAL"]] for row in rows])
    made["imaging"] = np.array([_imaging(row) for row in rows])
    return made


def _imaging(row: dict[str, str]) -> str:
    if row["RCT"] == "N":
        return "no-scan"
    return "infarct" if row["RVISINF"] == "Y" else "no-infarct"


def coding_of(people: People) -> list[dict[str, Any]]:
    """Decide how each predictor becomes columns; knots stand at percentiles."""
    made: list[dict[str, Any]] = []
    for name, value in people.values.items():
        if name in SPLINES:
            centre, unit, at = SPLINES[name]
            knots = [float(knot) for knot in np.quantile(value, at)]
            made.append({"field": name, "kind": "spline", "centre": centre, "unit": unit,
                         "knots": knots})  # fmt: skip
        elif value.dtype.kind == "f":
            made.append({"field": name, "kind": "share"})
        else:
            made.append({"field": name, "kind": "levels", **_levels(name)})
    return made


def _levels(name: str) -> dict[str, Any]:
    if name.startswith("deficit_"):
        return {"reference": "absent", "levels": ["present", "cannot-assess"]}
    reference, *others = {
        "sex": ("female", "male"),
        "conscious_level": ("alert", "drowsy", "unconscious"),
        "ocsp_class": ("TACS", "PACS", "POCS", "LACS", "other"),
        "imaging": ("no-infarct", "infarct", "no-scan"),
    }[name]
    return {"reference": reference, "levels": others}


def filled(people: People, spread: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Fill in the rhythm of the pilot's people: the share of their stratum."""
    share = np.array([row[1] for row in spread["atrial_fibrillation"]["shares"]])
    rhythm = people.values["atrial_fibrillation"]
    known = np.where(np.isnan(rhythm), share[people.stratum], rhythm)
    return {**people.values, "atrial_fibrillation": known}


def spreads(people: People) -> dict[str, Any]:
    """Count each predictor that may be missing by stratum; half a person is added to each cell."""
    return {name: _spread(people, name) for name in OPTIONAL}


def _spread(people: People, name: str) -> dict[str, Any]:
    value, kept = people.values[name], np.ones(len(people.state), dtype=bool)
    levels: list[Any] = ["absent", "present", "cannot-assess"]
    if name == "imaging":
        levels, kept = ["no-infarct", "infarct"], value != "no-scan"
    elif name == "atrial_fibrillation":
        levels, kept = [0.0, 1.0], ~np.isnan(value)
    elif name == "systolic_bp_mmhg":
        edges = np.quantile(value, np.arange(1, PRESSURES) / PRESSURES)
        group = np.searchsorted(edges, value, side="right")
        levels = [round(float(value[group == at].mean()), 1) for at in range(PRESSURES)]
        value = np.array(levels)[group]
    counts = np.array([
        [((value == level) & kept & (people.stratum == at)).sum() + 0.5 for level in levels]
        for at in range(STRATA)
    ])  # fmt: skip
    return {"levels": levels, "shares": np.round(counts / counts.sum(1, keepdims=True), 4)}


def objective(
    beta: Floats, design: Floats, hit: Floats, ridge: float = RIDGE
) -> tuple[float, Floats, Floats]:
    """Give the penalised log likelihood of a logistic regression, its gradient and curvature."""
    line = design @ beta
    penalty = np.full(len(beta), ridge)
    penalty[0] = 0.0
    chance = expit(line)
    value = float(hit @ line - np.logaddexp(0.0, line).sum() - 0.5 * penalty @ beta**2)
    gradient = design.T @ (hit - chance) - penalty * beta
    curve = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(penalty)
    return value, gradient, curve


def newton(design: Floats, hit: Floats, ridge: float = RIDGE) -> tuple[Floats, Floats]:
    """Climb to the maximum; give it with the inverse of the curvature."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        _, gradient, curve = objective(beta, design, hit, ridge)
        step = np.linalg.solve(curve, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-11:
            inverse: Floats = np.linalg.inv(curve).astype(np.float64)
            return beta, inverse
    raise ArithmeticError("the fit did not settle")


def fit(design: Floats, state: NDArray[np.int64], ages: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Fit the three steps; `ages` marks the columns that the third step leaves out."""
    width = design.shape[1]
    beta, covariance = np.zeros((3, width)), np.zeros((3, width, width))
    for at in range(3):
        left, kept = state >= at, np.flatnonzero((at != AGELESS) | ~ages)
        found = newton(design[left][:, kept], (state[left] == at).astype(float))
        beta[at, kept], covariance[at][np.ix_(kept, kept)] = found
    return beta, covariance


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What was learnt from some people."""

    coding: list[dict[str, Any]]
    spread: dict[str, Any]
    coefficients: Floats
    covariance: Floats

    def design(self, people: People) -> Floats:
        """Make the columns of some people, perhaps others."""
        return columns(filled(people, self.spread), self.coding)


def fit_people(people: People, without: tuple[str, ...] = ()) -> Fit:
    """Learn everything from some people: knots, spreads and coefficients."""
    coding = [one for one in coding_of(people) if one["field"] not in without]
    spread = spreads(people)
    design = columns(filled(people, spread), coding)
    return Fit(coding, spread, *fit(design, people.state, age_columns(coding)))


def age_columns(coding: list[dict[str, Any]]) -> NDArray[np.bool_]:
    """Mark the columns of age."""
    return np.array([name.startswith("age_years") for name in column_names(coding)])
