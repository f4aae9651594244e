"""``shortest_set``: against a fine grid, against the single shortest interval, and by its laws."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from saisei import synthesis as syn
from saisei.synthesis.bayes.marginals import Marginal


def normals(weights: list[float], means: list[float], sds: list[float]) -> syn.Mixture:
    """A mixture of normals."""
    return syn.PredictivePrior(np.array(weights), np.array(means), np.array(sds)).mixture


PEAKS = {
    "far apart": normals([0.6, 0.4], [-2.0, 3.0], [0.5, 0.6]),
    "close": normals([0.6, 0.4], [-1.0, 1.0], [0.55, 0.6]),
    "a needle beside a hill": normals([0.03, 0.97], [4.0, 0.0], [2e-3, 1.0]),
    "three": normals([0.5, 0.3, 0.2], [0.0, 5.0, 9.0], [1.0, 0.5, 0.3]),
}


@functools.cache
def grid(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of cells, and their mass from the distribution function (which no set is made of)."""
    edges = np.linspace(-9.0, 14.0, 300_001)
    return edges, np.diff(PEAKS[name].cdf(edges))


@pytest.mark.parametrize("level", [0.3, 0.8, 0.95, 0.999])
@pytest.mark.parametrize("name", PEAKS)
def test_against_a_grid(name: str, level: float) -> None:
    """The likeliest cells of a grid of 300,000 that hold the level; right to some cells."""
    law = PEAKS[name]
    pieces = law.shortest_set(level)
    ends = np.array(pieces).ravel()
    assert np.all(np.diff(ends) > 0)
    assert sum(law.prob(above=a, below=b) for a, b in pieces) == pytest.approx(level, abs=1e-12)
    heights = [law.log_density(end)[0] for end in ends.tolist()]
    assert heights == pytest.approx([heights[0]] * len(heights), abs=1e-8)
    edges, mass = grid(name)
    width = edges[1] - edges[0]
    order = np.argsort(-mass, kind="stable")
    kept = np.zeros(edges.size + 1, dtype=bool)
    kept[1 + order[: int(np.searchsorted(mass[order].cumsum(), level)) + 1]] = True
    changes = np.flatnonzero(np.diff(kept.astype(int)) != 0)
    wanted = edges[np.minimum(changes, edges.size - 1)]
    assert wanted.size == ends.size
    np.testing.assert_allclose(ends, wanted, atol=20 * width)


SINGLE: dict[str, tuple[Any, ...]] = {
    "heavy tails": ([-2.3, -1.26], [0.56, 0.64], syn.HalfCauchy(0.5)),
    "rising to the end of the prior": ([1.0, 2.0, 4.0, 10.0], [0.1] * 4, syn.Uniform(2.0)),
    "away from 0": ([1.0, 2.0, 4.0, 10.0], [0.1] * 4, syn.LogNormal(-1, 1)),
    "another unit": ([1e-9, 2e-9], [1e-9, 1e-9], syn.HalfNormal(1e-9)),
}


@pytest.mark.parametrize("name", SINGLE)
def test_one_peak_gives_the_shortest_interval(name: str) -> None:
    result = syn.bayes_pool(*SINGLE[name])
    for marginal in (result.mu, result.tau, result.predictive, result.shrinkage[0]):
        scale = marginal.quantile(0.8) - marginal.quantile(0.2)
        for level in (0.5, 0.95):
            (piece,) = marginal.shortest_set(level)
            assert piece == pytest.approx(marginal.shortest(level), abs=1e-9 * scale)


def test_an_infinite_density_at_0_is_a_piece_of_its_own() -> None:
    """A log-t prior has it; what the data favour lies apart."""
    tau = syn.bayes_pool([1.0, 1.1], [0.1, 0.1], syn.LogT(-1, 1)).tau
    pieces = tau.shortest_set(0.5)
    assert len(pieces) == 2
    assert pieces[0][0] == 0.0
    assert sum(tau.prob(above=a, below=b) for a, b in pieces) == pytest.approx(0.5, abs=1e-12)
    single = tau.shortest(0.5)
    assert sum(b - a for a, b in pieces) < single[1] - single[0]
    assert len(tau.shortest_set(0.95)) == 1


def test_a_probability_of_tau_0() -> None:
    """In an average over models: alone while it suffices, then joined by what is next to it."""
    tau = syn.bayes_average([0.3, 0.1, 0.6], [0.2, 0.15, 0.3]).tau
    assert tau.zero > 0.6
    assert tau.shortest_set(0.6) == ((0.0, 0.0),)
    ((low, high),) = tau.shortest_set(0.95)
    assert low == 0.0
    assert tau.cdf(high) == pytest.approx(0.95, abs=1e-12)
    apart = syn.bayes_average([0.0, 0.9, -0.9], [0.2] * 3, [None, syn.LogNormal(-0.3, 0.2)]).tau
    assert 0.0 < apart.zero < 0.5
    first, second = apart.shortest_set(0.9)
    assert first == (0.0, 0.0)
    assert second[0] > 0.1
    assert apart.zero + apart.prob(above=second[0], below=second[1]) == pytest.approx(0.9)


@given(
    st.lists(
        st.tuples(st.floats(0.1, 1), st.floats(-6, 6), st.floats(0.1, 2)), min_size=1, max_size=4
    ),
    st.floats(0.05, 0.9),
    st.floats(-5, 5),
    st.floats(1e-3, 1e3),
)
@settings(max_examples=10, deadline=None)
def test_moves_with_the_unit_and_grows_with_the_level(
    rows: list[tuple[float, float, float]], level: float, shift: float, factor: float
) -> None:
    weights, means, sds = np.array(rows).T
    weights = weights / weights.sum()
    law = normals(weights, means, sds)
    pieces = law.shortest_set(level)
    assert sum(law.prob(above=a, below=b) for a, b in pieces) == pytest.approx(level, abs=1e-9)
    single = law.shortest(level)
    length = sum(b - a for a, b in pieces)
    assert length <= (single[1] - single[0]) * (1 + 1e-9)
    moved = normals(weights, shift + factor * means, factor * sds).shortest_set(level)
    assert sum(b - a for a, b in moved) == pytest.approx(factor * length, rel=1e-6)
    for a, b in pieces:  # inside a piece of any wider set
        assert any(c <= a + 1e-9 and b <= d + 1e-9 for c, d in law.shortest_set(level + 0.05))


def test_bad_level() -> None:
    marginals: list[Marginal] = [PEAKS["close"], syn.bayes_pool([0.1], [0.2]).tau]
    for marginal in marginals:
        for level in (0.0, 1.0, math.nan):
            with pytest.raises(ValueError, match="level is"):
                marginal.shortest_set(level)
