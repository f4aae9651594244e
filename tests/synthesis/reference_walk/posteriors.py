"""``bayes.json`` and ``ordinal.json``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from saisei import synthesis as syn
from synthesis.reference_walk.ledger import Ledger, Path, Quantity
from synthesis.reference_walk.pairwise import COUNTS

PRIORS: dict[str, type[Any]] = {
    "halfnormal": syn.HalfNormal,
    "halfcauchy": syn.HalfCauchy,
    "lognormal": syn.LogNormal,
}
GRID = "bayesmeta's grid of normal mixtures; ours agrees with a second integration to 1e-9"
DENSITY = "both integrate the same density of τ, R's to its default of about 1e-8"
ROOT = "R's `uniroot` at its default"
OPTIMISER = "R's optimiser"
NO_MOMENT = "a moment that does not exist: infinite here, a number that depends on a grid there"

QUANTITIES = (
    Quantity("posterior of τ: median, limits", 6e-5, "posterior SDs", ROOT),
    Quantity("posterior of τ: mean", 1e-7, "posterior SDs", DENSITY),
    Quantity("posterior of τ: SD", 1e-5, "relative", DENSITY + "; it stops early in a heavy tail"),
    Quantity("posterior of μ: median, limits, mean", 8e-4, "posterior SDs", GRID),
    Quantity("posterior of μ: SD", 1e-3, "relative", GRID),
    Quantity("predictive: median, limits, mean", 5e-3, "posterior SDs", GRID),
    Quantity("predictive: SD", 2e-2, "relative", GRID),
    Quantity("shrinkage: medians, limits", 6e-3, "posterior SDs", GRID),
    Quantity("probability of μ below 0", 5e-5, "absolute", GRID),
    Quantity("marginal likelihood", 1e-8, "relative", DENSITY),
    Quantity("common odds ratio, standard error, thresholds", 1e-7, "absolute", OPTIMISER),
    Quantity("its log-likelihood", 1e-9, "relative", OPTIMISER),
    Quantity("win odds, Mann-Whitney probability", 1e-9, "relative", "closed forms, 12 digits"),
)


def walk_posterior(ledger: Ledger, at: Path) -> None:
    """One posterior."""
    case = ledger.at(*at)
    parameters = dict(ledger.take((*at, "tau_prior")))
    prior = PRIORS[parameters.pop("name")](**parameters)
    mean = ledger.take((*at, "mu_prior"))
    y, se = ledger.take((*at, "y")), ledger.take((*at, "sigma"))
    result = syn.bayes_pool(y, se, prior, syn.Normal(*mean) if mean else None)
    if not result.converged:
        raise AssertionError(f"{at} did not converge")
    ledger.compare(COUNTS, (*at, "k"), result.k)
    ledger.leave((*at, "seconds_R"), "how long R took")
    for part, heading in (("tau", "posterior of τ"), ("mu", "posterior of μ"), *NEW):
        marginal(ledger, (*at, part), heading, getattr(result, part))
    own = result.shrinkage
    low, high = own.interval()
    for theirs, ours in (("median", own.median), ("lower", low), ("upper", high)):
        ledger.compare("shrinkage: medians, limits", (*at, "shrinkage", theirs), ours, own.sd)
    ledger.compare("probability of μ below 0", (*at, "prob_mu_below_0"), result.prob(below=0))
    evidence = math.nan if result.log_evidence is None else math.exp(result.log_evidence)
    if case["marginal_likelihood"] is None:
        evidence = math.nan
    ledger.compare("marginal likelihood", (*at, "marginal_likelihood"), evidence)


NEW = (("predictive", "predictive"),)


def marginal(ledger: Ledger, here: Path, heading: str, own: Any) -> None:
    """Median, limits, mean and SD of one quantity, in its own SDs."""
    unit = own.sd if math.isfinite(own.sd) else 1.0
    low, high = own.interval()
    middle = f"{heading}: median, limits" + ("" if heading == "posterior of τ" else ", mean")
    for theirs, ours in (("median", own.median), ("lower", low), ("upper", high)):
        ledger.compare(middle, (*here, theirs), ours, unit)
    mean = f"{heading}: mean" if heading == "posterior of τ" else middle
    for name, theirs, ours in ((mean, "mean", own.mean), (f"{heading}: SD", "sd", own.sd)):
        if math.isfinite(ours):
            ledger.compare(name, (*here, theirs), ours, unit if theirs == "mean" else None)
        else:
            ledger.leave((*here, theirs), NO_MOMENT)


def walk_ordinal(ledger: Ledger, at: Path) -> None:
    """One table of two arms."""
    treated, control = ledger.take((*at, "treatment")), ledger.take((*at, "control"))
    fit = syn.common_odds_ratio(treated, control)
    wins = syn.win_odds(treated, control, better="lower")
    name = "common odds ratio, standard error, thresholds"
    ledger.compare(name, (*at, "log_common_or_worse"), fit.log_or)
    turned = syn.common_odds_ratio(treated[::-1], control[::-1])
    ledger.compare(name, (*at, "log_common_or_better"), turned.log_or)
    ledger.compare(name, (*at, "se"), fit.se)
    ledger.compare(name, (*at, "thresholds"), np.asarray(fit.thresholds))
    ledger.compare("its log-likelihood", (*at, "loglik"), fit.log_likelihood)
    name = "win odds, Mann-Whitney probability"
    ledger.compare(name, (*at, "prob_treated_better"), wins.probability)
    ledger.compare(name, (*at, "win_odds"), wins.win_odds)
