"""What ``--out`` writes: the pictures of a pool and its result, all of them or none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from saisei.base.results import result_json as as_json
from saisei.cli.output import must_be_known, write_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saisei import synthesis as syn
    from saisei.report import EffectScale

__all__ = [
    "ControlName",
    "Good",
    "Out",
    "TreatmentName",
    "as_json",
    "scale_of",
    "told",
    "write_pool",
]

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write pictures (SVG) and the result (JSON) here.", metavar="DIR"),
]
Good = Annotated[
    str | None,
    typer.Option(help="Which effects are good for the person: lower or higher."),
]
TreatmentName = Annotated[str, typer.Option("--treatment", help="Its name in the pictures.")]
ControlName = Annotated[str, typer.Option("--control", help="Its name in the pictures.")]


def scale_of(
    measure: str, good: str | None, treatment: str = "treatment", control: str = "control"
) -> EffectScale:
    """Say what the effects are, for the pictures."""
    from saisei.evidence import is_ratio
    from saisei.report import EffectScale

    if good is not None:
        must_be_known(good, ["lower", "higher"], "--good")
    return EffectScale(measure, is_ratio(measure), cast("Any", good), treatment, control)


def write_pool(
    folder: Path,
    pooled: syn.PoolResult,
    labels: Sequence[str],
    scale: EffectScale,
    columns: Sequence[tuple[str, Sequence[str]]],
    left_out: Sequence[str],
    result: Mapping[str, Any],
) -> None:
    """Write the forest and the funnel of a pool, and its result."""
    from saisei.report import pool_forest, pool_funnel

    files = {
        "forest.svg": pool_forest(pooled, labels, scale, columns, left_out),
        "funnel.svg": pool_funnel(pooled, labels, scale),
        "result.json": as_json("pool", result),
    }
    write_folder(folder, files)


def told(folder: Path, names: Sequence[str]) -> None:
    """Say on a terminal what was written."""
    sys.stdout.write(f"written to {folder}: {', '.join(names)}\n")
