"""``cochrane.json``: published Cochrane analyses, recomputed from their rows."""

from __future__ import annotations

import math
from typing import Any

from saisei import synthesis as syn
from synthesis.reference_walk.ledger import Ledger, Path, Quantity
from synthesis.reference_walk.pairwise import COUNTS

MEANS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
EVENTS = ("events1", "n1", "events2", "n2")
Z = 1.959963984540054
STORED = "ten digits are stored: half a unit of the last is 5e-10"

QUANTITIES = (
    Quantity("studies' effects and limits", 1e-9, "relative", STORED + "; limits, of the effect"),
    Quantity("studies' weights", 6e-6, "relative", "six digits are stored"),
    Quantity("pooled effects and limits, Q, z", 1e-9, "relative", STORED),
    Quantity("τ² of DerSimonian and Laird", 1e-9, "relative", STORED),
    Quantity("I²", 6e-9, "absolute", STORED + "; per cent"),
    Quantity("p value of the effect", 1e-8, "relative", STORED + " of z, which moves p z² times"),
    Quantity(
        "p value of Q",
        2e-7,
        "absolute",
        "its chi-squared tail is good to 2e-7 there, as the stored Q shows, right to ten digits",
    ),
)


def walk_review(ledger: Ledger, at: Path) -> None:
    """One analysis: its rows, and what was pooled from them."""
    analysis = ledger.at(*at)
    ledger.take((*at, "year"))
    names = MEANS if analysis["measure"] in {"MD", "SMD"} else EVENTS
    numbers: dict[str, Any] = {
        name: [ledger.take((*at, "rows", row, name)) for row in range(len(analysis["rows"]))]
        for name in names
    }
    result = pooled(analysis, numbers)
    rows(ledger, at, own_effects(analysis, numbers), result)
    here = (*at, "pooled")
    for name in ("n1", "n2", "events1", "events2"):
        if name in analysis["pooled"]:
            ledger.compare(COUNTS, (*here, name), sum(numbers[name]))
    name = "pooled effects and limits, Q, z"
    for theirs, ours in (
        ("estimate", natural(analysis, result.estimate)),
        ("ci95", [natural(analysis, limit) for limit in result.ci]),
        ("q", result.q),
        ("z", abs(result.estimate) / result.se),
    ):
        ledger.compare(name, (*here, theirs), ours)
    ledger.compare("τ² of DerSimonian and Laird", (*here, "tau2"), result.tau2)
    ledger.compare("I²", (*here, "i2_pct"), 100 * max(0.0, 1 - result.q_df / result.q))
    ledger.compare("p value of the effect", (*here, "p"), result.p)
    ledger.compare("p value of Q", (*here, "p_q"), result.q_p)
    ledger.compare(COUNTS, (*here, "df"), result.q_df)
    ledger.compare(COUNTS, (*here, "studies"), result.k)


def rows(
    ledger: Ledger, at: Path, own: syn.Effect, result: syn.PoolResult | syn.StratifiedResult
) -> None:
    """Each study's own effect, its limits and its weight."""
    analysis = ledger.at(*at)
    if own.left_out:
        raise AssertionError(f"{at}: {own.left_out}")
    for row, (y, se, weight) in enumerate(zip(own.y, own.se, result.weights, strict=True)):
        here = (*at, "rows", row)
        effect = natural(analysis, float(y))
        ledger.compare("studies' effects and limits", (*here, "effect"), effect)
        for side, sign in enumerate((-1, 1)):
            limit = natural(analysis, float(y + sign * Z * se))
            unit = max(abs(analysis["rows"][row]["ci95"][side]), abs(effect))
            ledger.compare("studies' effects and limits", (*here, "ci95", side), limit, unit)
        ledger.compare("studies' weights", (*here, "weight_pct"), 100 * weight)


def own_effects(analysis: dict[str, Any], numbers: dict[str, Any]) -> syn.Effect:
    """The studies' own effects, as Review Manager makes them."""
    measure: Any = {"PETO_OR": "PETO"}.get(analysis["measure"], analysis["measure"])
    return syn.effect(measure, formula="revman" if measure == "SMD" else None, **numbers)


def pooled(
    analysis: dict[str, Any], numbers: dict[str, Any]
) -> syn.PoolResult | syn.StratifiedResult:
    """The pooled result by the review's method."""
    if analysis["method"] == "Peto":
        return syn.peto(**numbers)
    if analysis["method"] == "Mantel-Haenszel":
        model: Any = {"fixed": "common", "random": "random"}[analysis["effects"]]
        return syn.mantel_haenszel(analysis["measure"], model=model, **numbers)
    own = own_effects(analysis, numbers)
    return syn.pool(own.y, own.v, "EE" if analysis["effects"] == "fixed" else "DL", "z")


def natural(analysis: dict[str, Any], value: float) -> float:
    """Ratios were stored as ratios."""
    return value if analysis["measure"] in {"MD", "SMD"} else math.exp(value)
