"""``pool``, ``q_profile`` and ``effect`` against metafor on published data sets.

Tolerances. The reference holds 12 significant digits, of inputs and results alike, so a closed
form can differ by a few times 1e-11 after ordinary cancellation: 1e-9 is asked. REML and ML were
iterated in R until the step in tau2 fell below 1e-12 absolute; where tau2 is near 1e-5 that is
1e-7 of it, and 1e-6 is asked. EB was iterated to about 3e-6, and 5e-6 is asked of it and of PM,
whose equation is the same. Estimates and limits are measured in standard errors.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Method, cochran_q

REFERENCE = json.loads((Path(__file__).parent / "reference" / "pairwise.json").read_text("utf-8"))
CASES: list[dict[str, Any]] = REFERENCE["cases"]
NAMES = [f"{c['dataset']}-{c['measure']}-{c.get('vtype', '')}" for c in CASES]
TOLERANCE = {"REML": 1e-6, "ML": 1e-6, "EB": 5e-6}
MEANS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
MEANS_IN_R = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")

every_case = pytest.mark.parametrize("case", CASES, ids=NAMES)


def close(value: float, expected: float, tolerance: float) -> bool:
    """Whether two numbers agree relative to the larger, or both are as good as zero."""
    return math.isclose(value, expected, rel_tol=tolerance, abs_tol=1e-12)


def test_every_method_has_a_reference() -> None:
    methods = set().union(*(case["fits"] for case in CASES))
    assert methods | {"PM", "HSk"} == set(get_args(Method))
    assert len(CASES) == 69


@every_case
@pytest.mark.parametrize("method", [m for m in get_args(Method) if m != "HSk"])
def test_fit(case: dict[str, Any], method: Method) -> None:
    expected = case["fits"].get("EB" if method == "PM" else method)
    tolerance = TOLERANCE.get("EB" if method == "PM" else method, 1e-9)
    for test in ("z", "knha"):
        if test not in expected:
            continue
        result = syn.pool(case["yi"], case["vi"], method, test)
        row = expected[test]
        assert result.converged
        assert result.k == len(case["yi"])
        assert close(result.tau2, expected["tau2"], tolerance)
        assert close(result.i2, expected["I2"], tolerance)
        assert close(result.h2, expected["H2"], tolerance)
        assert close(result.q, case["Q"], 1e-9)
        assert close(result.q_p, case["Qp"], 1e-9)
        assert close(result.se, row["se"], tolerance)
        assert close(result.p, row["p"], 10 * tolerance)
        assert abs(result.estimate - expected["estimate"]) <= tolerance * row["se"]
        assert np.abs(np.subtract(result.ci, row["ci"])).max() <= tolerance * row["se"]
        if row["pi"] is None:
            assert result.prediction_interval is None
        else:
            assert result.prediction_interval is not None
            gap = np.abs(np.subtract(result.prediction_interval, row["pi"])).max()
            assert gap <= tolerance * (row["se"] + math.sqrt(expected["tau2"]))


@every_case
def test_q_profile(case: dict[str, Any]) -> None:
    """R's search for the limits stops at 1.22e-4, so 1.3e-4 absolute is all it can tell.

    That our limits solve the equation is checked beside it, to 1e-9.
    """
    y, v = np.array(case["yi"]), np.array(case["vi"])
    low, high = syn.q_profile(y, v)
    expected_low, expected_high = case["qprofile"]
    assert abs(low - expected_low) <= 1.3e-4
    if close(expected_high, 10 * case["fits"]["REML"]["tau2"], 1e-9) and expected_high > 100:
        assert high > expected_high  # R did not look further
    else:
        assert abs(high - expected_high) <= 1.3e-4
    df = y.size - 1
    for limit, quantile in ((low, stats.chi2.ppf(0.975, df)), (high, stats.chi2.ppf(0.025, df))):
        if limit > 0:
            assert close(cochran_q(y, v + limit), quantile, 1e-9)
        else:
            assert cochran_q(y, v) <= quantile


def raw_numbers(case: dict[str, Any]) -> dict[str, Any]:
    """The raw numbers of a case, named as ``effect`` names them."""
    raw = {
        name: np.array([math.nan if x is None else x for x in column], dtype=float)
        for name, column in REFERENCE["raw"][case["dataset"]].items()
    }
    if case["kind"] == "binary":
        return {
            "events1": raw["ai"],
            "n1": raw["ai"] + raw["bi"],
            "events2": raw["ci"],
            "n2": raw["ci"] + raw["di"],
        }
    return {name: raw[short] for name, short in zip(MEANS, MEANS_IN_R, strict=True)}


FORMULAE = {("SMD", "LS"): "LS", ("SMD", "LS2"): "LS2", ("SMD", "UB"): "UB"}
EFFECT_CASES = [
    case
    for case in CASES
    if case["measure"] in {"OR", "RR", "RD", "MD", "ROM"}
    or (case["measure"], case.get("vtype")) in FORMULAE
]


@pytest.mark.parametrize(
    "case",
    EFFECT_CASES,
    ids=[f"{c['dataset']}-{c['measure']}-{c.get('vtype', '')}" for c in EFFECT_CASES],
)
def test_effect(case: dict[str, Any]) -> None:
    """Closed forms of whole numbers and short decimals: 1e-10, a little above 12 digits."""
    result = syn.effect(
        case["measure"],
        formula=FORMULAE.get((case["measure"], case.get("vtype", ""))),
        double_zero="keep",
        **raw_numbers(case),
    )
    np.testing.assert_allclose(result.y, case["yi"], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(result.v, case["vi"], rtol=1e-10)
    total = next(iter(REFERENCE["raw"][case["dataset"]].values()))
    assert len(result.left_out) == len(total) - len(case["yi"])
    assert all(one.reason.endswith("is missing") for one in result.left_out)


def case_named(dataset: str, measure: str) -> dict[str, Any]:
    """The first case of that name."""
    return next(c for c in CASES if c["dataset"] == dataset and c["measure"] == measure)


def test_bcg_as_published() -> None:
    """The vaccine trials of Colditz and others (1994), to the digits that textbooks print."""
    case = case_named("bcg", "RR")
    result = syn.pool(case["yi"], case["vi"], test="z")
    assert f"{result.estimate:.4f} {result.se:.4f} {result.tau2:.4f}" == "-0.7145 0.1798 0.3132"
    assert f"{result.i2:.2f}" == "92.22"
    assert result.prediction_interval is not None
    low, high = result.prediction_interval
    assert f"{low:.4f} {high:.4f}" == "-1.8667 0.4376"
    knha = syn.pool(case["yi"], case["vi"])
    assert f"{knha.ci[0]:.4f} {knha.ci[1]:.4f}" == "-1.1084 -0.3206"
    assert "{:.4f} {:.4f}".format(*knha.tau2_ci) == "0.1197 1.1115"


def test_length_of_stay_depends_on_the_standard_deviation() -> None:
    """Normand (1999): the same data, two published answers, by how the SDs enter."""
    raw = raw_numbers(case_named("normand1999", "MD"))
    pooled, separate = (syn.effect("MD", formula=name, **raw) for name in ("pooled", "separate"))
    assert round(syn.pool(pooled.y, pooled.v, "EE").estimate, 6) == -3.493861
    assert round(syn.pool(pooled.y, pooled.v, "DL").tau2, 6) == 218.721601
    assert round(syn.pool(pooled.y, pooled.v, "DL").estimate, 6) == -14.097223
    assert round(syn.pool(pooled.y, pooled.v).tau2, 4) == 685.1965
    assert round(syn.pool(separate.y, separate.v, "EE").estimate, 6) == -3.463613
    assert round(syn.pool(separate.y, separate.v, "DL").tau2, 6) == 205.409375
    assert pooled.formula != separate.formula
