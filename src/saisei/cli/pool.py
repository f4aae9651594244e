"""``saisei pool``: a reviewer's own table, pooled."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from saisei.evidence import PooledTable, StudyTable

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
    from saisei.evidence import measures, pool_methods, pool_table, pool_tests, read_table

    must_be_known(measure, list(measures()), "--measure")
    must_be_known(method, list(pool_methods()), "--method")
    must_be_known(test, list(pool_tests()), "--test")
    check_level(level)
    scale = scale_of(measure, good, treatment, control) if out or good else None
    read = read_table(table, measure, analysis)
    pooled = pool_table(read, measure, method, test, level=level, name=str(table))
    result = pooled.to_dict()
    if out is not None and scale is not None:
        columns = _columns(read, pooled.effects.index.tolist(), treatment, control)
        unused = [f"{label} ({reason})" for label, reason in pooled.left_out]
        write_pool(out, pooled.pool, pooled.labels, scale, columns, unused, result)
    if as_json_:
        sys.stdout.write(as_json("pool", result))
        return
    sys.stdout.write(_text(pooled))
    if out is not None:
        told(out, ("forest.svg", "funnel.svg", "result.json"))


def check_level(level: float) -> None:
    """Refuse a level that is no share."""
    from saisei.base.errors import OptionError, Problem

    if not 0 < level < 1:
        expected = "a share between 0 and 1, such as 0.95"
        raise OptionError(Problem("level", f"{level:g}", expected, field="--level"))


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


def _text(found: PooledTable) -> str:
    """Print the studies, the pool, and a ratio on its natural scale."""
    import numpy as np

    from saisei.evidence import is_ratio

    measure, effects, pooled = found.measure, found.effects, found.pool
    wide = max(map(len, found.labels))
    lines = [effects.formula if measure in effects.formula else f"{measure}, {effects.formula}"]
    for label, y, se, weight in zip(
        found.labels, effects.y, effects.se, pooled.weights, strict=True
    ):
        lines.append(f"  {label:<{wide}}  {y:9.4f}  (se {se:.4f})  {100 * weight:5.1f} %")
    lines += [f"  left out: {label}: {reason}" for label, reason in found.left_out]
    lines.append(repr(pooled))
    if is_ratio(measure):
        with np.errstate(over="ignore"):
            ratio, low, high = np.exp([pooled.estimate, *pooled.ci])
        lines.append(f"  {measure} {ratio:.4g}, {low:.4g} to {high:.4g}")
    return "\n".join(lines) + "\n"
