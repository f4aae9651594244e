"""Mantel-Haenszel and Peto by their identities, and with bad input."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn


def test_one_study_is_its_own_effect() -> None:
    raw: dict[str, Any] = {"events1": [7], "n1": [40], "events2": [12], "n2": [45]}
    for measure in ("OR", "RR"):
        one, own = syn.mantel_haenszel(measure, **raw), syn.effect(measure, **raw)
        assert one.estimate == pytest.approx(own.y[0], rel=1e-12)
        assert one.se == pytest.approx(own.se[0], rel=1e-12)
        assert one.q == 0.0
        assert math.isnan(one.q_p)
    own = syn.effect("RD", **raw)
    one = syn.mantel_haenszel("RD", variance="greenland-robins", **raw)
    assert (one.estimate, one.se) == pytest.approx((own.y[0], own.se[0]), rel=1e-12)
    rates: dict[str, Any] = {"events1": [7], "time1": [40.0], "events2": [12], "time2": [45.5]}
    one, own = syn.mantel_haenszel("IRR", **rates), syn.effect("IRR", **rates)
    assert (one.estimate, one.se) == pytest.approx((own.y[0], own.se[0]), rel=1e-12)
    one, own = syn.peto(**raw), syn.effect("PETO", **raw)
    assert (one.estimate, one.se) == pytest.approx((own.y[0], own.se[0]), rel=1e-12)


def test_rates_of_like_strata() -> None:
    """Two strata with the same rates pool to those rates, whatever their sizes."""
    result = syn.mantel_haenszel(
        "IRR", events1=[4, 40], time1=[100, 1000], events2=[8, 16], time2=[100, 200]
    )
    assert result.estimate == pytest.approx(math.log(0.5), rel=1e-12)
    assert result.q == pytest.approx(0.0, abs=1e-12)
    assert "IRR" in repr(result)


tables = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 30), st.integers(0, 12), st.integers(1, 30)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(["OR", "RR", "RD", "peto"]))
def test_swapped_arms_and_order(rows: list[tuple[int, int, int, int]], kind: Any) -> None:
    def fit(lines: list[tuple[int, int, int, int]]) -> syn.StratifiedResult:
        a, b, c, d = (np.array(column) for column in zip(*lines, strict=True))
        raw: dict[str, Any] = {"events1": a, "n1": a + b, "events2": c, "n2": c + d}
        return syn.peto(**raw) if kind == "peto" else syn.mantel_haenszel(kind, **raw)

    a, _, c, _ = (sum(column) for column in zip(*rows, strict=True))
    assume(any(x[0] for x in rows) and any(x[2] for x in rows) and a and c)
    first = fit(rows)
    turned = fit([(c, d, a, b) for a, b, c, d in rows])
    assert first.estimate == pytest.approx(-turned.estimate, abs=1e-9)
    assert first.se == pytest.approx(turned.se)
    again = fit(rows[::-1])
    assert again.estimate == pytest.approx(first.estimate, abs=1e-9)
    assert again.q == pytest.approx(first.q, abs=1e-9)


def test_studies_that_say_nothing() -> None:
    raw: dict[str, Any] = {"events1": [2, 0, None], "n1": [20, 20, 20]}
    raw |= {"events2": [4, 0, 1], "n2": [20, 20, 20]}
    for result in (syn.mantel_haenszel("OR", **raw), syn.peto(**raw)):
        assert result.k == 1
        assert [(one.index, one.reason) for one in result.left_out] == [
            (1, "no event in either arm"),
            (2, "events1 is missing"),
        ]
        assert result.weights.tolist() == [1.0, 0.0, 0.0]
        json.dumps(result.to_dict(), allow_nan=False)
    difference = syn.mantel_haenszel("RD", **raw)
    assert difference.k == 2
    assert difference.estimate == pytest.approx(-0.05)


def test_sums_with_half_added() -> None:
    raw: dict[str, Any] = {"events1": [0, 0], "n1": [20, 30], "events2": [4, 2], "n2": [20, 30]}
    with pytest.raises(ValueError, match="one arm has no event in any study"):
        syn.mantel_haenszel("OR", **raw)
    added = syn.mantel_haenszel("OR", sum_zero_cells="add-half", **raw)
    over, under = 0.5 * 16.5 / 42 + 0.5 * 28.5 / 62, 4.5 * 20.5 / 42 + 2.5 * 30.5 / 62
    assert added.estimate == pytest.approx(math.log(over / under))


def test_mistakes() -> None:
    raw: dict[str, Any] = {"events1": [2], "n1": [20], "events2": [4], "n2": [20]}
    with pytest.raises(ValueError, match="measure is 'HR'"):
        syn.mantel_haenszel("HR", **raw)  # type: ignore[arg-type]
    zeros: dict[str, Any] = {"events1": [0, 3], "n1": [9, 9], "events2": [2, 0], "n2": [9, 9]}
    with pytest.raises(ValueError, match="no study has an effect of its own"):
        syn.mantel_haenszel("RR", model="random", zero_cells="leave-out", **zeros)
    with pytest.raises(ValueError, match="model is 'fixed'"):
        syn.mantel_haenszel("OR", model="fixed", **raw)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="variance is 'sato'; expected one of robins"):
        syn.mantel_haenszel("OR", variance="sato", **raw)
    with pytest.raises(ValueError, match="zero_cells is 'some'"):
        syn.mantel_haenszel("OR", sum_zero_cells="some", **raw)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"events1\[0\] is 21; expected no more than n1"):
        syn.peto(**(raw | {"events1": [21]}))
    with pytest.raises(ValueError, match="no study has both"):
        syn.peto(**(raw | {"events1": [0], "events2": [0]}))
    with pytest.raises(ValueError, match="no study says anything"):
        syn.mantel_haenszel("RR", **(raw | {"events1": [0], "events2": [0]}))
    with pytest.raises(ValueError, match="no study has an event"):
        syn.mantel_haenszel("RD", **(raw | {"events1": [0], "events2": [0]}))
