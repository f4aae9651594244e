"""Profile likelihood, generalised Q and Wald-t, against integrals and brute force.

No oracle here holds these intervals, so each is checked by what defines it: an independent
optimiser, scipy's chi-squared, numerical inversion after Imhof (1961), and the Q-profile interval
where both must agree.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.intervals import weighted_chi_squared_cdf
from synthesis.reference_walk import read

CASES: list[dict[str, Any]] = read("pairwise.json")["cases"]
SOME = [c for c in CASES if c["measure"] in {"OR", "GEN"} or c["dataset"] == "normand1999"]
CRIT = stats.chi2.ppf(0.95, 1)


def tau2_of(case: dict[str, Any], method: str) -> float:
    """The estimate of metafor."""
    return float(next(row["tau2"] for row in case["fits"] if row["method"] == method))


def log_likelihood(mu: float, tau2: float, y: np.ndarray, v: np.ndarray) -> float:
    """Normal log-likelihood of both parameters."""
    return float(np.sum(stats.norm.logpdf(y, mu, np.sqrt(v + tau2))))


@pytest.mark.parametrize("case", SOME, ids=lambda c: f"{c['dataset']}-{c['measure']}")
def test_profile_by_brute_force(case: dict[str, Any]) -> None:
    """At each limit the likelihood, maximised by another optimiser, is CRIT/2 below its peak."""
    y, v = np.array(case["yi"]), np.array(case["vi"])
    fit = syn.profile_likelihood(y, v)
    assert fit.converged
    assert fit.tau2 == pytest.approx(tau2_of(case, "ML"), rel=1e-6, abs=1e-12)
    peak = log_likelihood(fit.estimate, fit.tau2, y, v)
    unit, top = float(v.min()), math.log1p(float(np.ptp(y)) ** 2 * 4 / float(v.min()))
    for mu in fit.estimate_ci:

        def loss(s: float, mu: float = mu) -> float:
            return -log_likelihood(mu, unit * math.expm1(s), y, v)

        at = min(np.linspace(0, top, 400), key=loss)
        found = optimize.minimize_scalar(
            loss, bounds=(max(0.0, at - 1), at + 1), options={"xatol": 1e-9}
        )
        best = min(found.fun, loss(0.0))
        assert 2 * (peak + best) == pytest.approx(CRIT, abs=2e-6)
    for tau2 in fit.tau2_ci:
        w = 1 / (v + tau2)
        drop = 2 * (peak - log_likelihood(float(w @ y / w.sum()), tau2, y, v))
        if tau2 > 0:
            assert drop == pytest.approx(CRIT, abs=1e-7)
        else:
            assert drop <= CRIT


def test_restricted_profile() -> None:
    case = next(c for c in CASES if c["dataset"] == "bcg" and c["measure"] == "RR")
    fit = syn.profile_likelihood(case["yi"], case["vi"], "REML")
    assert fit.tau2 == pytest.approx(tau2_of(case, "REML"), rel=1e-6)
    assert fit.tau2_ci[0] < fit.tau2 < fit.tau2_ci[1]
    assert math.isnan(fit.estimate)
    json.dumps(fit.to_dict(), allow_nan=False)
    y, v = np.array(case["yi"]), np.array(case["vi"])

    def restricted(tau2: float) -> float:
        w = 1 / (v + tau2)
        mu = float(w @ y / w.sum())
        return log_likelihood(mu, tau2, y, v) - 0.5 * math.log(w.sum())

    for limit in fit.tau2_ci:
        assert 2 * (restricted(fit.tau2) - restricted(limit)) == pytest.approx(CRIT, abs=1e-7)


@pytest.mark.parametrize("k", [1, 2, 7, 40, 400, 1000])
def test_equal_shares_are_chi_squared(k: int) -> None:
    for p in (0.001, 0.025, 0.5, 0.975, 0.999):
        q = stats.chi2.ppf(p, k) * 3.0
        assert weighted_chi_squared_cdf(q, np.full(k, 3.0)) == pytest.approx(p, abs=1e-9)
    assert weighted_chi_squared_cdf(0.0, np.ones(k)) == 0.0


@pytest.mark.parametrize("shares", [[1.0, 0.1, 0.01, 3.0], [5.0, 5.0, 0.2, 0.1, 0.1, 0.1, 1.0]])
def test_unequal_shares_by_imhof(shares: list[float]) -> None:
    """Imhof's integral (1961, eq. 3.2); cut at u = 400, its own error is about 4e-7."""
    each = np.array(shares)

    def integrand(u: float, q: float) -> float:
        theta = 0.5 * np.arctan(each * u).sum() - 0.5 * q * u
        return float(math.sin(theta) / (u * np.prod((1 + (each * u) ** 2) ** 0.25)))

    for q in (0.5, 4.0, 15.0):
        area = integrate.quad(integrand, 1e-12, 400, args=(q,), limit=4000, epsabs=1e-9)[0]
        exact = 1 - (0.5 + area / math.pi)
        assert weighted_chi_squared_cdf(q, each) == pytest.approx(exact, abs=1e-6)


def test_generalised_q_solves_its_equation() -> None:
    """At a limit, Q of simulated studies exceeds the observed one with the stated probability."""
    case = next(c for c in CASES if c["dataset"] == "bcg" and c["measure"] == "RR")
    y, v = np.array(case["yi"]), np.array(case["vi"])
    a = 1 / np.sqrt(v)
    observed = float(a @ (y - a @ y / a.sum()) ** 2)
    low, high = syn.generalised_q(y, v, "inverse-se")
    draws = np.random.default_rng(20).standard_normal((40_000, y.size))
    for tau2, expected in ((low, 0.025), (high, 0.975)):
        sample = draws * np.sqrt(v + tau2)
        squares = ((sample - (sample @ a / a.sum())[:, None]) ** 2) @ a
        assert np.mean(squares > observed) == pytest.approx(expected, abs=0.004)
    own = syn.generalised_q(y, v, a)
    assert own == pytest.approx((low, high), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=8), st.floats(0.01, 4))
def test_equal_variances_agree_with_q_profile(values: list[float], variance: float) -> None:
    v = np.full(len(values), variance)
    if np.ptp(values) < 1e-3:
        return
    expected = syn.q_profile(values, v)
    for weights in ("inverse-variance", "inverse-se"):
        found = syn.generalised_q(values, v, weights)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-7 * variance)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=8), st.floats(-5, 5), st.floats(0.1, 9))
def test_shift_and_scale(values: list[float], shift: float, scale: float) -> None:
    v = 0.1 + 0.3 * np.arange(len(values))
    one = syn.profile_likelihood(values, v)
    other = syn.profile_likelihood(shift + scale * np.array(values), scale**2 * v)
    assert np.subtract(other.estimate_ci, shift) / scale == pytest.approx(one.estimate_ci, abs=1e-6)
    assert np.divide(other.tau2_ci, scale**2) == pytest.approx(one.tau2_ci, rel=1e-6, abs=1e-7)
    assert one.estimate_ci[0] < one.estimate < one.estimate_ci[1]


def test_wald_with_t() -> None:
    y, v = np.array([0.1, 0.9, -0.4, 0.5]), np.array([0.02, 0.03, 0.05, 0.04])
    z, t = syn.pool(y, v, test="z"), syn.pool(y, v, test="t")
    assert t.se == z.se
    reach = stats.t.ppf(0.975, 3) * z.se
    assert t.ci == pytest.approx((z.estimate - reach, z.estimate + reach), rel=1e-12)
    assert t.p == pytest.approx(2 * stats.t.sf(abs(t.estimate / t.se), 3), rel=1e-12)
    batch = syn.pool_batch(y[None], v[None], test="t")
    assert batch.ci[0] == pytest.approx(t.ci, rel=1e-9)
    line = syn.regress(y, v, test="t")
    assert line.ci[0] == pytest.approx(t.ci, rel=1e-9)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="method is 'DL'"):
        syn.profile_likelihood([1, 2], [1, 1], "DL")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one study tells nothing"):
        syn.profile_likelihood([1], [1])
    with pytest.raises(ValueError, match="one study tells nothing"):
        syn.generalised_q([1], [1])
    with pytest.raises(ValueError, match="weights is 'equal'"):
        syn.generalised_q([1, 2], [1, 1], "equal")
    with pytest.raises(ValueError, match="one for each study"):
        syn.generalised_q([1, 2], [1, 1], [1.0, -1.0])
    with pytest.raises(ValueError, match="level is 2"):
        syn.generalised_q([1, 2], [1, 1], level=2)


def test_equal_estimates() -> None:
    fit = syn.profile_likelihood([0.3, 0.3, 0.3], [0.1, 0.2, 0.3])
    assert fit.tau2 == 0.0
    assert fit.tau2_ci[0] == 0.0 < fit.tau2_ci[1]
    assert syn.generalised_q([0.3, 0.3, 0.3], [0.1, 0.2, 0.3]) == (0.0, 0.0)
