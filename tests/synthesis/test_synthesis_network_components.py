"""Component networks against netmeta (Linde 2016), and ranks against other integrations.

The component model is a closed form at a given tau2: 1e-9, as in the tests of ``network``.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.networks.fit import NetworkMethod
from saisei.synthesis.networks.pairs import p_scores_of
from synthesis.reference_walk import read

DL: list[dict[str, Any]] = [
    case for case in read("network.json")["cases"] if case["method_tau"] == "DL"
]
LINDE = next(case for case in DL if "netcomb" in case)


def columns(case: dict[str, Any]) -> dict[str, Any]:
    return {name: case["contrasts"][name] for name in ("study", "treat1", "treat2", "te", "se")}


def same(ours: Any, theirs: Any, tolerance: float = 1e-9) -> None:
    expected = np.array(theirs, dtype=np.float64)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance)


def test_additivity_of_linde_2016() -> None:
    """The difference of two Q of netmeta; its other numbers are in the walk of the reference."""
    result, expected = syn.network_components(**columns(LINDE), method="DL"), LINDE["netcomb"]
    assert result.additivity is not None
    same(result.additivity.q, expected["Q_additive"] - LINDE["Q"])
    assert result.additivity.df == expected["df"] - LINDE["df_Q"]
    assert json.loads(json.dumps(result.to_dict()))["parts"] == 1


@pytest.mark.parametrize("case", DL, ids=[case["dataset"] for case in DL])
@pytest.mark.parametrize("method", ["DL", "REML", "ML", "EE"])
def test_one_component_each_is_the_network(case: dict[str, Any], method: NetworkMethod) -> None:
    """REML and ML stop at a step of 1e-10 in log tau2, so 1e-7 is asked of them."""
    tolerance = 1e-9 if method in {"DL", "EE"} else 1e-7
    net = syn.network(**columns(case), method=method)
    parts = syn.network_components(**columns(case), method=method, separator="|")
    assert parts.components == net.treatments
    same(parts.tau2, net.tau2, tolerance)
    same(parts.q, net.q)
    same(parts.random.pairs_te, net.random.te, tolerance)
    # The variance of a difference is small against those it is the difference of.
    same(parts.random.pairs_se, net.random.se, max(tolerance, 2e-8))
    assert np.isnan(parts.random.te).all()
    assert "do not tell" in parts.notes[-1]
    named = net.treatments[0]
    against = syn.network_components(**columns(case), method=method, separator="|", inactive=named)
    same(against.random.te, net.random.te[1:, 0], tolerance)
    same(against.random.se, net.random.se[1:, 0], tolerance)


def test_parts_are_joined_by_components() -> None:
    """A - B is seen alone and on top of C; what the C of the second part does is not."""
    result = syn.network_components(
        [1, 2], ["A", "A + C"], ["B", "B+C"], [0.5, 0.3], [0.1, 0.1], method="EE"
    )
    at = result.treatments.index("A"), result.treatments.index("B")
    assert result.parts == 2
    assert result.additivity is None
    assert result.common.pairs_te[at] == pytest.approx(0.4)
    assert result.common.pairs_se[at] == pytest.approx(0.1 / math.sqrt(2.0))
    assert result.q == pytest.approx(0.02 / 0.01)
    assert np.isnan(result.common.te).all()
    other = result.treatments.index("A"), result.treatments.index("A + C")
    assert np.isnan(result.common.pairs_te[other])
    assert "2 parts" in result.notes[0]


@given(
    st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3),
    st.lists(st.floats(0.1, 3.0), min_size=3, max_size=3),
)
def test_additivity_by_hand(te: list[float], se: list[float]) -> None:
    """A, B and A + B against nothing: the test is of a + b = ab."""
    result = syn.network_components(
        [1, 2, 3], ["A", "B", "A+B"], ["none"] * 3, te, se, method="EE", inactive="none"
    )
    assert result.additivity is not None
    gap = (te[0] + te[1] - te[2]) ** 2 / (se[0] ** 2 + se[1] ** 2 + se[2] ** 2)
    assert result.additivity.q == pytest.approx(gap, rel=1e-7, abs=1e-9)
    assert result.additivity.df == 1
    assert "ComponentsResult: k = 3" in repr(result)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"separator": ""}, "separator is empty"),
        ({"treat1": ["A", "A + "]}, "treatment 'A . ' has an empty or repeated component"),
        ({"inactive": "X"}, "there is no component 'X'; there are A, B, C"),
        ({"method": "XX"}, "method is 'XX'"),
        ({"treat1": ["A", "A"], "treat2": ["A ", "A "]}, "no component differs"),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"study": [1, 2], "treat1": ["A", "A+C"], "treat2": ["B", "B+C"]}
    with pytest.raises(ValueError, match=words):
        syn.network_components(**{**good, "te": [0.1, 0.2], "se": [0.1, 0.1], **changes})


@pytest.mark.parametrize("case", DL, ids=[case["dataset"] for case in DL])
def test_sucra_is_the_p_score(case: dict[str, Any]) -> None:
    """The closed form checks the integral: 0.002 is what 8192 points give at 22 treatments."""
    net = syn.network(**columns(case), method="DL")
    result = syn.network_ranking(net, points=4096)
    same(result.p_scores, list(net.p_scores().values()))
    assert result.error < 4e-3
    same(result.rankogram.sum(0), np.ones(len(net.treatments)), 1e-12)
    same(result.rankogram.sum(1), np.ones(len(net.treatments)), 1e-12)
    assert (result.p_score_lower <= result.p_scores).all()
    assert (result.p_scores <= result.p_score_upper).all()


def test_ranks_against_random_numbers() -> None:
    """40,000 draws know a probability to 0.0025 (one standard error), the lattice to 0.003."""
    net = syn.network(**columns(DL[0]), method="DL")
    draws = np.random.default_rng(20261120).multivariate_normal(
        net.random.te[:, 0], net.random.covariance, size=40_000, method="eigh"
    )
    ranks = np.argsort(np.argsort(-draws, axis=1), axis=1)
    result = syn.network_ranking(net, "undesirable")
    expected = [np.bincount(own, minlength=10) / 40_000 for own in ranks.T]
    assert np.abs(result.rankogram - expected).max() < 0.012
    again = syn.network_ranking(net, "undesirable")
    assert (again.rankogram == result.rankogram).all()
    assert "RankingResult: small values undesirable" in repr(result)
    assert json.loads(json.dumps(result.to_dict()))["points"] == 8192


def test_standard_error_of_the_p_score() -> None:
    """By differences: moving every estimate along each root of the covariance."""
    net = syn.network(**columns(DL[1]), method="DL")
    values, vectors = np.linalg.eigh(net.random.covariance)
    step, moved = 1e-5, []
    for root in (vectors * np.sqrt(np.maximum(values, 0.0))).T:
        shift = step * np.subtract.outer(root, root)
        up, down = (p_scores_of(net.random.te + s * shift, net.random.se, 1.0) for s in (1.0, -1.0))
        moved.append((up - down) / (2.0 * step))
    same(syn.network_ranking(net, points=16).p_score_se, np.linalg.norm(moved, axis=0), 1e-7)


def test_two_treatments_have_one_probability() -> None:
    net = syn.network([1, 2], ["A", "A"], ["B", "B"], [-0.3, -0.1], [0.2, 0.2], method="EE")
    result = syn.network_ranking(net)
    assert result.rankogram[0, 0] == pytest.approx(net.p_scores()["A"], abs=3e-4)
    assert result.mean_rank.sum() == pytest.approx(3.0)
    with pytest.raises(ValueError, match="points is 0"):
        syn.network_ranking(net, points=0)
    with pytest.raises(ValueError, match="level is 2"):
        syn.network_ranking(net, level=2)
