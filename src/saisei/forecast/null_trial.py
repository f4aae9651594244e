"""What an arm-score study without a control group would report if the cells did nothing.

The distributions of one person's change, of the mean gain and of the number of responders are
exact: sums over scores, convolved over people, mixed over how far studies differ. The p-values are
simulated, from the same distributions, with a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from saisei.base.errors import OptionError, Problem
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.forecast.arm_pairs import Population, change_spreads, pair_table
from saisei.forecast.null_contexts import NullContext, null_context
from saisei.forecast.null_mixing import mixed_studies
from saisei.forecast.null_studies import Discrete, Studies, steps_of
from saisei.forecast.null_words import (
    extrapolated,
    not_in_model,
    null_notes,
    null_reading,
    responder_definitions,
)
from saisei.forecast.paired_tests import paired_t, t_p_values, wilcoxon_p_values
from saisei.forecast.parameters import mixture_parameters, windows
from saisei.forecast.published import (
    FILE,
    Figure,
    LaterTrial,
    later_trial,
    published_figures,
)
from saisei.forecast.scores import Floats
from saisei.vocabulary import days_per_month

__all__ = ["NullTrial", "PValues", "Reached", "Responders", "null_trial"]

LEVELS = (0.05, 0.01, 0.001)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 20
FEWEST = 1e-4
"""Nobody would be taken in where fewer of all people than this score in the range."""


@dataclass(frozen=True, slots=True, eq=False)
class Responders:
    """How many people of a study gain at least so many points of the arm score.

    Parameters
    ----------
    id
        Short name of the definition.
    gain
        The gain that counts, in points of the arm.
    whose
        Who counted responders so.
    share
        The chance of one person in an average study.
    count
        How many people of the study.
    """

    id: str
    gain: float
    whose: Statement
    share: float
    count: Discrete


@dataclass(frozen=True, slots=True)
class PValues:
    """Two-sided p-values of simulated studies: quantiles, and the share at or below a level."""

    quantiles: tuple[float, ...]
    below: tuple[tuple[float, float], ...]
    steps: tuple[float, ...]
    """Share of studies in each twentieth from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How often a study in which the cells do nothing reaches a published figure.

    Parameters
    ----------
    share
        With the number of people asked for.
    own_size
        With as many people as stand behind the figure, where that is printed.
    as_significant
        How often the paired t is at least as large; None for responders.
    by_spread
        The share with half and with twice that spread between studies; empty where there is none.
    """

    figure: Figure
    share: float
    own_size: float | None
    as_significant: float | None
    by_spread: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class NullTrial:
    """What a study without a control group reports if nothing has an effect.

    Parameters
    ----------
    mean, sd, share_gain_6, share_loss_6
        Of one person's change in an average study of this kind.
    selected
        Share of people whose first score is within the range asked for.
    selection_moves
        How far the choice by the first score moves the mean change.
    change
        One person's change in an average study.
    mean_gain
        What studies report as their mean gain; they differ by chance and by their own ways.
    figures
        The published figures, with how often each is reached.
    extrapolated
        From when on nobody was measured; None where somebody was.
    notes, not_in_model, reading
        What the numbers rest on, what is not in them, and what they mean.
    """

    people: int
    months_since_stroke: float
    months: float
    context: NullContext
    spread: float
    score_range: tuple[float, float]
    sem: float
    mean: float
    sd: float
    share_gain_6: float
    share_loss_6: float
    selected: float
    selection_moves: float
    change: Discrete
    mean_gain: Discrete
    responders: tuple[Responders, ...]
    t_test: PValues
    wilcoxon: PValues
    figures: tuple[Reached, ...]
    later: LaterTrial
    trials: int
    seed: int
    extrapolated: Statement | None
    notes: tuple[Statement, ...]
    not_in_model: tuple[Statement, ...]
    reading: tuple[Statement, ...]

    @property
    def reach(self) -> dict[str, float]:
        """How often each published figure is reached, by the figure's id."""
        return {one.figure.id: one.share for one in self.figures}

    def reach_of(self, figure_id: str) -> Reached:
        """Give how often one of the published figures is reached."""
        return next(one for one in self.figures if one.figure.id == figure_id)


def null_trial(
    people: int,
    months_since_stroke: float,
    months: float,
    context: str | None = None,
    *,
    select: tuple[float, float] | None = None,
    trials: int = 10_000,
    seed: int = 1,
    **about: float,
) -> NullTrial:
    """Say what an arm-score study without a control group reports if the cells do nothing.

    Parameters
    ----------
    people
        How many are measured before and after.
    months_since_stroke
        When the first score is taken.
    months
        How long after it the second one is taken.
    context
        What goes on meanwhile (`null_contexts`); ``after-therapy-ended`` when left out.
    select
        Lowest and highest first score of those who are taken in.
    trials, seed
        For the p-values, which are simulated.
    about
        ``baseline_mean``, ``baseline_sd``, ``sem`` and ``spread`` instead of the data file's.

    Raises
    ------
    OptionError
        Something is impossible, or nobody would be taken in.
    """
    score_range = select or (0.0, mixture_parameters().top)
    _check(people, months_since_stroke, months, trials, seed)
    chosen = null_context(context, months_since_stroke)
    day, days = (value * days_per_month() for value in (months_since_stroke, months))
    spread = about.get("spread", chosen.spread_between)
    who = _population(about)
    centre = chosen.context.mean_change(days)
    selected, moved, change = _one_person(day, days, centre, who, score_range)
    applied = 0.0 if windows().mixture_weight(day) == 1 else spread
    made = [
        (wide, mixed_studies(day, days, centre, wide, who, score_range, people))
        for wide in ([applied, applied / 2, 2 * applied] if applied else [applied])
    ]
    studies, others = made[0][1], made[1:]
    drawn = studies.draw(people, trials, seed)
    t = paired_t(drawn)
    step = _important()
    return NullTrial(
        people, months_since_stroke, months, chosen, spread, score_range, who.sem,
        change.mean, change.sd, change.at_least(step), change.at_most(-step), selected, moved,
        change, studies.mean_gain(people), _responders(change, studies, people),
        _p_values(t_p_values(t, people)), _p_values(wilcoxon_p_values(drawn)),
        tuple(_reached(figure, studies, others, people, t) for figure in published_figures()),
        later_trial(), trials, seed,
        extrapolated(day, days, chosen),
        null_notes(day, days, chosen, spread, who.sem, score_range, (selected, moved)),
        not_in_model(), null_reading(later_trial()),
    )  # fmt: skip


def _important() -> float:
    """Give the gain that matters to one person, the first definition of a responder."""
    return responder_definitions()[0][1]


def _population(about: dict[str, float]) -> Population:
    given = load_data(FILE)
    unknown = set(about) - {"baseline_mean", "baseline_sd", "sem", "spread"}
    if unknown:
        raise TypeError(f"null_trial has no parameter {', '.join(sorted(unknown))}")
    who = Population(
        about.get("baseline_mean", given["people"]["mean"]),
        about.get("baseline_sd", given["people"]["sd"]),
        about.get("sem", given["measurement"]["sem"]),
    )
    top, spread = mixture_parameters().top, about.get("spread", 0.0)
    _must("baseline_mean", who.mean, "a score from 0 to 66", holds=0 <= who.mean <= top)
    wide = f"more than the error of one score and at most {top:g}"
    _must("baseline_sd", who.sd, wide, holds=who.sem < who.sd <= top)
    _must("sem", who.sem, "more than 0 and at most 4 points", holds=0 < who.sem <= 4)
    _must("spread", spread, "0 to 8 points", holds=0 <= spread <= 8)
    return who


def _must(name: str, value: float, expected: str, *, holds: bool) -> None:
    if not holds:
        option = "--" + name.replace("_", "-")
        raise OptionError(Problem("impossible", f"{value:g} cannot be", expected, field=option))


def _check(people: int, since: float, months: float, trials: int, seed: int) -> None:
    most = load_data(FILE)["limits"]
    _must("people", people, f"2 to {most['people']:,}", holds=2 <= people <= most["people"])
    long = "more than 0 and at most 600 months"
    _must("months_since_stroke", since, long, holds=0 < since <= 600)
    _must("months", months, "more than 0 and at most 120 months", holds=0 < months <= 120)
    _must("trials", trials, f"100 to {most['trials']:,}", holds=100 <= trials <= most["trials"])
    few = f"at most {most['draws'] // people:,} with {people:,} people"
    _must("trials", trials, few, holds=trials * people <= most["draws"])
    _must("seed", seed, "a whole number from 0", holds=seed >= 0)


def _one_person(
    day: float, days: float, centre: float, who: Population, score_range: tuple[float, float]
) -> tuple[float, float, Discrete]:
    """Give the share taken in, what the choice moves, and one person's change."""
    table = pair_table(day, days, centre, who)
    share, spread = change_spreads(table, *score_range)
    if share < FEWEST:
        expected = "a range in which some people score"
        raise OptionError(Problem("nobody", "nobody would be taken in", expected, field="--select"))
    steps = steps_of(spread)
    change = Discrete(steps, spread)
    everyone = Discrete(steps, change_spreads(table, 0.0, mixture_parameters().top)[1])
    return share, change.mean - everyone.mean, change


def _responders(change: Discrete, studies: Studies, people: int) -> tuple[Responders, ...]:
    return tuple(
        Responders(name, gain, whose, change.at_least(gain), studies.responders(people, gain))
        for name, gain, whose in responder_definitions()
    )


def _p_values(found: Floats) -> PValues:
    quantiles = np.quantile(found, QUANTILES).tolist()
    counted = np.histogram(found, bins=BINS, range=(0.0, 1.0))[0] / found.size
    below = tuple((level, float((found <= level).mean())) for level in LEVELS)
    return PValues(tuple(quantiles), below, tuple(counted.tolist()))


def _reached(
    figure: Figure,
    studies: Studies,
    others: Sequence[tuple[float, Studies]],
    people: int,
    t: Floats,
) -> Reached:
    own = None if figure.people is None else _chance(figure, studies, figure.people)
    significant = None if figure.t is None else float((t >= figure.t).mean())
    by_spread = tuple((wide, _chance(figure, other, people)) for wide, other in others)
    return Reached(figure, _chance(figure, studies, people), own, significant, by_spread)


def _chance(figure: Figure, studies: Studies, people: int) -> float:
    if figure.kind == "change":
        return studies.mean_gain(people).at_least(figure.arm_value)
    return studies.responders(people, figure.arm_value).at_least(figure.value * people)
