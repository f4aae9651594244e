"""Fit the model of the first days on the people of IST-1, and validate it country by country.

    PYTHONPATH=src python -m tools.ist1_model           writes src/saisei/forecast/first_days.yaml
                                                        and the tables of docs/methods-first-days.md
    PYTHONPATH=src python -m tools.ist1_model --check   1 if either would change
    (add --fit-only to compare the fit and leave out the minutes of validation)

Method, decisions and limits: docs/methods-first-days.md. Nothing is drawn at random.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tools.ist1_fit import (
    OPTIONAL,
    ROOT,
    STRATA_AGES,
    SYNDROMES,
    Fit,
    People,
    fit_people,
    read_people,
)
from tools.ist1_measures import CUTS
from tools.ist1_people import people_table
from tools.ist1_validation import Checked, check

from saisei.forecast.first_days_model import column_names

MODEL = ROOT / "src" / "saisei" / "forecast" / "first_days.yaml"
PAGE = ROOT / "docs" / "methods-first-days.md"
REQUIRED = ("age_years", "sex", "conscious_level", "ocsp_class", "deficit_arm_hand",
            "deficit_leg_foot", "hours_since_stroke")  # fmt: skip
HEAD = """\
# The model of the first days: dead, dependent, not recovered or recovered half a year later.
# Made by tools/ist1_model.py from examples/ist1/ist1.csv.gz; do not edit: run the script.
# Method and limits: docs/methods-first-days.md.
# Contains information from the International Stroke Trial database (version 2), made available
# under the ODC Attribution License.
#
# Three steps of logistic regression: dead; dependent among the alive; not recovered among the
# alive and independent.
# coding: how a predictor becomes columns (spline: restricted cubic, the value first taken as
#   (value - centre) / unit; levels: 1 for the level).
# coefficients: log odds, one number for each step (0 where the step leaves a column out).
# covariance: lower triangle for each step, in the order of the coefficients.
# spread: shares of a predictor's levels by stratum, for averaging over what is not known. A
#   stratum is (not alert * syndromes + syndrome) * ages + age, each counted from 0.
# validation: predictions for people of countries left out of the fit. intercept: slope held at 1.
# between_countries: standard deviation of those intercepts between countries.
# tenths: people of countries left out, by tenths of the chance; to: the highest chance of it;
#   lowest, highest: observed shares of the places that have at least 50 of these people.
"""


def number(value: float, places: int = 7) -> str:
    """Write a number in a fixed form; minus nothing is nothing."""
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain(value: Any, places: int = 4) -> str:
    """Write a value on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {plain(one, places)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(plain(one, places) for one in value) + "]"
    if isinstance(value, float):
        return number(value, places)
    return str(value)


def table(name: str, rows: dict[str, Any]) -> list[str]:
    """Write a mapping, an entry on each line; a name with a comma is quoted."""
    keys = [f'"{key}"' if re.search(r"[, =]|^NO?$", key) else key for key in rows]
    return [f"{name}:"] + [f"  {k}: {plain(v)}" for k, v in zip(keys, rows.values(), strict=True)]


def fitted(fit: Fit) -> Iterable[str]:
    """Write what was fitted."""
    names = column_names(fit.coding)
    yield "coding:"
    yield from (f"  - {plain(one)}" for one in fit.coding)
    yield "coefficients:"
    for at, name in enumerate(names):
        yield f'  "{name}": [{", ".join(number(row[at]) for row in fit.coefficients)}]'
    yield "covariance:"
    for step, matrix in zip(("dead", "dependent", "not_recovered"), fit.covariance, strict=True):
        yield f"  - step: {step}"
        yield "    lower_triangle:"
        for at, row in enumerate(matrix):
            yield f"      - [{', '.join(number(one, 9) for one in row[: at + 1])}]"
    yield "spread:"
    for name, one in fit.spread.items():
        yield f"  {name}:"
        yield f"    levels: {plain(one['levels'])}"
        yield f"    shares: {plain(one['shares'])}"


def settings() -> Iterable[str]:
    """Write where the numbers are from, and for whom they are."""
    yield "sources:"
    yield (
        '  ist1: {title: "Sandercock 2011, International Stroke Trial database (version 2)", '
        'url: "https://doi.org/10.7488/ds/104", kind: open-data, doi: 10.1186/1745-6215-12-101, '
        'note: "made available under the ODC Attribution License; numbers computed by us"}'
    )
    yield '  own: {title: "Conventions of Saisei, 2026-11-20", kind: own-file}'
    yield "made_by: tools/ist1_model.py"
    yield "states: [dead, dependent, not_recovered, recovered]"
    yield "entered_from: 1991"
    yield "entered_until: 1996"
    yield f"required: {plain(REQUIRED)}"
    yield f"may_be_missing: {plain(OPTIONAL)}"
    yield "most_missing: 4   # convention; more than that were left out together in the validation"
    yield "hours_until: 48   # people entered the trial up to then"
    yield "level: 0.95"
    yield "strata:"
    yield f"  age_from: {plain(STRATA_AGES)}"
    yield f"  syndromes: {plain(SYNDROMES)}"


def validated(checked: Checked) -> Iterable[str]:
    """Write what was measured."""
    yield from table("people", checked.counts)
    yield from table("between_countries", checked.between)
    yield from table("validation", checked.overall)
    yield from table("missing_predictors", checked.missing)
    yield from table("other_choices", checked.choices)
    yield from table("groups", checked.groups)
    yield "tenths:"
    for cut, rows in checked.tenths.items():
        yield f"  {cut}:"
        yield from (f"    - {plain(row)}" for row in rows)
    yield "countries:"
    for name, row in checked.countries.items():
        yield f'  "{name}":'
        yield from (f"    {key}: {plain(value)}" for key, value in row.items())


def tables(checked: Checked) -> str:
    """Write the tables of the page."""
    head = ["country", "people", *(f"{cut.replace('_', ' ')}: {what}" for cut in CUTS
            for what in ("slope", "intercept")), "AUC", "AUC of EXPDD"]  # fmt: skip
    rows = [head, ["---"] * len(head)]
    for name, row in checked.countries.items():
        cells = [f"{row[cut][what]:.2f} ({row[cut][what + '_se']:.2f})" for cut in CUTS
                 for what in ("slope", "intercept")]  # fmt: skip
        rows.append(
            [name, f"{row['people']:,}", *cells, f"{row['auc']:.3f}", f"{row['auc_trial']:.3f}"]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def spread_table(checked: Checked) -> str:
    """Write expected and observed by tenths, and between which shares the places lie."""
    cuts = ("dead", "dead or dependent", "not recovered or worse")
    head = ["tenth", *(f"{cut}: {what}" for cut in cuts for what in ("expected", "observed"))]
    rows = [head, ["---"] * len(head)]
    for at in range(10):
        tenth = [checked.tenths[cut][at] for cut in CUTS]
        cells = [_shares(one) for one in tenth]
        rows.append([str(at + 1), *(cell for pair in cells for cell in pair)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _shares(tenth: dict[str, Any]) -> tuple[str, str]:
    expected, observed, low, high = (
        f"{100 * tenth[name]:.0f}" for name in ("expected", "observed", "lowest", "highest")
    )
    return expected, f"{observed} ({low} to {high})"


def group_table(checked: Checked) -> str:
    """Write how it fares by sex and age."""
    head = ["who", "people", "expected", "observed", "slope", "AUC"]
    rows = [head, ["---"] * len(head)]
    for name, row in checked.groups.items():
        shares = [f"{100 * row[what]:.0f}" for what in ("expected", "observed")]
        rows.append(
            [name, f"{row['people']:,}", *shares, f"{row['slope']:.2f}", f"{row['auc']:.3f}"]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def with_tables(page: str, checked: Checked, people: People) -> str:
    """Put the tables between their marks."""
    made = {
        "table": tables(checked),
        "tenths": spread_table(checked),
        "groups": group_table(checked),
        "people": people_table(people),
    }
    for name, text in made.items():
        marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = f"{marks[0]}.*{marks[1]}"
        page = re.sub(pattern, f"{marks[0]}\n{text}\n{marks[1]}", page, flags=re.DOTALL)
    return page


def write_or_compare(files: dict[Path, str], *, compare: bool) -> int:
    """Write the files, or say whether they would change."""
    if compare:
        changed = [path.name for path, text in files.items() if path.read_text("utf-8") != text]
        print("would change: " + ", ".join(changed) if changed else "the same, byte for byte")
        return int(bool(changed))
    for path, text in files.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def main(options: list[str]) -> int:
    """Write the model and its page, or compare."""
    people = read_people()
    fit = fit_people(people)
    made = HEAD + "\n".join((*settings(), *fitted(fit))) + "\n"
    if "--fit-only" in options:
        same = MODEL.read_text("utf-8").startswith(made)
        print("the fit is the same, byte for byte" if same else "the fit would change")
        return int(not same)
    checked = check(people, fit)
    made += "\n".join(validated(checked)) + "\n"
    page = with_tables(PAGE.read_text("utf-8"), checked, people)
    return write_or_compare({MODEL: made, PAGE: page}, compare="--check" in options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
