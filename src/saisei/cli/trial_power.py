"""``saisei trial-power``: what a controlled trial can show, and how many people it needs."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.cli.null_trial import settled
from saisei.cli.output import must_be_known, progress, write_folder
from saisei.cli.pictures import Out, as_json, told

if TYPE_CHECKING:
    from saisei.base.errors import OptionError
    from saisei.forecast import (
        ArmMeans,
        ArmResponders,
        DesignPrior,
        RankinShift,
        TrialPower,
    )

__all__ = ["trial_power"]

OUTCOMES = ("arm", "responders", "mrs")


def trial_power(
    outcome: Annotated[
        str,
        typer.Option(
            help="arm: mean arm scores by ANCOVA; responders: shares; mrs: shift of the Rankin "
            "scale by proportional odds."
        ),
    ] = "arm",
    effect: Annotated[
        float | None,
        typer.Option(help="Points; difference of shares, such as 0.2; common odds ratio."),
    ] = None,
    people: Annotated[int | None, typer.Option(help="Randomised, both groups together.")] = None,
    power: Annotated[
        float | None, typer.Option(help="Instead of --people: find the smallest trial.")
    ] = None,
    ratio: Annotated[float, typer.Option(help="Treated people for each control.")] = 1.0,
    dropout: Annotated[float, typer.Option(help="Share without the later score.")] = 0.0,
    alpha: Annotated[float, typer.Option(help="Level of the test.")] = 0.05,
    one_sided: Annotated[bool, typer.Option("--one-sided", help="Test one side only.")] = False,
    months_since_stroke: Annotated[
        float | None, typer.Option(help="arm: time of the first score. [default: 24]")
    ] = None,
    months: Annotated[
        float | None, typer.Option(help="arm: time to the second one. [default: 12]")
    ] = None,
    context: Annotated[
        str | None, typer.Option(help="arm: what goes on in both groups (see null-trial).")
    ] = None,
    sd: Annotated[float | None, typer.Option(help="arm: SD of scores, with --correlation.")] = None,
    correlation: Annotated[float | None, typer.Option(help="arm: of both scores.")] = None,
    control_share: Annotated[
        float | None, typer.Option(help="responders: their share without treatment.")
    ] = None,
    control_shares: Annotated[
        str | None,
        typer.Option(
            help="mrs: large-vessel, other, or seven numbers: 12,25,20,… [default: large-vessel]"
        ),
    ] = None,
    effect_sd: Annotated[
        float | None,
        typer.Option(help="Prior of the effect for the assurance: SD (mrs: of its logarithm)."),
    ] = None,
    from_study: Annotated[
        str | None,
        typer.Option(help="arm: the prior is a share of this study's gain without a control."),
    ] = None,
    share: Annotated[
        str | None, typer.Option(help="Lowest and highest share, such as 0:0.8.")
    ] = None,
    trials: Annotated[int, typer.Option(help="Simulated trials; 0 for none.")] = 2_000,
    seed: Annotated[int, typer.Option(help="Of the simulation.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Out = None,
) -> None:
    """Give power and assurance of a controlled trial: arm scores, responders or Rankin shift.

    Example: saisei trial-power --people 120 --effect 3 --from-study steinberg-2025-nr1
    """
    from saisei import forecast

    must_be_known(outcome, OUTCOMES, "--outcome")
    if (people is None) == (power is None):
        raise _mistake("--people", "one of --people and --power is needed", "one of both")
    if not 0 <= trials <= 100_000 or seed < 0:
        raise _mistake("--trials", "this cannot be", "0 to 100,000 trials and a seed from 0")
    given = {"months_since_stroke": months_since_stroke, "months": months, "context": context,
             "sd": sd, "correlation": correlation}  # fmt: skip
    of_arm = {name: value for name, value in given.items() if value is not None}
    _only_own(outcome, [*of_arm], control_share, control_shares)
    means = forecast.ArmMeans(**of_arm)  # type: ignore[arg-type]  # each under its own name
    compared = _compared(outcome, means, control_share, control_shares or "large-vessel")
    prior, value = _prior(outcome, effect, effect_sd, from_study, share)
    design = forecast.Design(
        4 if people is None else people, ratio, dropout, alpha, 1 if one_sided else 2
    )
    with progress("simulating trials"):
        if power is not None:
            enough = forecast.people_needed(compared, design, value, power)
            design = forecast.Design(enough, ratio, dropout, alpha, design.sides)
        found = forecast.trial_power(compared, design, value, prior, trials=trials, seed=seed)
    _tell(found, out, as_json_=as_json_, needed=power is not None)


def _only_own(
    outcome: str, of_arm: list[str], control_share: float | None, control_shares: str | None
) -> None:
    """Refuse an option that says nothing about this outcome."""
    others = {"arm": of_arm,
              "responders": [] if control_share is None else ["control_share"],
              "mrs": [] if control_shares is None else ["control_shares"]}  # fmt: skip
    for owner, names in others.items():
        if owner != outcome and names:
            told = f"it says nothing about --outcome {outcome}"
            raise _mistake(f"--{names[0].replace('_', '-')}", told, f"--outcome {owner} with it")


def _compared(
    outcome: str, means: ArmMeans, control_share: float | None, control_shares: str
) -> ArmMeans | ArmResponders | RankinShift:
    from saisei import forecast

    if outcome == "arm":
        return means
    if outcome == "responders":
        return forecast.ArmResponders(_needed(control_share, "--control-share"))
    return forecast.RankinShift(_grades(control_shares))


def _tell(found: TrialPower, out: Path | None, *, as_json_: bool, needed: bool) -> None:
    from saisei.forecast import power_curve
    from saisei.report import power_files, power_text

    result = as_json("trial-power", settled(plain(found)))
    files = {}
    if out is not None:
        drawn = power_files(found, power_curve(found), needed=needed)
        files = {**drawn, "result.json": result}
        write_folder(out, files)
    if as_json_:
        sys.stdout.write(result)
        return
    sys.stdout.write(power_text(found, needed=needed))
    if out is not None:
        told(out, tuple(files))


def _needed(value: float | None, option: str) -> float:
    if value is None:
        raise _mistake(option, "it is missing", "a number")
    return value


def _prior(
    outcome: str,
    effect: float | None,
    effect_sd: float | None,
    from_study: str | None,
    share: str | None,
) -> tuple[DesignPrior | None, float]:
    """Give the prior and the effect; without an effect, the mean of a study's prior is taken."""
    from saisei import forecast

    if from_study is not None and (outcome != "arm" or effect_sd is not None):
        raise _mistake("--from-study", "it is for --outcome arm, without --effect-sd", "one prior")
    if share is not None and from_study is None:
        raise _mistake("--share", "it needs --from-study", "a study whose gain it is a share of")
    if from_study is not None:
        prior = forecast.study_prior(from_study, None if share is None else _share(share))
        return prior, prior.mean if effect is None else effect
    value = _needed(effect, "--effect")
    if outcome == "mrs":
        if not 0 < value < math.inf:
            raise _mistake("--effect", "this is no odds ratio", "a number above 0, such as 1.3")
        value = math.log(value)
    return None if effect_sd is None else forecast.normal_prior(value, effect_sd), value


def _share(written: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in written.split(":"))
    except ValueError:
        raise _mistake("--share", f"{written!r} is no range", "two shares, as 0:0.8") from None
    return low, high


def _grades(written: str) -> tuple[float, ...]:
    """Read seven counts or shares of the Rankin grades, or the name of a group."""
    from saisei.forecast import rankin_without

    if "," not in written:
        return rankin_without(written)
    try:
        numbers = [float(part) for part in written.split(",")]
    except ValueError:
        numbers = []
    whole = sum(numbers)
    sound = len(numbers) == 7 and min(numbers) >= 0 and 0 < whole < math.inf
    if not sound:
        expected = "seven numbers from 0, of grades 0 to 6"
        raise _mistake("--control-shares", "these are no counts of the grades", expected)
    return tuple(one / whole for one in numbers)


def _mistake(option: str, found: str, expected: str) -> OptionError:
    from saisei.base.errors import OptionError, Problem

    return OptionError(Problem("option", found, expected, field=option))


def plain(found: TrialPower) -> dict[str, Any]:
    """Give everything as plain values; an odds ratio stands as it is, with its logarithm."""
    from saisei.report.trial_powers import kind_of

    kind, design, prior = kind_of(found), found.design, found.prior
    own: dict[str, Any] = {"effect": found.effect}
    if kind == "mrs":
        own = {"effect": math.exp(found.effect), "log_odds_ratio": found.effect}
    return {
        "outcome": kind,
        **own,
        "people": design.people,
        "treated": found.treated,
        "control": found.control,
        "ratio": design.ratio,
        "dropout": design.dropout,
        "alpha": design.alpha,
        "sides": design.sides,
        "residual_sd": getattr(found.outcome, "residual_sd", None),
        "control_distribution": getattr(found.outcome, "control", None),
        "power": found.power,
        "simulated": found.simulated,
        "assurance": found.assurance,
        "prior": None
        if prior is None
        else {
            "words": prior.words,
            "mean": prior.mean,
            "sd": prior.sd,
            "from_uncontrolled_gain": prior.from_gain,
            "sources": list(prior.source_keys),
        },
        "trials": found.trials,
        "seed": found.seed,
    }
