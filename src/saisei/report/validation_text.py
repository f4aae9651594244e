"""A validation as lines, and the sentences that its page shares with them."""

from __future__ import annotations

import numpy as np

from saisei.base.store import load_data
from saisei.forecast.validation import ScaleValidation, Validation
from saisei.forecast.validation_figures import Compared, Coverage, Figures, Gains
from saisei.forecast.validation_rows import settings
from saisei.report.pictures.axis import show_number
from saisei.report.validation_tables import coverage_table, drawn_table, gain_table, rival_table
from saisei.report.validation_words import (
    CATALOGUE,
    percent,
    ranged,
    ranged_share,
    validation_words,
)
from saisei.scales import scale

__all__ = [
    "about_scale",
    "heights_of",
    "how_it_was_done",
    "intervals_of",
    "title_of",
    "validation_text",
]

SHOWN = (0.1, 0.2, 0.3, 0.5, 0.7)
"""Thresholds of the decision curve that the lines tell."""
SLACK = 1e-9


def validation_text(found: Validation) -> str:
    """Write a validation as lines, with the table of coverage at the end."""
    lines = [title_of(found), *(f"  {line}" for line in how_it_was_done(found))]
    shown = [one for one in found.scales if one.overall]
    for one in found.scales:
        lines += ["", scale(one.scale_id).name]
        for heading, sentences in about_scale(one):
            lines += [f"  {heading}", *(f"    {line}" for line in sentences)]
    for one in shown:
        lines += ["", *drawn_table(rival_table(one)), "", *drawn_table(gain_table(one))]
    lines += ["", *intervals_of(found)]
    for one in shown:
        lines += ["", *drawn_table(coverage_table(one))]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def title_of(found: Validation) -> str:
    """Say what was held against what."""
    say = validation_words().say
    if found.simulated is not None:
        return say("title.simulated", people=f"{found.simulated[0]:,}")
    name = found.table.name if found.table else ""
    return say("title.data", name=name.rpartition("/")[2])


def how_it_was_done(found: Validation) -> list[str]:
    """Say what was read and which forecasts were made."""
    say, choice = validation_words().say, found.choice
    told = _read(found)
    told.append(
        say(
            f"choice.{choice.origin}",
            horizon=f"{choice.horizon:g}",
            earliest=f"{choice.earliest:g}",
            latest=f"{choice.latest:g}",
        )
    )
    if found.simulated is None:
        told.append(say("choice.context", context=found.context_title))
    return [*told, say("choice.intervals")]


def _read(found: Validation) -> list[str]:
    say, table = validation_words().say, found.table
    if found.simulated is not None:
        people, seed = found.simulated
        weeks = ", ".join(f"{day / 7:g}" for day in settings()["simulated_days"])
        return [say("read.simulated", people=f"{people:,}", weeks=weeks, seed=seed)]
    if table is None:
        return []
    told = [say("read.rows", rows=f"{table.rows:,}", people=f"{table.people:,}")]
    counted = {"missing": table.missing, "repeated": table.repeated}
    told += [say(f"read.{key}", count=count) for key, count in counted.items() if count]
    for key, by_scale in (("between", table.between), ("other", table.not_forecast)):
        told += [
            say(f"read.{key}", count=count, scale=scale(name).name)
            for name, count in by_scale.items()
        ]
    if table.ignored:
        told.append(say("read.ignored", columns=", ".join(table.ignored)))
    return told


def about_scale(one: ScaleValidation) -> list[tuple[str, list[str]]]:
    """Say everything of one scale: headings with their sentences."""
    say, of = validation_words().say, one.overall
    flow = _flow(one)
    parts = [(flow[0], flow[1:])]
    if of is None:
        return parts
    parts.append((say("calibration.heading"), _calibration(of)))
    noise = say("rivals.noise") if one.scale_id == "fma_ue" else ""
    rivals = [say("rivals.words", noise=noise, least=settings()["fewest_others"])]
    pairs = (("steady", of.steady), ("group", of.group))
    rivals += [_rival(key, compared) for key, compared in pairs if compared]
    parts.append((say("rivals.heading"), rivals))
    if of.gains:
        parts.append((say("gains.heading"), _gains(of.gains)))
    return parts


def _flow(one: ScaleValidation) -> list[str]:
    say, made, of = validation_words().say, one.made, one.overall
    people, scores = f"{made.people:,}", f"{made.scores:,}"
    if of is None:
        told = [say("scale.nobody", people=people, scores=scores)]
    else:
        counts = {"forecasts": f"{of.forecasts:,}", "used": f"{of.people:,}"}
        told = [say("scale.flow", people=people, scores=scores, **counts)]
    known = load_data(CATALOGUE)["reasons"]
    reasons = [
        say(f"reasons.{code if code in known else 'other'}", count=f"{count:,}", code=code)
        for code, count in made.left_out.items()
        if count
    ]
    if reasons:
        told.append(say("scale.left_out", reasons="; ".join(reasons)))
    if made.forecasts is not None:
        ends = np.quantile(made.forecasts.lag, (0.0, 0.5, 1.0))
        low, middle, high = (f"{value:g}" for value in ends)
        told.append(say("scale.lag", low=low, middle=middle, high=high))
    return told


def _calibration(of: Figures) -> list[str]:
    say = validation_words().say
    told = [say("calibration.bias", bias=ranged(of.bias, signed=True))]
    if of.intercept and of.slope:
        ends = {"intercept": ranged(of.intercept), "slope": ranged(of.slope, digits=2)}
        told.append(say("calibration.line", **ends))
    points = [
        say("calibration.point", x=show_number(at.expected), y=show_number(at.came.value))
        for at in of.curve[::5]
    ]
    if points:
        told.append(say("calibration.curve", points="; ".join(points)))
    names = ("q5", "q25", "q50", "q75", "q95")
    expected = dict(zip(names, map(show_number, of.predictions), strict=True))
    told.append(say("calibration.predictions", **expected))
    return [*told, say("calibration.pit", heights=heights_of(of))]


def heights_of(of: Figures) -> str:
    """Write the heights of the PIT histogram."""
    return " ".join(f"{height:.2f}" for height in of.pit)


def _rival(key: str, one: Compared) -> str:
    return validation_words().say(
        f"rivals.{key}",
        forecasts=f"{one.forecasts:,}",
        own=f"{one.own_crps:.2f}",
        crps=f"{one.crps:.2f}",
        skill="–" if one.skill is None else f"{100 * one.skill:.0f} %".replace("-", "−"),
        difference=ranged(one.difference, digits=2, signed=True),
        error_own=f"{one.own_error:.1f}",
        error=f"{one.error:.1f}",
        median_own=f"{one.own_median_error:.1f}",
        median=f"{one.median_error:.1f}",
    )


def _gains(of: Gains) -> list[str]:
    say = validation_words().say
    told = [
        say(
            "gains.words",
            points=" or ".join(f"{one:g}" for one in of.points),
            forecasts=f"{of.forecasts:,}",
            predicted=percent(of.predicted),
            observed=ranged_share(of.observed),
        ),
        say("gains.brier", brier=f"{of.brier:.3f}", base=f"{of.brier_base:.3f}"),
    ]
    if of.intercept and of.slope:
        ends = {"intercept": ranged(of.intercept, digits=2), "slope": ranged(of.slope, digits=2)}
        told.append(say("gains.line", **ends))
    points = [
        say(
            "gains.point",
            threshold=percent(one.threshold),
            forecast=show_number(100 * one.forecast),
            everybody=show_number(100 * one.everybody),
        )
        for one in of.decision
        if any(abs(one.threshold - shown) < SLACK for shown in SHOWN)
    ]
    return [*told, say("gains.decision", points="; ".join(points))]


def intervals_of(found: Validation) -> list[str]:
    """Say what the table of coverage means."""
    say = validation_words().say
    told = [say("coverage.promised"), *(_in_part(one) for one in found.scales if one.overall)]
    told.append(say("coverage.few"))
    if found.simulated is not None:
        told.append(_by_chance(found.scales[0]))
    return told


def _in_part(one: ScaleValidation) -> str:
    say = validation_words().say
    shares = [
        say("coverage.in_part_of", level=percent(of.level), share=ranged_share(of.in_part))
        for of in (one.overall.coverage if one.overall else ())
    ]
    name = scale(one.scale_id).name
    return say("coverage.in_part", scale=name, shares="; ".join(shares))


def _by_chance(one: ScaleValidation) -> str:
    """Count the shares that lie off what was promised."""
    figures = [stratum.figures for stratum in one.strata if stratum.kind != "true-group"]
    shares = [share for of in (one.overall, *figures) if of for share in of.coverage]
    outside = sum(not _holds(share) for share in shares)
    usual = round(0.05 * len(shares))
    return validation_words().say(
        "coverage.chance", count=len(shares), outside=outside, usual=usual
    )


def _holds(one: Coverage) -> bool:
    low, high = one.share.low, one.share.high
    return low is None or high is None or low - SLACK <= one.promised <= high + SLACK
