"""Shapes of a dose-response curve: what stands in the columns of its design.

A curve is ``f(d) = b_1 g_1(d) + ... + b_p g_p(d)``; a study's contrast with its reference is
``f(d) - f(reference)``, so that no constant is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saisei.synthesis._numeric.arrays import FloatArray

Shape = Literal["linear", "quadratic", "spline", "log", "emax"]
"""``linear``: d. ``quadratic``: d, d^2. ``spline``: restricted cubic spline (Stone and Koo 1985 in
Harrell's form). ``log``: log(d + offset). ``emax``: d / (ed50 + d) with a known ed50."""

PERCENTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}
"""Where Harrell (2015, table 2.3) puts the knots."""


@dataclass(frozen=True, slots=True)
class DoseShape:
    """A shape with its constants."""

    name: str
    knots: tuple[float, ...] = ()
    offset: float = 0.0
    ed50: float = math.nan

    @property
    def terms(self) -> tuple[str, ...]:
        """What each coefficient multiplies."""
        if self.name == "spline":
            return ("dose", *(f"spline {i + 1}" for i in range(len(self.knots) - 2)))
        return {
            "linear": ("dose",),
            "quadratic": ("dose", "dose^2"),
            "log": ("log dose",),
            "emax": ("emax",),
        }[self.name]

    def basis(self, dose: FloatArray) -> FloatArray:
        """Columns g_1 .. g_p at the doses."""
        d = np.asarray(dose, dtype=np.float64)
        if self.name == "quadratic":
            return np.column_stack([d, d * d])
        if self.name == "spline":
            return np.column_stack([d, *_restricted(d, np.array(self.knots))])
        if self.name == "log":
            if not np.all(d + self.offset > 0):
                worst = float(d.min())
                raise ValueError(
                    f"dose {worst:g} has no logarithm; give an offset above {-worst:g}"
                )
            return np.log(d + self.offset)[:, None]
        if self.name == "emax":
            return (d / (self.ed50 + d))[:, None]
        return d[:, None]


def _restricted(d: FloatArray, knots: FloatArray) -> list[FloatArray]:
    """Cubic terms that vanish beyond the outer knots (Harrell 2015, eq. 2.25), scaled."""
    last, before = knots[-1], knots[-2]
    scale = (last - knots[0]) ** 2

    def cube(knot: float) -> FloatArray:
        return np.maximum(d - knot, 0.0) ** 3

    return [
        (
            cube(t)
            - cube(before) * (last - t) / (last - before)
            + cube(last) * (before - t) / (last - before)
        )
        / scale
        for t in knots[:-2]
    ]


def harrell_knots(dose: FloatArray, count: int = 3) -> tuple[float, ...]:
    """Knots at Harrell's percentiles of the doses (reference doses among them)."""
    if count not in PERCENTILES:
        raise ValueError(f"knots is {count}; expected 3 to 7 of them, or their places")
    return tuple(float(q) for q in np.quantile(dose, PERCENTILES[count]))


def make_shape(
    name: str,
    doses: FloatArray,
    knots: int | Sequence[float],
    offset: float,
    ed50: float | None,
) -> DoseShape:
    """Check a shape's constants and put them together."""
    if name not in get_args(Shape):
        raise ValueError(f"shape is {name!r}; expected one of {', '.join(get_args(Shape))}")
    if name == "spline":
        places = harrell_knots(doses, knots) if isinstance(knots, int) else tuple(map(float, knots))
        if len(places) < 3 or not np.all(np.diff(places) > 0):
            shown = ", ".join(f"{place:g}" for place in places)
            raise ValueError(f"knots are {shown}; expected at least 3 that rise")
        return DoseShape(name, knots=places)
    if name == "emax":
        if ed50 is None or not (math.isfinite(ed50) and ed50 > 0):
            raise ValueError("shape 'emax' needs ed50 above 0; emax_response estimates it")
        if doses.min() < 0:
            raise ValueError(f"dose {doses.min():g} is below 0")
        return DoseShape(name, ed50=float(ed50))
    return DoseShape(name, offset=float(offset))
