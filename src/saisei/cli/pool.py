"""``saisei pool``: a reviewer's own table, pooled."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from saisei.cli.output import must_be_known
from saisei.cli.pictures import (
    ControlName,
    Good,
    Out,
    TreatmentName,
    as_json,
    scale_of,
    told,
    write_pool,
)

if TYPE_CHECKING:
    from saisei import synthesis as syn
    from saisei.base.errors import Problem
    from saisei.evidence import StudyTable

__all__ = ["Level", "Method", "pool"]

Method = Annotated[str, typer.Option(help="Estimator of tau2: REML, DL, PM, EE …")]
Level = Annotated[float, typer.Option(help="Coverage of every interval.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def pool(
    table: Annotated[Path, typer.Argument(help="A CSV file, one study a line.", metavar="FILE")],
    measure: Annotated[
        str,
        typer.Option(
            help="OR, RR, RD, PETO; MD, SMD, ROM; IRR. Effects as they are, with a variance or a "
            "standard error: HR or RATIO for logarithms, GEN for others."
        ),
    ] = "GEN",
    method: Method = "REML",
    test: Annotated[str, typer.Option(help="knha, knha-safeguarded, t or z.")] = "knha",
    level: Level = 0.95,
    analysis: Annotated[
        str | None,
        typer.Option(help="Of a Review Manager export: comparison and outcome, such as 1.2."),
    ] = None,
    good: Good = None,
    treatment: TreatmentName = "treatment",
    control: ControlName = "control",
    as_json_: AsJson = False,
    out: Out = None,
) -> None:
    """Pool a table of studies; the columns may be named as in metafor, RevMan or meta.

    Example: saisei pool trials.csv --measure OR --good lower --out figures
    """
    from saisei import synthesis as syn
    from saisei.base.errors import DocumentError
    from saisei.evidence import measures, read_table
    from saisei.synthesis.pairwise.heterogeneity import METHODS
    from saisei.synthesis.pairwise.pooling import TESTS

    must_be_known(measure, list(measures()), "--measure")
    must_be_known(method, list(METHODS), "--method")
    must_be_known(test, list(TESTS), "--test")
    check_level(level)
    scale = scale_of(measure, good, treatment, control) if out or good else None
    read = read_table(table, measure, analysis)
    effects, labels, left_out = _effects(read, measure, str(table))
    try:
        pooled = syn.pool(effects.y, effects.v, cast("Any", method), cast("Any", test), level)
    except ValueError as error:
        raise DocumentError(_mistake(str(error), read, effects, str(table))) from None
    result = _plain(measure, effects, labels, left_out, pooled)
    if out is not None and scale is not None:
        rows = effects.index.tolist()
        columns = _columns(read, rows, treatment, control)
        unused = [f"{label} ({reason})" for label, reason in left_out]
        write_pool(out, pooled, labels, scale, columns, unused, result)
    if as_json_:
        sys.stdout.write(as_json("pool", result))
        return
    sys.stdout.write(_text(measure, effects, labels, left_out, pooled))
    if out is not None:
        told(out, ("forest.svg", "funnel.svg", "result.json"))


def check_level(level: float) -> None:
    """Refuse a level that is no share."""
    from saisei.base.errors import OptionError, Problem

    if not 0 < level < 1:
        expected = "a share between 0 and 1, such as 0.95"
        raise OptionError(Problem("level", f"{level:g}", expected, field="--level"))


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
            _as_they_are(raw["y"], raw["v"], measure)
            if table.given
            else syn.effect(cast("Any", measure), **raw)
        )
    except ValueError as error:
        raise DocumentError(_mistake(str(error), table, None, path)) from None
    if not found.y.size:
        problem = Problem("table", "no study gives an effect", "one at least", place=Place(path))
        raise DocumentError(problem)
    labels = tuple(table.labels[index] for index in found.index)
    left_out = [(table.labels[one.index], one.reason) for one in found.left_out]
    return found, labels, left_out


def _mistake(told: str, table: StudyTable, effects: syn.Effect | None, path: str) -> Problem:
    """Tell of a number that cannot be, by its place in the file."""
    from saisei.base.errors import Place, Problem

    entry = re.fullmatch(r"(\w+)\[(\d+)\] is (.+?); expected (.+)", told)
    if entry is None:
        return Problem("table", told, "numbers of studies", place=Place(path))
    name, index, value, expected = entry.groups()
    row = int(index) if effects is None else int(effects.index[int(index)])
    places = table.places.get(name)
    at = Place(path, table.lines[row]) if places is None else places[row]
    return Problem("table", f"{name} is {value}", expected, place=at)


def _as_they_are(y: Any, v: Any, measure: str) -> syn.Effect:
    """Take effects and variances as the table gives them, without those that are missing."""
    import numpy as np

    from saisei import synthesis as syn
    from saisei.evidence import is_ratio

    given = np.isfinite(y) & np.isfinite(v)
    left_out = tuple(syn.LeftOut(int(at), "a number is missing") for at in np.flatnonzero(~given))
    formula = "logarithms as given" if is_ratio(measure) else "as given"
    return syn.Effect(y[given], v[given], np.flatnonzero(given), measure, formula, left_out)


def _columns(
    table: StudyTable, rows: list[int], treatment: str, control: str
) -> list[tuple[str, list[str]]]:
    """Give the numbers of both arms as a forest plot prints them."""
    heads = (treatment, control)
    return [
        (head[:1].upper() + head[1:], [_arm(table, row, side) for row in rows])
        for head, side in zip(heads, "12", strict=True)
        if not table.given
    ]


def _arm(table: StudyTable, row: int, side: str) -> str:
    have = {name[:-1]: cells[row] for name, cells in table.columns.items() if name[-1] == side}
    if "events" in have:
        return f"{have['events']:g}/{have.get('n', have.get('time', 0.0)):g}"
    return f"{have['mean']:g} ({have['sd']:g}), {have['n']:g}".replace("-", "−")


def _plain(
    measure: str,
    effects: syn.Effect,
    labels: tuple[str, ...],
    left_out: list[tuple[str, str]],
    pooled: syn.PoolResult,
) -> dict[str, Any]:
    """Give everything as plain values; ratios are logarithms."""
    from saisei.evidence import is_ratio

    rows = zip(labels, effects.y, effects.se, pooled.weights, strict=True)
    return {
        "measure": measure,
        "formula": effects.formula,
        "logarithm": is_ratio(measure),
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

    from saisei.evidence import is_ratio

    wide = max(map(len, labels))
    lines = [effects.formula if measure in effects.formula else f"{measure}, {effects.formula}"]
    for label, y, se, weight in zip(labels, effects.y, effects.se, pooled.weights, strict=True):
        lines.append(f"  {label:<{wide}}  {y:9.4f}  (se {se:.4f})  {100 * weight:5.1f} %")
    lines += [f"  left out: {label}: {reason}" for label, reason in left_out]
    lines.append(repr(pooled))
    if is_ratio(measure):
        with np.errstate(over="ignore"):
            ratio, low, high = np.exp([pooled.estimate, *pooled.ci])
        lines.append(f"  {measure} {ratio:.4g}, {low:.4g} to {high:.4g}")
    return "\n".join(lines) + "\n"
