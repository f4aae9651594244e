"""Leave-one-out, cumulative pooling, influence and BLUPs: identities, properties, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from synthesis.reference_walk import read

Y, V = [0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04]


def test_each_row_is_the_pool_of_those_studies() -> None:
    without = syn.leave_one_out(Y, V)
    order = [3, 1, 4, 1]
    grown = syn.cumulative(Y, V, order)
    for i, first in enumerate((1, 3, 0, 2)):
        there = np.arange(4) != i
        assert without.ci[i] == pytest.approx(syn.pool(np.array(Y)[there], np.array(V)[there]).ci)
        assert grown.weights[i, first] > 0
    assert grown.k.tolist() == [1, 2, 3, 4]
    assert grown.estimate[0] == 0.9
    assert grown.ci[3] == pytest.approx(syn.pool(Y, V).ci)


def test_an_outlier_is_seen() -> None:
    y, v = [*np.linspace(-0.1, 0.1, 14), 2.0], [0.02] * 15
    found = syn.influence(y, v)
    assert found.influential.tolist() == [False] * 14 + [True]
    assert found.tau2_deleted[-1] == 0.0
    assert abs(found.rstudent[-1]) > 10
    assert repr(found).endswith("*")


def test_dfbetas_as_metafor_prints_it() -> None:
    """The first vaccine trial (metafor's own test of influence()): -0.0403, and dffits -0.0407."""
    case = next(one for one in read("pairwise.json")["cases"] if one["dataset"] == "bcg")
    assert case["measure"] == "RR"
    found = syn.influence(case["yi"], case["vi"], test="z")
    assert f"{found.dffits[0]:.4f} {found.dfbetas[0]:.4f}" == "-0.0407 -0.0403"


def test_dfbetas_is_the_move_in_standard_errors() -> None:
    found = syn.influence(Y, V, "EE", "z")
    moved = found.pool.estimate - found.without.estimate
    np.testing.assert_allclose(found.dfbetas, moved / found.pool.se, rtol=1e-12)


def test_results_travel() -> None:
    for result in (syn.influence(Y, V), syn.blups(Y, V)):
        again = json.loads(json.dumps(result.to_dict(), allow_nan=False))
        assert again["pool"]["k"] == 4
        assert result.k == 4
    assert "k = 4" in repr(syn.blups(Y, V))


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 4)), min_size=3, max_size=10),
    st.floats(-5, 5),
    st.floats(0.1, 20),
)
def test_scale_and_shift(rows: list[tuple[float, float]], shift: float, scale: float) -> None:
    """Influence has no unit; predictions move with the data and lie between study and mean."""
    y, v = np.round(np.array(rows).T, 3)
    base = syn.influence(y, v, "PM", "z")
    moved = syn.influence(scale * (y + shift), scale**2 * v, "PM", "z")
    for name in ("rstudent", "dffits", "dfbetas", "cook", "cov_ratio", "hat"):
        np.testing.assert_allclose(
            getattr(moved, name), getattr(base, name), rtol=1e-6, atol=1e-6, err_msg=name
        )
    predicted = syn.blups(y, v, "PM")
    low, high = np.minimum(y, predicted.pool.estimate), np.maximum(y, predicted.pool.estimate)
    assert ((predicted.estimate >= low - 1e-12) & (predicted.estimate <= high + 1e-12)).all()
    assert ((predicted.shrinkage >= 0) & (predicted.shrinkage <= 1)).all()


def test_mistakes() -> None:
    with pytest.raises(ValueError, match="influence needs 3 studies; y has 2"):
        syn.influence([1, 2], [1, 1])
    with pytest.raises(ValueError, match="leaving one out needs 2 studies"):
        syn.leave_one_out([1], [1])
    with pytest.raises(ValueError, match="predicting needs 2 studies"):
        syn.blups([1], [1])
    with pytest.raises(ValueError, match=r"v\[1\] is 0"):
        syn.influence([1, 2, 3], [1, 0, 1])
    with pytest.raises(ValueError, match=r"order has shape \(2,\)"):
        syn.cumulative([1, 2, 3], [1, 1, 1], [1, 2])
    with pytest.raises(ValueError, match=r"order\[1\] is nan"):
        syn.cumulative([1, 2, 3], [1, 1, 1], [1, np.nan, 2])
