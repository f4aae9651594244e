"""``pairwise.json``: counts without effect sizes (sums, likelihoods), and selection models."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from saisei import synthesis as syn
from saisei.synthesis.pairwise.binomial import FixedStudies
from saisei.synthesis.pairwise.heterogeneity import typical_variance
from saisei.synthesis.small_studies.selection_model import _Likelihood
from synthesis.reference_walk.ledger import Ledger, Path, Quantity, nan_for_none
from synthesis.reference_walk.pairwise import CLOSED, raw_numbers

Array = NDArray[np.float64]
LME4 = "lme4's search stops early; our likelihood is the higher one"
LAPLACE = LME4 + "; one node, as there"
RATIO = "12 digits of the parameters, in a difference of likelihoods"
HESSIAN = "second derivatives by differences; a τ² below 1e-4 and min v/10 counts as 0 in metafor"
OPTIMISER = (
    "as far as R's optimiser went; our likelihood is never lower. τ² in units of itself and a "
    "typical variance"
)
STUCK = OPTIMISER + "; up to 1e-3 lower where δ runs away"
NO_STEP = (
    "δ of a selection model without a study of small p value: the likelihood rises for ever with "
    "it, R's is where its search ended on the way to 100, and `selection_model` refuses. Compared "
    "are the mean, τ², standard error and p value that belong to R's δ"
)

QUANTITIES = (
    Quantity("Mantel-Haenszel", 1e-9, "relative", CLOSED),
    Quantity("Mantel-Haenszel: I²", 1e-9, "absolute", CLOSED + "; per cent"),
    Quantity("Peto", 1e-9, "relative", CLOSED),
    Quantity("GLMM, fixed study effects: mean", 2e-3, "standard errors", LME4),
    Quantity("GLMM, fixed study effects: standard error", 3e-4, "relative", LME4),
    Quantity("GLMM, fixed study effects: τ²", 3e-4, "absolute", LME4),
    Quantity("GLMM, random study effects: mean", 3e-3, "standard errors", LAPLACE),
    Quantity(
        "GLMM, random study effects: standard error",
        1.2e-2,
        "relative",
        LAPLACE + "; its determinant is of the step before the last: followed in a test, 3e-5",
    ),
    Quantity("GLMM, random study effects: τ²", 4e-4, "absolute", LAPLACE),
    Quantity("selection model: p value at metafor's parameters", 1e-9, "relative", RATIO),
    Quantity("selection model: standard error there", 1e-4, "relative", HESSIAN),
    Quantity("selection model: mean, τ²", 3e-3, "standard errors", OPTIMISER),
    Quantity("selection model: δ", 2e-3, "relative", OPTIMISER),
    Quantity("selection model at metafor's δ: mean, τ²", 5e-2, "standard errors", STUCK),
)


def walk_counts(ledger: Ledger, at: Path) -> None:
    """Mantel-Haenszel, Peto and binomial-normal models of the same counts."""
    case = ledger.at(*at)
    if "mantel_haenszel" in case:
        mantel_haenszel(ledger, at)
    if "peto" in case:
        result = syn.peto(**raw_numbers(case))
        for name, ours in (("estimate", result.estimate), ("se", result.se), ("Q", result.q)):
            ledger.compare("Peto", (*at, "peto", name), ours)
    for theirs, kind, points in (
        ("glmm_UM.FS", "fixed", 7),
        ("glmm_UM.RS", "random", 1),
    ):
        if theirs in case:
            model: Any = f"{kind}-studies"
            fit = syn.pool_counts(model, points=points, **raw_numbers(case))
            row, name = case[theirs], f"GLMM, {kind} study effects"
            if kind == "fixed":
                highest(fit, case, row)
            ledger.compare(f"{name}: mean", (*at, theirs, "estimate"), fit.estimate, row["se"])
            ledger.compare(f"{name}: standard error", (*at, theirs, "se"), fit.se)
            ledger.compare(f"{name}: τ²", (*at, theirs, "tau2"), fit.tau2)


def highest(fit: syn.BinomialResult, case: dict[str, Any], row: dict[str, Any]) -> None:
    """Assert that lme4's answer has no higher likelihood than ours."""
    cells = np.array([[nan_for_none(x) for x in column] for column in case["raw"].values()])
    cells = cells[:, np.isfinite(cells).all(0)]
    cells = cells[:, (cells[0] + cells[2] > 0) & (cells[1] + cells[3] > 0)]
    theirs = np.array([row["estimate"], math.sqrt(row["tau2"])])
    if fit.log_likelihood < FixedStudies(cells, 7)(theirs) - 1e-9:
        raise AssertionError(f"{case['dataset']}: lme4's likelihood is higher")


def mantel_haenszel(ledger: Ledger, at: Path) -> None:
    """Q of a risk difference without studies that have no event, as metafor has it."""
    case, here = ledger.at(*at), (*at, "mantel_haenszel")
    raw = raw_numbers(case)
    result = syn.mantel_haenszel(case["measure"], **raw)
    q, i2 = result.q, result.i2
    if case["measure"] == "RD":
        own = syn.effect("RD", **raw)
        some = (raw["events1"] + raw["events2"] > 0)[own.index]
        q = float(((own.y - result.estimate) ** 2 / own.v)[some].sum())
        i2 = 100.0 * max(0.0, 1.0 - (int(some.sum()) - 1) / q)
    for name, ours in (
        ("estimate", result.estimate),
        ("se", result.se),
        ("Q", q),
        ("cmh", result.test),
        ("cmh_p", result.test_p),
    ):
        ledger.compare("Mantel-Haenszel", (*here, name), ours)
    ledger.compare("Mantel-Haenszel: I²", (*here, "I2"), i2)


def walk_selection(ledger: Ledger, at: Path) -> None:
    """A step at 0.025; where it cannot be told, the best mean and tau2 at metafor's delta."""
    case, here = ledger.at(*at), (*at, "selmodel_step_025_greater")
    row, y, v = ledger.at(*here), np.array(case["yi"]), np.array(case["vi"])
    model = _Likelihood.of(y, v, np.array([0.025]), "greater")
    unit, delta = model.unit, row["delta"][1]
    theirs = np.array([row["estimate"] / unit, row["tau2"] / unit**2, delta])
    without = syn.pool(model.y, model.v, "ML", "z")
    null = model.value(np.array([without.estimate, without.tau2, 0.0]))[0]
    height = value(model, theirs)
    p = float(special.chdtrc(1.0, 2.0 * (null - height)))
    ledger.compare("selection model: p value at metafor's parameters", (*here, "lrt_p"), p)
    se = unit * standard_error(model, theirs, zero=row["tau2"] < min(1e-4, v.min() / 10.0))
    ledger.compare("selection model: standard error there", (*here, "se"), se)
    name = "selection model at metafor's δ: mean, τ²"
    if model.counts.all():
        own = syn.selection_model(y, v)
        ledger.compare("selection model: δ", (*here, "delta"), own.delta, row["delta"])
        estimate, tau2, name = own.estimate, own.tau2, "selection model: mean, τ²"
        ours = np.array([estimate / unit, tau2 / unit**2, own.delta[1]])
    else:
        ledger.leave((*here, "delta"), NO_STEP)
        ours = at_delta(model, delta)
        estimate, tau2 = float(ours[0]) * unit, float(ours[1]) * unit**2
    if not value(model, ours) <= height + 1e-10:
        raise AssertionError(f"{here}: metafor's likelihood is higher")
    ledger.compare(name, (*here, "estimate"), estimate, row["se"])
    ledger.compare(name, (*here, "tau2"), tau2, row["tau2"] + typical_variance(v))


def value(model: _Likelihood, at: Array) -> float:
    """Minus the log-likelihood at mean, tau2 and delta."""
    return model.value(np.append(at[:2], math.log(at[2])))[0]


def at_delta(model: _Likelihood, delta: float) -> Array:
    """Return the mean and tau2 that are best at a given delta, and that delta."""
    last = math.log(delta)

    def loss(at: Array) -> tuple[float, Array]:
        height, gradient = model.value(np.append(at, last))
        return height, gradient[:2]

    without = syn.pool(model.y, model.v, "ML", "z")
    start = np.array([without.estimate, max(without.tau2, 1e-3)])
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, None)],
        options={"ftol": 1e-16, "gtol": 1e-11, "maxiter": 500},
    )  # fmt: skip
    return np.append(found.x, delta)


def standard_error(model: _Likelihood, at: Array, *, zero: bool) -> float:
    """Standard error of the mean from the observed information in mean, tau2 and delta.

    ``zero``: tau2 is taken for 0, which does not vary.
    """

    def gradient(at: Array) -> Array:
        slope = model.value(np.append(at[:2], math.log(at[2])))[1]
        return np.append(slope[:2], slope[2] / at[2])

    steps = np.diag(1e-4 * np.array([1.0, at[1], at[2]]))
    bend = np.array(
        [(gradient(at + step) - gradient(at - step)) / (2.0 * step.max()) for step in steps]
    )
    free = [0, 2] if zero else [0, 1, 2]
    information = 0.5 * (bend + bend.T)[np.ix_(free, free)]
    return math.sqrt(float(np.linalg.inv(information)[0, 0]))
