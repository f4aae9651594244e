"""``pool``, ``q_profile`` and ``effect`` as textbooks and papers print published data sets.

Every number of metafor for the same sets is compared in ``test_synthesis_reference_walk``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import cochran_q
from synthesis.reference_walk import read
from synthesis.reference_walk.pairwise import raw_numbers

CASES: list[dict[str, Any]] = read("pairwise.json")["cases"]


@pytest.mark.parametrize("case", CASES, ids=[f"{c['dataset']}-{c['measure']}" for c in CASES])
def test_q_profile_solves_its_equation(case: dict[str, Any]) -> None:
    """To 1e-9, which R's search does not reach; 0 is the limit where Q is below already."""
    y, v = np.array(case["yi"]), np.array(case["vi"])
    df = y.size - 1
    quantiles = stats.chi2.ppf(0.975, df), stats.chi2.ppf(0.025, df)
    for limit, quantile in zip(syn.q_profile(y, v), quantiles, strict=True):
        if limit > 0:
            assert math.isclose(cochran_q(y, v + limit), quantile, rel_tol=1e-9)
        else:
            assert cochran_q(y, v) <= quantile


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
