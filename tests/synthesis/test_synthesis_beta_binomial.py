"""``pool_beta_binomial`` against a published fit, another optimiser, and its own limits.

Tolerances. The published numbers have two decimals. The other optimiser climbs the likelihood of
scipy, whose gamma functions cancel: in arms of 88,391 people 1e-9 of a log-likelihood is noise,
and more where phi is small. Near a maximum that leaves some 3e-5 standard errors of the estimates:
1e-4 is asked.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.beta_binomial import Group, covariance, fit_groups
from synthesis.reference_walk import read

RAW = {case["dataset"]: case["raw"] for case in read("pairwise.json")["cases"] if "raw" in case}
SETS = ("bcg", "collins1985a", "hine1989", "linde2005", "nielweise2007", "yusuf1985", "egger2001")

# Crowder (1978), table 3, germinated and all seeds of 21 plates, as in the data set orob2 of the
# package aod (Rdatasets); by kind of seed and extract.
CROWDER = {
    ("O73", "bean"): ([8, 10, 8, 23, 0], [16, 30, 28, 45, 4]),
    ("O75", "bean"): ([10, 23, 23, 26, 17], [39, 62, 81, 51, 39]),
    ("O73", "cucumber"): ([3, 22, 15, 32, 3], [12, 41, 30, 51, 7]),
    ("O75", "cucumber"): ([5, 53, 55, 32, 46, 10], [6, 74, 72, 51, 79, 13]),
}


def counts(dataset: str) -> dict[str, Any]:
    """The counts of a data set by name."""
    cells = np.array(
        [
            [math.nan if x is None else x for x in RAW[dataset][name]]
            for name in ("ai", "bi", "ci", "di")
        ]
    )
    a, b, c, d = cells[:, np.isfinite(cells).all(0)]
    return {"events1": a, "n1": a + b, "events2": c, "n2": c + d}


def test_crowder_1978() -> None:
    """The 2 by 2 model by aod::betabin, as printed in the help of agridat (crowder.seeds)."""
    arms = [(np.array(y, dtype=float), np.array(n, dtype=float)) for y, n in CROWDER.values()]
    fit = fit_groups(arms)
    odds = np.log(fit.risks / (1 - fit.risks))
    scale = np.diag(1 / (fit.risks * (1 - fit.risks)))
    contrast = np.array([[1, 0, 0, 0], [-1, 1, 0, 0], [-1, 0, 1, 0], [1, -1, -1, 1]])
    se = np.sqrt(np.diag(contrast @ scale @ covariance(fit)[:4, :4] @ scale @ contrast.T))
    assert [f"{x:.2f}" for x in contrast @ odds] == ["-0.44", "-0.10", "0.52", "0.80"]
    assert [f"{x:.2f}" for x in se] == ["0.22", "0.27", "0.30", "0.38"]


@pytest.mark.parametrize("dataset", SETS)
def test_another_optimiser_and_likelihood(dataset: str) -> None:
    raw = counts(dataset)
    result = syn.pool_beta_binomial("OR", **raw)

    def loss(x: np.ndarray) -> float:
        # Log odds of both arms, and the log of phi.
        total = 0.0
        for arm, eta in (("1", x[0]), ("2", x[1])):
            mu, spread = 1 / (1 + math.exp(-eta)), math.exp(min(12.0, -x[2]))
            y, n = raw[f"events{arm}"], raw[f"n{arm}"]
            total -= float(np.sum(stats.betabinom.logpmf(y, n, mu * spread, (1 - mu) * spread)))
        return total

    start = [float(log_odds(raw[f"events{arm}"].sum() / raw[f"n{arm}"].sum())) for arm in "12"]
    found = optimize.minimize(
        loss,
        np.array([*start, -3.5]),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-11, "maxiter": 1500},
    )
    assert result.converged
    assert result.log_likelihood >= -float(found.fun) - (1e-6 if result.boundary else 1e-8)
    if result.boundary:
        assert result.rho == 0.0
        assert found.x[2] < -9.0
        return
    assert abs(result.estimate - (found.x[0] - found.x[1])) < 1e-4 * result.se
    assert result.rho == pytest.approx(1 / (1 + math.exp(-found.x[2])), rel=1e-4)
    assert result.se == pytest.approx(numerical_se(loss, found.x), rel=1e-3)


def log_odds(p: float) -> float:
    """Log odds."""
    return math.log(p / (1 - p))


def numerical_se(loss: Any, x: np.ndarray) -> float:
    """Standard error of ``x[0] - x[1]`` from second differences, good to some 1e-5."""
    h = 1e-3
    unit = np.eye(3) * h
    hessian = np.array(
        [
            [loss(x + a + b) - loss(x + a - b) - loss(x - a + b) + loss(x - a - b) for b in unit]
            for a in unit
        ]
    ) / (4 * h * h)
    inverse = np.linalg.inv(hessian)
    return math.sqrt(inverse[0, 0] + inverse[1, 1] - 2 * inverse[0, 1])


def test_the_three_measures_are_one_fit() -> None:
    raw = counts("nielweise2007")
    ratio, risk, difference = (syn.pool_beta_binomial(m, **raw) for m in ("OR", "RR", "RD"))
    p1, p2 = ratio.risk1, ratio.risk2
    assert ratio.estimate == pytest.approx(math.log(p1 / (1 - p1) * (1 - p2) / p2), rel=1e-12)
    assert risk.estimate == pytest.approx(math.log(p1 / p2), rel=1e-12)
    assert difference.estimate == pytest.approx(p1 - p2, rel=1e-12)
    assert risk.log_likelihood == difference.log_likelihood == ratio.log_likelihood
    # Rare events: odds and risks nearly agree, and so do their logarithms' standard errors.
    assert risk.se == pytest.approx(ratio.se, rel=0.05)


def test_without_overdispersion_it_is_the_binomial_model() -> None:
    """At rho = 0 the arms are pooled as one table, whose log odds ratio has Woolf's variance."""
    raw = counts("hine1989")
    result = syn.pool_beta_binomial("OR", **raw)
    table: dict[str, Any] = {name: [float(x.sum())] for name, x in raw.items()}
    whole = syn.effect("OR", **table)
    assert result.boundary
    assert math.isnan(result.rho_se)
    assert result.estimate == pytest.approx(whole.y[0], rel=1e-9)
    assert result.se == pytest.approx(whole.se[0], rel=1e-9)


def test_sums_over_people_are_exact() -> None:
    """Six nodes for stretches of r, against every term, in large arms: to rounding."""
    n = np.array([3.0, 88_391.0, 88_391.0, 120.0, 5000.0])
    events = np.array([0.0, 700.0, 65.0, 120.0, 17.0])
    group = Group(events, n)
    for mu, phi in ((1e-2, 1e-9), (1e-3, 0.01), (0.6, 5.0), (1e-6, 1e-3)):
        expected = group.constant
        for y, m in zip(events.astype(int).tolist(), n.astype(int).tolist(), strict=True):
            expected += float(np.log(mu + np.arange(y) * phi).sum())
            expected += float(np.log(1 - mu + np.arange(m - y) * phi).sum())
            expected -= float(np.log(1 + np.arange(m) * phi).sum())
        # The sums are up to 1e6 and cancel: 1e-9 is their rounding.
        assert group.value(mu, phi) == pytest.approx(expected, abs=2e-9)
    plain = float(np.sum(stats.betabinom.logpmf(events, n, 0.01 / 0.02, 0.99 / 0.02)))
    assert group.value(0.01, 0.02) == pytest.approx(plain, rel=1e-10)


def test_derivatives_are_those_of_the_likelihood() -> None:
    group = Group(np.array([0.0, 3.0, 40.0]), np.array([10.0, 30.0, 90.0]))
    mu, phi, h = 0.2, 0.07, 1e-5
    first_mu, first_phi, mm, mp, pp = group.derivatives(mu, phi)
    value = group.value
    assert first_mu == pytest.approx((value(mu + h, phi) - value(mu - h, phi)) / (2 * h), rel=1e-7)
    assert first_phi == pytest.approx((value(mu, phi + h) - value(mu, phi - h)) / (2 * h), rel=1e-7)
    up, down = group.derivatives(mu + h, phi), group.derivatives(mu - h, phi)
    assert mm == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-7)
    assert mp == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-7)
    up, down = group.derivatives(mu, phi + h), group.derivatives(mu, phi - h)
    assert pp == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-6)


@settings(max_examples=12)
@given(st.integers(0, 10_000))
def test_no_grid_is_higher_and_swapped_arms_turn_the_sign(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 8))
    n1, n2 = rng.integers(5, 200, (2, k)).astype(float)
    risks = rng.beta(0.6, 12.0, (2, k))
    raw: dict[str, Any] = {"n1": n1, "n2": n2}
    raw |= {"events1": rng.binomial(n1.astype(int), risks[0]).astype(float)}
    raw |= {"events2": rng.binomial(n2.astype(int), risks[1]).astype(float)}
    raw["events1"][0], raw["events2"][0] = 1.0, 2.0
    result = syn.pool_beta_binomial("OR", **raw)
    groups = [Group(raw[f"events{arm}"], raw[f"n{arm}"]) for arm in "12"]
    grid = [0.0, *np.geomspace(1e-8, 1e3, 120)]
    best = max(sum(g.value(g.best(phi)[0], phi) for g in groups) for phi in grid)
    assert result.log_likelihood >= best - 1e-9
    assert result.converged
    swapped = syn.pool_beta_binomial(
        "OR", **{x[:-1] + str(3 - int(x[-1])): y for x, y in raw.items()}
    )
    assert swapped.estimate == pytest.approx(-result.estimate, rel=1e-7, abs=1e-9)
    turned = {**raw, "events1": n1 - raw["events1"], "events2": n2 - raw["events2"]}
    other = syn.pool_beta_binomial("OR", **turned)
    assert other.estimate == pytest.approx(-result.estimate, rel=1e-6, abs=1e-8)
    assert other.rho == pytest.approx(result.rho, rel=1e-5, abs=1e-10)


def test_studies_without_an_event_take_part() -> None:
    raw: dict[str, Any] = {"events1": [2, 0, None, 3], "n1": [20, 20, 9, 30]}
    raw |= {"events2": [4, 0, 1, 7], "n2": [20, 20, 9, 30]}
    kept = syn.pool_beta_binomial("RD", **raw)
    left = syn.pool_beta_binomial("RD", double_zero="leave-out", **raw)
    assert (kept.k, left.k) == (3, 2)
    assert kept.left_out == (syn.LeftOut(2, "events1 is missing"),)
    assert [one.index for one in left.left_out] == [1, 2]
    assert kept.risk1 < left.risk1
    assert "RD" in repr(kept)
    json.dumps(kept.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events1": [2.5, 1]}, r"events1\[0\] is 2.5; expected a whole number"),
        ({"events1": [0, 0]}, "one arm has nobody, or everybody"),
        ({"events1": [20, 0], "events2": [0, 20]}, "in every arm nobody or everybody"),
        ({"events1": [None, 1], "events2": [1, None]}, "one arm has nobody"),
    ],
)
def test_mistakes(change: dict[str, Any], message: str) -> None:
    raw: dict[str, Any] = {"events1": [2, 1], "n1": [20, 20], "events2": [5, 2], "n2": [20, 20]}
    with pytest.raises(ValueError, match=message):
        syn.pool_beta_binomial(**(raw | change))


def test_mistakes_in_names() -> None:
    raw: dict[str, Any] = {"events1": [2], "n1": [20], "events2": [5], "n2": [20]}
    with pytest.raises(ValueError, match="measure is 'HR'"):
        syn.pool_beta_binomial("HR", **raw)  # type: ignore[arg-type]
