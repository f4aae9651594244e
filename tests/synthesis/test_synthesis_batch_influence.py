"""Leave-one-out, cumulative pooling, influence and BLUPs against metafor, and identities.

Tolerances. Closed forms 1e-9. What rests on REML was iterated in R until the step in tau2 fell
below 1e-12 absolute, as in the reference of ``pool``: 1e-6 is asked, of estimates in standard
errors. Where tau2 is no larger than that step (below 1e-11) only its smallness is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn

FOLDER = Path(__file__).parent / "reference"
EFFECTS = json.loads((FOLDER / "pairwise.json").read_text("utf-8"))["cases"]
CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (effects, case)
    for effects, case in zip(
        EFFECTS,
        json.loads((FOLDER / "single_studies.json").read_text("utf-8"))["cases"],
        strict=True,
    )
    if "influence" in case
]
every_case = pytest.mark.parametrize(
    ("effects", "case"), CASES, ids=[f"{c['dataset']}-{c['measure']}" for _, c in CASES]
)
Y, V = [0.1, 0.9, -0.4, 0.5], [0.02, 0.03, 0.05, 0.04]


def near(value: Any, expected: Any, unit: Any = None) -> None:
    """Assert agreement to 1e-6 of the value, or of ``unit``."""
    value, expected = np.asarray(value, dtype=float), np.asarray(expected, dtype=float)
    assert value.shape == expected.shape
    unit = np.abs(expected) if unit is None else unit
    assert (np.abs(value - expected) <= 1e-6 * unit + 1e-11).all()


@every_case
def test_leave_one_out(effects: dict[str, Any], case: dict[str, Any]) -> None:
    result, row = syn.leave_one_out(effects["yi"], effects["vi"], test="z"), case["leave1out"]
    near(result.estimate, row["estimate"], result.se)
    near(result.se, row["se"])
    near(result.tau2, row["tau2"])
    # I2 in per cent: a tau2 that R leaves at 1e-12 instead of 0 is worth less than 1e-6 of it
    near(result.i2, row["I2"], 100.0)
    np.testing.assert_allclose(result.q, row["Q"], rtol=1e-9)


@every_case
def test_cumulative(effects: dict[str, Any], case: dict[str, Any]) -> None:
    result = syn.cumulative(effects["yi"], effects["vi"], test="z")
    near(result.estimate, case["cumul"]["estimate"], result.se)
    near(result.se, case["cumul"]["se"])


@every_case
def test_influence(effects: dict[str, Any], case: dict[str, Any]) -> None:
    result, row = syn.influence(effects["yi"], effects["vi"], test="z"), case["influence"]
    near(result.rstudent, row["rstudent"], 1.0)
    near(result.dffits, row["dffits"], 1.0)
    near(result.cook, row["cook"], 1.0)
    near(result.cov_ratio, row["cov"])
    near(result.tau2_deleted, row["tau2del"])
    near(result.hat, row["hat"])
    near(result.weight, row["weight"])
    assert result.converged
    np.testing.assert_allclose(result.q_deleted, case["leave1out"]["Q"], rtol=1e-9)


@every_case
def test_blups(effects: dict[str, Any], case: dict[str, Any]) -> None:
    result = syn.blups(effects["yi"], effects["vi"], test="z")
    near(result.estimate, case["blup"]["pred"], result.se)
    near(result.se, case["blup"]["se"])


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
    for name in ("rstudent", "dffits", "cook", "cov_ratio", "hat"):
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
