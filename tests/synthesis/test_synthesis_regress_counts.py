"""``regress_counts`` against likelihoods written anew, without adaptive nodes or profiles.

The other likelihoods take the integrals over fixed nodes (60, or 56 by 56), the study levels of
``fixed-studies`` as parameters, and are climbed by BFGS with numerical slopes, which stops within
some 1e-5 of a log-likelihood: estimates agree to 1e-3 standard errors, standard errors (second
differences there) to 2e-3.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from saisei import synthesis as syn

MODELS = ("fixed-studies", "random-studies", "conditional")
every_model = pytest.mark.parametrize("model", MODELS)

RNG = np.random.default_rng(8)
X = np.array([0.1, 1.2, -0.7, 0.4, 2.0, -1.5, 0.9, -0.2, 1.6, -0.9])
N = RNG.integers(20, 70, (2, X.size)).astype(float)
LEVEL = RNG.normal(-1.3, 0.5, X.size)
HALF = 0.5 * (-0.4 + 0.8 * X + RNG.normal(0, 1.0, X.size))
RAW: dict[str, Any] = {
    "events1": RNG.binomial(N[0].astype(int), special.expit(LEVEL + HALF)).astype(float),
    "n1": N[0],
    "events2": RNG.binomial(N[1].astype(int), special.expit(LEVEL - HALF)).astype(float),
    "n2": N[1],
}


def nodes(points: int) -> tuple[np.ndarray, np.ndarray]:
    """For the mean over a standard normal variable."""
    z, w = np.polynomial.hermite_e.hermegauss(points)
    return z, w / w.sum()


def arms(level: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """Log-likelihood of both arms of each study (first axis), with its constants."""
    total = np.zeros(np.broadcast(level, effect).shape)
    shape = (-1, *([1] * (total.ndim - 1)))
    for arm, sign in (("1", 0.5), ("2", -0.5)):
        y, n = RAW[f"events{arm}"].reshape(shape), RAW[f"n{arm}"].reshape(shape)
        eta = level + sign * effect
        constant = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        total = total + constant + y * eta - n * np.logaddexp(0.0, eta)
    return np.asarray(total)


def fixed(x: np.ndarray) -> float:
    z, w = nodes(60)
    effect = (x[0] + x[1] * X)[:, None] + x[2] * z
    return -float(special.logsumexp(arms(x[3:, None], effect), axis=1, b=w).sum())


def random(x: np.ndarray) -> float:
    z, w = nodes(56)
    effect = (x[0] + x[1] * X)[:, None, None] + x[2] * z[:, None]
    level = x[3] + x[4] * z[None, None, :]
    return -float(special.logsumexp(arms(level, effect), axis=(1, 2), b=np.outer(w, w)).sum())


def conditional(x: np.ndarray) -> float:
    z, w = nodes(60)
    total = 0.0
    for i in range(X.size):
        a, n1, c, n2 = (int(RAW[name][i]) for name in ("events1", "n1", "events2", "n2"))
        j = np.arange(max(0, a + c - n2), min(n1, a + c) + 1)
        log_table = -special.betaln(j + 1, n1 - j + 1) - special.betaln(
            a + c - j + 1, n2 - a - c + j + 1
        )
        eta = x[0] + x[1] * X[i] + x[2] * z
        norm = special.logsumexp(log_table + j * eta[:, None], axis=1)
        total += float(special.logsumexp(log_table[j == a] + a * eta - norm, b=w))
    return -total


PLAIN: dict[str, tuple[Callable[[np.ndarray], float], list[float]]] = {
    "fixed-studies": (fixed, [-0.4, 0.5, 0.4, *LEVEL]),
    "random-studies": (random, [-0.4, 0.5, 0.4, -1.3, 0.5]),
    "conditional": (conditional, [-0.4, 0.5, 0.4]),
}


@every_model
def test_another_likelihood_and_optimiser(model: Any) -> None:
    loss, start = PLAIN[model]
    found = optimize.minimize(loss, np.array(start), method="BFGS", options={"gtol": 1e-4})
    size, h = len(start), 1e-3
    unit = h * np.eye(size)
    hessian = np.array(
        [
            [
                loss(found.x + a + b)
                - loss(found.x + a - b)
                - loss(found.x - a + b)
                + loss(found.x - a - b)
                for b in unit
            ]
            for a in unit
        ]
    ) / (4 * h * h)
    se = np.sqrt(np.diagonal(np.linalg.inv(hessian)))[:2]
    result = syn.regress_counts(X, model, points=25, **RAW)
    assert result.converged
    assert np.abs((result.coefficients - found.x[:2]) / se).max() < 1e-3
    assert result.se == pytest.approx(se, rel=2e-3)
    assert math.sqrt(result.tau2) == pytest.approx(abs(found.x[2]), abs=1e-3)
    if model != "conditional":  # whose constant is another
        assert result.log_likelihood == pytest.approx(-float(found.fun), abs=1e-4)
        assert result.log_likelihood >= -float(found.fun) - 1e-7


@every_model
def test_a_moderator_never_lowers_the_likelihood(model: Any) -> None:
    alone = syn.pool_counts(model, **RAW)
    with_it = syn.regress_counts(X, model, **RAW)
    assert with_it.log_likelihood > alone.log_likelihood
    # Twice the gain and Wald's chi-squared are the same question asked in two ways.
    gain = 2 * (with_it.log_likelihood - alone.log_likelihood)
    assert gain == pytest.approx(with_it.qm, rel=0.5)
    assert with_it.tau2 < alone.tau2
    assert with_it.qm == pytest.approx((with_it.coefficients[1] / with_it.se[1]) ** 2, rel=1e-9)


@every_model
@settings(max_examples=2)
@given(scale=st.floats(0.01, 100.0), shift=st.floats(-50.0, 50.0))
def test_units_and_swapped_arms(model: Any, scale: float, shift: float) -> None:
    base = syn.regress_counts(X, model, points=9, **RAW)
    other = {name[:-1] + str(3 - int(name[-1])): value for name, value in RAW.items()}
    turned = syn.regress_counts(X, model, points=9, **other)
    assert turned.coefficients == pytest.approx(-base.coefficients, abs=1e-5)
    moved = syn.regress_counts(scale * X + shift, model, points=9, **RAW)
    size = base.se[1] / scale
    assert moved.coefficients[1] == pytest.approx(base.coefficients[1] / scale, abs=1e-4 * size)
    assert moved.se[1] == pytest.approx(size, rel=1e-3)
    assert moved.tau2 == pytest.approx(base.tau2, abs=1e-5)


def test_two_groups_without_heterogeneity_are_two_pools() -> None:
    """At tau2 = 0 the studies of either group speak for themselves."""
    raw: dict[str, Any] = {"events1": [4, 6, 5, 12, 9, 14], "n1": [40, 60, 50, 41, 33, 52]}
    raw |= {"events2": [8, 12, 10, 11, 8, 13], "n2": [40, 60, 50, 40, 32, 50]}
    group = [0, 0, 0, 1, 1, 1]
    fit = syn.regress_counts(group, "conditional", names=["later"], **raw)
    parts = []
    for which in (slice(0, 3), slice(3, 6)):
        part = {name: value[which] for name, value in raw.items()}
        parts.append(syn.pool_counts("conditional", **part))
    assert fit.boundary
    assert all(part.boundary for part in parts)
    assert fit.coefficients == pytest.approx(
        [parts[0].estimate, parts[1].estimate - parts[0].estimate], abs=1e-6
    )
    assert fit.se[1] == pytest.approx(math.hypot(parts[0].se, parts[1].se), rel=1e-5)
    assert "later" in repr(fit)
    json.dumps(fit.to_dict(), allow_nan=False)


def test_rows_of_studies_that_say_nothing_are_left_out() -> None:
    raw = {name: np.append(value, 0 if "events" in name else 30) for name, value in RAW.items()}
    given: Any = raw
    fit = syn.regress_counts([*X, 7.0], "conditional", **given)
    without = syn.regress_counts(X, "conditional", **RAW)
    assert fit.coefficients == pytest.approx(without.coefficients, abs=1e-8)
    assert fit.left_out == (syn.LeftOut(10, "no event in either arm"),)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[:9], "x has 9 rows; expected 10"),
        (np.ones(10), "'x1' is 1 in every study"),
        (np.column_stack([X, 2 * X]), "'x2' is a combination of 'x1'"),
        (np.empty((10, 0)), "there is no moderator"),
        (np.random.default_rng(1).normal(size=(10, 9)), "10 studies cannot carry 10 coefficients"),
        ([*X[:9], math.nan], r"x\[9, 0\] is nan"),
    ],
)
def test_mistakes(x: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        syn.regress_counts(x, "conditional", **RAW)


def test_mistakes_in_names() -> None:
    with pytest.raises(ValueError, match="model is 'both'"):
        syn.regress_counts(X, "both", **RAW)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="names has 2 entries; x has 1"):
        syn.regress_counts(X, "conditional", names=["a", "b"], **RAW)
