"""The contract of exact Bayes: every printed quantile right to 1e-6 of its scale.

Shown in three ways that share nothing: 30-digit integration by mpmath over every data set and
prior of ``reference/bayes.json`` and over hard sets made for it (``make_bayes_exact.py``);
refinement of our own panels on random sets over many orders of magnitude; and a sampler. The scale
of a marginal is half the distance from its 16 % to its 84 % quantile.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from saisei import synthesis as syn
from saisei.synthesis.bayes import posterior, quadrature
from saisei.synthesis.bayes.marginals import Marginal

EXACT: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "reference" / "bayes_exact.json").read_text("utf-8")
)["cases"]
P = np.array([0.025, 0.5, 0.975])


def scale_of(marginal: Marginal) -> float:
    """Half the distance from the 16 % to the 84 % quantile."""
    low, high = marginal.quantile(np.array([0.16, 0.84]))
    return 0.5 * float(high - low)


def marginals(result: syn.BayesResult) -> dict[str, Marginal]:
    """Every marginal, by the names of the reference."""
    own = {str(i): result.shrinkage[i] for i in range(result.k)}
    return {"tau": result.tau, "mu": result.mu, "predictive": result.predictive, **own}


@pytest.mark.parametrize("name", EXACT)
def test_against_thirty_digits(name: str) -> None:
    """Asked for here: 2e-9 of the scale; some 1e-14 is usual.

    Two sets need the difference. Where the prior puts tau at a millionth of the errors, all below
    1e-5 of them counts as one point: 7e-10. Where data and prior are at war, the log density at its
    peak is -1e4 and more, and its rounding shows: 5e-10.
    """
    case = EXACT[name]
    family, parameters = case["prior"]
    prior = getattr(syn, family)(*(float(a) for a in parameters))
    mu = syn.Normal(*case["mu_prior"]) if case["mu_prior"] else None
    result = syn.bayes_pool(case["y"], case["se"], prior, mu)
    assert result.converged
    for part, marginal in marginals(result).items():
        gap = np.abs(marginal.quantile(P) - case["quantiles"][part]).max()
        assert gap <= 2e-9 * scale_of(marginal), part


def random_case(seed: int) -> tuple[Any, ...]:
    """Studies, errors and priors over many orders of magnitude."""
    random = np.random.default_rng(seed)
    k, decades = int(random.choice([1, 2, 3, 5, 10, 40])), float(random.choice([0, 0.5, 2, 5]))
    se = 10.0 ** random.uniform(-decades, decades, k)
    kinds = [
        random.normal(size=k) * se,
        random.normal(size=k) * 10.0 ** random.uniform(-3, 3),
        np.zeros(k),
        random.standard_cauchy(k) * 10.0 * se,
    ]
    unit = 10.0 ** random.uniform(-6, 6)
    t = float(unit * np.median(se) * 10.0 ** random.uniform(-4, 4))
    priors = [
        syn.HalfNormal(t),
        syn.HalfCauchy(t),
        syn.LogNormal(math.log(t), float(random.choice([0.02, 0.1, 0.5, 2.0]))),
        syn.HalfT(float(random.uniform(0.5, 6)), t),
        syn.Uniform(t),
        syn.LogT(math.log(t), float(random.uniform(0.2, 2))),
        syn.Exponential(t),
        syn.InverseGammaTau2(float(random.uniform(0.1, 3)), t * t),
        syn.Power(float(random.uniform(-0.9, 2)), t),
        syn.UniformShrinkage(t),
        syn.Lomax(float(random.uniform(0.5, 3)), t),
    ]
    y = unit * kinds[int(random.integers(4))]
    mu = syn.Normal(unit * float(random.normal()), unit * 10.0 ** float(random.uniform(-3, 4)))
    prior = priors[int(random.integers(len(priors)))]
    return y, unit * se, prior, None if random.random() < 0.6 else mu


def test_refinement_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels cut in four, over a wider range, on 120 random sets: 1e-6 where it says converged.

    It may say otherwise only where the log density is so large that its rounding shows: data that
    contradict the prior by hundreds of standard errors.
    """
    coarse = quadrature.integrate

    def finer(log: Any, low: float, high: float, peak: float, tolerance: float) -> Any:
        edges, _, _, fine = coarse(log, low, high, peak, tolerance)
        cut = [np.linspace(a, b, 5)[:-1] for a, b in itertools.pairwise(edges)]
        edges = np.append(np.concatenate(cut), edges[-1])
        half, nodes = 0.5 * np.diff(edges)[:, None], quadrature.gauss()[0]
        places = edges[:-1, None] + half * (1.0 + nodes)
        return edges, places, np.exp(log(places.ravel()) - peak).reshape(places.shape), fine

    doubtful = 0
    for seed in range(120):
        case = random_case(seed)
        with monkeypatch.context() as patch:
            result = syn.bayes_pool(*case)
            patch.setattr(posterior, "integrate", finer)
            patch.setattr(posterior, "NEGLIGIBLE", 60.0)
            patch.setattr(posterior, "FLAT_BELOW", 1e-7)
            again = syn.bayes_pool(*case)
        doubtful += not result.converged
        if result.converged:
            ours = list(marginals(result).values())[:6]
            for one, other in zip(ours, marginals(again).values(), strict=False):
                gap = np.abs(one.quantile(P) - other.quantile(P)).max()
                assert gap <= 1e-6 * scale_of(other), (seed, case)
    assert doubtful <= 6


def test_a_sampler_agrees() -> None:
    """Gibbs sampling of the eight schools under a flat tau up to 30: 4,000 chains (seed 11).

    120 sweeps after 80; each chain's mean is independent of the others'. What is compared is the
    probability below each of our own quantiles, of tau, mu, a new setting and the first school:
    the Monte-Carlo standard error is about 0.0003 to 0.002, and nothing is off by 4.5 of them.
    """
    case = next(c for name, c in EXACT.items() if name.startswith("schools, flat"))
    y, se, upper = np.array(case["y"]), np.array(case["se"]), 30.0
    result = syn.bayes_pool(y, se, syn.Uniform(upper))
    parts = (result.tau, result.mu, result.predictive, result.shrinkage[0])
    ends = [part.quantile(P) for part in parts]
    chains, burn, kept = 4000, 80, 120
    random = np.random.default_rng(11)
    tau2, theta = np.full(chains, 25.0), np.tile(y, (chains, 1))
    below = np.zeros((chains, 4, 3))
    for sweep in range(burn + kept):
        mu = theta.mean(1) + np.sqrt(tau2 / y.size) * random.normal(size=chains)
        pull = 1.0 / (1.0 / se**2 + 1.0 / tau2[:, None])
        middle = pull * (y / se**2 + (mu / tau2)[:, None])
        theta = middle + np.sqrt(pull) * random.normal(size=middle.shape)
        # Under a flat tau, 1 / tau2 is gamma, cut off at the end of the prior.
        s, a = 0.5 * np.square(theta - mu[:, None]).sum(1), 0.5 * (y.size - 1)
        least = special.gammaincc(a, s / upper**2)
        tau2 = s / special.gammainccinv(a, least * random.uniform(size=chains))
        if sweep >= burn:
            new = mu + np.sqrt(tau2) * random.normal(size=chains)
            drawn = np.sqrt(tau2), mu, new, theta[:, 0]
            for at, (values, end) in enumerate(zip(drawn, ends, strict=True)):
                below[:, at] += (values[:, None] < end) / kept
    error = below.std(0, ddof=1) / math.sqrt(chains)
    assert np.all(np.abs(below.mean(0) - P) <= 4.5 * error)
    assert np.all(error <= 0.004)


def test_regression_with_very_unequal_errors() -> None:
    """Standard errors over ten decades: an intercept is a pool, two groups are two pools.

    ``bayes_pool`` sums over studies and ``bayes_network`` takes another order of rows.
    """
    for seed in range(12):
        random = np.random.default_rng(seed)
        se = 10.0 ** random.uniform(-5, 5, 8)
        y = random.normal(size=8) * (se + 10.0 ** random.uniform(-3, 2))
        prior = syn.HalfCauchy(float(10.0 ** random.uniform(-3, 3)))
        mu = None if seed % 2 else syn.Normal(0.3, float(10.0 ** random.uniform(-2, 2)))
        pool, alone = syn.bayes_pool(y, se, prior, mu), syn.bayes_regress(y, se, None, prior, mu)
        group = np.repeat([0.0, 1.0], 4)
        two = syn.bayes_regress(y, se, group, prior)
        net = syn.bayes_network(range(8), ["A"] * 4 + ["C"] * 4, ["B"] * 8, y, se, prior)
        pairs: list[tuple[Marginal, Marginal]] = [
            (alone["intercept"], pool.mu),
            (alone.tau, pool.tau),
            (two["intercept"], net.effect("A", "B")),
            (two["x1"], net.effect("C", "A")),
            (two.predict([1.0])[0].mu, net.effect("C", "B")),
            (two.predict([1.0])[0].predictive, net.predictive("C", "B")),
            (two.tau, net.tau),
        ]
        for one, other in pairs:
            gap = np.abs(one.quantile(P) - other.quantile(P)).max()
            assert gap <= 1e-9 * scale_of(other), seed
        if pool.log_evidence is not None:
            assert alone.log_evidence == pytest.approx(pool.log_evidence, rel=1e-11)


def test_regression_with_priors_far_from_the_data() -> None:
    """A prior for the slope from a thousandth to a million times what the data say of it.

    Years need no centring: a moderator around 2000 gives the slope of one around 0.
    """
    for seed in range(16):
        random = np.random.default_rng(seed)
        k = int(random.integers(3, 12))
        x, se = random.normal(size=k), 10.0 ** random.uniform(-2, 2, k)
        y = random.normal(size=k) * se
        slope = syn.Normal(0.0, float(10.0 ** random.uniform(-3, 6)))
        prior = syn.LogT(0.0, 1.0) if seed % 2 else syn.HalfNormal(0.5)
        one = syn.bayes_regress(y, se, x, prior, [None, slope])
        other = syn.bayes_regress(y, se, 2000.0 + x, prior, [None, slope])
        assert one.converged
        for here, there in ((one["x1"], other["x1"]), (one.tau, other.tau)):
            gap = np.abs(here.quantile(P) - there.quantile(P)).max()
            assert gap <= 1e-8 * scale_of(here), seed


def test_rounding_is_told() -> None:
    """Data that contradict the prior by 1e8 standard errors: the answer says it may be off."""
    assert not syn.bayes_pool([1e9, -1e9], [5.0, 5.0], syn.Uniform(0.01)).converged
