"""``saisei validate``: forecasts held against the later scores of the same people."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from saisei.cli.null_trial import settled
from saisei.cli.output import progress, write_folder
from saisei.cli.pictures import as_json, told

if TYPE_CHECKING:
    from saisei.forecast import ScaleValidation, Validation
    from saisei.forecast.validation import Stratum
    from saisei.forecast.validation_figures import Figures

__all__ = ["validate"]


def validate(
    data: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV file with the columns person, day (since the stroke), scale, value and, "
            "if wanted, context.",
            metavar="DATA.csv",
        ),
    ] = None,
    horizon: Annotated[
        float | None,
        typer.Option(help="Days ahead: the later score nearest to it is compared; 183 unless said"),
    ] = None,
    origin: Annotated[
        str,
        typer.Option(
            "--from",
            help="first: from each person's first score, and from the first two. every: from each "
            "score with all the earlier ones.",
        ),
    ] = "first",
    context: Annotated[
        str | None,
        typer.Option(
            help="What went on meanwhile where a row does not say; otherwise it is not known."
        ),
    ] = None,
    simulated: Annotated[
        int | None,
        typer.Option(help="Instead of data: so many people simulated from the early model."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the simulated people; 1 unless said.")
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a page, its pictures (SVG) and the result (JSON) here.", metavar="DIR"
        ),
    ] = None,
) -> None:
    """Hold forecasts against the later scores of the same people: calibration, coverage, errors.

    Example: saisei validate scores.csv --out validation
    """
    from saisei import forecast

    _one_source(data, simulated, seed, {"--horizon": horizon, "--context": context}, origin)
    with progress("forecasting"):
        if simulated is not None:
            found = forecast.validate_simulated(simulated, 1 if seed is None else seed)
        else:
            found = forecast.validate(
                data, origin=cast("Any", origin), horizon=horizon, context_name=context
            )
    result = settled(plain(found))
    if out is not None:
        from saisei.report import validation_files

        files = {**validation_files(found), "result.json": as_json("validation", result)}
        write_folder(out, files)
    if as_json_:
        sys.stdout.write(as_json("validation", result))
        return
    from saisei.report import validation_text

    sys.stdout.write(validation_text(found))
    if out is not None:
        told(out, tuple(files))


def _one_source(
    data: Path | None,
    simulated: int | None,
    seed: int | None,
    others: dict[str, object],
    origin: str,
) -> None:
    """Refuse both sources, none, and an option that means nothing for the one given."""
    from saisei.base.errors import OptionError, Problem

    step = "For example: saisei validate scores.csv, or saisei validate --simulated 2000 --seed 1"
    if (data is None) == (simulated is None):
        what = "neither is given" if data is None else "both are given"
        expected = "a file of scores, or --simulated with a number of people"
        raise OptionError(Problem("source", what, expected, step, field="DATA.csv"))
    given = [name for name, value in others.items() if value is not None]
    if origin != "first":
        given.append("--from")
    if simulated is not None and given:
        what = "this means nothing for simulated people, whose scores are in weeks 1, 3 and 26"
        raise OptionError(Problem("option", what, field=given[0]))
    if simulated is None and seed is not None:
        what = "nothing is drawn at random with a file of scores"
        raise OptionError(Problem("option", what, field="--seed"))


def plain(found: Validation) -> dict[str, Any]:
    """Give everything as plain values; no score of any person."""
    choice, table = found.choice, found.table
    simulated = found.simulated
    return {
        "source": "data" if simulated is None else "simulated",
        "simulated": None if simulated is None else {"people": simulated[0], "seed": simulated[1]},
        "forecasts": {
            "from": choice.origin,
            "horizon_days": choice.horizon,
            "window_days": [choice.earliest, choice.latest],
            "context": choice.context,
        },
        "read": None if table is None else {
            "rows": table.rows,
            "people": table.people,
            "missing": table.missing,
            "repeated": table.repeated,
            "between_steps": dict(table.between),
            "not_forecast": dict(table.not_forecast),
            "ignored_columns": list(table.ignored),
        },
        "coverage": {one.scale_id: _coverage(one) for one in found.scales},
        "scales": {one.scale_id: _scale(one) for one in found.scales},
    }  # fmt: skip


def _coverage(one: ScaleValidation) -> dict[str, Any]:
    overall = None if one.overall is None else _levels(one.overall)
    strata = [{**_named(stratum), "levels": _levels(stratum.figures)} for stratum in one.strata]
    return {"overall": overall, "strata": strata}


def _levels(of: Figures) -> dict[str, Any]:
    return {
        f"{100 * level.level:g}": {"forecasts": of.forecasts, "people": of.people, **_plain(level)}
        for level in of.coverage
    }


def _scale(one: ScaleValidation) -> dict[str, Any]:
    made = one.made
    return {
        "flow": {
            "people": made.people,
            "scores": made.scores,
            "left_out": {code: count for code, count in made.left_out.items() if count},
        },
        "overall": _plain(one.overall),
        "strata": [
            {**_named(stratum), "figures": _plain(stratum.figures)} for stratum in one.strata
        ],
    }


def _named(stratum: Stratum) -> dict[str, Any]:
    judged = stratum.kind != "true-group"
    ends = {"low": stratum.low, "high": stratum.high}
    return {"by": stratum.kind, "name": stratum.name, **ends, "known_beforehand": judged}


def _plain(value: Any) -> Any:
    """Turn results into plain values, field by field."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(inside) for inside in value]
    return value
