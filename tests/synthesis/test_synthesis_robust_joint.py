"""``RobustResult.joint``: exact cases, the paper's definition written out, what must not matter.

All are exact but for the conditioning of roots: 1e-7.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from saisei import synthesis as syn

seeds = st.integers(0, 2**32 - 1)


def example(seed: int) -> tuple[syn.RegressionResult, np.ndarray]:
    """A regression on two moderators with 9 clusters of 1 to 4 estimates."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(9), [1, 2, 3, 1, 4, 2, 2, 3, 1])
    v = np.exp(rng.normal(-2, 1, cluster.size))
    x = np.column_stack([rng.normal(size=9)[cluster], rng.normal(size=cluster.size)])
    y = rng.normal(size=9)[cluster] + rng.normal(0, np.sqrt(v))
    return syn.regress(y, v, x), cluster


@given(seeds)
@settings(max_examples=20)
def test_one_coefficient_is_its_t_test(seed: int) -> None:
    fit, cluster = example(seed)
    result = syn.robust(fit, cluster.tolist())
    for i, name in enumerate(result.names):
        test = result.joint([name])
        assert test.f == pytest.approx((result.coefficients[i] / result.se[i]) ** 2, rel=1e-8)
        assert test.df2 == pytest.approx(result.df[i], rel=1e-8)
        assert test.p == pytest.approx(result.p_values[i], rel=1e-6)


def plainly(fit: syn.RegressionResult, cluster: np.ndarray, contrast: np.ndarray) -> Any:
    """Q and eta from quadratic forms: ``D_st = y'A_st y`` has variance ``2 tr(A S A S)``."""
    v = fit.v + fit.tau2
    phi, w = np.diag(v), np.diag(1 / v)
    x = fit.x
    m = linalg.inv(x.T @ w @ x)
    keep = np.eye(v.size) - x @ m @ x.T @ w
    scores = []
    for name in np.unique(cluster):
        pick = np.eye(v.size)[cluster == name]
        d = linalg.cholesky(pick @ phi @ pick.T)
        b = d @ pick @ keep @ phi @ keep.T @ pick.T @ d.T
        a = d.T @ linalg.inv(linalg.sqrtm(b).real) @ d
        scores.append(contrast @ m @ x.T @ w @ pick.T @ a @ pick @ keep)
    expected = contrast @ m @ contrast.T
    root = linalg.inv(linalg.sqrtm(expected).real)
    observed = sum(s @ np.outer(fit.y, fit.y) @ s.T for s in scores)
    q = contrast.shape[0]
    total = 0.0
    for s in range(q):
        for t in range(q):
            form = np.sum([np.outer(root[s] @ one, root[t] @ one) for one in scores], axis=0)
            form = 0.5 * (form + form.T)
            total += 2 * float(np.trace(form @ phi @ form @ phi))
    effect = contrast @ fit.coefficients
    return float(effect @ linalg.solve(observed, effect)), q * (q + 1) / total


@given(seeds)
@settings(max_examples=15)
def test_the_definition_written_out(seed: int) -> None:
    fit, cluster = example(seed)
    result = syn.robust(fit, cluster.tolist())
    for contrast in (np.eye(3)[1:], np.eye(3), np.array([[0.0, 1.0, -1.0], [1.0, 2.0, 0.0]])):
        q = contrast.shape[0]
        distance, eta = plainly(fit, cluster, contrast)
        test = result.joint(contrasts=contrast)
        assert test.df1 == q
        assert test.df2 == pytest.approx(eta - q + 1, rel=1e-7)
        assert test.f == pytest.approx((eta - q + 1) / (eta * q) * distance, rel=1e-6)
        if test.df2 > 0:
            assert test.p == pytest.approx(stats.f.sf(test.f, q, test.df2), rel=1e-6)
    assert result.joint() == result.joint(["x1", "x2"])
    assert result.joint("x1").names == ("x1",)


@given(seeds, st.integers(5, 12), st.integers(2, 3))
@settings(max_examples=15)
def test_complete_clusters_give_hotellings_test(seed: int, clusters: int, outcomes: int) -> None:
    """Each cluster reports every outcome, equal variances: the exact one-sample T2."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(clusters, outcomes)) + rng.normal(size=(clusters, 1))
    outcome = np.tile(np.eye(outcomes), (clusters, 1))[:, 1:]
    labels = np.repeat(np.arange(clusters), outcomes).tolist()
    fit = syn.regress(y.ravel(), np.full(y.size, 0.4), outcome)
    means = np.column_stack([np.ones(outcomes), np.eye(outcomes)[:, 1:]])
    test = syn.robust(fit, labels).joint(contrasts=means)
    t2 = clusters * y.mean(0) @ linalg.solve(np.cov(y.T), y.mean(0))
    assert test.df2 == pytest.approx(clusters - outcomes, rel=1e-8)
    scale = (clusters - outcomes) / (outcomes * (clusters - 1))
    assert test.f == pytest.approx(scale * t2, rel=1e-7)


@given(seeds)
@settings(max_examples=10)
def test_how_a_hypothesis_is_written_does_not_matter(seed: int) -> None:
    fit, cluster = example(seed)
    result = syn.robust(fit, cluster.tolist())
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(2, 2)) + 3 * np.eye(2)
    first, second = result.joint(), result.joint(contrasts=mix @ np.eye(3)[1:])
    assert (second.f, second.df2) == pytest.approx((first.f, first.df2), rel=1e-7)


def test_too_few_clusters_say_nothing() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(12, 2))
    fit = syn.regress(rng.normal(size=12), np.full(12, 0.2), x)
    test = syn.robust(fit, np.repeat([1, 2, 3], 4).tolist()).joint(["intercept", "x1", "x2"])
    assert test.df2 <= 0
    assert math.isnan(test.p)
    assert "F(3," in repr(test)
    json.dumps(test.to_dict(), allow_nan=False)


def test_mistakes() -> None:
    fit, cluster = example(1)
    result = syn.robust(fit, cluster.tolist())
    assert "own" not in result.to_dict()
    with pytest.raises(ValueError, match="'age' is not a coefficient; there are intercept, x1, x2"):
        result.joint(["age"])
    with pytest.raises(ValueError, match="expected one or more coefficients, each once"):
        result.joint(["x1", "x1"])
    with pytest.raises(ValueError, match=r"contrasts has shape \(1, 2\); expected \(q, 3\)"):
        result.joint(contrasts=[1.0, 0.0])
    with pytest.raises(ValueError, match="a row that is a combination of the others"):
        result.joint(contrasts=[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]])
    pooled = syn.robust(syn.pool([0.1, 0.4, 0.2], [0.1, 0.2, 0.1]), "ABC")
    with pytest.raises(ValueError, match="expected one or more coefficients"):
        pooled.joint()
    group = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    alone = syn.robust(syn.regress([0.1, 0.5, 0.2, 0.4, 0.3, 0.9], [0.1] * 6, group), "AABBCC")
    with pytest.raises(ValueError, match="x1 rests in part on one cluster alone"):
        alone.joint()
