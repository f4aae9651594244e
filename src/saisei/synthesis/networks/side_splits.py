"""Side-splitting: direct and indirect evidence of a pair as two parameters of one model.

Studies that compare x and y get the effect ``theta_x - theta_y + w``, all others and everything
else ``theta_x - theta_y`` (Dias and others 2010): w is direct minus indirect. A study with
further arms holds evidence on x and y against them, which has to be said to belong to one side:
with y as its baseline x deviates (``first``), with x as its baseline y does (``second``), or both
by half (``both``; White 2015). For a pair that no study with several arms compares the three are
the same, and, at the same tau2, the same as back-calculation.

A pair is split where direct and independent indirect evidence can disagree: where x and y are
still connected once all studies that compare them are taken out (van Valkenhoef and others 2016).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from saisei.synthesis.networks.fit import NetworkMethod, estimate, solve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from saisei.synthesis._numeric.arrays import BoolArray, FloatArray
    from saisei.synthesis.networks.data import Rows
    from saisei.synthesis.networks.estimates import NetworkResult

Deviates = Literal["both", "first", "second"]
"""Which treatment of the pair deviates in studies with further arms."""

SplitTau2 = Literal["network", "split"]
"""The tau2 of the network, or one of each model's own."""

SHARES: dict[str, tuple[float, float]] = {
    "both": (0.5, -0.5),
    "first": (1.0, 0.0),
    "second": (0.0, -1.0),
}


def check_sides(deviates: str, tau2: str) -> None:
    """Refuse settings that are not here."""
    for name, value, known in (
        ("deviates", deviates, get_args(Deviates)),
        ("tau2", tau2, get_args(SplitTau2)),
    ):
        if value not in known:
            raise ValueError(f"{name} is {value!r}; expected one of {', '.join(known)}")


def side_split(
    net: NetworkResult, x: int, y: int, deviates: Deviates, tau2: SplitTau2
) -> tuple[FloatArray, FloatArray, float] | None:
    """Direct, indirect and difference of one pair, their standard errors, and tau2.

    None where there is nothing to split.
    """
    rows = net.rows
    both = np.array([x in design and y in design for design in rows.designs])
    if not both.any() or not _connected(rows, both, x, y):
        return None
    one, two = SHARES[deviates]
    own = both[rows.design]
    shift = np.where(own, one * rows.x[:, x] + two * rows.x[:, y], 0.0)
    design = np.column_stack([rows.x, shift])
    above = net.random.tau2
    if tau2 == "split":
        method = cast("NetworkMethod", net.method)
        found = estimate(design, rows.y, rows.v, net.q_df - 1, method).tau2
        above = 0.0 if math.isnan(found) else found
    fit = solve(design, rows.y, rows.v, above)
    asked = np.zeros((3, design.shape[1]))
    asked[:2, x], asked[:2, y] = 1.0, -1.0
    asked[[0, 2], -1] = 1.0
    spread = asked @ fit.root
    return asked @ fit.b, np.sqrt(np.vecdot(spread, spread)), above


def _connected(rows: Rows, taken_out: BoolArray, x: int, y: int) -> bool:
    """Whether x leads to y through the designs that are left."""
    left = [design for design, out in zip(rows.designs, taken_out, strict=True) if not out]
    return y in _reached(x, left)


def _reached(start: int, designs: Iterable[tuple[int, ...]]) -> set[int]:
    reached, waiting = {start}, [set(design) for design in designs]
    while True:
        new = [design for design in waiting if design & reached]
        if not new:
            return reached
        waiting = [design for design in waiting if not design & reached]
        reached = reached.union(*new)
