"""The specification curve of a question: its effect under every choice that could have been made.

Which trials are near enough (tier), which risk of bias and which designs are let in, how the spread
between studies is estimated, which interval or which prior is taken: all combinations are computed
and none of them counts twice. It describes how far the answer hangs on choices; the analyses share
their data, so that the part of them that agrees is no probability.

Simonsohn, Simmons and Nelson (2020), https://doi.org/10.1038/s41562-020-0912-z.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from saisei import synthesis as syn
from saisei.appraisal.model import Tier
from saisei.appraisal.narrowed import BAYESIAN, ESTIMATORS, KEPT, Narrowed, arrays, may_enter
from saisei.appraisal.priors import PriorChoice, tau_prior
from saisei.appraisal.thresholds import limits
from saisei.evidence import Contrast, select

__all__ = ["Choice", "Specification", "Specifications", "specify"]

Choice = Literal["tier", "bias", "design", "estimator", "interval"]
CHOICES: tuple[Choice, ...] = ("tier", "bias", "design", "estimator", "interval")
PRIORS: dict[str, PriorChoice] = {"prior": "main", "other-prior": "pharmacological"}
Options = tuple[str, str, str, str, str]
"""One option of each choice, in the order of `CHOICES`."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One analysis: the options that it took, and what came out (ratios as logarithms)."""

    options: Options
    estimate: float
    low: float
    high: float
    studies: int

    @property
    def side(self) -> Literal[-1, 0, 1]:
        """Where the interval lies: below none, holding it, or above."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


@dataclass(frozen=True, slots=True)
class Specifications:
    """Every analysis of a question, by rising estimate.

    `planned` is the analysis by rule, None where its own set is empty or the measure is another.
    `options` lists for each choice the options that some analysis took.
    """

    narrowed: Narrowed
    benefit: Literal[1, -1]
    rows: tuple[Specification, ...]
    planned: int | None
    options: tuple[tuple[Choice, tuple[str, ...]], ...]

    def sides(self) -> tuple[int, int, int]:
        """Count the analyses in favour of cells, telling neither, and against cells."""
        turned = [self.benefit * row.side for row in self.rows]
        return turned.count(1), turned.count(0), turned.count(-1)


@dataclass(frozen=True, slots=True)
class _Set:
    """A set of studies, and by which options it is reached."""

    tier: Tier
    bias: str
    design: str
    contrasts: tuple[Contrast, ...]


def specify(narrowed: Narrowed) -> Specifications | None:
    """Compute the curve; None where no study answers.

    The tier of what is asked comes first, then the wider ones. A set of studies that was had
    already by other options is not counted again.
    """
    return _specify(replace(narrowed, controlled=False))


@lru_cache(maxsize=KEPT)
def _specify(narrowed: Narrowed) -> Specifications | None:
    sets = tuple(_sets(narrowed))
    if not sets:
        return None
    rows = [*_alone(sets), *_frequentist(sets), *_bayesian(sets, narrowed)]
    rule = _rule(narrowed, sets) if narrowed.measure in (None, narrowed.asked.measure) else None
    order = sorted(range(len(rows)), key=lambda at: (rows[at].estimate, rows[at].options))
    ordered = tuple(rows[at] for at in order)
    planned = next((at for at, row in enumerate(ordered) if row.options == rule), None)
    taken = [
        (choice, tuple(dict.fromkeys(row.options[at] for row in rows)))
        for at, choice in enumerate(CHOICES)
    ]
    return Specifications(narrowed, sets[0].contrasts[0].benefit, ordered, planned, tuple(taken))


def _rule(narrowed: Narrowed, sets: tuple[_Set, ...]) -> Options:
    """Name the analysis by rule: exact Bayes for few studies, REML and Knapp-Hartung for more."""
    few = len(sets[0].contrasts) <= limits()["exact_bayes_up_to"] and _has_prior(narrowed)
    how = ("bayes", "prior") if few else ("REML", "knha")
    return (narrowed.tier, "all", "rct", *how)


def _has_prior(narrowed: Narrowed) -> bool:
    return narrowed.question.wanted_measure in BAYESIAN


def _sets(narrowed: Narrowed) -> Iterator[_Set]:
    seen: set[frozenset[tuple[str, float, float]]] = set()
    for wide in _wider(narrowed):
        for design in ("rct", "controlled"):
            found = select(replace(wide, controlled=design == "controlled").question).contrasts
            entering = tuple(c for c in found if may_enter(c))
            sounder = tuple(c for c in entering if c.bias in ("low", "some"))
            for bias, held in (("all", entering), ("sounder", sounder)):
                key = frozenset((c.study_id, c.y, c.v) for c in held)
                if held and key not in seen:
                    seen.add(key)
                    yield _Set(wide.tier, bias, design, held)


def _wider(narrowed: Narrowed) -> Iterator[Narrowed]:
    """Give what is asked, then what holds less the same: the kind of delivery, the condition."""
    yield narrowed
    if narrowed.tier == "A":
        yield replace(narrowed, cells=None, donor=None, route=None, route_kind=narrowed.kind)
    whole = Narrowed(narrowed.asked, narrowed.condition, measure=narrowed.measure)
    if whole != narrowed and narrowed.tier != "C":
        yield whole


def _alone(sets: tuple[_Set, ...]) -> Iterator[Specification]:
    """Give a study by itself with its own normal interval: there is no spread to estimate."""
    level = float(limits()["level"])
    for one in sets:
        if len(one.contrasts) == 1:
            pool = syn.pool(*arrays(one.contrasts), "EE", "z", level)
            options = (one.tier, one.bias, one.design, "EE", "z")
            yield Specification(options, pool.estimate, *pool.ci, 1)


def _frequentist(sets: tuple[_Set, ...]) -> Iterator[Specification]:
    """Pool every set by every estimator, in one batch each."""
    ids = sorted({c.study_id for one in sets for c in one.contrasts})
    several = {str(at): one for at, one in enumerate(sets) if len(one.contrasts) > 1}
    if not several:
        return
    data = {at: _table(one, ids) for at, one in several.items()}
    level = float(limits()["level"])
    curve = syn.specification_curve(data, methods=ESTIMATORS, tests=("knha", "z"), level=level)
    for at in range(len(curve)):
        took = curve.analysis(at)
        if took["method"] == "EE" and took["test"] == "knha":
            continue  # the interval of Knapp and Hartung is about a spread that EE denies
        one = several[took["data"]]
        yield Specification(
            (one.tier, one.bias, one.design, took["method"], took["test"]),
            float(curve.estimate[at]),
            float(curve.ci[at, 0]),
            float(curve.ci[at, 1]),
            int(curve.k[at]),
        )


def _table(one: _Set, ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
    y, v = np.full(len(ids), np.nan), np.ones(len(ids))
    for contrast in one.contrasts:
        at = ids.index(contrast.study_id)
        y[at], v[at] = contrast.y, contrast.v
    return y, v


def _bayesian(sets: tuple[_Set, ...], narrowed: Narrowed) -> Iterator[Specification]:
    """Pool every set exactly, by the prior of the rules and by the one for sensitivity."""
    if not _has_prior(narrowed):
        return
    measure = narrowed.question.wanted_measure
    level = float(limits()["level"])
    for one in sets:
        y, v = arrays(one.contrasts)
        for name, choice in PRIORS.items():
            prior = tau_prior(measure, narrowed.asked.outcome, one.contrasts, choice=choice)
            found = syn.bayes_pool(y, np.sqrt(v), tau_prior=prior.tau)
            low, high = found.mu.interval(level)
            options = (one.tier, one.bias, one.design, "bayes", name)
            yield Specification(options, found.mu.median, low, high, len(one.contrasts))
