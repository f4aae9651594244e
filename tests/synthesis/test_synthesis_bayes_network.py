"""``bayes_network``: a published posterior, independent integrations, a sampler, properties.

References first: the Parkinson's example of NICE TSD2 as printed; the model written anew with
covariance matrices or with one pool per comparison, integrated by QUADPACK; a Gibbs sampler.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, linalg, special, stats

from saisei import synthesis as syn

NETWORKS = json.loads((Path(__file__).parent / "reference" / "network.json").read_text("utf-8"))
KEYS = ("study", "treat1", "treat2", "te", "se")


Columns = tuple[list[str], list[str], list[str], list[float], list[float]]


def columns(dataset: str) -> Columns:
    """Columns of a published network."""
    case = next(case for case in NETWORKS["cases"] if case["dataset"] == dataset)
    study, one, two, te, se = (case["contrasts"][key] for key in KEYS)
    return [str(s) for s in study], [str(t) for t in one], [str(t) for t in two], te, se


PARKINSON = columns("parkinson")


# A published posterior ------------------------------------------------------------------------

# Dias, Welton, Sutton and Ades, NICE DSU Technical Support Document 2 (2011), example 5, random
# effects: mean, SD, median and 95 % interval of each drug against placebo (treatment 1), as the
# tests of the R package multinma (vignette example_parkinsons) hold them.
TSD2 = {
    "2": (-1.85, 0.54, -1.84, -2.91, -0.85),
    "3": (-0.50, 0.66, -0.50, -1.78, 0.75),
    "4": (-0.53, 0.65, -0.53, -1.77, 0.71),
    "5": (-0.83, 0.80, -0.83, -2.35, 0.69),
}
TSD2_TAU = (0.40, 0.43, 0.28, 0.01, 1.55)


def summary(marginal: syn.Marginal) -> tuple[float, ...]:
    """Mean, SD, median and interval."""
    return marginal.mean, marginal.sd, marginal.median, *marginal.interval()


def test_parkinson_as_tsd2_prints_it() -> None:
    """Two decimals of a long sampler run with the same priors: nothing may differ by more.

    TSD2 models arm means with vague study baselines, which for normal likelihoods is the model of
    contrasts; its priors are uniform to 5 for tau and N(0, 100^2) for the effects.
    """
    found = syn.bayes_network(*PARKINSON, syn.Uniform(5), syn.Normal(0, 100), reference="1")
    assert found.converged
    assert summary(found.tau) == pytest.approx(TSD2_TAU, abs=0.01)
    for drug, printed in TSD2.items():
        assert summary(found.effect(drug, "1")) == pytest.approx(printed, abs=0.01)


# Independent integrations ---------------------------------------------------------------------


def test_two_treatments_are_bayes_pool() -> None:
    y, se = [0.3, 0.1, 0.6, -0.4], [0.2, 0.15, 0.3, 0.25]
    taus: list[syn.TauPrior] = [syn.HalfNormal(0.5), syn.HalfCauchy(0.3), syn.Uniform()]
    taus.append(syn.LogNormal(-1.6, 0.9))
    mus: list[syn.Normal | None] = [None, syn.Normal(0.1, 0.7)]
    for tau, mu in itertools.product(taus, mus):
        pool = syn.bayes_pool(y, se, tau, mu)
        swapped = [-0.3, 0.1, -0.6, -0.4]
        found = syn.bayes_network(range(4), "BABA", "ABAB", swapped, se, tau, mu, reference="B")
        for one, other in (
            (found.tau, pool.tau),
            (found.effect("A", "B"), pool.mu),
            (found.predictive("A", "B"), pool.predictive),
        ):
            assert summary(one) == pytest.approx(summary(other), rel=1e-11, abs=1e-12)
        assert found.log_evidence == pytest.approx(pool.log_evidence, abs=1e-11)
        assert found.ranking().rankogram[0, 0] == pytest.approx(pool.prob(below=0), abs=1e-12)


TREES: dict[str, tuple[list[float], list[float], list[float], list[float], syn.TauPrior]] = {
    "ordinary": (
        [0.3, 0.1, 0.6, 0.2],
        [0.2, 0.15, 0.3, 0.4],
        [-0.5, -0.1, -0.9],
        [0.25, 0.3, 0.2],
        syn.HalfNormal(0.5),
    ),
    "very unequal errors": (
        [0.3, 0.31, 2.6, -4.0],
        [1e-4, 3e-3, 1.0, 30.0],
        [-0.5, -0.8, 1e3],
        [1e-3, 0.3, 1e3],
        syn.HalfCauchy(0.3),
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_three_treatments_without_a_loop(name: str) -> None:
    """Two pools, A against B and B against C, that share tau alone; integrated by QUADPACK."""
    y1, se1, y2, se2, prior = TREES[name]
    labels = ["A"] * len(y1) + ["C"] * len(y2)
    found = syn.bayes_network(
        range(len(labels)), labels, ["B"] * len(labels), y1 + y2, se1 + se2, prior
    )

    def pool(y: list[float], se: list[float], tau2: float) -> tuple[float, float, float]:
        w = [1 / (s * s + tau2) for s in se]
        mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
        rest = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
        return mean, 1 / sum(w), 0.5 * (sum(map(math.log, w)) - math.log(sum(w)) - rest)

    def at(u: float) -> tuple[float, float, float, float, float]:
        tau = math.exp(u)
        (m1, v1, l1), (m2, v2, l2) = pool(y1, se1, tau * tau), pool(y2, se2, tau * tau)
        return m1, v1, m2, v2, l1 + l2 + float(prior.log_density(np.array([tau]))[0]) + u

    grid = np.linspace(-30, 25, 1101)
    heights = np.array([at(u)[4] for u in grid])
    peak, edges = float(heights.max()), grid[heights > heights.max() - 50][::20]

    def integral(function: Callable[[float], float]) -> float:
        return sum(
            integrate.quad(
                lambda u: function(u) * math.exp(at(u)[4] - peak),
                a,
                b,
                epsabs=1e-13,
                epsrel=1e-10,
                limit=200,
            )[0]
            for a, b in itertools.pairwise([edges[0] - 2, *edges, edges[-1] + 2])
        )

    total = integral(lambda _: 1.0)
    pairs = found.pairs()
    for one, other, signs in (("A", "B", (1, 0)), ("C", "B", (0, 1)), ("A", "C", (1, -1))):
        for new in (False, True):
            marginal = (found.predictive if new else found.effect)(one, other)
            points = [marginal.median, *marginal.interval()]
            if not new:
                i, j = found.treatments.index(one), found.treatments.index(other)
                told = [pairs.median[i, j], pairs.lower[i, j], pairs.upper[i, j]]
                assert points == pytest.approx(told, rel=1e-12)
            for x, p in zip(points, (0.5, 0.025, 0.975), strict=True):

                def below(u: float, x: float = x, n: int = int(new), s: Any = signs) -> float:
                    m1, v1, m2, v2, _ = at(u)
                    extra = n * math.exp(2 * u)
                    spread = math.sqrt(s[0] ** 2 * v1 + s[1] ** 2 * v2 + extra)
                    return float(special.ndtr((x - s[0] * m1 - s[1] * m2) / spread))

                assert integral(below) / total == pytest.approx(p, abs=1e-9)


def dense(dataset: str) -> tuple[Any, Any, Any, Any]:
    """Each study's contrasts with its first arm: values, covariance, shape of tau2, design.

    The design has one column for each treatment but the first.
    """
    study, one, two, te, se = columns(dataset)
    names = sorted({*one, *two}, key=str.casefold)
    values, blocks, shapes, rows = [], [], [], []
    for label in dict.fromkeys(study):
        own = [at for at, s in enumerate(study) if s == label]
        arms = sorted({one[at] for at in own} | {two[at] for at in own})
        found: dict[tuple[str, str], tuple[float, float]] = {}
        for at in own:
            found[one[at], two[at]] = te[at], se[at] ** 2
            found[two[at], one[at]] = -te[at], se[at] ** 2
        base, rest = arms[0], arms[1:]
        values += [found[arm, base][0] for arm in rest]
        v = [found[arm, base][1] for arm in rest]
        block = np.diag(v)
        for (i, a), (j, b) in itertools.combinations(enumerate(rest), 2):
            block[i, j] = block[j, i] = 0.5 * (v[i] + v[j] - found[a, b][1])
        blocks.append(block)
        shapes.append(0.5 * (np.eye(len(rest)) + 1.0))
        for arm in rest:
            row = np.zeros(len(names))
            row[names.index(arm)], row[names.index(base)] = 1.0, -1.0
            rows.append(row)
    design = np.array(rows)[:, 1:]
    return np.array(values), linalg.block_diag(*blocks), linalg.block_diag(*shapes), design


@pytest.mark.parametrize("dataset", ["parkinson", "smokingcessation", "senn2013"])
def test_multi_arm_studies_by_covariance_matrices(dataset: str) -> None:
    """Evidence, tau, and the first effect, the effects integrated out of one big normal.

    The covariance matrix is dense, its heterogeneity 1/2 between contrasts of a study; the data
    are rounded so that a loop within a study may miss by 1 % of a standard error.
    """
    y, v, shape, x = dense(dataset)
    prior, sd = syn.HalfNormal(0.5), 3.0
    found = syn.bayes_network(*columns(dataset), prior, syn.Normal(0.2, sd))
    inner = sd**2 * np.eye(x.shape[1])
    residual = y - x @ np.full(x.shape[1], 0.2)

    def at(tau: float) -> tuple[float, float, float]:
        """Log density of the data, and mean and variance of the first effect, given tau."""
        whole = linalg.cho_factor(v + tau * tau * shape + x @ inner @ x.T)
        size = 2 * np.log(np.diagonal(whole[0])).sum()
        log = -0.5 * (size + residual @ linalg.cho_solve(whole, residual))
        side = inner @ x.T
        mean = 0.2 + (side @ linalg.cho_solve(whole, residual))[0]
        variance = (inner - side @ linalg.cho_solve(whole, side.T))[0, 0]
        log += float(prior.log_density(np.array([tau]))[0])
        return log - 0.5 * y.size * math.log(2 * math.pi), mean, variance

    peak = max(at(t)[0] for t in np.linspace(0.005, 2, 100))

    def integral(function: Callable[[float], float], end: float = 4.0) -> float:
        cuts = [c for c in (0.0, 0.05, 0.2, 0.4, 0.7, 1.2, 2.0, 4.0) if c < end] + [end]
        return sum(
            integrate.quad(function, a, b, epsabs=0, epsrel=1e-11)[0]
            for a, b in itertools.pairwise(cuts)
        )

    total = integral(lambda t: math.exp(at(t)[0] - peak))
    # Loops within studies close to rounding only, which moves the likelihood a little.
    rel = 1e-9 if dataset == "senn2013" else 1e-8
    assert found.log_evidence == pytest.approx(peak + math.log(total), abs=10 * rel)
    below = integral(lambda t: math.exp(at(t)[0] - peak), found.tau.median) / total
    assert below == pytest.approx(0.5, abs=rel)
    effect = found.effect(found.treatments[1], found.treatments[0])
    for p in (0.025, 0.5, 0.975):
        q = effect.quantile(p)

        def height(t: float, q: float = q) -> float:
            log, mean, variance = at(t)
            return math.exp(log - peak) * float(special.ndtr((q - mean) / math.sqrt(variance)))

        assert integral(height) / total == pytest.approx(p, abs=rel)


def test_a_sampler_agrees() -> None:
    """Gibbs sampling of the Parkinson's network: 3,000 chains, 120 sweeps after 80 (seed 7).

    Contrasts are turned so that their covariance and the shape of tau2 are both diagonal. Each
    chain's mean is independent of the others', which gives the Monte-Carlo standard error: 0.2 %
    to 0.9 % of a posterior SD. Nothing may be off by more than 4.5 of them.
    """
    y, v, shape, x = dense("parkinson")
    variances, turn = linalg.eigh(v, shape)
    y, x = turn.T @ y, turn.T @ x
    chains, burn, kept, upper = 3000, 80, 120, 2.0
    random = np.random.default_rng(7)
    inverse = np.linalg.inv(x.T @ x)
    root = np.linalg.cholesky(inverse)
    tau2, delta = np.full(chains, 0.1), np.tile(y, (chains, 1))
    sums = np.zeros((chains, 6))
    for sweep in range(burn + kept):
        noise = random.normal(size=(chains, x.shape[1]))
        d = delta @ x @ inverse + np.sqrt(tau2)[:, None] * (noise @ root.T)
        centre = d @ x.T
        pull = 1.0 / (1.0 / variances + 1.0 / tau2[:, None])
        middle = pull * (y / variances + centre / tau2[:, None])
        delta = middle + np.sqrt(pull) * random.normal(size=middle.shape)
        # Under a flat tau, 1 / tau2 is gamma, cut off at the end of the prior.
        s, a = 0.5 * np.square(delta - centre).sum(1), 0.5 * (y.size - 1)
        least = special.gammaincc(a, s / upper**2)
        tau2 = s / special.gammainccinv(a, least * random.uniform(size=chains))
        if sweep >= burn:
            told = np.column_stack([d, np.sqrt(tau2), d[:, 0] < -1.5])
            sums += told / kept
    found = syn.bayes_network(*PARKINSON, syn.Uniform(upper))
    effects = [found.effect(drug, "1") for drug in "2345"]
    exact = [*(one.mean for one in effects), found.tau.mean, effects[0].cdf(-1.5)]
    error = sums.std(0, ddof=1) / math.sqrt(chains)
    assert np.all(np.abs(sums.mean(0) - exact) <= 4.5 * error)
    assert np.all(error[:5] <= 0.01 * np.array([*(one.sd for one in effects), found.tau.sd]))


# Ranks ----------------------------------------------------------------------------------------


def test_ranks_of_three_by_a_second_integration() -> None:
    """P(best) given tau is an integral over the better of two differences; by Gauss-Legendre."""
    found = syn.bayes_network(*columns("dietaryfat"))
    ranking = found.ranking()
    covariances = found.roots @ found.roots.swapaxes(-1, -2)
    nodes, width = np.polynomial.legendre.leggauss(100)
    for t in range(3):
        a, b = (i for i in range(3) if i != t)
        turn = np.eye(3)[[a, b]] - np.eye(3)[t]  # both above 0: t is best
        mean, cov = found.centres @ turn.T, turn @ covariances @ turn.T
        sd = np.sqrt(cov[:, 0, 0])
        low = np.maximum(-mean[:, 0] / sd, -9.0)
        half = 0.5 * (9.0 - low)
        z = low[:, None] + half[:, None] * (1.0 + nodes)
        slope = cov[:, 0, 1] / sd
        left = np.sqrt(cov[:, 1, 1] - slope**2)
        inside = special.ndtr((mean[:, 1, None] + slope[:, None] * z) / left[:, None])
        best = half * (inside * stats.norm.pdf(z) @ width)
        exact = float(found.weights @ best)
        assert abs(ranking.rankogram[t, 0] - exact) <= ranking.error <= 3e-4


@pytest.mark.parametrize("dataset", ["parkinson", "senn2013"])
def test_ranks_hang_together(dataset: str) -> None:
    found = syn.bayes_network(*columns(dataset))
    ranking = found.ranking()
    n = len(found.treatments)
    np.testing.assert_allclose(ranking.rankogram.sum(0), 1.0, atol=1e-12)
    np.testing.assert_allclose(ranking.rankogram.sum(1), 1.0, atol=1e-12)
    assert ranking.sucra.mean() == pytest.approx(0.5, abs=1e-12)
    for at, name in enumerate(found.treatments):
        better = [found.effect(name, two).prob(below=0) for two in found.treatments if two != name]
        assert ranking.sucra[at] == pytest.approx(np.mean(better), abs=1e-12)
    # The mean rank of the lattice against the exact one, and a finer lattice.
    told = ranking.rankogram @ np.arange(1.0, n + 1)
    np.testing.assert_allclose(told, ranking.mean_rank, atol=(n - 1) * ranking.error)
    finer = found.ranking(shifts=16)
    assert np.abs(finer.rankogram - ranking.rankogram).max() <= ranking.error + finer.error
    assert finer.error < ranking.error <= 0.01
    other = found.ranking("undesirable")
    np.testing.assert_allclose(other.sucra, 1.0 - ranking.sucra, atol=1e-12)
    np.testing.assert_allclose(other.rankogram, ranking.rankogram[:, ::-1], atol=0.02)


def test_ranks_of_twins() -> None:
    """Two treatments with the same data share their ranks; parallel lines do no harm."""
    found = syn.bayes_network([1, 2, 3], "BCD", "AAA", [0.5, 0.5, 9.0], [0.1, 0.1, 0.1])
    ranking = found.ranking()
    assert ranking.rankogram[1] == pytest.approx(ranking.rankogram[2], abs=2 * ranking.error)
    assert ranking.rankogram[3, 3] == pytest.approx(1.0, abs=1e-6)


# Properties -----------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 1)), min_size=6, max_size=6),
    st.permutations(range(6)),
    st.floats(0.01, 100),
)
@settings(max_examples=15, deadline=None)
def test_order_direction_and_scale(
    rows: list[tuple[float, float]], order: list[int], scale: float
) -> None:
    one, two = "ABCADB", "BCADCD"
    te, se = (list(part) for part in zip(*rows, strict=True))
    found = syn.bayes_network(range(6), one, two, te, se, syn.HalfNormal(1.0)).pairs()
    turned = syn.bayes_network(
        order,
        [two[i] for i in order],
        [one[i] for i in order],
        [-scale * te[i] for i in order],
        [scale * se[i] for i in order],
        syn.HalfNormal(scale),
        reference="C",
    ).pairs()
    for part in ("median", "mean", "sd", "lower", "upper"):
        ours, theirs = getattr(found, part), getattr(turned, part) / scale
        np.testing.assert_allclose(ours, theirs, atol=1e-9 * float(found.sd.max()))


def test_a_treatment_that_tells_nothing_changes_nothing() -> None:
    """A new treatment tied to the network by one study alone leaves the others as they are."""
    study, first, second, te, se = PARKINSON
    one = syn.bayes_network(*PARKINSON)
    other = syn.bayes_network([*study, "9"], [*first, "5"], [*second, "6"], [*te, 3.0], [*se, 0.2])
    for pair in (("2", "1"), ("4", "5")):
        assert summary(other.effect(*pair)) == pytest.approx(summary(one.effect(*pair)), rel=1e-9)
    assert summary(other.tau) == pytest.approx(summary(one.tau), rel=1e-9)


def test_moments_that_do_not_exist() -> None:
    """Two studies in a row: under flat effects tau has its prior's moments.

    Under a prior for the effects the likelihood of tau falls as its square, and a flat tau has no
    mean.
    """
    few = syn.bayes_network([1, 2], "AB", "BC", [0.1, 0.2], [0.1, 0.1], syn.HalfCauchy(0.5))
    assert few.effect("A", "C").mean == few.pairs().mean[0, 2] == few.pairs().sd[2, 0] == math.inf
    bound = syn.bayes_network(
        [1, 2], "AB", "BC", [0.1, 0.2], [0.1, 0.1], syn.Uniform(), syn.Normal(0, 1)
    )
    assert math.isfinite(bound.effect("A", "C").sd)
    assert math.isfinite(bound.pairs().sd[0, 2])
    assert bound.predictive("A", "C").sd == bound.pairs(predictive=True).sd[0, 2] == math.inf


def test_pairs_are_the_marginals() -> None:
    found = syn.bayes_network(*PARKINSON, syn.HalfNormal(0.3))
    for new in (False, True):
        pairs = found.pairs(0.9, predictive=new)
        for i, j in itertools.permutations(range(5), 2):
            names = found.treatments[i], found.treatments[j]
            marginal = (found.predictive if new else found.effect)(*names)
            low, high = marginal.interval(0.9)
            told = (pairs.median, pairs.mean, pairs.sd, pairs.lower, pairs.upper)
            assert [part[i, j] for part in told] == pytest.approx(
                [marginal.median, marginal.mean, marginal.sd, low, high], rel=1e-9, abs=1e-9
            )


def test_what_it_prints() -> None:
    found = syn.bayes_network(*PARKINSON, reference=1)
    assert "against 1" in repr(found)
    assert repr(found.ranking()).count("SUCRA") == 5
    told = json.loads(json.dumps(found.to_dict(0.9)))
    assert told["level"] == 0.9
    assert told["log_evidence"] is None
    assert len(told["effects"]["median"]) == 5
    assert json.loads(json.dumps(found.ranking().to_dict()))["treatments"] == list("12345")


# Bad input ------------------------------------------------------------------------------------


def test_bad_input() -> None:
    study, one, two, te, se = [1, 2, 3], "AAB", "BCC", [0.1, 0.2, 0.3], [0.2, 0.2, 0.2]
    with pytest.raises(ValueError, match="reference is 'Z'; the treatments are A, B, C"):
        syn.bayes_network(study, one, two, te, se, reference="Z")
    with pytest.raises(ValueError, match="it takes 1 more"):
        syn.bayes_network(study, one, two, te, se, syn.Uniform())
    with pytest.raises(ValueError, match="falls into 2 parts"):
        syn.bayes_network(study, "AAD", "BCE", te, se)
    with pytest.raises(ValueError, match="tolerance is -1"):
        syn.bayes_network(study, one, two, te, se, tolerance=-1.0)
    with pytest.raises(ValueError, match=r"se\[1\] is 0"):
        syn.bayes_network(study, one, two, te, [0.2, 0.0, 0.2])
    found = syn.bayes_network(study, one, two, te, se)
    with pytest.raises(ValueError, match="no treatment 'Z'"):
        found.effect("A", "Z")
    with pytest.raises(ValueError, match="B is compared with itself"):
        found.predictive("B", "B")
    with pytest.raises(ValueError, match="shifts is 1"):
        found.ranking(shifts=1)
    with pytest.raises(ValueError, match="small_values is 'bad'"):
        found.sucra("bad")  # type: ignore[arg-type] # the mistake is the test
    with pytest.raises(ValueError, match="level is 2"):
        found.pairs(2.0)
