"""``specification_curve``: every analysis is a pool, none counts twice, and shares add up."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.pairwise.pooling import pool

Y, V = [0.1, 0.9, 0.4, 0.5, 0.45], [0.02, 0.03, 0.05, 0.04, 0.02]
RANDOMISED = [True, True, False, True, True]


def test_each_analysis_is_the_pool_it_says() -> None:
    y = [0.1, 0.8, np.nan, 0.6, 0.3]
    data = {"r = 0.5": (Y, V), "r = 0.7": (y, [0.01, 0.02, np.nan, 0.03, 0.01])}
    subsets = {"all": [True] * 5, "randomised": RANDOMISED}
    curve = syn.specification_curve(data, subsets, exclusions="one", null=0.1, level=0.9)
    for i in range(len(curve)):
        said = curve.analysis(i)
        there = np.array(subsets[said["subset"]]) & ~np.isnan(data[said["data"]][0])
        if said["exclusion"] != "none":
            there[int(said["exclusion"].removeprefix("study "))] = False
        ys, vs = (np.array(part)[there] for part in data[said["data"]])
        single = pool(ys, vs, said["method"], said["test"], 0.9)  # type: ignore[arg-type]
        assert curve.estimate[i] == pytest.approx(single.estimate, rel=1e-10)
        assert curve.ci[i] == pytest.approx(single.ci, rel=1e-10)
        assert curve.k[i] == there.sum()
        low, high = single.ci
        assert curve.conclusion[i] == int(low > 0.1) - int(high < 0.1)
    assert curve.analysis(0) == {
        "data": "r = 0.5", "subset": "all", "exclusion": "none", "method": "REML", "test": "knha",
    }  # fmt: skip


def test_no_analysis_counts_twice() -> None:
    """All without study 2 are the randomised ones; the second time they are left out."""
    subsets = {"all": [True] * 5, "randomised": RANDOMISED, "one": [True] + [False] * 4}
    curve = syn.specification_curve({"": (Y, V)}, subsets, ["DL"], ["z"], "one")
    assert len(curve) == 6 + 4
    assert dict(curve.left_out) == {
        ", randomised": "the same studies as in an earlier analysis",
        ", one": "fewer than two studies",
    }


def test_every_part_of_the_studies() -> None:
    curve = syn.specification_curve({"": (Y, V)}, methods=["REML"], tests=["z"], exclusions="all")
    assert len(curve) == 2**5 - 5 - 1
    assert curve.analysis(0)["exclusion"] == "none"
    assert curve.k[0] == 5
    assert sorted(set(curve.k.tolist())) == [2, 3, 4, 5]
    assert (np.diff(curve.estimate[curve.order]) >= 0).all()
    lowest = curve.analysis(int(curve.order[0]))["exclusion"].split(", ")
    assert "study 1" in lowest
    assert "study 0" not in lowest


def test_what_the_conclusion_hangs_on() -> None:
    """Three studies that differ: Wald's interval excludes 0, Knapp and Hartung's does not."""
    curve = syn.specification_curve({"": ([0.3, 0.5, 1.2], [0.02, 0.03, 0.05])}, methods=["REML"])
    assert curve.conclusion.tolist() == [0, 1]
    assert curve.share == 0.5
    assert curve.shares()["test"] == {"knha": 1.0, "z": 0.0}
    assert "test: knha 100%, z 0%" in repr(curve)
    assert "not told from 0; so are 50.0% of all" in repr(curve)


def test_results_travel() -> None:
    curve = syn.specification_curve({"": (Y, V)})
    again = json.loads(json.dumps(curve.to_dict(), allow_nan=False))
    assert again["estimate"] == curve.estimate.tolist()
    assert again["share"] == curve.share
    assert not curve.estimate.flags.writeable


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 2)), min_size=2, max_size=6),
    st.sampled_from(["none", "one", "all"]),
)
def test_sign_and_sums(rows: list[tuple[float, float]], exclusions: Any) -> None:
    """Turning all signs turns all conclusions; the shares of options average to the whole."""
    y, v = np.round(np.array(rows).T, 3)
    curve = syn.specification_curve({"": (y, v)}, exclusions=exclusions)
    other = syn.specification_curve({"": (-y, v)}, exclusions=exclusions)
    np.testing.assert_array_equal(other.conclusion, -curve.conclusion)
    assert np.mean(list(curve.shares()["method"].values())) == pytest.approx(curve.share)
    assert curve.share == curve.holds.mean() > 0


def test_mistakes() -> None:
    run = syn.specification_curve
    with pytest.raises(ValueError, match=r"data\['b'\] has 2 studies, the first has 5"):
        run({"a": (Y, V), "b": (Y[:2], V[:2])})
    with pytest.raises(ValueError, match=r"data\['a'\], study 1: y is 1 and v is 0"):
        run({"a": ([1, 1], [1, 0])})
    with pytest.raises(ValueError, match="y has 2 values and v has 1"):
        run({"a": ([1, 1], [1])})
    with pytest.raises(ValueError, match=r"subsets\['s'\] is int64"):
        run({"a": (Y, V)}, {"s": [1, 0, 1, 1, 1]})
    with pytest.raises(ValueError, match="subsets is empty"):
        run({"a": (Y, V)}, {})
    with pytest.raises(ValueError, match="no combination"):
        run({"a": ([1.0], [1.0])})
    with pytest.raises(ValueError, match="exclusions is 'two'"):
        run({"a": (Y, V)}, exclusions="two")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"data is \{\}; expected one or more"):
        run({})
    with pytest.raises(ValueError, match="methods is 'REML'"):
        run({"a": (Y, V)}, methods="REML")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected one of EE, DL"):
        run({"a": (Y, V)}, methods=["XX"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="up to 16"):
        run({"a": ([1.0] * 17, [1.0] * 17)}, exclusions="all")
