"""``bayes_node_splits``: the Bayes factor in another way, independent integrations, properties."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, linalg, special

from saisei import synthesis as syn

NETWORKS = json.loads((Path(__file__).parent / "reference" / "network.json").read_text("utf-8"))
KEYS = ("study", "treat1", "treat2", "te", "se")


def fitted(dataset: str, **options: Any) -> syn.BayesNetwork:
    """A published network."""
    case = next(case for case in NETWORKS["cases"] if case["dataset"] == dataset)
    return syn.bayes_network(**{key: case["contrasts"][key] for key in KEYS}, **options)


@pytest.mark.parametrize("dataset", ["parkinson", "senn2013", "smokingcessation", "baker2009"])
def test_bayes_factor_by_the_density_at_no_difference(dataset: str) -> None:
    """Savage and Dickey (Dickey 1971): posterior over prior density of the difference at 0.

    One side comes from two evidences, the other from one posterior.
    """
    net = fitted(dataset, effect_prior=syn.Normal(0, 2))
    found = syn.bayes_node_splits(net, syn.Normal(0, 0.7))
    assert len(found.splits) >= 4
    for one in found.splits:
        at_zero = float(one.difference.density(0.0)[0]) * 0.7 * math.sqrt(2 * math.pi)
        assert one.log_consistent == pytest.approx(math.log(at_zero), abs=1e-9)
        assert one.converged


LOOP = {"AB": ([0.5, 0.2, 0.9], [0.2, 0.15, 0.3]), "BC": ([0.1, -0.4], [0.2, 0.25])}
LOOP["AC"] = ([-0.3, 0.1], [0.3, 0.2])


def loop_network(prior: syn.TauPrior) -> syn.BayesNetwork:
    """Three treatments, three pairs, seven studies of two arms."""
    rows = [(pair, y, s) for pair, (ys, ss) in LOOP.items() for y, s in zip(ys, ss, strict=True)]
    pairs, te, se = zip(*rows, strict=True)
    return syn.bayes_network(
        range(len(te)), [p[0] for p in pairs], [p[1] for p in pairs], te, se, prior
    )


def test_one_loop_is_three_pools_that_share_tau() -> None:
    """Each split lets the loop open, so that all say the same; integrated by QUADPACK."""
    prior = syn.HalfNormal(0.5)
    found = syn.bayes_node_splits(loop_network(prior))
    assert [one.pair for one in found.splits] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert [one.k for one in found.splits] == [3, 2, 2]

    def pools(tau: float) -> tuple[float, dict[str, tuple[float, float]]]:
        log, told = float(prior.log_density(np.array([tau]))[0]), {}
        for pair, (y, se) in LOOP.items():
            w = [1 / (s * s + tau * tau) for s in se]
            mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
            rest = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
            log += 0.5 * (sum(map(math.log, w)) - math.log(sum(w)) - rest)
            told[pair] = mean, 1 / sum(w)
        return log, told

    def integral(signs: dict[str, int], x: float) -> float:
        def height(tau: float) -> float:
            log, told = pools(tau)
            mean = sum(sign * told[pair][0] for pair, sign in signs.items())
            spread = math.sqrt(sum(told[pair][1] for pair in signs))
            below = float(special.ndtr((x - mean) / spread)) if signs else 1.0
            return math.exp(log) * below

        cuts = itertools.pairwise([1e-12, 0.1, 0.3, 0.6, 1.2, 4.0])
        return sum(integrate.quad(height, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in cuts)

    total = integral({}, 0.0)
    first = found["A", "B"]
    wanted = (
        (first.direct, {"AB": 1}),
        (first.indirect, {"AC": 1, "BC": -1}),
        (first.difference, {"AB": 1, "AC": -1, "BC": 1}),
    )
    for marginal, signs in wanted:
        for p in (0.025, 0.5, 0.975):
            assert integral(signs, marginal.quantile(p)) / total == pytest.approx(p, abs=1e-9)
    for other, sign in ((found["A", "C"], -1.0), (found["B", "C"], 1.0)):
        assert other.p == pytest.approx(first.p, abs=1e-10)
        assert sign * other.difference.median == pytest.approx(first.difference.median, abs=1e-10)
        assert other.tau.interval() == pytest.approx(first.tau.interval(), rel=1e-9)


def test_studies_with_several_arms_by_a_covariance_matrix() -> None:
    """Parkinson's disease: the three-arm study moves both of a split pair by half."""
    net, prior = fitted("parkinson"), syn.HalfNormal(0.5)
    one = syn.bayes_node_splits(net)["1", "4"]
    assert one.k == 1
    # Contrasts against the first arm: studies 1 to 7, the third with arms 1, 2 and 4.
    case = next(case for case in NETWORKS["cases"] if case["dataset"] == "parkinson")
    table = {
        (str(s), str(a), str(b)): (te, se**2)
        for s, a, b, te, se in zip(*(case["contrasts"][key] for key in KEYS), strict=True)
    }
    pairs = [("1", "1", "3"), ("2", "1", "2"), ("3", "1", "2"), ("3", "1", "4")]
    pairs += [("4", "3", "4"), ("5", "3", "4"), ("6", "4", "5"), ("7", "4", "5")]
    y = np.array([table[pair][0] for pair in pairs])
    v = np.diag([table[pair][1] for pair in pairs])
    v[2, 3] = v[3, 2] = 0.5 * (v[2, 2] + v[3, 3] - table["3", "2", "4"][1])
    shape = np.eye(8)
    shape[2, 3] = shape[3, 2] = 0.5
    x = np.zeros((8, 5))  # effects of 1, 2, 3 and 5 against 4, and the difference
    for row, (_, a, b) in enumerate(pairs):
        for name, sign in ((a, 1.0), (b, -1.0)):
            if name != "4":
                x[row, "1235".index(name)] += sign
    x[2, 4], x[3, 4] = 0.5, 1.0  # 1 moves up by half, 4 down by half

    def at(tau: float) -> tuple[float, float, float]:
        whole = v + tau * tau * shape
        inner = x.T @ np.linalg.solve(whole, x)
        coefficients = np.linalg.solve(inner, x.T @ np.linalg.solve(whole, y))
        residual = y - x @ coefficients
        log = -0.5 * (
            np.linalg.slogdet(whole)[1]
            + np.linalg.slogdet(inner)[1]
            + residual @ linalg.solve(whole, residual, assume_a="pos")
        )
        log += float(prior.log_density(np.array([tau]))[0])
        return math.exp(log), coefficients[4], math.sqrt(np.linalg.inv(inner)[4, 4])

    def integral(x0: float) -> float:
        cuts = itertools.pairwise([1e-12, 0.1, 0.3, 0.6, 1.2, 4.0])

        def height(tau: float) -> float:
            density, mean, spread = at(tau)
            return density * float(special.ndtr((x0 - mean) / spread))

        return sum(integrate.quad(height, a, b, epsabs=0, epsrel=1e-10)[0] for a, b in cuts)

    total = integral(1e6)
    for p in (0.025, 0.5, 0.975):
        assert integral(one.difference.quantile(p)) / total == pytest.approx(p, abs=1e-8)


def test_which_pairs_are_split() -> None:
    """Those that the other studies connect (van Valkenhoef and others 2016)."""
    found = syn.bayes_node_splits(fitted("parkinson"))
    assert [one.pair for one in found.splits] == [("1", "3"), ("1", "4"), ("2", "4"), ("3", "4")]
    assert found.left_out == (("1", "2"), ("4", "5"))
    tree = syn.bayes_network([1, 2], "AB", "BC", [0.1, 0.2], [0.1, 0.1])
    assert syn.bayes_node_splits(tree).splits == ()


def test_a_contradiction_is_seen() -> None:
    te, se = [0.0, 0.1, 0.0, 0.1, 3.0, 3.1], [0.1] * 6
    net = syn.bayes_network(
        range(6), "AABBAA", "BBCCCC", te, se, syn.HalfNormal(0.2), syn.Normal(0, 5)
    )
    one = syn.bayes_node_splits(net, syn.Normal(0, 2))["A", "C"]
    assert one.p < 1e-6
    assert one.log_consistent is not None
    assert one.log_consistent < -10
    assert one.difference.median == pytest.approx(2.95, abs=0.05)
    assert one.tau.median < net.tau.median


def test_direction_does_not_matter() -> None:
    case = next(case for case in NETWORKS["cases"] if case["dataset"] == "parkinson")
    study, one, two, te, se = (case["contrasts"][key] for key in KEYS)
    ours = syn.bayes_node_splits(syn.bayes_network(study, one, two, te, se))["1", "4"]
    turned = syn.bayes_network(study, two, one, [-value for value in te], se)
    theirs = syn.bayes_node_splits(turned)["1", "4"]
    for name in ("direct", "indirect", "difference"):
        wanted = getattr(ours, name).interval()
        assert getattr(theirs, name).interval() == pytest.approx(wanted, abs=1e-10)


def test_what_it_prints() -> None:
    found = syn.bayes_node_splits(fitted("parkinson"))
    assert "1:4  k = 1" in repr(found)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["left_out"] == [["1", "2"], ["4", "5"]]
    assert told["splits"][0]["log_consistent"] is None


def test_bad_input() -> None:
    net = loop_network(syn.HalfNormal(0.5))
    with pytest.raises(ValueError, match="C:A was not split; the pairs are A:B, A:C, B:C"):
        syn.bayes_node_splits(net)["C", "A"]
    few = syn.bayes_network(
        range(4), "ABAA", "BCCC", [0.1, 0.2, 0.3, 0.1], [0.2] * 4, syn.Uniform()
    )
    with pytest.raises(ValueError, match="one more effect for A:B the posterior is improper"):
        syn.bayes_node_splits(few)
