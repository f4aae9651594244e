"""``pairwise.json``: effect sizes, pools, regressions and counts, by metafor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Heterogeneity
from saisei.synthesis.pairwise.pooling import pool_at
from synthesis.reference_walk.ledger import Ledger, Path, Quantity, Unit, nan_for_none

Array = NDArray[np.float64]
MEANS = {"mean1": "m1i", "sd1": "sd1i", "n1": "n1i", "mean2": "m2i", "sd2": "sd2i", "n2": "n2i"}
FORMULAE = {("SMD", "LS"): "LS", ("SMD", "LS2"): "LS2", ("SMD", "UB"): "UB", ("SMD", "AV"): "AV"}
GROUPS = {"REML": "ML", "ML": "ML", "EB": "EB", "PM": "PM"}

NO_MEAN = (
    "variance of a study whose effect is missing: metafor's AV takes it from the other studies' "
    "mean effect; such a study is left out here"
)
CLOSED = "a closed form of numbers with 12 digits"
STEP = "metafor stopped at a step of 1e-12 in τ², 1e-7 of the smallest of them"
EB_STOP = "metafor's EB is right to about 3e-6"
AT_PM = "at metafor's own τ², which its search left early, everything else is a closed form"
ROOT = "R's `uniroot` stops at 1.22e-4"
OF_ONE_FIT: tuple[tuple[str, float, Unit], ...] = (
    ("mean, interval, prediction interval", 1.0, "standard errors"),
    ("standard errors of mean and τ², I², H²", 1.0, "relative"),
    ("z or t, p value, log-likelihood, AIC", 10.0, "relative"),
)

QUANTITIES = (
    Quantity("effect sizes", 1e-9, "relative", CLOSED),
    Quantity("their variances", 1e-9, "relative", CLOSED),
    Quantity("whole numbers: studies, degrees of freedom, studies filled in", 0.0, "absolute", "–"),
    Quantity("Q, its p value", 1e-9, "relative", CLOSED),
    *(
        Quantity(f"{what}: {methods}", tolerance * factor, unit, why)
        for methods, tolerance, why in (
            ("EE DL HE SJ HS HSk", 1e-9, CLOSED),
            ("REML ML", 1e-6, STEP),
            ("EB", 5e-6, EB_STOP),
            ("PM", 1e-9, AT_PM),
        )
        for what, factor, unit in OF_ONE_FIT
    ),
    Quantity("τ²: DL HE SJ HS HSk", 1e-9, "relative", CLOSED),
    Quantity("τ²: REML ML", 1e-6, "relative", STEP),
    Quantity("τ²: EB", 5e-6, "relative", EB_STOP),
    Quantity("τ²: PM", 1.3e-4, "absolute", ROOT + "; the exact root is EB's"),
    Quantity("Q-profile limits of τ²", 1.3e-4, "absolute", ROOT),
)

COUNTS = QUANTITIES[2].name


def effects_of(case: dict[str, Any]) -> syn.Effect:
    """Effect sizes from raw numbers, with metafor's policies for empty cells by name."""
    raw = raw_numbers(case)
    measure = case["measure"]
    policies: dict[str, Any] = {"double_zero": "keep"} if case["kind"] == "binary" else {}
    if measure == "PETO":
        policies["zero_cells"] = "add-half"
    formula = FORMULAE.get((measure, case.get("vtype", "")))
    return syn.effect(measure, formula=formula, **policies, **raw)


def raw_numbers(case: dict[str, Any]) -> dict[str, Any]:
    """The raw numbers of a case as arrays, named as ``effect`` names them."""
    raw = {
        name: np.array([nan_for_none(x) for x in column], dtype=float)
        for name, column in case["raw"].items()
    }
    if case["kind"] != "binary":
        return {name: raw[short] for name, short in MEANS.items()}
    n1, n2 = raw["ai"] + raw["bi"], raw["ci"] + raw["di"]
    return {"events1": raw["ai"], "n1": n1, "events2": raw["ci"], "n2": n2}


def walk_effects(ledger: Ledger, at: Path) -> None:
    """Raw numbers to effect sizes; sets of effect sizes without raw numbers are input."""
    case = ledger.at(*at)
    if "raw" not in case:
        ledger.compare(COUNTS, (*at, "k"), len(ledger.take((*at, "yi"))))
        ledger.take((*at, "vi"))
        return
    ledger.take((*at, "raw"))
    effects = effects_of(case)
    for name, whole, own, values in (
        ("effect sizes", "yi_all", "yi", effects.y),
        ("their variances", "vi_all", "vi", effects.v),
    ):
        every = np.full(len(case["yi_all"]), math.nan)
        every[effects.index] = values
        for study, (ours, theirs) in enumerate(zip(every, case[whole], strict=True)):
            if math.isnan(ours) and theirs is not None:
                ledger.leave((*at, whole, study), NO_MEAN)
            else:
                ledger.compare(name, (*at, whole, study), ours)
        ledger.compare(name, (*at, own), values)
    ledger.compare(COUNTS, (*at, "k"), effects.y.size)


def walk_fits(ledger: Ledger, at: Path) -> None:
    """Every estimator of tau2 under both tests."""
    case = ledger.at(*at)
    y, v = np.array(case["yi"]), np.array(case["vi"])
    for number, row in enumerate(case["fits"]):
        here = (*at, "fits", number)
        result = syn.pool(y, v, row["method"], row["test"])
        if not result.converged:
            raise AssertionError(f"{here} did not converge")
        if row["method"] != "EE":
            group = GROUPS.get(row["method"], "DL HE SJ HS HSk")
            name = f"τ²: {'REML ML' if group == 'ML' else group}"
            ledger.compare(name, (*here, "tau2"), result.tau2)
        else:
            ledger.compare(COUNTS, (*here, "tau2"), result.tau2)
        if row["method"] == "PM":
            found = Heterogeneity(row["tau2"])
            result = pool_at(found, y, v, "PM", row["test"], result.level)
        one_fit(ledger, here, result)


def one_fit(ledger: Ledger, here: Path, result: syn.PoolResult) -> None:
    """The numbers of one pool beside its tau2."""
    row = ledger.at(*here)
    methods = {"ML": "REML ML", "": "EE DL HE SJ HS HSk"}
    group = GROUPS.get(row["method"], "")
    group = methods.get(group, group)
    name = f"mean, interval, prediction interval: {group}"
    ledger.compare(name, (*here, "estimate"), result.estimate, row["se"])
    ledger.compare(name, (*here, "ci"), result.ci, row["se"])
    if row["pi"] is not None:
        spread = row["se"] + math.sqrt(row["tau2"])
        ledger.compare(name, (*here, "pi"), result.prediction_interval, spread)
    elif result.prediction_interval is not None:
        raise AssertionError(f"{here}: a prediction interval")
    name = f"standard errors of mean and τ², I², H²: {group}"
    for theirs, ours in (("se", result.se), ("I2", result.i2), ("H2", result.h2)):
        ledger.compare(name, (*here, theirs), ours)
    ledger.compare(name, (*here, "se_tau2"), result.tau2_se)
    name = f"z or t, p value, log-likelihood, AIC: {group}"
    for theirs, ours in (
        ("stat", result.statistic),
        ("p", result.p),
        ("loglik", result.log_likelihood),
        ("aic", result.aic),
    ):
        ledger.compare(name, (*here, theirs), ours)
    ledger.compare("Q, its p value", (*here, "Q"), result.q)
    ledger.compare("Q, its p value", (*here, "Qp"), result.q_p)


def walk_q_profile(ledger: Ledger, at: Path) -> None:
    """The REML estimate and its limits, unless R did not look far enough for the upper one."""
    case = ledger.at(*at)
    here = (*at, "qprofile_tau2")
    low, high = syn.q_profile(case["yi"], case["vi"])
    tau2, _, upper = case["qprofile_tau2"]
    ledger.compare("τ²: REML ML", (*here, 0), syn.pool(case["yi"], case["vi"]).tau2)
    ledger.compare("Q-profile limits of τ²", (*here, 1), low)
    if math.isclose(upper, 10 * tau2, rel_tol=1e-9) and upper > 100 and high > upper:
        ledger.leave((*here, 2), "upper Q-profile limit where R looked no further than 10 τ²")
    else:
        ledger.compare("Q-profile limits of τ²", (*here, 2), high)
