"""The sums over strata of Mantel and Haenszel, and the hypergeometric variance of Peto."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saisei.synthesis._numeric.arrays import FloatArray


def pooled(measure: str, variance: str, sums: FloatArray) -> tuple[float, float, FloatArray]:
    """Estimate, standard error and shares of the studies."""
    if not sums.shape[1]:
        raise ValueError("no study says anything about the effect")
    if measure == "RD":
        return _difference(variance, sums)
    a, b, c, d = sums
    if measure == "IRR":
        time = b + d
        up, down, joint = a * d / time, c * b / time, (a + c) * b * d / time**2
    elif measure == "RR":
        n1, n2 = a + b, c + d
        people = n1 + n2
        up, down = a * n2 / people, c * n1 / people
        joint = n1 * n2 * (a + c) / people**2 - a * c / people
    else:
        people = a + b + c + d
        up, down = a * d / people, b * c / people
    over, under = float(up.sum()), float(down.sum())
    if over == 0.0 or under == 0.0:
        raise ValueError(
            f"the Mantel-Haenszel sums are {over:g} and {under:g}: one arm has no event in any "
            "study, so the ratio has no finite estimate; add to the cells by name "
            "(sum_zero_cells='add-half') or use RD"
        )
    if measure == "OR":
        agree, differ = (a + d) / people, (b + c) / people
        square = agree @ up / (2 * over**2) + differ @ down / (2 * under**2)
        square += (agree @ down + differ @ up) / (2 * over * under)
    else:
        square = joint.sum() / (over * under)
    return math.log(over / under), math.sqrt(float(square)), down / under


def _difference(variance: str, cells: FloatArray) -> tuple[float, float, FloatArray]:
    """Risk difference: Sato (1989), or Greenland and Robins (1985)."""
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    people = n1 + n2
    w = n1 * n2 / people
    total = float(w.sum())
    estimate = float(((a * n2 - c * n1) / people).sum()) / total
    if variance == "sato":
        first = (n1**2 * c - n2**2 * a + 0.5 * n1 * n2 * (n2 - n1)) / people**2
        second = 0.5 * (a * (n2 - c) + c * (n1 - a)) / people
        square = (estimate * float(first.sum()) + float(second.sum())) / total**2
    else:
        each = (a * b * n2**3 + c * d * n1**3) / (n1 * n2 * people**2)
        square = float(each.sum()) / total**2
    if not square > 0.0:
        raise ValueError("no study has an event: the risk difference has no variance")
    return estimate, math.sqrt(square), w / total


def hypergeometric(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Observed less expected events of the treated, and the variance given the margins."""
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    people, events = n1 + n2, a + c
    return a - n1 * events / people, n1 * n2 * events * (b + d) / (people**2 * (people - 1))


def cmh(cells: FloatArray) -> float:
    """Cochran, Mantel and Haenszel's chi-squared with continuity correction (1959)."""
    excess, spread = hypergeometric(cells)
    return max(0.0, abs(float(excess.sum())) - 0.5) ** 2 / float(spread.sum())
