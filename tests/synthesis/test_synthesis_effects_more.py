"""``effect`` beyond the common measures, and conversions, against the papers."""

from __future__ import annotations

import json
import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn
from saisei.synthesis.effects.rates_and_groups import MORE, OtherMeasure


def test_every_other_measure_by_its_paper() -> None:
    """Worked by hand from the formula in each measure's source."""
    rates = {"events1": [6], "time1": [200.0], "events2": [9], "time2": [150.0]}
    change = {"mean1": [24.0], "sd1": [6.0], "mean2": [20.0], "sd2": [5.0], "n": [30], "r": [0.6]}
    j29 = math.exp(math.lgamma(14.5) - math.lgamma(14.0)) / math.sqrt(14.5)
    g_change, g_before = j29 * 4 / 5, j29 * 4 / math.sqrt(25.0)
    double = 0.5 * (math.asin(math.sqrt(3 / 21)) + math.asin(math.sqrt(4 / 21)))
    expected: dict[OtherMeasure, tuple[dict[str, Any], float, float]] = {
        "IRR": (rates, math.log(0.03 / 0.06), 1 / 6 + 1 / 9),
        "IRD": (rates, -0.03, 6 / 200**2 + 9 / 150**2),
        "IRSD": (rates, math.sqrt(0.03) - math.sqrt(0.06), 1 / 800 + 1 / 600),
        "VR": (
            {"sd1": [6.0], "n1": [21], "sd2": [5.0], "n2": [11]},
            math.log(1.2) + 1 / 40 - 1 / 20,
            1 / 40 + 1 / 20,
        ),
        "MC": (change, 4.0, 25 / 30),
        "SMCC": (change, g_change, 1 / 30 + g_change**2 / 60),
        "SMCR": (change, g_before, 0.8 / 30 + g_before**2 / 60),
        "MN": ({"mean": [3.0], "sd": [2.0], "n": [16]}, 3.0, 0.25),
        "PR": ({"events": [3], "n": [20]}, 0.15, 0.15 * 0.85 / 20),
        "PLN": ({"events": [3], "n": [20]}, math.log(0.15), 1 / 3 - 1 / 20),
        "PLO": ({"events": [3], "n": [20]}, math.log(3 / 17), 1 / 3 + 1 / 17),
        "PAS": ({"events": [3], "n": [20]}, math.asin(math.sqrt(0.15)), 1 / 80),
        "PFT": ({"events": [3], "n": [20]}, double, 1 / 82),
        "COR": ({"r": [0.5], "n": [28]}, 0.5, 0.75**2 / 27),
        "ZCOR": ({"r": [0.5], "n": [28]}, math.atanh(0.5), 1 / 25),
    }
    assert set(expected) == set(MORE) == set(get_args(OtherMeasure))
    for measure, (raw, y, v) in expected.items():
        result = syn.effect(measure, **raw)
        assert result.y[0] == pytest.approx(y, rel=1e-12), measure
        assert result.v[0] == pytest.approx(v, rel=1e-12), measure
        assert result.measure == measure
        json.dumps(result.to_dict(), allow_nan=False)


def test_review_manager_smd() -> None:
    """A printed row: Nottingham 1996 of the Cochrane review of stroke units (CD000197)."""
    result = syn.effect(
        "SMD", formula="revman", mean1=86.74, sd1=43.72, n1=78, mean2=66.71, sd2=44.66, n2=63
    )
    assert result.y[0] == pytest.approx(0.4513126025, abs=5e-11)
    low, high = (result.y[0] + sign * 1.959963984540054 * result.se[0] for sign in (-1, 1))
    assert (low, high) == pytest.approx((0.1150398269, 0.7875853782), abs=5e-10)


def test_treatment_arm_correction_leaves_no_effect() -> None:
    """Sweeting and others (2004): n1/(n1 + n2) and n2/(n1 + n2) are added; double zeros give 1."""
    empty: dict[str, Any] = {"events1": [0, 0], "n1": [60, 60], "events2": [0, 2], "n2": [20, 20]}
    kept = syn.effect("RR", zero_cells="treatment-arm", double_zero="keep", **empty)
    assert kept.y[0] == pytest.approx(0.0, abs=1e-12)
    ratio = (0.75 / 61.5) / (2.25 / 20.5)
    assert kept.y[1] == pytest.approx(math.log(ratio))
    assert kept.adjusted == (0, 1)
    assert "sizes of the arms" in kept.formula
    half = syn.effect("RR", double_zero="keep", **empty)
    assert half.y[0] != pytest.approx(0.0, abs=0.1)


def test_nothing_added_by_name() -> None:
    raw: dict[str, Any] = {"events1": [0, 4, 0], "n1": [9, 9, 9], "events2": [3, 9, 0]}
    raw["n2"] = [9, 9, 9]
    reason = "its numbers give no finite effect with a variance above 0"
    odds = syn.effect("OR", zero_cells="none", **raw)
    assert odds.index.tolist() == []
    assert [one.reason for one in odds.left_out] == [reason, reason, "no event in either arm"]
    risk = syn.effect("RR", zero_cells="none", **raw)
    assert risk.index.tolist() == [1]
    peto = syn.effect("PETO", **raw)
    assert peto.index.tolist() == [0, 1]
    assert peto.adjusted == ()
    difference = syn.effect("RD", zero_cells="none", **raw)
    assert difference.index.tolist() == [0, 1]
    assert difference.left_out == (syn.LeftOut(2, reason),)


def test_empty_arms_of_rates_and_proportions() -> None:
    rates: dict[str, Any] = {"events1": [0, 0], "time1": [30, 30], "events2": [4, 0]}
    rates["time2"] = [10, 10]
    result = syn.effect("IRR", **rates)
    assert result.y[0] == pytest.approx(math.log(0.5 / 30 / (4.5 / 10)))
    assert result.left_out == (syn.LeftOut(1, "no event in either arm"),)
    shared = syn.effect("IRR", zero_cells="treatment-arm", double_zero="keep", **rates)
    assert shared.y[1] == pytest.approx(0.0, abs=1e-12)
    assert syn.effect("PLO", events=[0], n=[10]).y[0] == pytest.approx(math.log(0.5 / 10.5))
    assert syn.effect("PAS", events=[0], n=[10]).y[0] == 0.0
    assert syn.effect("PLO", zero_cells="leave-out", events=[0], n=[10]).y.size == 0
    assert syn.effect("PR", zero_cells="none", events=[0], n=[10]).left_out[0].index == 0


arm = st.tuples(st.integers(1, 80), st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(arm, arm, st.sampled_from(["OR", "RR", "RD", "PETO", "AS"]))
def test_swapped_arms_turn_the_sign(
    one: tuple[int, float], other: tuple[int, float], measure: Any
) -> None:
    (n1, share1), (n2, share2) = one, other
    x1, x2 = round(n1 * share1), round(n2 * share2)
    first = syn.effect(measure, events1=x1, n1=n1, events2=x2, n2=n2)
    second = syn.effect(measure, events1=x2, n1=n2, events2=x1, n2=n1)
    assert first.y == pytest.approx(-second.y)
    assert first.v == pytest.approx(second.v)
    assert np.isfinite(first.y).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(0.5, 50), st.floats(0.5, 50), st.floats(-0.99, 0.99))
def test_change_and_correlation_are_inverse(sd1: float, sd2: float, r: float) -> None:
    assert syn.change_correlation(sd1, sd2, syn.change_sd(sd1, sd2, r)) == pytest.approx(
        r, abs=1e-9 * max(sd1 / sd2, sd2 / sd1)
    )


def test_handbook_examples() -> None:
    """The Cochrane Handbook, 6.5.2.3: difference 3.8, p 0.008, 25 and 22 people: t = 2.78."""
    se = syn.se_from_p(3.8, 0.008, df=45)
    assert se == pytest.approx(3.8 / 2.78, abs=0.005)
    assert syn.sd_from_difference(se, 25, 22) == pytest.approx(4.69, abs=0.02)
    assert syn.se_from_p(-1.0, 0.05) == pytest.approx(1 / 1.959963984540054, rel=1e-12)


def test_shi_weights_the_two_estimates() -> None:
    """The weight of the range is 1/(1 + 0.07 n^0.6): the papers' two thetas, rearranged."""
    numbers = (2.0, 7.0, 10.0, 14.0, 25.0)
    n = 40
    shi = syn.mean_sd_from_five_numbers(*numbers, n, sd_formula="shi")
    z_range, z_quartiles = 2.2371845, 0.6515925
    assert syn.mean_sd_from_median_range(10, 2, 25, n).sd == pytest.approx(
        23 / 2 / z_range, rel=0.05
    )
    theta1 = (2 + 0.14 * n**0.6) * (23 / 2 / syn.mean_sd_from_median_range(10, 2, 25, n).sd)
    theta2 = (2 + 2 / (0.07 * n**0.6)) * (3.5 / syn.mean_sd_from_median_iqr(10, 7, 14, n).sd)
    assert shi.sd == pytest.approx(23 / theta1 + 7 / theta2, rel=1e-12)
    assert 3.5 / syn.mean_sd_from_median_iqr(10, 7, 14, n).sd == pytest.approx(
        z_quartiles, rel=0.05
    )
    assert "Shi 2020" in shi.formula
    with pytest.raises(ValueError, match="sd_formula is 'x'"):
        syn.mean_sd_from_five_numbers(*numbers, n, sd_formula="x")  # type: ignore[arg-type]


def test_hazard_ratios_from_intervals() -> None:
    result = syn.effect_from_ci([0.72, 1.5], [0.55, 1.0], [0.94, 2.25], level=0.9)
    assert result.y == pytest.approx(np.log([0.72, 1.5]))
    assert result.se[1] == pytest.approx(math.log(2.25) / 2 / 1.6448536269514722)
    assert result.measure == "HR"


@pytest.mark.parametrize(
    ("measure", "raw", "message"),
    [
        ("IRR", {"time1": [0.0]}, r"time1\[0\] is 0; expected an observed time above 0"),
        ("IRR", {"events2": [-1]}, r"events2\[0\] is -1; expected a count of 0 or more"),
        ("PR", {"events": [3], "n": [2]}, r"events\[0\] is 3; expected no more than n"),
        ("PR", {"events": [0], "n": [0]}, r"n\[0\] is 0; expected at least one person"),
        ("ZCOR", {"r": [1.0], "n": [9]}, r"r\[0\] is 1; expected more than -1, below 1"),
        ("ZCOR", {"r": [0.1], "n": [3]}, r"n\[0\] is 3; expected at least four people"),
        ("MN", {"mean": [1], "sd": [0], "n": [9]}, r"sd\[0\] is 0"),
        ("MN", {"mean": [1], "sd": [1]}, "expected the numbers mean sd n; check n"),
    ],
)
def test_mistakes(measure: Any, raw: dict[str, Any], message: str) -> None:
    rates = {"events1": [1], "time1": [9.0], "events2": [2], "time2": [8.0]}
    with pytest.raises(ValueError, match=message):
        syn.effect(measure, **(rates | raw if measure == "IRR" else raw))


def test_mistakes_in_names_and_conversions() -> None:
    with pytest.raises(ValueError, match="PR has one, named 'standard'"):
        syn.effect("PR", formula="exact", events=[1], n=[2])
    with pytest.raises(ValueError, match="one group has no other arm"):
        syn.effect("PR", zero_cells="treatment-arm", events=[1], n=[2])
    with pytest.raises(ValueError, match=r"n\[0\] is 2; expected at least three people"):
        syn.effect("SMCC", mean1=2, sd1=1, mean2=1, sd2=1, n=2, r=0.5)
    with pytest.raises(ValueError, match="p is 0"):
        syn.se_from_p(1.0, 0.0)
    with pytest.raises(ValueError, match="df is 0"):
        syn.se_from_p(1.0, 0.1, df=0)
    with pytest.raises(ValueError, match="n is 1"):
        syn.sd_from_ci(1.0, 2.0, 1)
    with pytest.raises(ValueError, match="se is 0"):
        syn.sd_from_difference(0.0, 2, 2)
    with pytest.raises(ValueError, match="cannot be of the same people"):
        syn.change_correlation(1.0, 1.0, 3.0)
    with pytest.raises(ValueError, match="r is 2"):
        syn.change_sd(1.0, 1.0, 2.0)
    with pytest.raises(ValueError, match=r"estimate\[0\] is 3; expected a ratio inside"):
        syn.effect_from_ci([3.0], [1.0], [2.0])
    with pytest.raises(ValueError, match=r"lower\[0\] is -1; expected a finite ratio above 0"):
        syn.effect_from_ci([1.0], [-1.0], [2.0])
    with pytest.raises(ValueError, match="one value for each"):
        syn.effect_from_ci([1.0, 2.0], [0.5], [2.0])


@pytest.mark.parametrize(
    ("formula", "sd1", "delta"),
    [("separate", 1.0, 0.5), ("separate", 3.0, 0.5), ("separate", 0.5, 2.0), ("equal", 1.0, 1.0)],
)
def test_glass_delta_is_unbiased_and_its_variance_right(
    formula: str, sd1: float, delta: float
) -> None:
    """40,000 made-up studies: the mean to four standard errors, the variance to 5 per cent.

    The delta method is of first order: with 40 in arm 2 what it leaves out is some 3 per cent, and
    7 where arm 1 varies three times as much (8 are allowed there).
    """
    rng = np.random.default_rng(3)
    n1, n2, size = 30, 40, 40_000
    result = syn.effect(
        "SMD1",
        formula=formula,
        mean1=rng.normal(2.0 * delta, 2.0 * sd1 / np.sqrt(n1), size),
        sd1=2.0 * sd1 * np.sqrt(rng.chisquare(n1 - 1, size) / (n1 - 1)),
        n1=np.full(size, n1),
        mean2=rng.normal(0.0, 2.0 / np.sqrt(n2), size),
        sd2=2.0 * np.sqrt(rng.chisquare(n2 - 1, size) / (n2 - 1)),
        n2=np.full(size, n2),
    )
    assert result.y.mean() == pytest.approx(delta, abs=4 * result.y.std() / np.sqrt(size))
    assert result.v.mean() == pytest.approx(result.y.var(), rel=0.08 if sd1 > 1 else 0.05)


def test_glass_delta_stands_between_its_kin() -> None:
    """Equal SDs: the same difference; and with a large arm 2, that of a known SD."""
    raw = {"mean1": 12.0, "sd1": 4.0, "n1": 50, "mean2": 10.0, "sd2": 4.0, "n2": 1_000_000}
    given: Any = raw
    one, both = syn.effect("SMD1", **given), syn.effect("SMDH", **given)
    assert one.y[0] == pytest.approx(0.5, rel=1e-5)
    assert one.y[0] == pytest.approx(both.y[0], rel=1e-5)
    assert one.v[0] == pytest.approx(1 / 50, rel=1e-3)
    assert "sd1^2/(n1 sd2^2)" in one.formula
