"""``bivariate``: a published example, the likelihood written out, a change of axes, mistakes."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import pytest

from saisei import synthesis as syn

# Five trials of gum surgery (Berkey and others 1998): probing depth and attachment level.
Y = [[0.47, -0.32], [0.20, -0.60], [0.40, -0.12], [0.26, -0.31], [0.56, -0.39]]
V = [[0.0075, 0.0077], [0.0057, 0.0008], [0.0021, 0.0014], [0.0029, 0.0015], [0.0148, 0.0304]]
C = [0.0030, 0.0009, 0.0007, 0.0009, 0.0072]
Kind = Literal["REML", "ML"]


def test_gum_surgery() -> None:
    """metafor's maximum-likelihood fit, to the four decimals in which it is known."""
    fit = syn.bivariate(Y, V, C, "ML", names=("depth", "attachment"))
    assert [f"{one:.4f}" for one in fit.estimates] == ["0.3448", "-0.3379"]
    assert [f"{one:.4f}" for one in fit.se] == ["0.0495", "0.0798"]
    assert [f"{one:.4f}" for one in fit.tau2] == ["0.0070", "0.0261"]
    assert f"{fit.correlation:.4f}" == "0.6992"
    assert (fit.converged, fit.boundary, fit.reported) == (True, False, (5, 5))
    assert "attachment: k = 5   estimate -0.3379" in repr(fit)
    json.dumps(fit.to_dict())


def height(y: Any, v: Any, there: Any, between: Any, kind: Kind) -> float:
    """The likelihood, study by study, each with the outcomes that it reports."""
    total, along = np.zeros((2, 2)), np.zeros(2)
    value: Any = 0.0
    for one, spread, reported in zip(y, v, there, strict=True):
        pick = np.eye(2)[reported]
        cov = pick @ (spread + between) @ pick.T
        part = pick.T @ np.linalg.inv(cov) @ pick
        seen = np.where(reported, one, 0.0)
        total, along = total + part, along + part @ seen
        value += np.linalg.slogdet(cov)[1] + seen @ part @ seen
    value -= along @ np.linalg.solve(total, along)
    if kind == "REML":
        value += np.linalg.slogdet(total)[1]
    return float(-0.5 * value)


def draw(rng: np.random.Generator, k: int, *, missing: bool) -> tuple[Any, Any, Any]:
    """Studies with two correlated outcomes."""
    v = np.exp(rng.normal(-2, 1, (k, 2)))
    cov = rng.uniform(-0.9, 0.9, k) * np.sqrt(v.prod(1))
    y = rng.normal(size=(k, 2)) @ rng.normal(size=(2, 2)) + rng.normal(0, np.sqrt(v))
    if missing:
        y[0, 0] = y[1, 1] = math.nan
    return y, v, cov


def spread_of(v: Any, cov: Any) -> Any:
    spread = np.empty((len(cov), 2, 2))
    spread[:, 0, 0], spread[:, 1, 1] = np.transpose(v)
    spread[:, 0, 1] = spread[:, 1, 0] = cov
    return spread


def between_of(fit: syn.BivariateResult) -> Any:
    """The covariance of true effects."""
    cross = 0.0
    if not math.isnan(fit.correlation):
        cross = fit.correlation * math.sqrt(fit.tau2[0] * fit.tau2[1])
    return np.array([[fit.tau2[0], cross], [cross, fit.tau2[1]]])


@pytest.mark.parametrize("kind", ["REML", "ML"])
@pytest.mark.parametrize("missing", [False, True])
def test_no_search_finds_a_higher_likelihood(kind: Kind, missing: bool) -> None:  # noqa: FBT001
    """300 random covariances over all sizes and 100 near the maximum, in each of three sets."""
    rng = np.random.default_rng(31)
    for k in (4, 8, 16):
        y, v, cov = draw(rng, k, missing=missing)
        fit = syn.bivariate(y, v, cov, kind)
        assert fit.converged
        there, spread = ~np.isnan(y), spread_of(v, cov)
        at = between_of(fit)
        best = height(y, spread, there, at, kind)
        for i in range(400):
            if i < 300:
                root = rng.normal(size=(2, 2)) * np.exp(rng.normal(-1, 1.5, (2, 1)))
                other = root @ root.T
            else:
                turn = np.eye(2) + rng.normal(size=(2, 2)) * 10.0 ** rng.uniform(-4, -1)
                other = turn @ at @ turn.T
            assert height(y, spread, there, other, kind) <= best + 1e-8


def test_the_means_by_hand() -> None:
    y, v, cov = draw(np.random.default_rng(8), 9, missing=True)
    fit = syn.bivariate(y, v, cov)
    total, along = np.zeros((2, 2)), np.zeros(2)
    for one, spread in zip(y, spread_of(v, cov), strict=True):
        pick = np.eye(2)[~np.isnan(one)]
        part = pick.T @ np.linalg.inv(pick @ (spread + between_of(fit)) @ pick.T) @ pick
        total, along = total + part, along + part @ np.nan_to_num(one)
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(total), rtol=1e-7)
    np.testing.assert_allclose(fit.estimates, np.linalg.solve(total, along), rtol=1e-7)
    np.testing.assert_allclose(fit.ci[:, 1], fit.estimates + 1.959963984540054 * fit.se)
    assert fit.reported == (8, 8)


def test_other_axes_are_the_same_fit() -> None:
    """Sum and difference of the outcomes: means and covariance turn with them.

    The simplex stops about 1e-7 from the top; 1e-4 of the largest variance is asked.
    """
    turn = np.array([[1.0, 1.0], [2.0, -1.0]])
    for seed in range(2):
        y, v, cov = draw(np.random.default_rng(seed), 8, missing=False)
        spread = turn @ spread_of(v, cov) @ turn.T
        one = syn.bivariate(y, v, cov)
        two = syn.bivariate(y @ turn.T, spread[:, [0, 1], [0, 1]], spread[:, 0, 1])
        was = turn @ between_of(one) @ turn.T
        np.testing.assert_allclose(between_of(two), was, atol=1e-4 * was.max())
        np.testing.assert_allclose(two.estimates, turn @ one.estimates, rtol=1e-3, atol=1e-4)


def test_moved_scaled_and_exchanged() -> None:
    one = syn.bivariate(Y, V, C)
    scale = np.array([10.0, 0.1])
    two = syn.bivariate(np.array(Y) * scale + 5, np.array(V) * scale**2, C)
    np.testing.assert_allclose(two.estimates, one.estimates * scale + 5, rtol=1e-5)
    np.testing.assert_allclose(two.tau2, np.array(one.tau2) * scale**2, rtol=1e-4)
    three = syn.bivariate(np.array(Y)[:, ::-1], np.array(V)[:, ::-1], C)
    np.testing.assert_allclose(three.estimates[::-1], one.estimates, rtol=1e-5)
    assert three.correlation == pytest.approx(one.correlation, rel=1e-4)


@pytest.mark.parametrize(
    ("y", "v", "c", "message"),
    [
        (Y[0], V, C, "have shapes"),
        ([[1, 2], [3, math.inf], [1, 1]], V[:3], C[:3], r"y\[1, 1\] is inf"),
        (Y[:3], [[1, 1], [0, 1], [1, 1]], C[:3], r"v\[1, 0\] is 0"),
        (Y[:3], [[1, 1]] * 3, [0, 0, 1.5], r"covariance\[2\] is 1.5"),
        ([[1, 2], [None, 3], [4, None]], V[:3], C[:3], "1 studies report both outcomes"),
        ([["a", 1]] * 3, V[:3], C[:3], "must be numbers"),
    ],
)
def test_mistakes(y: Any, v: Any, c: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.bivariate(y, v, c)
