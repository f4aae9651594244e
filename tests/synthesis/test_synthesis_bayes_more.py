"""Shortest intervals, further priors, comparison of models and prior distributions from data.

References first, then properties, then bad input. The posteriors themselves are checked in
``test_synthesis_bayes_reference`` and ``test_synthesis_bayes_quadrature``.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from saisei import synthesis as syn
from saisei.synthesis.marginals import Marginal

REFERENCE = json.loads((Path(__file__).parent / "reference" / "bayes.json").read_text("utf-8"))
CRINS = next(c for c in REFERENCE["cases"] if c["dataset"] == "crins2014_acr")
RUBIN = next(c for c in REFERENCE["cases"] if c["dataset"] == "rubin1981")


def marginals(result: syn.BayesResult) -> list[Marginal]:
    """Those a person reads, and the first study's."""
    return [result.mu, result.tau, result.predictive, result.shrinkage[0]]


# Shortest intervals ---------------------------------------------------------------------------


def test_shortest_as_bayesmeta_prints_them() -> None:
    """Crins 2014 and the eight schools.

    bayesmeta's grid is off by up to 8e-4 (mean effect) and 5e-3 (new setting) posterior SDs;
    its density of tau is exact, and printed to six digits.
    """
    crins = syn.bayes_pool(CRINS["y"], CRINS["sigma"])
    assert crins.mu.shortest() == pytest.approx((-2.246409, -0.933893), abs=8e-4)
    assert crins.predictive.shortest() == pytest.approx((-2.783275, -0.416673), abs=5e-3 * 0.6)
    low, high = crins.tau.shortest()
    assert low == 0.0
    assert high == pytest.approx(0.862411, abs=1e-6)
    schools = syn.bayes_pool(RUBIN["y"], RUBIN["sigma"], syn.Uniform())
    printed = (-2.176157, 18.406330)
    assert schools.mu.shortest() == pytest.approx(printed, abs=8e-4 * schools.mu.sd)


SHAPES: dict[str, tuple[Any, ...]] = {
    "crins": (CRINS["y"], CRINS["sigma"]),
    "schools": (RUBIN["y"], RUBIN["sigma"], syn.Uniform()),
    "heavy": ([-2.3, -1.26], [0.56, 0.64], syn.HalfCauchy(0.5)),
    "rising to the end of the prior": ([1.0, 2.0, 4.0, 10.0], [0.1] * 4, syn.Uniform(2.0)),
    "infinite density at 0": ([1.0, 1.1], [0.1, 0.1], syn.LogT(-1, 1)),
    "away from 0": ([1.0, 2.0, 4.0, 10.0], [0.1] * 4, syn.LogNormal(-1, 1)),
    "two peaks": ([10.0] + [0.0] * 12, [0.01] + [1.0] * 12, syn.HalfNormal(0.5)),
}


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("name", SHAPES)
def test_shortest_by_optimisation(name: str, level: float) -> None:
    """No interval of that probability is shorter: SciPy's bounded search from many places."""
    spare = 1.0 - level
    for marginal in marginals(syn.bayes_pool(*SHAPES[name])):
        low, high = marginal.shortest(level)
        assert marginal.prob(above=low, below=high) == pytest.approx(level, abs=1e-9)

        def width(p: float, marginal: Marginal = marginal) -> float:
            ends = marginal.quantile(np.array([p, p + level]))
            return float(ends[1] - ends[0])

        cuts = spare * np.array([1e-6, 0.05, 0.4, 0.75, 1 - 1e-6])
        best = min(
            float(optimize.minimize_scalar(width, bounds=(a, b), options={"xatol": 1e-9}).fun)
            for a, b in itertools.pairwise(cuts)
        )
        assert high - low <= best + 1e-9 * (high - low)


def test_both_ends_are_equally_likely() -> None:
    result = syn.bayes_pool(*SHAPES["away from 0"])
    for marginal in (result.mu, result.tau, result.predictive):
        low, high = marginal.shortest(0.9)
        assert marginal.log_density(low)[0] == pytest.approx(marginal.log_density(high)[0])


def test_slope_of_the_log_density() -> None:
    for name in ("crins", "away from 0"):
        for marginal in marginals(syn.bayes_pool(*SHAPES[name])):
            for x in marginal.quantile(np.array([1e-9, 0.1, 0.6, 0.97])).tolist():
                step = 1e-5 * abs(x)
                ends = [marginal.log_density(x + step)[0], marginal.log_density(x - step)[0]]
                slope = (ends[0] - ends[1]) / (2 * step)
                assert marginal.log_density(x)[1] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.05, 3)), min_size=2, max_size=6),
    st.floats(-10, 10),
    st.floats(0.1, 10),
)
@settings(max_examples=15, deadline=None)
def test_shortest_moves_with_the_data(
    rows: list[tuple[float, float]], shift: float, scale: float
) -> None:
    y, se = np.array(rows).T
    one = syn.bayes_pool(y, se, syn.HalfNormal(1.0))
    other = syn.bayes_pool(shift + scale * y, scale * se, syn.HalfNormal(scale))
    low, high = one.mu.shortest()
    tolerance = 1e-6 * scale * one.mu.sd
    # Two dips of the same depth may change places; the width may not.
    there = other.mu.shortest()
    assert there[1] - there[0] == pytest.approx(scale * (high - low), abs=tolerance)
    assert other.tau.shortest()[1] == pytest.approx(
        scale * one.tau.shortest()[1], abs=1e-6 * scale * one.tau.sd
    )
    low, high = one.mu.interval()
    assert one.mu.shortest()[1] - one.mu.shortest()[0] <= (high - low) * (1 + 1e-9)


def test_level_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"level is 1\.5"):
        syn.bayes_pool([0.1], [0.2]).mu.shortest(1.5)
    assert math.isfinite(syn.bayes_pool([0.1], [0.2]).mu.shortest(0.5)[0])
