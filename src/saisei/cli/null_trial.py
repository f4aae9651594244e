"""``saisei null-trial``: what a study without a control group reports if the cells do nothing."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.cli.output import progress, write_folder
from saisei.cli.pictures import Out, as_json, told

if TYPE_CHECKING:
    from saisei.base.errors import OptionError
    from saisei.eligibility import Expression
    from saisei.forecast import NullTrial

__all__ = ["null_trial", "settled"]

FIELD = "fma_ue"
NEGLIGIBLE = 1e-12


def null_trial(
    people: Annotated[int, typer.Option(help="How many are measured before and after.")],
    months_since_stroke: Annotated[float, typer.Option(help="When the first score is taken.")],
    months: Annotated[float, typer.Option(help="How long after it the second one is taken.")],
    context: Annotated[
        str | None,
        typer.Option(
            help="What goes on meanwhile: none (therapy has ended), control, intensive, "
            "home-therapy, usual-care, therapy-arms, first-year-therapy, after-rehabilitation."
        ),
    ] = None,
    select: Annotated[
        str | None, typer.Option(help='Who is taken in by the first score, such as "fma_ue<50".')
    ] = None,
    baseline_mean: Annotated[float | None, typer.Option(help="Mean first score.")] = None,
    baseline_sd: Annotated[float | None, typer.Option(help="SD of first scores.")] = None,
    sem: Annotated[float | None, typer.Option(help="Error of one score, in points (SD).")] = None,
    spread: Annotated[
        float | None, typer.Option(help="SD of true mean gains between studies, in points.")
    ] = None,
    trials: Annotated[int, typer.Option(help="Simulated studies, for the p-values.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Out = None,
) -> None:
    """Say what an arm-score study without a control group reports if the cells do nothing.

    Example: saisei null-trial --people 18 --months-since-stroke 24 --context intensive --months 12
    """
    from saisei import forecast

    given = {"baseline_mean": baseline_mean, "baseline_sd": baseline_sd, "sem": sem,
             "spread": spread}  # fmt: skip
    about = {name: value for name, value in given.items() if value is not None}
    with progress("simulating studies"):
        found = forecast.null_trial(
            people,
            months_since_stroke,
            months,
            context,
            select=None if select is None else score_range(select),
            trials=trials,
            seed=seed,
            **about,
        )
    result = settled(plain(found))
    if out is not None:
        from saisei.report import null_trial_files

        files = {**null_trial_files(found), "result.json": as_json("null-trial", result)}
        write_folder(out, files)
    if as_json_:
        sys.stdout.write(as_json("null-trial", result))
        return
    from saisei.report import null_trial_text

    sys.stdout.write(null_trial_text(found))
    if out is not None:
        told(out, tuple(files))


def score_range(select: str) -> tuple[float, float]:
    """Read ``--select``: the lowest and the highest whole score that it lets in.

    Raises
    ------
    OptionError
        It cannot be read, is about something else than the arm score, or lets nobody in.
    """
    from saisei.base.errors import CriterionError, OptionError, Problem
    from saisei.eligibility import parse

    try:
        expression = parse(select)
    except CriterionError as error:
        first = error.problems[0]
        says = (first.code, first.found, first.expected, first.next_step)
        problem = Problem(*says, field="--select")
        raise OptionError(problem) from None
    low, high = _limits(expression)
    if low > high:
        raise _refused(f"`{select}` lets nobody in")
    return low, high


def _limits(expression: Expression) -> tuple[float, float]:
    from saisei.eligibility import And, Between, Compare, OneOf, Operator

    low, high = 0.0, 66.0
    match expression:
        case Compare(field, operator, limit) if field == FIELD:
            if operator in {Operator.LT, Operator.LE}:
                high = _below(limit, within=operator is Operator.LE)
            else:
                low = _above(limit, within=operator is Operator.GE)
        case Between(field, start, end, low_in, high_in) if field == FIELD:
            low, high = _above(start, within=low_in), _below(end, within=high_in)
        case OneOf(field, values) if field == FIELD and len(values) == 1:
            low = high = float(values[0])
        case And(parts):
            both = [_limits(part) for part in parts]
            low, high = max(one for one, _ in both), min(other for _, other in both)
        case _:
            raise _refused("this is no range of the arm score")
    return max(low, 0.0), min(high, 66.0)


def _below(limit: float, *, within: bool) -> float:
    return math.floor(limit) if within else math.ceil(limit) - 1.0


def _above(limit: float, *, within: bool) -> float:
    return math.ceil(limit) if within else math.floor(limit) + 1.0


def _refused(what: str) -> OptionError:
    from saisei.base.errors import OptionError, Problem

    expected = 'one range of fma_ue, such as "fma_ue<50" or "10 <= fma_ue <= 45"'
    return OptionError(Problem("select", what, expected, field="--select"))


def settled(value: Any) -> Any:
    """Round every number to seven digits, so that no machine's last digits show.

    Examples
    --------
    >>> settled({"a": [1 / 3, 1e-15, 12, True]})
    {'a': [0.3333333, 0.0, 12, True]}
    """
    if isinstance(value, dict):
        return {key: settled(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [settled(inside) for inside in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if abs(value) > NEGLIGIBLE else 0.0
    return value


def plain(found: NullTrial) -> dict[str, Any]:
    """Give everything as plain values."""
    return {
        "people": found.people,
        "months_since_stroke": found.months_since_stroke,
        "months": found.months,
        "context": found.context.id,
        "select": list(found.score_range),
        "mean": found.mean,
        "sd": found.sd,
        "share_gain_6": found.share_gain_6,
        "share_loss_6": found.share_loss_6,
        "selected": found.selected,
        "selection_moves": found.selection_moves,
        "spread_between_studies": found.spread,
        "mean_gain": _spread(found.mean_gain),
        "responders": {
            one.id: {
                "gain": one.gain,
                "whose": str(one.whose),
                "share": one.share,
                **_spread(one.count),
            }
            for one in found.responders
        },
        "p_values": {
            name: {
                "quantiles": dict(zip(LEVELS, test.quantiles, strict=True)),
                "share_at_most": {f"{level:g}": share for level, share in test.below},
            }
            for name, test in (("paired_t", found.t_test), ("wilcoxon", found.wilcoxon))
        },
        "reach": found.reach,
        "figures": [_figure(one) for one in found.figures],
        "later_trial": _later(found),
        "trials": found.trials,
        "seed": found.seed,
        "extrapolated": str(found.extrapolated) if found.extrapolated else None,
        "notes": [str(one) for one in found.notes],
        "not_in_model": [str(one) for one in found.not_in_model],
        "reading": [str(one) for one in found.reading],
        "sources": sorted({key for one in found.figures for key in one.figure.source_keys}),
    }


LEVELS = ("5%", "25%", "50%", "75%", "95%")


def _spread(spread: Any) -> dict[str, Any]:
    at = dict(zip(LEVELS, (0.05, 0.25, 0.5, 0.75, 0.95), strict=True))
    quantiles = {name: spread.quantile(level) for name, level in at.items()}
    return {"mean": spread.mean, "sd": spread.sd, "quantiles": quantiles}


def _figure(one: Any) -> dict[str, Any]:
    figure = one.figure
    return {
        "id": figure.id,
        "study": figure.title,
        "outcome": figure.outcome.value,
        "kind": figure.kind,
        "value": figure.value,
        "arm_value": figure.arm_value,
        "carried_to_arm": figure.carried,
        "people": figure.people,
        "reach": one.share,
        "reach_with_its_own_people": one.own_size,
        "reach_of_its_t": one.as_significant,
        "reach_by_spread": [{"spread": wide, "reach": share} for wide, share in one.by_spread],
        "followed_by": figure.followed_by,
        "sources": list(figure.source_keys),
    }


def _later(found: NullTrial) -> dict[str, Any]:
    later = found.later
    return {
        "study": later.study_id,
        "primary_endpoint_met": later.met,
        "gain": later.gain,
        "cells": dict(zip(("events", "people"), later.treated, strict=True)),
        "sham": dict(zip(("events", "people"), later.control, strict=True)),
        "second_hand": later.second_hand,
        "sources": list(later.source_keys),
    }
