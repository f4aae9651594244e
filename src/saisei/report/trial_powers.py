"""The power of a controlled trial as lines and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

from saisei.forecast import ArmMeans, ArmResponders, TrialPower
from saisei.report.null_trials import out_of, words
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.bars import BarPicture, Mark, bars_file

__all__ = ["power_picture", "power_text"]


def kind_of(found: TrialPower) -> str:
    """Name the outcome: arm, responders or mrs."""
    if isinstance(found.outcome, ArmMeans):
        return "arm"
    return "responders" if isinstance(found.outcome, ArmResponders) else "mrs"


def power_text(found: TrialPower, needed: bool) -> str:  # noqa: FBT001 - one line more or not
    """Write the power as lines; `needed`: the number of people was looked for."""
    say, kind, design = words().say, kind_of(found), found.design
    lines = [say("power.title", outcome=say(f"power.outcomes.{kind}"))]
    if needed:
        lines.append(say("power.needed", people=design.people))
    sides = say(f"power.sides.{'one' if design.sides == 1 else 'two'}")
    lines.append(
        say(
            "power.design",
            people=design.people,
            treated=found.treated,
            control=found.control,
            alpha=f"{design.alpha:g}",
            sides=sides,
        )
    )
    lines += [_effect(found, kind), say("power.power", power=out_of(found.power))]
    if found.simulated is not None:
        trials = f"{found.trials:,}"
        lines.append(say("power.simulated", trials=trials, power=out_of(found.simulated)))
    if found.assurance is not None and found.prior is not None:
        share = out_of(found.assurance)
        mean = f"{found.prior.mean:.2f}"
        lines.append(say("power.assurance", assurance=share, prior=found.prior.words, mean=mean))
        if found.prior.from_gain:
            lines.append(say("power.prior"))
    return "\n  ".join(lines) + "\n"


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
