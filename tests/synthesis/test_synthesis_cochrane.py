"""Published Cochrane analyses, recomputed from their rows to the digits that are stored.

Tolerances. Review Manager stores ten significant digits: half a unit of the last is at most 5e-10
of a number, and 1e-9 is asked. A limit is the difference of two such numbers, so it is asked to
1e-9 of the numbers it comes from. A p value moves by z squared times as much as z: 1e-8. Weights
have six digits. Its chi-squared tail is only good to 2e-7 (or 2e-5 of small values), which the
stored Q, right to ten digits, shows.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saisei import synthesis as syn

ANALYSES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "reference" / "cochrane.json").read_text("utf-8")
)["analyses"]
MEANS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
COUNTS = ("events1", "n1", "events2", "n2")
Z = 1.959963984540054

every_analysis = pytest.mark.parametrize(
    "analysis",
    ANALYSES,
    ids=[f"{a['id']}-{a['measure']}-{a['effects']}-{a['method']}" for a in ANALYSES],
)


def numbers(analysis: dict[str, Any]) -> dict[str, Any]:
    """The raw numbers by name."""
    names = MEANS if analysis["measure"] in {"MD", "SMD"} else COUNTS
    return {name: [row[name] for row in analysis["rows"]] for name in names}


def own_effects(analysis: dict[str, Any]) -> syn.Effect:
    """The studies' own effects, as Review Manager makes them."""
    measure: Any = {"PETO_OR": "PETO"}.get(analysis["measure"], analysis["measure"])
    return syn.effect(measure, formula="revman" if measure == "SMD" else None, **numbers(analysis))


def pooled(analysis: dict[str, Any]) -> syn.PoolResult | syn.StratifiedResult:
    """The pooled result by the review's method."""
    if analysis["method"] == "Peto":
        return syn.peto(**numbers(analysis))
    if analysis["method"] == "Mantel-Haenszel":
        model: Any = {"fixed": "common", "random": "random"}[analysis["effects"]]
        return syn.mantel_haenszel(analysis["measure"], model=model, **numbers(analysis))
    own = own_effects(analysis)
    return syn.pool(own.y, own.v, "EE" if analysis["effects"] == "fixed" else "DL", "z")


def natural(analysis: dict[str, Any], value: float) -> float:
    """Ratios were stored as ratios."""
    return value if analysis["measure"] in {"MD", "SMD"} else math.exp(value)


def test_all_are_here() -> None:
    kinds = {(a["measure"], a["effects"], a["method"]) for a in ANALYSES}
    assert len(ANALYSES) == 17
    assert len(kinds) == 10
    assert all(a["doi"].startswith("10.1002/14651858.") for a in ANALYSES)


@every_analysis
def test_rows(analysis: dict[str, Any]) -> None:
    own = own_effects(analysis)
    assert own.left_out == ()
    for y, se, row in zip(own.y, own.se, analysis["rows"], strict=True):
        assert natural(analysis, y) == pytest.approx(row["effect"], rel=1e-9, abs=1e-9)
        limits = [natural(analysis, y + sign * Z * se) for sign in (-1, 1)]
        assert limits == pytest.approx(row["ci95"], rel=1e-9, abs=1e-9 * abs(row["effect"]))


@every_analysis
def test_pooled(analysis: dict[str, Any]) -> None:
    result, stored = pooled(analysis), analysis["pooled"]
    assert natural(analysis, result.estimate) == pytest.approx(stored["estimate"], rel=1e-9)
    limits = [natural(analysis, limit) for limit in result.ci]
    assert limits == pytest.approx(stored["ci95"], rel=1e-9)
    assert result.q == pytest.approx(stored["q"], rel=1e-9)
    assert result.q_df == stored["df"]
    assert result.q_p == pytest.approx(stored["p_q"], rel=2e-5, abs=2e-7)
    assert result.tau2 == pytest.approx(stored["tau2"], rel=1e-9, abs=1e-12)
    i2 = 100 * max(0.0, 1 - result.q_df / result.q)
    assert i2 == pytest.approx(stored["i2_pct"], abs=6e-9)
    assert abs(result.estimate) / result.se == pytest.approx(stored["z"], rel=1e-9)
    assert result.p == pytest.approx(stored["p"], rel=1e-8)
    assert result.k == stored["studies"]
    shares = [row["weight_pct"] for row in analysis["rows"]]
    np.testing.assert_allclose(100 * result.weights, shares, rtol=6e-6)
