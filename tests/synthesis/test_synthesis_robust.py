"""``robust``: against the formulae written out plainly, a known result, known identities.

The plain form below builds every matrix of the paper whole, takes the adjustment from a Cholesky
root and the degrees of freedom from eigenvalues. Both are exact: 1e-8 allows for the conditioning
of the roots. clubSandwich's result for the vaccine trials is known to seven digits, and to those
it is compared.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Method
from synthesis.reference_walk import read

BCG = read("pairwise.json")["meta_regression"][0]
seeds = st.integers(0, 2**32 - 1)


def plainly(y: Any, x: Any, v: Any, cluster: Any) -> tuple[Any, Any]:
    """CR2 and its degrees of freedom with every matrix written out (Pustejovsky, Tipton 2018).

    The variance estimate of one coefficient is a quadratic form y'Qy; with S a root of the
    working covariance, the eigenvalues l of S'QS give df = (sum l)^2 / sum l^2.
    """
    phi, w = np.diag(v), np.diag(1.0 / v)
    m = linalg.inv(x.T @ w @ x)
    keep = np.eye(len(y)) - x @ m @ x.T @ w
    meat = np.zeros((x.shape[1], x.shape[1]))
    forms = np.zeros((x.shape[1], len(y), len(y)))
    for name in np.unique(cluster):
        pick = np.eye(len(y))[cluster == name]
        d = linalg.cholesky(pick @ phi @ pick.T)
        b = d @ pick @ keep @ phi @ keep.T @ pick.T @ d.T
        a = d.T @ linalg.inv(linalg.sqrtm(b).real) @ d
        score = m @ x.T @ w @ pick.T @ a @ pick @ keep
        meat += score @ np.outer(y, y) @ score.T
        forms += np.einsum("ci,cj->cij", score, score)
    s = np.sqrt(phi)
    df = []
    for form in forms:
        values = linalg.eigvalsh(s @ form @ s)
        df.append(values.sum() ** 2 / (values**2).sum())
    return meat, np.array(df)


@given(seeds, st.sampled_from(("REML", "EE", "DL")))
def test_against_every_matrix_written_out(seed: int, method: Method) -> None:
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(7), [1, 2, 3, 1, 4, 2, 2])
    v = np.exp(rng.normal(-2, 1, 15))
    x = np.column_stack([rng.normal(size=7)[cluster], rng.normal(size=15)])
    y = rng.normal(size=7)[cluster] + rng.normal(0, np.sqrt(v))
    fit = syn.regress(y, v, x, method)
    result = syn.robust(fit, [f"site {one}" for one in cluster])
    meat, df = plainly(y, fit.x, v + fit.tau2, cluster)
    np.testing.assert_allclose(result.covariance, meat, rtol=1e-7, atol=1e-9 * np.abs(meat).max())
    np.testing.assert_allclose(result.df, df, rtol=1e-8)
    half = stats.t.ppf(0.975, df) * np.sqrt(np.diag(meat))
    np.testing.assert_allclose(result.ci[:, 1], fit.coefficients + half, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        result.p_values, 2 * stats.t.sf(np.abs(fit.coefficients / result.se), df), rtol=1e-6
    )


def test_the_vaccine_trials() -> None:
    """Log risk ratios of Colditz and others (1994), REML, each trial a cluster."""
    result = syn.robust(syn.pool(BCG["yi"], BCG["vi"]), range(13))
    assert result.covariance[0, 0] == pytest.approx(0.03229357, rel=2e-7)
    assert result.df[0] == pytest.approx(11.04125, rel=1e-6)
    assert result.coefficients[0] / result.se[0] == pytest.approx(-3.97616, rel=2e-6)


@given(seeds, st.integers(2, 9), st.integers(1, 4))
def test_balanced_clusters_are_their_means(seed: int, clusters: int, size: int) -> None:
    """Equal variances and sizes: the t test of the cluster means, with clusters - 1."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(clusters, size)) + rng.normal(size=(clusters, 1))
    labels = np.repeat(np.arange(clusters), size).tolist()
    result = syn.robust(syn.pool(y.ravel(), np.full(y.size, 0.3)), labels)
    mean = y.mean(1)
    assert result.se[0] == pytest.approx(mean.std(ddof=1) / math.sqrt(clusters), rel=1e-9)
    assert result.df[0] == pytest.approx(clusters - 1, rel=1e-9)


def test_two_groups_as_published() -> None:
    """Two groups, one error variance at work: Welch's standard error, Bell and McCaffrey's df.

    With n1 and n2 in the groups, (1/n1 + 1/n2)^2 / (1/(n1^2 (n1 - 1)) + 1/(n2^2 (n2 - 1))) degrees
    of freedom (Imbens and Kolesár 2016); 3 and 27 of 30 give 2.5.
    """
    rng = np.random.default_rng(6)
    group = np.repeat([1.0, 0.0], [3, 27])
    y = rng.normal(size=30)
    result = syn.robust(syn.regress(y, np.ones(30), group, "EE"), range(30))
    one, two = y[:3], y[3:]
    welch = math.sqrt(one.var(ddof=1) / 3 + two.var(ddof=1) / 27)
    assert result.se[1] == pytest.approx(welch, rel=1e-10)
    df = (1 / 3 + 1 / 27) ** 2 / (1 / (9 * 2) + 1 / (27**2 * 26))
    assert result.df[1] == pytest.approx(df, rel=1e-10)
    assert f"{df:.1f}" == "2.5"
    assert "x1 has 2.47 degrees of freedom" in " ".join(result.notes)


def test_the_mean_of_the_estimate_is_the_working_variance() -> None:
    """Unbiased when the working model holds: the mean over 1,500 draws, to 5 of its errors."""
    rng = np.random.default_rng(12)
    v = np.array([0.1, 0.4, 0.2, 0.9, 0.3, 0.2, 0.5, 0.1])
    cluster = [0, 0, 1, 1, 2, 3, 3, 4]
    draws = np.array(
        [
            syn.robust(syn.pool(rng.normal(0, np.sqrt(v)), v, "EE"), cluster).covariance[0, 0]
            for _ in range(1500)
        ]
    )
    error = draws.std() / math.sqrt(draws.size)
    assert abs(draws.mean() - 1 / (1 / v).sum()) < 5 * error


@given(seeds)
def test_what_does_not_matter(seed: int) -> None:
    """The order of estimates, the names of clusters, the scale of the variances, the test."""
    rng = np.random.default_rng(seed)
    y, v, x = rng.normal(size=9), np.exp(rng.normal(-1, 1, 9)), rng.normal(size=9)
    cluster = np.array(list("aabbccdde"))
    one = syn.robust(syn.regress(y, v, x, "EE"), cluster.tolist())
    order = rng.permutation(9)
    two = syn.robust(
        syn.regress(y[order], 3 * v[order], x[order], "EE", "z"),
        np.char.upper(cluster)[order].tolist(),
    )
    np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-8)
    pool = syn.robust(syn.pool(y, v), cluster.tolist())
    alone = syn.robust(syn.regress(y, v), cluster.tolist())
    np.testing.assert_allclose(pool.ci, alone.ci, rtol=1e-8, atol=1e-10)


def test_a_coefficient_of_one_cluster_is_not_given_an_error() -> None:
    fit = syn.regress([0.1, 0.2, 0.5, 0.4, 0.9, 0.3], [0.1] * 6, [0, 0, 0, 0, 1, 1], "EE")
    result = syn.robust(fit, ["a", "a", "b", "c", "d", "d"])
    assert math.isfinite(result.se[0])
    assert math.isnan(result.se[1])
    assert math.isnan(result.df[1])
    assert any("x1 rests in part on one cluster alone" in note for note in result.notes)
    assert json.loads(json.dumps(result.to_dict()))["se"][1] is None


def test_a_slope_within_clusters_keeps_its_error() -> None:
    """With a mean for each cluster those means rest on one cluster, the common slope does not."""
    rng = np.random.default_rng(9)
    cluster = np.repeat(np.arange(5), 3)
    x = np.column_stack([rng.normal(size=15), *np.eye(5)[cluster].T])
    fit = syn.regress(rng.normal(size=15), np.full(15, 0.2), x, "EE", intercept=False)
    result = syn.robust(fit, cluster.tolist())
    assert np.isfinite(result.se[0])
    assert result.df[0] > 1
    assert np.isnan(result.se[1:]).all()


def test_mistakes_in_clusters() -> None:
    fit = syn.pool([0.1, 0.2, 0.5], [0.1, 0.1, 0.2])
    with pytest.raises(ValueError, match="every estimate is in cluster 'a'"):
        syn.robust(fit, ["a"] * 3)
    with pytest.raises(ValueError, match="cluster has 2 entries; there are 3"):
        syn.robust(fit, ["a", "b"])
    with pytest.raises(ValueError, match="level is 2"):
        syn.robust(fit, ["a", "b", "c"], 2.0)
