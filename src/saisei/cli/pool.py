"""``saisei pool``: a reviewer's own table, pooled."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from saisei.cli.output import must_be_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei import synthesis as syn
    from saisei.base.errors import Problem
    from saisei.evidence import StudyTable

__all__ = ["pool"]

RATIOS = ("OR", "RR", "ROM")
"""Measures that are pooled as logarithms."""


def pool(
    table: Annotated[Path, typer.Argument(help="A CSV file, one study a line.", metavar="FILE")],
    measure: Annotated[
        str, typer.Option(help="OR, RR, RD, MD, SMD, ROM; GEN for effects as they are.")
    ] = "GEN",
    method: Annotated[str, typer.Option(help="Estimator of tau2: REML, DL, PM, EE …")] = "REML",
    test: Annotated[str, typer.Option(help="knha, knha-safeguarded or z.")] = "knha",
    level: Annotated[float, typer.Option(help="Coverage of every interval.")] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Pool a table of studies; the columns may be named as in metafor, RevMan or meta.

    Example: saisei pool trials.csv --measure OR --method REML --test knha
    """
    from saisei import synthesis as syn
    from saisei.base.errors import DocumentError, OptionError, Problem
    from saisei.evidence import measures, read_table
    from saisei.synthesis.pairwise.heterogeneity import METHODS, Method
    from saisei.synthesis.pairwise.pooling import TESTS, Test

    must_be_known(measure, list(measures()), "--measure")
    must_be_known(method, list(METHODS), "--method")
    must_be_known(test, list(TESTS), "--test")
    if not 0 < level < 1:
        raise OptionError(
            Problem("level", f"{level:g}", "a share between 0 and 1, such as 0.95", field="--level")
        )
    read = read_table(table, measure)
    effects, labels, left_out = _effects(read, measure, str(table))
    try:
        pooled = syn.pool(effects.y, effects.v, cast("Method", method), cast("Test", test), level)
    except ValueError as error:
        lines = [read.lines[index] for index in effects.index]
        raise DocumentError(_mistake(str(error), lines, str(table))) from None
    if as_json:
        sys.stdout.write(json.dumps(_plain(measure, effects, labels, left_out, pooled), indent=1))
        sys.stdout.write("\n")
    else:
        sys.stdout.write(_text(measure, effects, labels, left_out, pooled))


def _effects(
    table: StudyTable, measure: str, path: str
) -> tuple[syn.Effect, tuple[str, ...], list[tuple[str, str]]]:
    """Make effects of a table; what cannot give one is named with the reason."""
    import numpy as np

    from saisei import synthesis as syn
    from saisei.base.errors import DocumentError, Place, Problem

    raw: dict[str, Any] = {name: np.array(cells) for name, cells in table.columns.items()}
    try:
        found = (
            _as_they_are(raw["y"], raw["v"])
            if measure == "GEN"
            else syn.effect(cast("Any", measure), **raw)
        )
    except ValueError as error:
        raise DocumentError(_mistake(str(error), table.lines, path)) from None
    if not found.y.size:
        problem = Problem("table", "no study gives an effect", "one at least", place=Place(path))
        raise DocumentError(problem)
    labels = tuple(table.labels[index] for index in found.index)
    left_out = [(table.labels[one.index], one.reason) for one in found.left_out]
    return found, labels, left_out


def _mistake(told: str, lines: Sequence[int], path: str) -> Problem:
    """Tell of a number that cannot be, by its line in the file."""
    from saisei.base.errors import Place, Problem

    entry = re.fullmatch(r"(\w+)\[(\d+)\] is (.+?); expected (.+)", told)
    if entry is None:
        return Problem("table", told, "numbers of studies", place=Place(path))
    name, index, value, expected = entry.groups()
    at = Place(path, lines[int(index)])
    return Problem("table", f"{name} is {value}", expected, place=at)


def _as_they_are(y: Any, v: Any) -> syn.Effect:
    """Take effects and variances as the table gives them, without those that are missing."""
    import numpy as np

    from saisei import synthesis as syn

    given = np.isfinite(y) & np.isfinite(v)
    left_out = tuple(syn.LeftOut(int(at), "a number is missing") for at in np.flatnonzero(~given))
    return syn.Effect(y[given], v[given], np.flatnonzero(given), "GEN", "as given", left_out)


def _plain(
    measure: str,
    effects: syn.Effect,
    labels: tuple[str, ...],
    left_out: list[tuple[str, str]],
    pooled: syn.PoolResult,
) -> dict[str, Any]:
    """Give everything as plain values; ratios are logarithms."""
    rows = zip(labels, effects.y, effects.se, pooled.weights, strict=True)
    return {
        "measure": measure,
        "formula": effects.formula,
        "logarithm": measure in RATIOS,
        "studies": [
            {"study": label, "y": float(y), "se": float(se), "weight": float(weight)}
            for label, y, se, weight in rows
        ],
        "left_out": [{"study": label, "reason": reason} for label, reason in left_out],
        "pool": pooled.to_dict(),
    }


def _text(
    measure: str,
    effects: syn.Effect,
    labels: tuple[str, ...],
    left_out: list[tuple[str, str]],
    pooled: syn.PoolResult,
) -> str:
    """Print the studies, the pool, and a ratio on its natural scale."""
    import numpy as np

    wide = max(map(len, labels))
    lines = [effects.formula if measure in effects.formula else f"{measure}, {effects.formula}"]
    for label, y, se, weight in zip(labels, effects.y, effects.se, pooled.weights, strict=True):
        lines.append(f"  {label:<{wide}}  {y:9.4f}  (se {se:.4f})  {100 * weight:5.1f} %")
    lines += [f"  left out: {label}: {reason}" for label, reason in left_out]
    lines.append(repr(pooled))
    if measure in RATIOS:
        with np.errstate(over="ignore"):
            ratio, low, high = np.exp([pooled.estimate, *pooled.ci])
        lines.append(f"  {measure} {ratio:.4g}, {low:.4g} to {high:.4g}")
    return "\n".join(lines) + "\n"
