"""Arms of studies turned into contrasts of a network.

Contrasts of one study must add up (A-B and B-C give A-C), so that its arms are judged together:

- an empty cell in one arm adds 0.5 to the cells of every arm of that study;
- a standardised difference divides by one standard deviation, pooled over all arms of the study,
  and all its contrasts share the small-sample factor J of that many degrees of freedom; their
  variances are 1/n1 + 1/n2 + g^2/(2 N) with N all people of the study (Gleser and Olkin 2009; with
  two arms this is Hedges' g as elsewhere here).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import numpy as np

from saisei import synthesis as syn
from saisei.base.errors import Place
from saisei.evidence.raw_tables import refuse

__all__ = ["Arm", "ArmContrast", "contrasts_of_arms", "refuse_twice"]

COUNTS = ("events", "n")
TOO_FEW = "fewer than two arms with numbers"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a study, its numbers by our names."""

    study: str
    treatment: str
    numbers: Mapping[str, float]
    place: Place


@dataclass(frozen=True, slots=True)
class ArmContrast:
    """One arm against another of the same study."""

    one: Arm
    two: Arm
    te: float
    se: float


def refuse_twice(arm: Arm) -> NoReturn:
    """Refuse a treatment that a study has twice."""
    told = f"study {arm.study} has the treatment {arm.treatment} twice"
    raise refuse(arm.place, told, "each once", next_step="Combine these arms first.")


def contrasts_of_arms(
    arms: Sequence[Arm], measure: str, needs: Sequence[str]
) -> tuple[list[ArmContrast], list[tuple[str, str]], str]:
    """Turn arms into contrasts, a study at a time.

    Returns
    -------
    tuple
        The contrasts; studies and arms that gave none, with the reason; how it was done.

    Raises
    ------
    DocumentError
        A number cannot be, or no study gives a contrast.
    """
    left_out: list[tuple[str, str]] = []
    contrasts: list[ArmContrast] = []
    formula = ""
    for study, own in _studies(arms, left_out).items():
        for arm in own:
            _check(arm, needs)
        try:
            effects = _of_study(own, measure)
        except ValueError as error:
            raise refuse(own[0].place, f"study {study}: {error}", "numbers of arms") from None
        if effects.left_out:
            left_out.append((study, effects.left_out[0].reason))
            continue
        formula = max(formula, effects.formula, key=len)
        contrasts += [
            ArmContrast(one, two, float(y), float(se))
            for (one, two), y, se in zip(
                itertools.combinations(own, 2), effects.y, effects.se, strict=True
            )
        ]
    if not contrasts:
        place = Place(arms[0].place.file)
        raise refuse(place, "no study gives a contrast", "one with two arms at least")
    return contrasts, left_out, formula


def _studies(arms: Sequence[Arm], left_out: list[tuple[str, str]]) -> dict[str, list[Arm]]:
    """Gather the arms of each study; what has no numbers is left out with the reason."""
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        own = found.setdefault(arm.study, [])
        if any(arm.treatment == other.treatment for other in own):
            refuse_twice(arm)
        missing = [ours for ours, number in arm.numbers.items() if math.isnan(number)]
        if missing:
            left_out.append((f"{arm.study}, {arm.treatment}", f"{missing[0]} is missing"))
        else:
            own.append(arm)
    left_out += [(study, TOO_FEW) for study, own in found.items() if len(own) < 2]
    return {study: own for study, own in found.items() if len(own) > 1}


def _check(arm: Arm, needs: Sequence[str]) -> None:
    """Refuse numbers of an arm that cannot be, by their place."""
    number = arm.numbers
    wrong = ""
    if tuple(needs) == COUNTS:
        events, n = number["events"], number["n"]
        wrong = _first(
            (events < 0, f"events is {events:g}; expected a count not below 0"),
            (events > n, f"events is {events:g}; expected no more than n, which is {n:g}"),
            (n < 1, f"n is {n:g}; expected one person at least"),
        )
    else:
        sd, n = number["sd"], number["n"]
        wrong = _first(
            (sd <= 0, f"sd is {sd:g}; expected a standard deviation above 0"),
            (n < 2, f"n is {n:g}; expected two people at least"),
        )
    if wrong:
        found, expected = wrong.split("; expected ")
        raise refuse(arm.place, f"study {arm.study}, {arm.treatment}: {found}", expected)


def _first(*tests: tuple[bool, str]) -> str:
    return next((told for failed, told in tests if failed), "")


def _of_study(arms: Sequence[Arm], measure: str) -> syn.Effect:
    """Make all contrasts of one study, so that they add up."""
    if measure == "SMD":
        return _standardised(arms)
    ones, twos = zip(*itertools.combinations(arms, 2), strict=True)
    raw: dict[str, Any] = {
        f"{ours}{side}": [arm.numbers[ours] for arm in own]
        for side, own in (("1", ones), ("2", twos))
        for ours in arms[0].numbers
    }
    if "events" not in arms[0].numbers:
        return syn.effect(cast("Any", measure), **raw)
    events = [arm.numbers["events"] for arm in arms]
    rest = [arm.numbers["n"] - arm.numbers["events"] for arm in arms]
    if measure != "RD" and not (any(events) and any(rest)):
        return syn.effect(cast("Any", measure), **raw)  # says why the study tells nothing
    empty = min(*events, *rest) == 0.0
    policy: Any = "add-half-everywhere" if empty else "none"
    return syn.effect(cast("Any", measure), zero_cells=policy, double_zero="keep", **raw)


def _standardised(arms: Sequence[Arm]) -> syn.Effect:
    """Standardise by one standard deviation of the study; see the head of the module."""
    mean, sd, n = (np.array([arm.numbers[ours] for arm in arms]) for ours in ("mean", "sd", "n"))
    df = float(n.sum()) - len(arms)
    pooled = math.sqrt(float(((n - 1.0) * sd**2).sum()) / df)
    # J = Γ(m/2) / (√(m/2) Γ((m − 1)/2)), Hedges 1981
    factor = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    i, j = np.triu_indices(len(arms), 1)
    g = factor * (mean[i] - mean[j]) / pooled
    v = 1.0 / n[i] + 1.0 / n[j] + g**2 / (2.0 * n.sum())
    formula = "Hedges' g by the SD of all arms, variance 1/n1 + 1/n2 + g^2/(2 N)"
    return syn.Effect(g, v, np.arange(g.size), "SMD", formula)
