"""``network_counts`` against printed results, other functions of the room and other integrations.

Tolerances. The thrombolytics network is printed in TSD4 as posterior means and SDs of a simulation
with flat priors, to three digits. A mean of a skewed posterior is not its mode: 0.004 on the log
odds scale, and 1.5 per cent of an SD, is what separates them (0.003 and 1 per cent are found).
Mantel-Haenszel for two treatments is the same sum in another order: 1e-12. ``pool_counts`` climbs
with numerical derivatives that are good to some 1e-7, so that 1e-5 is asked of its curvature.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, gammaln

from saisei import synthesis as syn
from saisei.synthesis.networks.counts import CountsMethod
from saisei.synthesis.networks.hypergeometric import conditional
from saisei.synthesis.networks.mantel_haenszel import _shared, _variances

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "network_counts.json").read_text("utf-8")
)
METHODS: tuple[CountsMethod, ...] = ("MH", "NCH", "likelihood")
COLUMNS = ("study", "treat", "events", "n")
Arm = tuple[str, str, int, int]


def columns(arms: list[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS, zip(*arms, strict=True), strict=True))


def published(name: str) -> dict[str, Any]:
    return columns(REFERENCE[name]["arms"])


@pytest.mark.parametrize(
    ("method", "te", "se"), [("likelihood", 0.0035, 0.012), ("NCH", 0.0045, 0.015)]
)
def test_thrombolytics_as_printed(method: CountsMethod, te: float, se: float) -> None:
    result = syn.network_counts(**published("thrombolytics"), method=method)
    assert (result.k, result.m, len(result.treatments)) == (50, 102, 9)
    for control, treated, mean, sd in REFERENCE["thrombolytics"]["printed"]["rows"]:
        at = result.index(treated), result.index(control)
        assert result.common.te[at] == pytest.approx(mean, abs=te)
        assert result.common.se[at] == pytest.approx(sd, rel=se, abs=0.0005)


def test_thrombolytics_by_mantel_haenszel() -> None:
    """With 12,000 deaths the three methods have to be close: 0.15 standard errors."""
    mh, nch, ml = (syn.network_counts(**published("thrombolytics"), method=m) for m in METHODS)
    scale = np.where(ml.se > 0.0, ml.common.se, 1.0)
    assert (np.abs(mh.te - ml.common.te) / scale).max() < 0.15
    assert (np.abs(nch.te - ml.common.te) / scale).max() < 0.02
    assert mh.q_df == sum(len(design) - 1 for design in mh.designs) - 8


def test_deaths_after_transplantation() -> None:
    """What Efthimiou and others (2019) leave out is left out, and says why."""
    for method in METHODS:
        result = syn.network_counts(**published("gurusamy2011"), method=method)
        gone = {"Antithrombin III", "Solvent detergent plasma"}
        assert not gone & {*result.treatments}
        assert len(result.treatments) == 5
        assert (result.k, result.m) == (10, 21)
        reasons = {one.index: one.reason for one in result.left_out}
        assert len(reasons) == 8
        assert reasons[14] == (
            "treatment Antithrombin III has no event in all studies that say anything"
        )
        assert reasons[23] == "study Williamson 1999 has no event in any arm"
        assert "treatment Antithrombin III is left out altogether" in result.notes[0]
        placebo, aprotinin = result.index("Control/Placebo"), result.index("Aprotonin")
        assert 1.0 < result.te[placebo, aprotinin] < 1.1


def test_deaths_in_obstructive_lung_disease() -> None:
    data = published("dong2013")
    mh, nch, ml = (syn.network_counts(**data, method=method) for method in METHODS)
    # Everything on TIO-SMI are two studies against placebo: the pairwise sums.
    own = syn.mantel_haenszel(
        "OR", events1=[52, 35], n1=[1989, 1337], events2=[38, 9], n2=[2002, 653]
    )
    at = mh.index("TIO-SMI"), mh.index("Placebo")
    assert mh.te[at] == pytest.approx(own.estimate, rel=1e-12)
    assert mh.se[at] == pytest.approx(own.se, rel=1e-12)
    assert np.abs(nch.te - ml.common.te).max() < 3e-4
    assert np.abs(mh.te - nch.te).max() < 0.01
    reasons = {one.reason for one in mh.left_out} - {one.reason for one in nch.left_out}
    assert reasons == {
        "the studies of just LABA-ICS and Placebo have no finite Mantel-Haenszel odds ratio"
    }
    assert ml.boundary
    assert ml.q_df == nch.q_df == 91 - 38 - 5


def woolf(arms: list[Arm]) -> dict[str, Any]:
    """All pairs within each study as log odds ratios and their usual standard errors."""
    rows: dict[str, Any] = {name: [] for name in ("study", "treat1", "treat2", "te", "se")}
    for one, two in itertools.combinations(arms, 2):
        if one[0] == two[0]:
            cells = [one[2], one[3] - one[2], two[2], two[3] - two[2]]
            te = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
            se = math.sqrt(sum(1.0 / cell for cell in cells))
            for name, value in zip(rows, (one[0], one[1], two[1], te, se), strict=True):
                rows[name].append(value)
    return rows


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 60)), min_size=9, max_size=9))
def test_mantel_haenszel_of_single_studies_is_inverse_variance(cells: list[Any]) -> None:
    """One study for each design, four arms among them: the network of Woolf's contrasts."""
    place = [*((s, t) for s, own in zip("xyz", ("ABCD", "AB", "CDE"), strict=True) for t in own)]
    arms = [(s, t, r, r + q) for (s, t), (r, q) in zip(place, cells, strict=True)]
    result = syn.network_counts(**columns(arms), method="MH")
    expected = syn.network(**woolf(arms), method="EE")
    np.testing.assert_allclose(result.te, expected.common.te, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(result.se, expected.common.se, rtol=1e-9, atol=1e-12)
    assert result.q == pytest.approx(expected.q, rel=1e-8, abs=1e-9)
    assert result.q_df == expected.q_df


def test_covariances_of_mantel_haenszel_are_unbiased() -> None:
    """Every outcome of three arms, weighted by its probability: the exact covariance of H."""
    n, odds = np.array([3.0, 2.0, 4.0]), np.array([0.5, 1.2, 3.0])
    p, people = odds / (1.0 + odds), n.sum()
    sums = np.outer(odds, np.ones(3))  # C_xy / C_yx are the odds ratios
    found = np.zeros((3, 3, 3))
    variances, h = np.zeros((3, 3)), []
    for outcome in itertools.product(*(range(int(m) + 1) for m in n)):
        r = np.array(outcome, dtype=float)
        s = n - r
        chance = math.prod(
            math.comb(int(m), x) * q**x * (1.0 - q) ** (m - x)
            for m, x, q in zip(n, outcome, p, strict=True)
        )
        found += chance * _shared(r[None], s[None], sums)
        variances += chance * _variances(r[None], s[None], sums)
        h.append((chance, (np.outer(r, s) / sums - np.outer(s, r) / sums.T) / people))
    covariance = sum(c * np.multiply.outer(one, one) for c, one in h)  # H has expectation 0
    assert np.abs(sum(c * one for c, one in h)).max() < 1e-12
    for x, y, z in itertools.permutations(range(3)):
        assert found[x, y, z] == pytest.approx(covariance[x, y, x, z], rel=1e-10)
        assert variances[x, y] == pytest.approx(covariance[x, y, x, y], rel=1e-10)


cells = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 30), st.integers(0, 12), st.integers(1, 30)),
    min_size=2,
    max_size=7,
)


def two_arms(table: list[tuple[int, int, int, int]]) -> tuple[list[Arm], dict[str, Any]]:
    a, b, c, d = np.array(table).T
    informative = ((a + c) > 0) & ((b + d) > 0)
    assume(informative.any())
    assume((a * d)[informative].sum() > 0)
    assume((b * c)[informative].sum() > 0)
    raw = {"events1": a, "n1": a + b, "events2": c, "n2": c + d}
    arms = [(str(i), "t", int(w), int(w + x)) for i, (w, x, _, _) in enumerate(table)]
    arms += [(str(i), "c", int(y), int(y + z)) for i, (_, _, y, z) in enumerate(table)]
    return arms, raw


@given(cells)
def test_two_treatments_are_mantel_haenszel(table: list[tuple[int, int, int, int]]) -> None:
    arms, raw = two_arms(table)
    result, pooled = syn.network_counts(**columns(arms)), syn.mantel_haenszel("OR", **raw)
    assert result.te[1, 0] == pytest.approx(pooled.estimate, rel=1e-11, abs=1e-12)
    assert result.se[1, 0] == pytest.approx(pooled.se, rel=1e-11)
    assert result.direct().te[1, 0] == pytest.approx(pooled.estimate, rel=1e-11, abs=1e-12)
    assert result.direct().se[1, 0] == pytest.approx(pooled.se, rel=1e-11)
    assert (result.q, result.q_df, result.tau2) == (0.0, 0, 0.0)


@given(cells)
@settings(max_examples=12)
def test_two_treatments_are_pool_counts(table: list[tuple[int, int, int, int]]) -> None:
    arms, raw = two_arms(table)
    result = syn.network_counts(**columns(arms), method="likelihood")
    pooled = syn.pool_counts("fixed-studies", **raw)
    assume(pooled.converged and result.converged)
    # Never below it; where both are at the same peak, everything agrees.
    assert result.log_likelihood >= pooled.log_likelihood - 1e-7
    if result.log_likelihood < pooled.log_likelihood + 1e-6:
        assert result.te[1, 0] == pytest.approx(pooled.estimate, rel=1e-4, abs=1e-4)
        assert result.se[1, 0] == pytest.approx(pooled.se, rel=1e-3)
        assert result.tau2 == pytest.approx(pooled.tau2, rel=1e-3, abs=1e-5)
    exact = syn.pool_counts("conditional", **raw)
    if exact.boundary and exact.converged:
        ours = syn.network_counts(**columns(arms), method="NCH")
        assert ours.te[1, 0] == pytest.approx(exact.estimate, rel=1e-5, abs=1e-6)
        assert ours.se[1, 0] == pytest.approx(exact.se, rel=1e-5)
        assert ours.log_likelihood == pytest.approx(exact.log_likelihood, abs=1e-8)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=4),
    st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4),
)
def test_moments_of_the_exact_distribution(
    table: list[tuple[int, int]], log_or: list[float]
) -> None:
    """Against the sum over every table with the same margins."""
    r, s = np.array(table, dtype=float).T
    keep = r + s > 0
    r, n = r[keep], (r + s)[keep]
    assume(keep.sum() > 1 and 0 < r.sum() < n.sum())
    theta = np.array(log_or)[: r.size]
    whole, first, second = 0.0, np.zeros(r.size), np.zeros((r.size, r.size))
    own = 0.0
    for outcome in itertools.product(*(range(int(m) + 1) for m in n)):
        if sum(outcome) == r.sum():
            x = np.array(outcome, dtype=float)
            ways = math.prod(math.comb(int(m), q) for m, q in zip(n, outcome, strict=True))
            weight = ways * math.exp(float(x @ theta))
            whole, first, second = (
                whole + weight,
                first + weight * x,
                second + weight * np.outer(x, x),
            )
            own += weight if (x == r).all() else 0.0
    found = conditional(r, n, theta)
    mean = first / whole
    assert found.value == pytest.approx(math.log(own / whole), rel=1e-10, abs=1e-11)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(
        found.covariance, second / whole - np.outer(mean, mean), rtol=1e-8, atol=1e-10
    )


def plain_profile(arms: list[Arm], names: tuple[str, ...], x: Any) -> float:
    """Log-likelihood at effects and tau, the integral as a plain sum, levels by a line search."""
    theta, tau = np.array([0.0, *x[:-1]]), float(x[-1])
    grid, total = np.linspace(-8.0, 8.0, 65), 0.0
    for study in dict.fromkeys(arm[0] for arm in arms):
        own = [arm for arm in arms if arm[0] == study]
        r, n = np.array([arm[2] for arm in own]), np.array([arm[3] for arm in own])
        at = theta[[names.index(arm[1]) for arm in own]]
        # Arm effects are those of independent normals less their mean; axes by Gram and Schmidt.
        axes = np.linalg.qr(np.column_stack([np.ones(len(own)), np.eye(len(own))[:, 1:]]))[0][:, 1:]
        z = np.array(list(itertools.product(grid, repeat=len(own) - 1)))
        u = tau / math.sqrt(2.0) * z @ axes.T
        log_density = -0.5 * (z * z).sum(1) + z.shape[1] * math.log(
            (grid[1] - grid[0]) / math.sqrt(2.0 * math.pi)
        )
        ways = float((gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1)).sum())

        def below(level: float) -> float:
            p = expit(level + at + u)  # noqa: B023 - used up within the loop
            terms = (r * np.log(p) + (n - r) * np.log1p(-p)).sum(1) + log_density  # noqa: B023
            return -float(terms.max() + np.log(np.exp(terms - terms.max()).sum()))

        start = float(np.log((r.sum() + 0.5) / (n.sum() - r.sum() + 0.5)))
        found = minimize_scalar(
            below, bounds=(start - 4.0, start + 4.0), method="bounded", options={"xatol": 1e-7}
        )
        total += ways - float(found.fun)
    return total


def test_random_effects_against_another_integral_and_search() -> None:
    """Studies of two and of three arms; the peak, its value and its curvature."""
    chosen = {"2", "9", "11", "14", "16", "19", "20", "24"}
    arms = [tuple(arm) for arm in REFERENCE["smoking"]["arms"] if arm[0] in chosen]
    result = syn.network_counts(**columns(arms), method="likelihood")
    names = result.treatments
    best = np.array([*result.te[1:, 0], math.sqrt(result.tau2)])
    assert result.tau2 > 0.0
    assert result.converged
    value = plain_profile(arms, names, best)
    assert result.log_likelihood == pytest.approx(value, abs=1e-8)
    size, step = best.size, 0.005
    bend = np.zeros((size, size))
    shift = step * np.eye(size)
    single = np.array(
        [[plain_profile(arms, names, best + sign * one) for sign in (1, -1)] for one in shift]
    )
    # A peak: as far below on either side, but for the third derivative.
    np.testing.assert_allclose((single[:, 0] - single[:, 1]) / (2 * step), 0.0, atol=2e-3)
    assert (single < value).all()
    for i in range(size):
        bend[i, i] = (single[i].sum() - 2.0 * value) / step**2
        for j in range(i):
            both = plain_profile(arms, names, best + shift[i] + shift[j])
            both += plain_profile(arms, names, best - shift[i] - shift[j])
            cross = (both - single[i].sum() - single[j].sum() + 2.0 * value) / (2 * step**2)
            bend[i, j] = bend[j, i] = cross
    se = np.sqrt(np.diagonal(np.linalg.inv(-bend)))
    np.testing.assert_allclose(result.se[1:, 0], se[:-1], rtol=2e-3)


def test_quadrature_tells_its_error() -> None:
    data = published("smoking")
    exact = syn.network_counts(**data, method="likelihood", points=31)
    assert exact.quadrature_error < 1e-10
    for points in (5, 7, 9, 15):
        result = syn.network_counts(**data, method="likelihood", points=points)
        gap = abs(result.log_likelihood - exact.log_likelihood)
        assert gap <= 3.0 * result.quadrature_error + 1e-11
        assert gap < 1e-5
        assert result.tau2 == pytest.approx(exact.tau2, rel=1e-5)
