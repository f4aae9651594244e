"""A finding as a forest plot needs it: rows, pool and limits on one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from saisei.appraisal.model import Finding
from saisei.evidence import Contrast

__all__ = ["Axis", "AxisRow", "axis_of"]

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One comparison on the axis; `weight` is 0 for one shown beside the pool."""

    contrast: Contrast
    estimate: float
    low: float
    high: float
    weight: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where everything of a finding lies.

    Ratios are given as ratios, on a logarithmic axis. `worthwhile` is the smallest harm and benefit
    from left to right, None at an end that cannot be placed.
    """

    scale: str
    log: bool
    better: Literal["right", "left"]
    null: float
    worthwhile: tuple[float | None, float | None]
    rows: tuple[AxisRow, ...]
    pooled: tuple[float, float, float] | None
    predicted: tuple[float, float] | None


SCALES = {
    "OR": "odds ratio",
    "COR": "common odds ratio (above 1: higher on the scale)",
    "RR": "risk ratio",
    "RD": "difference of shares",
    "MD": "difference in points",
    "SMD": "difference in standard deviations",
}


def axis_of(finding: Finding) -> Axis | None:
    """Lay a finding out on its axis; None where there is nothing to draw."""
    if finding.effect is None:
        return None
    effect, log = finding.effect, finding.effect.measure in ("OR", "COR", "RR")
    pooled = tuple(_shown(value, log=log) for value in (effect.median, effect.low, effect.high))
    predicted = None
    if effect.new_low is not None and effect.new_high is not None:
        predicted = (_shown(effect.new_low, log=log), _shown(effect.new_high, log=log))
    rows = [
        _row(contrast, weight, "", log=log)
        for contrast, weight in zip(finding.used, finding.weights, strict=True)
    ]
    rows += [_row(contrast, 0.0, note, log=log) for contrast, note in finding.shown]
    return Axis(
        SCALES[effect.measure],
        log,
        "right" if finding.benefit > 0 else "left",
        1.0 if log else 0.0,
        _limits(finding, log=log),
        tuple(rows),
        (pooled[0], pooled[1], pooled[2]),
        predicted,
    )


def _row(contrast: Contrast, weight: float, note: str, *, log: bool) -> AxisRow:
    reach = Z95 * contrast.se
    middle, low, high = (_shown(contrast.y + by, log=log) for by in (0.0, -reach, reach))
    return AxisRow(contrast, middle, low, high, weight, note)


def _shown(value: float, *, log: bool) -> float:
    """Take a logarithm back; far out it stays finite."""
    return math.exp(max(min(value, 700.0), -700.0)) if log else value


def _limits(finding: Finding, *, log: bool) -> tuple[float | None, float | None]:
    worthwhile = finding.worthwhile
    if worthwhile is None:
        return None, None
    ends = [-worthwhile.harm, worthwhile.benefit]
    if finding.benefit < 0:
        ends = [-worthwhile.benefit, worthwhile.harm]
    placed = [_placed(finding, end) for end in ends]
    shown = [None if end is None else _shown(end, log=log) for end in placed]
    return shown[0], shown[1]


def _placed(finding: Finding, end: float) -> float | None:
    """Put a limit of the verdict's scale on the scale of the effect."""
    if finding.worthwhile is None or finding.worthwhile.scale != "per-100":
        return end
    control = finding.control_risk
    if control is None or not 0 < control + end / 100 < 1:
        return None
    share = control + end / 100
    return math.log(share / (1 - share)) - math.log(control / (1 - control))
