"""Validation: forecasts held against scores that came later, of real or of simulated people.

What is shown follows TRIPOD+AI: how people and scores flowed into it, calibration with its line
and its smoothed curve, coverage of intervals, the PIT histogram, CRPS and absolute error beside
two rivals, and the chance of a gain that counts with its decision curve; overall and by stratum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from saisei.base.errors import DocumentError, OptionError, Place, Problem
from saisei.base.sources import Source, read_sources
from saisei.forecast.parameters import context, contexts
from saisei.forecast.scores import Floats
from saisei.forecast.simulated import simulate_people
from saisei.forecast.validation_figures import Figures, figures_of
from saisei.forecast.validation_measures import Forecasts, Measured, Words, measure
from saisei.forecast.validation_pairs import ARM, Choice, Made, Origin, forecasts_of
from saisei.forecast.validation_rows import Reading, ScoreTable, read_scores, settings

__all__ = [
    "ScaleValidation",
    "Stratum",
    "Validation",
    "validate",
    "validate_simulated",
    "validation_sources",
]

Kind = Literal["known", "first-score", "day", "model", "context", "true-group"]
ORIGINS = ("first", "every")


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the forecasts and its figures.

    Parameters
    ----------
    kind
        What divides: how many scores were known, the first score, the day of the last known
        score, the model, the context; of simulated people their true group, which no forecast
        knows.
    low, high
        Of a band, its ends; `high` is None for the last.
    """

    kind: Kind
    name: str
    figures: Figures
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ScaleValidation:
    """The validation of the forecasts of one scale; no figures where no forecast was made."""

    made: Made
    overall: Figures | None
    strata: tuple[Stratum, ...]
    measured: Measured | None

    @property
    def scale_id(self) -> str:
        """Which scale."""
        return self.made.scale_id


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Forecasts held against scores that came later.

    Parameters
    ----------
    table
        What was read; None for simulated people.
    simulated
        How many people were simulated, and the seed; None for a table.
    """

    choice: Choice
    context_title: str
    levels: tuple[float, ...]
    scales: tuple[ScaleValidation, ...]
    table: ScoreTable | None
    simulated: tuple[int, int] | None

    def of(self, scale_id: str) -> ScaleValidation:
        """Give the validation of one scale.

        Raises
        ------
        KeyError
            No score of it was read.
        """
        return {one.scale_id: one for one in self.scales}[scale_id]


def validation_sources() -> Mapping[str, Source]:
    """Give the sources of the bands of scores by their global key."""
    return read_sources("validation", settings()["sources"], "How forecasts are validated")


def validate(
    source: object,
    *,
    origin: Origin = "first",
    horizon: float | None = None,
    context_name: str | None = None,
) -> Validation:
    """Hold the forecasts against later scores of the same people.

    Parameters
    ----------
    source
        A file with the columns ``person,day,scale,value`` (day: since the stroke) and, if wanted,
        ``context``; a frame with the Arrow interface; or a mapping of columns.
    origin
        ``first``: from each person's first score, and from the first two. ``every``: from each
        score with all the earlier ones.
    horizon
        The later score nearest to so many days afterwards is compared, if it was taken between a
        third and twice of that; 183 days when left out.
    context_name
        What goes on meanwhile where a row does not say; left out, this is not known.

    Raises
    ------
    DocumentError
        The table cannot be read, says something impossible, or nobody has a later score.
    OptionError
        There is no such origin or context, or the horizon cannot be.
    """
    choice = _choice(origin, horizon, context_name)
    table = read_scores(source)
    if table.people > (most := settings()["most_people"]):
        told, expected = f"{table.people:,} people", f"at most {most:,}"
        step = "Draw some of them by lot"
        raise DocumentError(Problem("too-many", told, expected, step, Place(table.name)))
    scales = [_scale(forecasts_of(name, people, choice)) for name, people in _read(table)]
    if not any(one.overall for one in scales):
        raise DocumentError(_nobody(table, choice, scales))
    return _validation(choice, scales, table, None)


def validate_simulated(people: int, seed: int = 1) -> Validation:
    """Hold the forecasts against people simulated from the model as it is used.

    Scores in weeks 1, 3 and 26; the forecasts are those of `validate`.

    Raises
    ------
    OptionError
        The number of people or the seed cannot be.
    """
    most = settings()["most_people"]
    if not 10 <= people <= most:
        expected = f"10 to {most:,} people"
        told = f"{people:,} people"
        raise OptionError(Problem("people", told, expected, field="--simulated"))
    if seed < 0:
        raise OptionError(Problem("seed", "it is negative", "0 or more", field="--seed"))
    days = settings()["simulated_days"]
    found = simulate_people(people, days, seed=seed)
    readings = {
        str(index): tuple(Reading(day, float(score)) for day, score in zip(days, row, strict=True))
        for index, row in enumerate(found.scores)
    }
    choice = _choice("first", None, None)
    groups = [str(int(group) + 1) for group in found.group]
    scale = _scale(forecasts_of(ARM, readings, choice, groups))
    return _validation(choice, [scale], None, (people, seed))


def _choice(origin: str, horizon: float | None, name: str | None) -> Choice:
    if origin not in ORIGINS:
        expected = f"one of {', '.join(ORIGINS)}"
        raise OptionError(Problem("origin", f"there is no {origin!r}", expected, field="--from"))
    if name is not None and name not in contexts():
        expected = f"one of {', '.join(contexts())}"
        raise OptionError(Problem("context", f"there is no {name!r}", expected, field="--context"))
    given = settings()
    days = float(given["horizon_days"]) if horizon is None else float(horizon)
    if not 1 <= days <= 3650:  # also refuses NaN
        told = "this is no time ahead that can be"
        raise OptionError(Problem("horizon", told, "1 to 3650 days", field="--horizon"))
    part, times = given["window"]
    ends = (math.floor(days / part), math.ceil(days * times))
    return Choice(cast("Origin", origin), days, *ends, name or given["context"])


def _read(table: ScoreTable) -> list[tuple[str, Mapping[str, Sequence[Reading]]]]:
    """Give the scales that were read, in the order of the conventions."""
    return [(name, table.readings[name]) for name in settings()["scales"] if name in table.readings]


def _nobody(table: ScoreTable, choice: Choice, scales: Sequence[ScaleValidation]) -> Problem:
    """Say that there is nothing to compare, and why."""
    place = Place(table.name)
    names = " or ".join(settings()["scales"])
    if not scales:
        told = "no score of a scale that is forecast"
        return Problem("no-score", told, f"rows of {names}", "", place)
    reasons = ", ".join(
        f"{key.replace('-', ' ')}: {n}"
        for one in scales
        for key, n in one.made.left_out.items()
        if n
    )
    told = f"nobody has a score that can be compared with a forecast ({reasons})"
    expected = f"people with a later score {choice.earliest:g} to {choice.latest:g} days afterwards"
    late = any(one.made.left_out.get("no-later-score") for one in scales)
    step = "Give --horizon the usual time between two scores of these people, in days"
    return Problem("no-later-score", told, expected, step if late else "", place)


def _validation(
    choice: Choice,
    scales: Sequence[ScaleValidation],
    table: ScoreTable | None,
    simulated: tuple[int, int] | None,
) -> Validation:
    title = context(choice.context).title
    return Validation(choice, title, _levels(), tuple(scales), table, simulated)


def _levels() -> tuple[float, ...]:
    return tuple(settings()["levels"])


def _scale(made: Made) -> ScaleValidation:
    of = made.forecasts
    if of is None:
        return ScaleValidation(made, None, (), None)
    divided = _divided(of)
    names = {kind: words for kind, words, _ in divided}
    both = np.char.add(np.char.add(names["first-score"], "/"), names["day"])
    strata = (both, names["first-score"])
    measured = measure(of, strata, _levels(), int(settings()["fewest_others"]))
    every = np.ones(of.observed.size, dtype=bool)
    parts = [
        Stratum(kind, name, _figures(of, measured, words == name), *ends.get(name, (None, None)))
        for kind, words, ends in divided
        for name in _in_order(words)
    ]
    return ScaleValidation(made, _figures(of, measured, every), tuple(parts), measured)


def _figures(of: Forecasts, measured: Measured, rows: NDArray[np.bool_]) -> Figures:
    ends = (float(of.values[0]), float(of.values[-1]))
    return figures_of(measured, of.person, of.important, ends, _levels(), rows)


_Ends = dict[str, tuple[float | None, float | None]]


def _divided(of: Forecasts) -> list[tuple[Kind, Words, _Ends]]:
    """Divide the forecasts in every way."""
    given = settings()
    bands = given["scales"][of.scale_id]
    step, top = bands["step"], float(of.values[-1])
    scores = [0, *bands["bands"]]
    score_ends = [(low, high - step) for low, high in pairwise(scores)]
    days = [0, *(day + 1 for day in given["days"])]
    day_ends = [(low, high - 1) for low, high in pairwise(days)]
    first, ends_first = _banded(of.first, scores, [*score_ends, (scores[-1], top)])
    day, ends_day = _banded(of.day, days, [*day_ends, (days[-1], None)])
    known = np.where(of.known > 2, "3+", of.known.astype(str))
    found: list[tuple[Kind, Words, _Ends]] = [
        ("known", known, {}),
        ("first-score", first, ends_first),
        ("day", day, ends_day),
        ("model", of.model, {}),
    ]
    if np.unique(of.going_on).size > 1:
        found.append(("context", of.going_on, {}))
    if (of.group != "").all():
        found.append(("true-group", of.group, {}))
    return found


def _banded(
    values: Floats, borders: Sequence[float], ends: Sequence[tuple[float, float | None]]
) -> tuple[Words, _Ends]:
    """Name the band of each value."""
    names = [f"{low:g}+" if high is None else f"{low:g}-{high:g}" for low, high in ends]
    place = np.searchsorted(np.array(borders, dtype=float), values, side="right") - 1
    return np.array(names)[place], dict(zip(names, ends, strict=True))


def _in_order(words: Words) -> list[str]:
    """Give each name once: bands by their number, models from early to late."""
    order = ["mixture", "blend", "chronic"]

    def place(name: str) -> tuple[float, str]:
        if name in order:
            return float(order.index(name)), name
        digits = "".join(one for one in name.partition("-")[0] if one.isdigit())
        return float(digits) if digits else 0.0, name

    return sorted(map(str, np.unique(words)), key=place)
