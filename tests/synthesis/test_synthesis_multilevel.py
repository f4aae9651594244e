"""``multilevel``: a published example, the whole likelihood on a grid, identities, mistakes.

Konstantopoulos (2011) prints 56 school-calendar effects in 11 districts to two or three decimals,
and the maximum-likelihood fit to three; metafor's REML fit of it is known to four. Ours is
compared to as many decimals as are printed.
"""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn

# District, then estimate and variance in turn (Konstantopoulos 2011, data of Cooper et al. 2003).
SCHOOLS = """
11: -.18 .118 -.22 .118 .23 .144 -.30 .144
12: .13 .014 -.26 .014 .19 .015 .32 .024
18: .45 .023 .38 .043 .29 .012
27: .16 .020 .65 .004 .36 .004 .60 .007
56: .08 .019 .04 .007 .19 .005 -.06 .004
58: -.18 .020 .00 .018 .00 .019 -.28 .022 -.04 .020 -.30 .021 .07 .006 .00 .007 .05 .007
58: -.08 .007 -.09 .007
71: .30 .015 .98 .011 1.19 .010
86: -.07 .001 -.05 .001 -.01 .001 .02 .001 -.03 .001 .00 .001 .01 .001 -.10 .001
91: .50 .010 .66 .011 .20 .010 .00 .009 .05 .013 .07 .013
108: -.52 .031 .70 .031 -.03 .030 .27 .030 -.34 .030
644: .12 .087 .61 .082 .04 .067 -.05 .067
"""
ROWS = [
    (float(y), float(v), line.split(":")[0])
    for line in SCHOOLS.strip().splitlines()
    for numbers in [line.split()[1:]]
    for y, v in zip(numbers[::2], numbers[1::2], strict=True)
]
Y, V, DISTRICT = (list(column) for column in zip(*ROWS, strict=True))
Kind = Literal["REML", "ML"]
seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(("REML", "ML"))


def test_school_calendars_as_published() -> None:
    """Table 5 of the paper (ML), and metafor's published page (REML)."""
    assert len(Y) == 56
    ml = syn.multilevel(Y, V, DISTRICT, "ML", "z")
    assert f"{ml.estimate:.3f} {ml.se:.3f}" == "0.184 0.080"
    assert f"{ml.tau2_between:.3f} {ml.tau2_within:.3f}" == "0.058 0.033"
    assert "{:.3f} {:.3f}".format(*ml.prediction_interval) == "-0.426 0.795"
    reml = syn.multilevel(Y, V, DISTRICT, test="z")
    assert f"{reml.estimate:.4f} {reml.se:.4f}" == "0.1847 0.0846"
    assert f"{reml.tau2_between:.4f} {reml.tau2_within:.4f}" == "0.0651 0.0327"
    assert f"{reml.correlation:.3f} {reml.log_likelihood:.4f}" == "0.665 -7.9587"
    assert (reml.k, reml.clusters, reml.converged, reml.boundary) == (56, 11, True, False)
    assert reml.q == pytest.approx(syn.pool(Y, V).q)


def log_likelihood(y: Any, v: Any, cluster: Any, variances: Any, kind: Kind) -> float:
    """The likelihood with its matrix whole."""
    between, within = variances
    cov = np.diag(v + within) + between * np.equal.outer(cluster, cluster)
    inverse = np.linalg.inv(cov)
    total = inverse.sum()
    residual = y - (inverse @ y).sum() / total
    value = np.linalg.slogdet(cov)[1] + residual @ inverse @ residual
    if kind == "ML":
        return float(-0.5 * (value + y.size * math.log(2 * math.pi)))
    value += math.log(total) - math.log(y.size) + (y.size - 1) * math.log(2 * math.pi)
    return float(-0.5 * value)


def draw(rng: np.random.Generator, hard: float) -> tuple[Any, Any, Any]:
    """Clusters of one to four estimates, with variances the more unequal the larger ``hard``."""
    cluster = np.repeat(np.arange(5), [*rng.integers(1, 4, 4), 4])
    v = np.exp(rng.normal(-1, hard, cluster.size))
    y = rng.normal(0, 1, 5)[cluster] * rng.random() + rng.normal(0, 1, cluster.size)
    return y, v, cluster


@settings(max_examples=40)
@given(seeds, kinds, st.sampled_from((0.5, 2.0, 4.0)))
def test_no_grid_finds_a_higher_likelihood(seed: int, kind: Kind, hard: float) -> None:
    y, v, cluster = draw(np.random.default_rng(seed), hard)
    fit = syn.multilevel(y, v, cluster.tolist(), kind)
    assert fit.converged
    at = (fit.tau2_between, fit.tau2_within)
    best = log_likelihood(y, v, cluster, at, kind)
    assert fit.log_likelihood == pytest.approx(best, rel=1e-7, abs=1e-7)
    grid = [0.0, *np.geomspace(1e-4, 30, 12)]
    near = [0.9, 0.999, 1.001, 1.1]
    points = [(b, w) for b in grid for w in grid] + [
        (b * at[0], w * at[1]) for b in near for w in near
    ]
    assert max(log_likelihood(y, v, cluster, one, kind) for one in points) <= best + 1e-7


@settings(max_examples=40)
@given(seeds, st.integers(2, 8), st.integers(2, 5))
def test_balanced_data_have_the_answer_of_the_analysis_of_variance(
    seed: int, clusters: int, size: int
) -> None:
    """Equal sizes and variances: mean squares between and within, where both parts are above 0."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 2, (clusters, 1)) + rng.normal(0, 1, (clusters, size))
    labels = np.repeat(np.arange(clusters), size).tolist()
    fit = syn.multilevel(y.ravel(), np.full(y.size, 0.05), labels)
    means = y.mean(1)
    between = size * means.var(ddof=1)
    within = float(((y - means[:, None]) ** 2).sum()) / (clusters * (size - 1))
    if within > 0.05 and between > within:
        assert fit.tau2_within == pytest.approx(within - 0.05, rel=1e-6, abs=1e-9)
        assert fit.tau2_between == pytest.approx((between - within) / size, rel=1e-6, abs=1e-9)
    assert fit.estimate == pytest.approx(means.mean(), rel=1e-9, abs=1e-12)
    robust = syn.robust(fit)
    assert robust.se[0] == pytest.approx(means.std(ddof=1) / math.sqrt(clusters), rel=1e-8)
    assert robust.df[0] == pytest.approx(clusters - 1, rel=1e-8)


@settings(max_examples=40)
@given(seeds, kinds)
def test_the_mean_by_hand(seed: int, kind: Kind) -> None:
    """Given the two variances: generalised least squares with the matrix whole."""
    y, v, cluster = draw(np.random.default_rng(seed), 1.0)
    fit = syn.multilevel(y, v, cluster.tolist(), kind)
    cov = np.diag(v + fit.tau2_within) + fit.tau2_between * np.equal.outer(cluster, cluster)
    weights = np.linalg.solve(cov, np.ones(y.size))
    np.testing.assert_allclose(fit.weights, weights / weights.sum(), rtol=1e-8, atol=1e-12)
    assert fit.estimate == pytest.approx(fit.weights @ y, rel=1e-8, abs=1e-10)
    assert fit.se == pytest.approx(1 / math.sqrt(weights.sum()), rel=1e-9)
    half = stats.t.ppf(0.975, 4) * fit.se
    assert fit.ci == pytest.approx((fit.estimate - half, fit.estimate + half), rel=1e-9, abs=1e-10)


@settings(max_examples=40)
@given(seeds, kinds, st.floats(0.1, 20), st.floats(-9, 9))
def test_moved_scaled_and_reordered(seed: int, kind: Kind, scale: float, move: float) -> None:
    rng = np.random.default_rng(seed)
    y, v, cluster = draw(rng, 1.0)
    order = rng.permutation(y.size)
    one = syn.multilevel(y, v, cluster.tolist(), kind)
    two = syn.multilevel(
        (scale * y + move)[order], (scale**2 * v)[order], [f"c{i}" for i in cluster[order]], kind
    )
    for name in ("tau2_between", "tau2_within"):
        was = scale**2 * getattr(one, name)
        assert getattr(two, name) == pytest.approx(was, rel=1e-6, abs=1e-8 * scale**2), name
    assert two.estimate == pytest.approx(scale * one.estimate + move, rel=1e-6, abs=1e-7 * scale)


def test_it_is_never_less_likely_than_a_pool() -> None:
    """One variance alone is a special case; where none lies between, the fit is that pool."""
    y, v = [0.9, -0.7, -0.8, 1.0, 0.6, -0.5], [0.05] * 6
    fit = syn.multilevel(y, v, [1, 1, 2, 2, 3, 3])
    assert fit.tau2_between == 0.0
    assert fit.boundary
    assert fit.tau2_within == pytest.approx(syn.pool(y, v).tau2, rel=1e-8)
    assert fit.correlation == 0.0
    equal = syn.multilevel([0.3] * 4, [0.1] * 4, [1, 1, 2, 2])
    assert (equal.tau2_between, equal.tau2_within) == (0.0, 0.0)
    assert math.isnan(equal.correlation)
    json.dumps(equal.to_dict())


def test_robust_over_coarser_clusters() -> None:
    """Regions that hold the districts whole; torn districts are refused."""
    fit = syn.multilevel(Y, V, DISTRICT)
    result = syn.robust(fit, [int(one) % 5 for one in DISTRICT])
    assert result.clusters == 4
    with pytest.raises(ValueError, match="cluster of estimate 0 is torn apart"):
        syn.robust(fit, range(56))
    with pytest.raises(ValueError, match="cluster is missing"):
        syn.robust(syn.pool(Y, V))


@pytest.mark.parametrize(
    ("cluster", "extra", "message"),
    [
        ([1, 1, 1], {}, "every estimate is in cluster '1'"),
        ([1, 2, 3], {}, "every cluster holds one estimate"),
        ([1, 2], {}, "cluster has 2 entries; there are 3"),
        ([1, 1, 2], {"method": "DL"}, "method is 'DL'"),
        ([1, 1, 2], {"test": "knha"}, "test is 'knha'"),
    ],
)
def test_mistakes(cluster: list[int], extra: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.multilevel([0.1, 0.2, 0.4], [0.1, 0.1, 0.2], cluster, **extra)
