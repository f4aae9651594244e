"""Priors for the spread of true effects, read from ``priors.yaml``.

The main prior is the published one (Turner 2015 for log odds ratios, Rhodes 2015 for standardised
differences, non-pharmacological treatments); on a points scale Rhodes's, times the standard
deviation of the scores. The other choices serve sensitivity analyses and drive no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.evidence import Contrast

__all__ = ["Prior", "PriorChoice", "other_priors", "tau_prior"]

FILE = "appraisal/priors.yaml"
RATIOS = ("OR", "COR")

TauPrior = syn.HalfNormal | syn.LogNormal | syn.LogT
PriorChoice = Literal["main", "pharmacological", "half-normal", "sd-of-change"]


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior for tau, in words and as the numeric library takes it."""

    tau: TauPrior
    words: str
    source_key: str


def tau_prior(
    measure: str,
    outcome: str,
    contrasts: Sequence[Contrast] = (),
    *,
    choice: PriorChoice = "main",
) -> Prior:
    """Give the prior for a measure and an outcome.

    Parameters
    ----------
    measure
        OR or COR (log-normal of Turner 2015), SMD (log-t of Rhodes 2015), MD (the same, times the
        standard deviation of the scores).
    outcome
        As study files write it: deaths, adverse events, signs and scans have rows of their own.
    contrasts
        Where the scale's standard deviation is not in the table, it is taken from these.
    choice
        The main prior or a named other one: the rows of pharmacological treatments, a half-normal
        prior, or (points only) the standard deviation of changes instead of that of scores.

    Raises
    ------
    ValueError
        There is no such choice for this measure and outcome; see `other_priors`.
    """
    if measure == "MD":
        sd = _sd_of_change(outcome) if choice == "sd-of-change" else _sd(outcome, contrasts)
        return _in_points(_for_ratio_or_smd("SMD", outcome, choice), sd)
    if choice == "sd-of-change":
        raise ValueError(f"{measure} has no prior {choice}")
    return _for_ratio_or_smd(measure, outcome, choice)


def other_priors(measure: str, outcome: str) -> tuple[PriorChoice, ...]:
    """Name the other reasonable choices for a measure and an outcome.

    Examples
    --------
    >>> other_priors("MD", "fma-ue")
    ('pharmacological', 'half-normal', 'sd-of-change')
    """
    change = measure == "MD" and outcome in load_data(FILE)["points"]["sd_of_change"]
    return ("pharmacological", "half-normal", *(("sd-of-change",) if change else ()))


def _for_ratio_or_smd(measure: str, outcome: str, choice: PriorChoice) -> Prior:
    table = load_data(FILE)
    name = "log_odds_ratio" if measure in RATIOS else "smd"
    if choice == "half-normal":
        entry = table["half_normal"][name]
        words = f"half-normal with {entry['scale']}"
        return Prior(syn.HalfNormal(entry["scale"]), words, f"priors/{entry['source']}")
    end = "_sensitivity" if choice == "pharmacological" else ""
    rows = table[f"{name}{end}"]
    kind = table["outcome_kinds"].get(outcome, "functioning")
    kind = kind if kind in rows else "functioning"  # Rhodes has one row for harms and function
    author = "Turner 2015" if measure in RATIOS else "Rhodes 2015"
    return _published(rows[kind], f"{author}, {'pharmacological, ' if end else ''}{kind}")


def _published(entry: dict[str, Any], words: str) -> Prior:
    if entry["kind"] == "log-normal-tau2":
        tau: TauPrior = syn.LogNormal.from_tau2(entry["mu"], entry["sigma"])
    else:
        tau = syn.LogT.from_tau2(entry["mu"], entry["sigma"], entry["df"])
    return Prior(tau, words, f"priors/{entry['source']}")


def _in_points(prior: Prior, sd: float) -> Prior:
    """Multiply a prior for a standardised difference by a standard deviation in points."""
    tau, words = prior.tau, f"{prior.words}, times a standard deviation of {sd:.3g} points"
    if isinstance(tau, syn.HalfNormal):
        return Prior(syn.HalfNormal(tau.scale * sd), words, prior.source_key)
    if isinstance(tau, syn.LogNormal):
        raise TypeError("standardised differences have no log-normal prior")
    scaled = syn.LogT(tau.location + math.log(sd), tau.scale, tau.df)
    return Prior(scaled, words, prior.source_key)


def _sd_of_change(outcome: str) -> float:
    table = load_data(FILE)["points"]["sd_of_change"]
    if outcome not in table:
        raise ValueError(f"no standard deviation of changes is known for {outcome}")
    return float(table[outcome]["value"])


def _sd(outcome: str, contrasts: Sequence[Contrast]) -> float:
    """Give the standard deviation of the scores: from the table, else from the studies."""
    known = load_data(FILE)["points"]["sd_of_scores"].get(outcome)
    if known:
        return float(known["value"])
    sizes = [(c.n_treated or 1, c.n_control or 1, c.v) for c in contrasts]
    variances = [v / (1 / treated + 1 / control) for treated, control, v in sizes]
    people = [treated + control for treated, control, _ in sizes]
    return math.sqrt(sum(n * s for n, s in zip(people, variances, strict=True)) / sum(people))
