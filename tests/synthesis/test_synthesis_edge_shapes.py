"""Shapes of data that break numbers, against closed forms written here.

Two studies, equal variances, no heterogeneity, empty cells, studies with many arms: each has a
formula of its own, which knows nothing of the iterations and matrices of the library. 1e-9 is asked
of closed forms; iterated ones stop at a step of 1e-10 in log tau2, and 1e-8 is asked.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saisei import synthesis as syn

MOMENTS: tuple[Any, ...] = ("DL", "HE", "REML", "PM", "EB")
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=50, deadline=None)
@given(seeds, st.sampled_from([0.01, 1.0, 30.0]))
def test_two_studies(seed: int, spread: float) -> None:
    """Only ``d = y1 - y2`` counts: ``tau2 = (d^2 - v1 - v2) / 2`` by the estimators named."""
    rng = np.random.default_rng(seed)
    y, v = rng.normal(0.0, spread, 2), np.exp(rng.normal(-2.0, 2.0, 2))
    d2, total = float(np.diff(y)[0] ** 2), float(v.sum())
    tau2 = max(0.0, (d2 - total) / 2.0)
    near = 1e-8 * max(tau2, 1e-3 * total)
    for method in MOMENTS:
        result = syn.pool(y, v, method)
        assert result.tau2 == pytest.approx(tau2, abs=near)
        assert result.i2 == pytest.approx(100.0 * tau2 / (tau2 + total / 2.0), rel=1e-7, abs=1e-6)
    limits = [max(0.0, (d2 / stats.chi2.ppf(p, 1) - total) / 2.0) for p in (0.975, 0.025)]
    assert syn.q_profile(y, v) == pytest.approx(limits, rel=1e-8, abs=1e-8 * total)
    # the squared Knapp-Hartung error is d^2 times the product of both shares
    share = (v + tau2)[::-1] / (total + 2.0 * tau2)
    knha = syn.pool(y, v)
    assert knha.se == pytest.approx(math.sqrt(d2 * share[0] * share[1]), rel=1e-7)
    assert knha.estimate == pytest.approx(float(share @ y), rel=1e-7, abs=1e-7 * spread)
    assert knha.log_likelihood == pytest.approx(
        stats.norm.logpdf(math.sqrt(d2 / 2.0), 0.0, math.sqrt((total + 2.0 * tau2) / 2.0)),
        rel=1e-8, abs=1e-8,
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(2, 9), st.sampled_from([0.1, 1.0, 5.0]))
def test_equal_variances(seed: int, k: int, spread: float) -> None:
    """With s2 the variance of the estimates: ``s2 - v``, or ``s2 (k - 1) / k - v``."""
    rng = np.random.default_rng(seed)
    one, y = float(np.exp(rng.normal())), rng.normal(0.0, spread, k)
    v, s2 = np.full(k, one), float(y.var(ddof=1))
    crude = s2 * (k - 1) / k
    expected = dict.fromkeys((*MOMENTS, "HSk"), s2 - one) | dict.fromkeys(("ML", "HS"), crude - one)
    expected["SJ"] = s2 * crude / (one + crude)
    for name, value in expected.items():
        method: Any = name
        result = syn.pool(y, v, method)
        assert result.tau2 == pytest.approx(max(0.0, value), abs=1e-8 * max(abs(value), one))
        assert result.se == pytest.approx(math.sqrt(s2 / k), rel=1e-8)
        assert result.estimate == pytest.approx(float(y.mean()), abs=1e-12 * spread)
        whole = one + result.tau2
        if name not in {"SJ", "ML", "HS"}:
            assert result.tau2_se == pytest.approx(whole * math.sqrt(2.0 / (k - 1)), rel=1e-9)
    without = syn.leave_one_out(y, v) if k > 2 else None
    if without is not None:
        for left in range(k):
            rest = np.delete(y, left)
            assert without.tau2[left] == pytest.approx(
                max(0.0, float(rest.var(ddof=1)) - one), abs=1e-8 * max(s2, one)
            )


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(2, 8))
def test_no_heterogeneity(seed: int, k: int) -> None:
    """Estimates closer than chance: tau2 is 0 and everything is the common effect."""
    rng = np.random.default_rng(seed)
    v = np.exp(rng.normal(-2.0, 1.5, k))
    y = 0.3 + 0.05 * np.sqrt(v) * rng.uniform(-1.0, 1.0, k)
    common = syn.pool(y, v, "EE", "z")
    for name in ("DL", "REML", "ML", "PM", "EB", "HS", "HSk"):
        method: Any = name
        result = syn.pool(y, v, method, "z")
        assert result.boundary
        assert (result.tau2, result.i2, result.h2) == (0.0, 0.0, 1.0)
        assert result.estimate == pytest.approx(common.estimate, rel=1e-14)
        assert result.ci == pytest.approx(common.ci, rel=1e-14)
        assert result.prediction_interval == pytest.approx(common.ci, rel=1e-14)
    assert syn.blups(y, v, test="z").estimate == pytest.approx(np.full(k, common.estimate))


@pytest.mark.parametrize(
    ("counts", "odds", "risk"),
    [
        ((0, 10, 3, 9), (0.5 / 10.5, 3.5 / 6.5), (0.5 / 11, 3.5 / 10)),
        ((10, 10, 3, 9), (10.5 / 0.5, 3.5 / 6.5), (10.5 / 11, 3.5 / 10)),
        ((0, 10, 9, 9), (0.5 / 10.5, 9.5 / 0.5), (0.5 / 11, 9.5 / 10)),
        ((0, 10, 0, 9), (0.5 / 10.5, 0.5 / 9.5), (0.5 / 11, 0.5 / 10)),
    ],
)
def test_empty_cells(counts: Any, odds: Any, risk: Any) -> None:
    """0.5 in all four cells, whichever is empty; so n grows by 1."""
    raw: dict[str, Any] = dict(
        zip(("events1", "n1", "events2", "n2"), ([x] for x in counts), strict=True)
    )
    ratio = syn.effect("OR", double_zero="keep", **raw)
    assert ratio.y[0] == pytest.approx(math.log(odds[0] / odds[1]), rel=1e-12)
    cells = [counts[0] + 0.5, counts[1] - counts[0] + 0.5]
    cells += [counts[2] + 0.5, counts[3] - counts[2] + 0.5]
    assert ratio.v[0] == pytest.approx(sum(1.0 / cell for cell in cells), rel=1e-12)
    other = syn.effect("RR", double_zero="keep", **raw)
    assert other.y[0] == pytest.approx(math.log(risk[0] / risk[1]), rel=1e-12)


def test_ties_of_ranks_and_of_estimates() -> None:
    """Kendall's tau with ties by scipy; equal estimates leave nothing to trim or to rank."""
    y, v = np.array([0.1, 0.4, 0.4, 0.9, 0.2, 0.9]), np.array([0.1, 0.2, 0.2, 0.1, 0.3, 0.3])
    weights = 1.0 / v
    apart = (y - weights @ y / weights.sum()) / np.sqrt(v - 1.0 / weights.sum())
    expected = stats.kendalltau(apart, v, method="asymptotic")
    found = syn.begg(y, v)
    assert (found.tau, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert syn.trim_fill([0.1] * 4, [0.1, 0.2, 0.3, 0.4]).missing == 0
    assert math.isnan(syn.begg([0.1] * 3, [0.1, 0.2, 0.3]).tau)


def arms_of(seed: int) -> list[tuple[list[int], Any, Any]]:
    """Studies of two to five arms over five treatments, the first of all five."""
    rng = np.random.default_rng(seed)
    found = []
    for study in range(6):
        arms = list(range(5)) if study == 0 else sorted(rng.permutation(5)[: rng.integers(2, 6)])
        arms = [int(arm) for arm in arms]
        found.append((arms, rng.normal(0.0, 1.0, len(arms)), np.exp(rng.normal(-1, 1, len(arms)))))
    return found


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_networks_of_studies_with_many_arms(seed: int) -> None:
    """Dense matrices: arms less their study's first, covariance ``v1``, tau2 with 1/2 between.

    DerSimonian and Laird's tau2 is ``(Q - df) / tr(P T)`` with T that pattern (Jackson, White and
    Riley 2012).
    """
    columns: dict[str, Any] = {n: [] for n in ("study", "treat1", "treat2", "te", "se")}
    xs, ys, vs, ts = [], [], [], []
    for study, (arms, mean, v) in enumerate(arms_of(seed)):
        for i, j in itertools.combinations(range(len(arms)), 2):
            row = (study, f"t{arms[i]}", f"t{arms[j]}", mean[i] - mean[j], math.sqrt(v[i] + v[j]))
            for name, value in zip(columns, row, strict=True):
                columns[name].append(value)
        x = np.zeros((len(arms) - 1, 5))
        x[range(len(arms) - 1), arms[1:]] = 1.0
        x[:, arms[0]] = -1.0
        xs.append(x[:, 1:])
        ys.append(mean[1:] - mean[0])
        vs.append(np.diag(v[1:]) + v[0])
        ts.append(0.5 * (np.eye(len(arms) - 1) + 1.0))
    x, y = np.concatenate(xs), np.concatenate(ys)
    v, t = block(vs), block(ts)
    w = np.linalg.inv(v)
    p = w - w @ x @ np.linalg.solve(x.T @ w @ x, x.T @ w)
    q, df = float(y @ p @ y), y.size - 4
    tau2 = max(0.0, (q - df) / float(np.trace(p @ t)))
    net = syn.network(**columns, method="DL")
    assert net.q_df == df
    assert net.q == pytest.approx(q, rel=1e-9)
    assert net.tau2 == pytest.approx(tau2, rel=1e-8, abs=1e-10)
    for model, variance in ((net.common, v), (net.random, v + tau2 * t)):
        w = np.linalg.inv(variance)
        covariance = np.linalg.inv(x.T @ w @ x)
        own = covariance @ x.T @ w @ y
        np.testing.assert_allclose(model.te[1:, 0], own, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(model.se[1:, 0], np.sqrt(np.diag(covariance)), rtol=1e-8)


def block(parts: list[Any]) -> Any:
    """A block-diagonal matrix."""
    size = sum(len(part) for part in parts)
    whole, at = np.zeros((size, size)), 0
    for part in parts:
        whole[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return whole
