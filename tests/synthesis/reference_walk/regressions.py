"""``pairwise.json``: meta-regressions, and what is told from single and from small studies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saisei import synthesis as syn
from saisei.synthesis.pairwise.heterogeneity import Heterogeneity
from saisei.synthesis.regression.moderators import regress_at
from synthesis.reference_walk.ledger import Ledger, Path, Quantity, Unit
from synthesis.reference_walk.pairwise import AT_PM, CLOSED, COUNTS, EB_STOP, ROOT, STEP

Array = NDArray[np.float64]
DEFAULT_STOP = "metafor's own stopping rule: a step of 1e-5 in τ², by a factor a step"
AT_STOP = "at the τ² where metafor stopped, everything else is a closed form"
TOLERANCE = {"DL": "DL", "REML": "REML ML", "ML": "REML ML", "EB": "EB", "PM": "PM"}
REGRESSION = (
    ("DL", 1e-9, CLOSED + ", with a year near 2000 beside an intercept"),
    ("REML ML", 1e-6, STEP),
    ("EB", 5e-6, EB_STOP),
    ("PM", 1e-9, AT_PM),
)
OF_ONE_FIT: tuple[tuple[str, float, Unit], ...] = (
    ("coefficients, intervals", 2.0, "standard errors"),
    ("standard errors, QM, I², hat values", 1.0, "relative"),
    ("p value of QM", 20.0, "relative"),
)

QUANTITIES = (
    *(
        Quantity(f"regression, {what}: {methods}", tolerance * factor, unit, why)
        for methods, tolerance, why in REGRESSION
        for what, factor, unit in OF_ONE_FIT
    ),
    Quantity("regression, QE", 1e-9, "relative", CLOSED),
    Quantity("regression, τ² and R²: DL", 1e-9, "relative", CLOSED),
    Quantity("regression, τ² and R²: REML ML", 1e-6, "relative", STEP),
    Quantity("regression, τ² and R²: EB", 5e-6, "relative", EB_STOP),
    Quantity("regression, τ²: PM", 1.3e-4, "absolute", ROOT),
    Quantity("regression, R²: PM", 2e-3, "relative", ROOT + " in both of its τ²"),
    Quantity("Egger's test by least squares", 1e-9, "relative", CLOSED),
    Quantity("Egger's test by random effects", 1e-6, "relative", STEP),
    Quantity("its limit", 1e-6, "standard errors", STEP),
    Quantity("Begg's τ", 1e-9, "relative", CLOSED),
    Quantity("Begg's p value", 2e-14, "absolute", "R takes it from 1 (one is below 0 there)"),
    Quantity("PEESE: τ² behind metafor's standard error", 5e-5, "absolute", DEFAULT_STOP),
    Quantity("PEESE: coefficients", 1e-8, "standard errors", AT_STOP),
    Quantity("PEESE: standard error of the slope", 1e-8, "relative", AT_STOP),
    Quantity("trim and fill: τ²", 5e-5, "absolute", DEFAULT_STOP),
    Quantity("trim and fill: standard error", 1e-9, "relative", AT_STOP),
    Quantity("trim and fill: mean", 1e-6, "standard errors", DEFAULT_STOP + ", in the mirror too"),
    Quantity("without each study: mean", 1e-6, "standard errors", STEP),
    Quantity("without each study: standard error, τ²", 1e-6, "relative", STEP),
    Quantity("without each study: I²", 1e-5, "absolute", STEP + "; per cent"),
    Quantity("without each study: Q", 1e-9, "relative", CLOSED),
    Quantity("influence: rstudent, dffits, Cook", 1e-6, "absolute", STEP),
    Quantity("influence: covariance ratio, hat values, weights", 1e-6, "relative", STEP),
    Quantity("cumulative: mean", 1e-6, "standard errors", STEP),
    Quantity("cumulative: standard error", 1e-6, "relative", STEP),
    Quantity("BLUPs", 1e-6, "standard errors", STEP),
    Quantity("BLUPs: standard errors", 1e-6, "relative", STEP),
)


def walk_regression(ledger: Ledger, at: Path) -> None:
    """One meta-regression."""
    row = ledger.at(*at)
    y, v = (np.array(ledger.take((*at, name))) for name in ("yi", "vi"))
    mods = ledger.take((*at, "mods"))
    table = np.column_stack([np.asarray(column, dtype=float) for column in mods.values()])
    result = syn.regress(y, v, table, row["method"], row["test"])
    if not result.converged:
        raise AssertionError(f"{at} did not converge")
    group = TOLERANCE[row["method"]]
    if group == "PM":
        ledger.compare("regression, τ²: PM", (*at, "tau2"), result.tau2)
        ledger.compare("regression, R²: PM", (*at, "R2"), result.r2)
        found = Heterogeneity(row["tau2"])
        names, level = result.names, result.level
        result = regress_at(found, y, v, result.x, names, "PM", row["test"], level)
    else:
        ledger.compare(f"regression, τ² and R²: {group}", (*at, "tau2"), result.tau2)
        ledger.compare(f"regression, τ² and R²: {group}", (*at, "R2"), result.r2)
    name, se = f"regression, coefficients, intervals: {group}", row["se"]
    ledger.compare(name, (*at, "beta"), result.coefficients, se)
    for bound, side in (("ci_lb", 0), ("ci_ub", 1)):
        if bound in row:
            ledger.compare(name, (*at, bound), result.ci[:, side], se)
    name = f"regression, standard errors, QM, I², hat values: {group}"
    for theirs, ours in (
        ("se", result.se),
        ("QM", result.qm),
        ("I2", result.i2),
        ("hat", result.hat),
    ):
        if theirs in row:
            ledger.compare(name, (*at, theirs), ours)
    ledger.compare(f"regression, p value of QM: {group}", (*at, "QMp"), result.qm_p)
    ledger.compare("regression, QE", (*at, "QE"), result.qe)


def walk_small_studies(ledger: Ledger, at: Path) -> None:
    """Lines through the funnel, ranks, trim and fill."""
    case = ledger.at(*at)
    y, v = np.array(case["yi"]), np.array(case["vi"])
    line, random, rank = syn.egger(y, v), syn.egger(y, v, "random", test="z"), syn.begg(y, v)
    name = "Egger's test by least squares"
    ledger.compare(name, (*at, "egger", "stat"), line.statistic, max(1.0, abs(line.statistic)))
    ledger.compare(name, (*at, "egger", "p"), line.p)
    ledger.compare(COUNTS, (*at, "egger", "df"), line.df)
    name = "Egger's test by random effects"
    size = max(1.0, abs(random.statistic))
    ledger.compare(name, (*at, "regtest_rma", "stat"), random.statistic, size)
    ledger.compare(name, (*at, "regtest_rma", "p"), random.p)
    ledger.compare("its limit", (*at, "regtest_rma", "est"), random.limit, random.limit_se)
    ledger.compare("Begg's τ", (*at, "begg", "tau"), rank.tau)
    ledger.compare("Begg's p value", (*at, "begg", "p"), rank.p)
    peese(ledger, (*at, "peese"), y, v)
    trim_fill(ledger, (*at, "trimfill_L0"), syn.trim_fill(y, v, "L0", test="z"))
    trim_fill(ledger, (*at, "trimfill_R0"), syn.trim_fill(y, v, "R0", test="z"))


def peese(ledger: Ledger, here: Path, y: Array, v: Array) -> None:
    """One of its four numbers tells metafor's tau2; the others then have to follow."""
    own = syn.pet_peese(y, v, test="z").peese
    expected = ledger.at(*here)

    def fit(tau2: float) -> syn.RegressionResult:
        return regress_at(Heterogeneity(tau2), y, v, own.x, own.names, "REML", "z", 0.95)

    tau2 = own.tau2
    for _ in range(20):  # Newton's method in tau2 on the intercept's squared standard error
        step = 1e-6 * (tau2 + float(v.min()))
        here_now, onward = (float(fit(t).se[0]) ** 2 for t in (tau2, tau2 + step))
        moved = (expected["se"][0] ** 2 - here_now) * step / (onward - here_now)
        tau2 = max(0.0, tau2 + moved)
        if abs(moved) <= 1e-15 * tau2 + 1e-18:
            break
    theirs = fit(tau2)
    name = "PEESE: τ² behind metafor's standard error"
    ledger.measured(name, (*here, "se", 0), own.tau2 - tau2)
    ledger.compare("PEESE: coefficients", (*here, "estimate"), theirs.coefficients, expected["se"])
    ledger.compare("PEESE: standard error of the slope", (*here, "se", 1), theirs.se[1])


def trim_fill(ledger: Ledger, here: Path, result: syn.TrimFill) -> None:
    """The standard error at metafor's tau2, which the reference has, is a closed form."""
    row = ledger.at(*here)
    if result.side != row["side"] or not result.converged:
        raise AssertionError(f"{here}: {result.side}, {row['side']}")
    ledger.compare(COUNTS, (*here, "k0"), result.missing)
    ledger.compare("trim and fill: τ²", (*here, "tau2"), result.filled.tau2)
    w = 1.0 / (result.v + row["tau2"])
    ledger.compare("trim and fill: standard error", (*here, "se"), 1.0 / math.sqrt(w.sum()))
    mean = float(w @ result.y / w.sum())
    ledger.compare("trim and fill: mean", (*here, "estimate"), mean, row["se"])


def walk_single_studies(ledger: Ledger, at: Path) -> None:
    """Leaving one out, influence, cumulative pools and predictions; Wald's errors, as metafor."""
    case = ledger.at(*at)
    y, v = case["yi"], case["vi"]
    found, grown = syn.influence(y, v, test="z"), syn.cumulative(y, v, test="z")
    without, here = found.without, (*at, "leave1out")
    ledger.compare("without each study: mean", (*here, "estimate"), without.estimate, without.se)
    name = "without each study: standard error, τ²"
    ledger.compare(name, (*here, "se"), without.se)
    ledger.compare(name, (*here, "tau2"), without.tau2, tau2_unit(without.tau2))
    ledger.compare("without each study: I²", (*here, "I2"), without.i2)
    ledger.compare("without each study: Q", (*here, "Q"), without.q)
    here = (*at, "influence")
    for theirs, ours in (
        ("rstudent", found.rstudent),
        ("dffits", found.dffits),
        ("cook", found.cook),
    ):
        ledger.compare("influence: rstudent, dffits, Cook", (*here, theirs), ours)
    name = "influence: covariance ratio, hat values, weights"
    for theirs, ours in (("cov", found.cov_ratio), ("hat", found.hat), ("weight", found.weight)):
        ledger.compare(name, (*here, theirs), ours)
    deleted = found.tau2_deleted
    name = "without each study: standard error, τ²"
    ledger.compare(name, (*here, "tau2del"), deleted, tau2_unit(deleted))
    here = (*at, "cumul")
    ledger.compare("cumulative: mean", (*here, "estimate"), grown.estimate, grown.se)
    ledger.compare("cumulative: standard error", (*here, "se"), grown.se)
    drawn = syn.blups(y, v, test="z")
    ledger.compare("BLUPs", (*at, "blup", "pred"), drawn.estimate, drawn.se)
    ledger.compare("BLUPs: standard errors", (*at, "blup", "se"), drawn.se)


def tau2_unit(tau2: Any) -> Array:
    """Of tau2 itself, but no smaller than 1e-6: metafor's last step, 1e-12, is 1e-6 of that."""
    return np.maximum(np.asarray(tau2, dtype=np.float64), 1e-6)
