"""The power of a controlled trial as lines and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from saisei.base.sources import Statement
from saisei.evidence import study_sources
from saisei.forecast import (
    ArmMeans,
    ArmResponders,
    DesignPrior,
    RankinShift,
    TrialPower,
    forecast_sources,
    null_trial_sources,
)
from saisei.forecast.trial_power import rankin_groups
from saisei.report.html import print_page
from saisei.report.null_trials import months_words, out_of, words
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.bars import BarPicture, Mark, bars_file
from saisei.report.standalone import Head

__all__ = ["kind_of", "power_files", "power_picture", "power_text"]


def kind_of(found: TrialPower) -> str:
    """Name the outcome: arm, responders or mrs."""
    if isinstance(found.outcome, ArmMeans):
        return "arm"
    return "responders" if isinstance(found.outcome, ArmResponders) else "mrs"


def power_text(found: TrialPower, *, needed: bool) -> str:
    """Write the power as lines; `needed`: the number of people was looked for."""
    lines = [_title(found), *map(str, _told(found, needed=needed)), _without()]
    return "\n  ".join(lines) + "\n"


def power_files(
    found: TrialPower, curve: Sequence[tuple[int, float]], *, needed: bool
) -> dict[str, str]:
    """Draw the power of trials of several sizes, and write a page around it."""
    drawn = power_picture(found, curve)
    known = {**study_sources(), **forecast_sources(), **null_trial_sources()}
    head = Head(_title(found), "saisei-trial-power/1", tuple(known.values()))
    page = print_page(
        "trial-power",
        {
            "page": Page(head),
            "decision": head,
            "say": words().say,
            "told": _told(found, needed=needed),
            "limits": [Statement(_without())],
            "picture": Markup(drawn),  # noqa: S704 - our own picture, escaped
        },
        "null-trial.css",
    )
    return {"power.svg": drawn, "page.html": page}


def _title(found: TrialPower) -> str:
    return words().say("power.title", outcome=words().say(f"power.outcomes.{kind_of(found)}"))


def _without() -> str:
    return words().say("power.without")


def _told(found: TrialPower, *, needed: bool) -> list[Statement]:
    say, kind, design = words().say, kind_of(found), found.design
    told = [Statement(say("power.needed", people=design.people))] if needed else []
    sides = say(f"power.sides.{'one' if design.sides == 1 else 'two'}")
    people = say(
        "power.design",
        people=design.people,
        treated=found.treated,
        control=found.control,
        alpha=f"{design.alpha:g}",
        sides=sides,
    )
    told += [Statement(people), Statement(_effect(found, kind)), *_scatter(found), *_control(found)]
    told.append(Statement(say("power.power", power=out_of(found.power))))
    if found.simulated is not None:
        told.append(Statement(_simulated(found, found.simulated)))
    return [*told, *_assured(found, kind)]


def _simulated(found: TrialPower, power: float) -> str:
    error = 196 * math.sqrt(max(power * (1 - power), 0.25 / found.trials) / found.trials)
    trials = f"{found.trials:,}"
    return words().say("power.simulated", trials=trials, power=out_of(power), error=f"{error:.1f}")


def _scatter(found: TrialPower) -> list[Statement]:
    """Say whose scatter is used, where nobody gave one."""
    if not isinstance(found.outcome, ArmMeans) or found.outcome.sd is not None:
        return []
    chosen = found.outcome.situation
    told = words().say(
        "power.scatter",
        title=chosen.context.title,
        since=months_words(found.outcome.months_since_stroke),
        months=months_words(found.outcome.months),
    )
    return [Statement(told, chosen.source_keys)]


def _control(found: TrialPower) -> list[Statement]:
    """Say how the control group is expected to fare on the Rankin scale, and where that is from."""
    if not isinstance(found.outcome, RankinShift):
        return []
    shares = ", ".join(f"{100 * share:.0f}" for share in found.outcome.control)
    known = found.outcome.control in rankin_groups().values()
    keys = ("null-trial/stroke_outcome",) if known else ()
    return [Statement(words().say("power.control", shares=shares), keys)]


def _assured(found: TrialPower, kind: str) -> list[Statement]:
    if found.assurance is None or found.prior is None:
        return []
    say, prior = words().say, _prior(found.prior, kind)
    told = say("power.assurance", assurance=out_of(found.assurance), prior=prior)
    caution = [Statement(say("power.prior"))] if found.prior.from_gain else []
    return [Statement(told, found.prior.source_keys), *caution]


def _prior(prior: DesignPrior, kind: str) -> str:
    """Say a prior in the outcome's own terms."""
    say, mean, sd = words().say, prior.mean, prior.sd
    if prior.from_gain:
        return say("power.priors.gain", words=prior.words, mean=f"{mean:.1f}")
    if kind == "mrs":
        ends = {"low": mean - 1.96 * sd, "mean": mean, "high": mean + 1.96 * sd}
        return say("power.priors.mrs", **{key: f"{math.exp(v):.2f}" for key, v in ends.items()})
    unit = 100 if kind == "responders" else 1
    return say(f"power.priors.{kind}", mean=f"{unit * mean:.3g}", sd=f"{unit * sd:.2g}")


def _effect(found: TrialPower, kind: str) -> str:
    say, effect = words().say, found.effect
    if isinstance(found.outcome, ArmMeans):
        sd = f"{found.outcome.residual_sd:.1f}"
        return say("power.effect.arm", effect=show_number(effect), sd=sd)
    if isinstance(found.outcome, ArmResponders):
        base = f"{100 * found.outcome.control:g}"
        return say("power.effect.responders", effect=f"{100 * effect:g}", base=base)
    return say(f"power.effect.{kind}", effect=f"{math.exp(effect):.2f}")


def power_picture(found: TrialPower, curve: Sequence[tuple[int, float]]) -> str:
    """Draw the power of trials of several sizes as an SVG file."""
    say = words().say
    sizes = [people for people, _ in curve]
    wide = (sizes[1] - sizes[0]) / 2
    bars = [(people - wide, people + wide, 100 * power) for people, power in curve]
    marked = Mark(found.design.people, f"{found.design.people}: {out_of(found.power)}")
    picture = BarPicture(
        title=say("power.title", outcome=say(f"power.outcomes.{kind_of(found)}")),
        description=say(
            "power.desc",
            low=out_of(curve[0][1]),
            few=sizes[0],
            high=out_of(curve[-1][1]),
            many=sizes[-1],
        ),
        bars=bars,
        marks=(marked,),
        across=say("power.across"),
        up=say("power.up"),
        caption=say("power.caption"),
    )
    return bars_file("power", picture)
