"""Priors for the spread of true effects, read from ``priors.yaml``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.evidence import Contrast

__all__ = ["Prior", "tau_prior"]

FILE = "appraisal/priors.yaml"

TauPrior = syn.HalfNormal | syn.LogNormal | syn.LogT


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior for tau, in words and as the numeric library takes it."""

    tau: TauPrior
    words: str
    source_key: str


def tau_prior(
    measure: str, outcome: str, contrasts: Sequence[Contrast] = (), *, sensitivity: bool = False
) -> Prior:
    """Give the prior for a measure and an outcome.

    Parameters
    ----------
    measure
        OR or COR (log-normal of Turner 2015), SMD (log-t of Rhodes 2015), MD (half-normal, scaled
        by the standard deviation of the scores).
    outcome
        As study files write it: deaths, adverse events, signs and scans have rows of their own.
    contrasts
        Where the scale's standard deviation is not in the table, it is taken from these.
    sensitivity
        The rows of pharmacological treatments instead.
    """
    table = load_data(FILE)
    kind = table["outcome_kinds"].get(outcome, "functioning")
    end = "_sensitivity" if sensitivity else ""
    if measure in ("OR", "COR"):
        return _published(table[f"log_odds_ratio{end}"][kind], f"Turner 2015, {kind}")
    if measure == "SMD":
        rows = table[f"smd{end}"]
        kind = kind if kind in rows else "functioning"  # Rhodes has one row for harms and function
        return _published(rows[kind], f"Rhodes 2015, {kind}")
    per_sd = table["points"]["per_sd"]
    sd = _sd_of_scores(outcome, contrasts)
    words = f"half-normal, {per_sd['scale']} of a standard deviation of {sd:.3g} points"
    return Prior(syn.HalfNormal(per_sd["scale"] * sd), words, f"priors/{per_sd['source']}")


def _published(entry: dict[str, Any], words: str) -> Prior:
    if entry["kind"] == "log-normal-tau2":
        tau: TauPrior = syn.LogNormal.from_tau2(entry["mu"], entry["sigma"])
    else:
        tau = syn.LogT.from_tau2(entry["mu"], entry["sigma"], entry["df"])
    return Prior(tau, words, f"priors/{entry['source']}")


def _sd_of_scores(outcome: str, contrasts: Sequence[Contrast]) -> float:
    known = load_data(FILE)["points"]["sd_of_scores"].get(outcome)
    if known:
        return float(known["value"])
    sizes = [(c.n_treated or 1, c.n_control or 1, c.v) for c in contrasts]
    variances = [v / (1 / treated + 1 / control) for treated, control, v in sizes]
    people = [treated + control for treated, control, _ in sizes]
    return math.sqrt(sum(n * s for n, s in zip(people, variances, strict=True)) / sum(people))
