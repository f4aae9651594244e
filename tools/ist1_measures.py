"""Measures of how forecasts of a state fared: ranks, errors, calibration, tenths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata
from tools.ist1_fit import Floats, People, newton

CUTS = ("dead", "dead_or_dependent", "not_recovered_or_worse")
IN_A_TENTH = 50
"""A place with fewer such people says too little by itself."""
Row = dict[str, Any]


def auc(score: Floats, hit: Floats) -> float:
    """Give the chance that someone with the event has the higher score."""
    rank, events = rankdata(score), hit.sum()
    below = float(rank[hit == 1].sum() - events * (events + 1) / 2)
    return below / float(events * (len(hit) - events))


def brier(chance: Floats, hit: Floats) -> float:
    """Give the mean squared error."""
    return float(((chance - hit) ** 2).mean())


def rank_score(states: Floats, seen: NDArray[np.int64]) -> float:
    """Give the rank probability score: the mean squared error over the three cuts."""
    steps = (seen[:, None] <= np.arange(3)).astype(float)
    return float(((states.cumsum(1)[:, :3] - steps) ** 2).mean())


def calibration(chance: Floats, hit: Floats) -> Row:
    """Give slope, intercept (with the slope at 1), their errors, and observed over expected."""
    line = logit(np.clip(chance, 1e-9, 1 - 1e-9))
    both, spread = newton(np.column_stack([np.ones_like(line), line]), hit, ridge=0.0)
    level = 0.0
    for _ in range(50):
        now = expit(line + level)
        level += float((hit - now).sum() / (now * (1 - now)).sum())
    error = float((now * (1 - now)).sum() ** -0.5)
    return {
        "slope": float(both[1]),
        "slope_se": float(spread[1, 1] ** 0.5),
        "intercept": level,
        "intercept_se": error,
        "observed": float(hit.mean()),
        "expected": float(chance.mean()),
    }


def tenths(states: Floats, people: People) -> dict[str, list[Row]]:
    """Give expected and observed by tenths of the expected chance, at each cut.

    Beside them, how far places lie apart among such people: the lowest and the highest observed
    share of the places that have at least `IN_A_TENTH` of them.
    """
    made = {}
    for at, cut in enumerate(CUTS):
        chance, hit = states.cumsum(1)[:, at], (people.state <= at).astype(float)
        order = np.argsort(chance, kind="stable")
        made[cut] = [
            _tenth(chance[part], hit[part], people.country[part])
            for part in np.array_split(order, 10)
        ]
    return made


def _tenth(chance: Floats, hit: Floats, country: NDArray[Any]) -> Row:
    places, size = np.unique(country, return_counts=True)
    seen = [float(hit[country == place].mean()) for place in places[size >= IN_A_TENTH]]
    return {
        "to": float(chance.max()),
        "people": len(hit),
        "expected": float(chance.mean()),
        "observed": float(hit.mean()),
        "places": len(seen),
        "lowest": min(seen),
        "highest": max(seen),
    }
