"""The first two days: the state at six months of people of 1991 to 1996, for a clinician only.

Method and limits: docs/methods-first-days.md. No report draws from this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtri

from saisei.base.sources import Source, Statement, read_sources
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.cases import Case
from saisei.forecast.course import NoForecast
from saisei.forecast.first_days_checks import Tenth, people_like
from saisei.forecast.first_days_model import (
    FILE,
    columns,
    first_days_model,
    gradients,
    probabilities,
    strata,
)
from saisei.forecast.first_days_person import Entered, Left, Used, read_entered
from saisei.forecast.scores import Floats, largest_remainder

__all__ = ["Chance", "CountryCheck", "FirstDays", "first_days", "first_days_sources"]

PREFIX = "first-days"
TEXTS = "forecast/first_days_texts.yaml"


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance with what is not known about it.

    Parameters
    ----------
    id
        The state (``dead``), or that state and all worse ones (``dead_or_dependent``).
    value
        The chance.
    low, high
        Its 95 % interval by the uncertainty of the coefficients.
    elsewhere
        The same for a country that the model has not seen; None for a single middle state.
    """

    id: str
    value: float
    low: float
    high: float
    elsewhere: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class CountryCheck:
    """How the model fared for *dead or dependent* in a country left out of the fit."""

    name: str
    people: int
    observed: float
    expected: float
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class FirstDays:
    """The state at six months of people like this who entered IST-1.

    Parameters
    ----------
    warning
        The era and the care that the numbers are of: said before any number.
    states
        Dead, dependent, not recovered, recovered; they add up to 1.
    cuts
        Dead; dead or dependent; not recovered or worse.
    people
        The four states out of the same 100; they add up to 100.
    used
        Every input, and how it was come by.
    sentences
        Both framings, out of the same 100 people.
    alike
        For each cut, the people with such a chance in countries left out of the fit, and how they
        fared; `alike_words` says it.
    cautions
        What would end the matter and is not stated: said before any number.
    """

    label: Statement
    warning: Statement
    states: tuple[Chance, ...]
    cuts: tuple[Chance, ...]
    people: tuple[int, ...]
    used: tuple[Used, ...]
    sentences: tuple[Statement, ...]
    ranges: tuple[Statement, ...]
    alike: tuple[Tenth, ...]
    alike_words: tuple[Statement, ...]
    cautions: tuple[Statement, ...]
    notes: tuple[Statement, ...]
    calibration: tuple[CountryCheck, ...]
    source_keys: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs that were not known and were averaged over."""
        return tuple(one.field for one in self.used if one.how == "averaged")


def first_days(case: Case) -> FirstDays | NoForecast:
    """Give the state at six months of people like this, or why there is none.

    Only for a clinician: nothing of this belongs in a report for a family.

    Parameters
    ----------
    case
        Someone in hospital, within 48 hours of an infarct.
    """
    read = read_entered(case)
    if isinstance(read, Left):
        return NoForecast("first_days", read.code, _said(f"none.{read.code}", **read.filling))
    states, cuts = _chances(*_filled_in(read))
    counts = tuple(largest_remainder([one.value for one in states]))
    alike = tuple(people_like(one.id, one.value) for one in cuts)
    return FirstDays(
        label=_said("label"),
        warning=_said("era", first=_data()["entered_from"], last=_data()["entered_until"]),
        states=states,
        cuts=cuts,
        people=counts,
        used=read.used,
        sentences=tuple(_sentences(counts)),
        ranges=tuple(_range(one) for one in cuts),
        alike=alike,
        alike_words=tuple(_alike(one.id, tenth) for one, tenth in zip(cuts, alike, strict=True)),
        cautions=tuple(_not_stated(case)),
        notes=tuple(_notes(read)),
        calibration=_calibration(),
        source_keys=(f"{PREFIX}/ist1", f"{PREFIX}/own"),
    )


@cache
def first_days_sources() -> dict[str, Source]:
    """Give the sources of the model by their global key."""
    return read_sources(PREFIX, _data()["sources"], "The model of the first days")


def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_data(FILE)
    return data


def _said(key: str, /, **filling: object) -> Statement:
    text = Catalogue(TEXTS, load_data(TEXTS)).say(key, **filling)
    return Statement(text, (f"{PREFIX}/ist1",))


def _filled_in(read: Entered) -> tuple[Floats, Floats]:
    """Give every way to fill in what is missing, as columns, with its weight."""
    given, spread = _data()["strata"], _data()["spread"]
    one = {name: np.array([value]) for name, value in read.values.items()}
    stratum = int(strata(one, given["age_from"], given["syndromes"])[0])
    gone = [spread[name] for name in read.missing]
    chosen = list(np.ndindex(*(len(each["levels"]) for each in gone)))
    shares = [[each["shares"][stratum][at] for each, at in zip(gone, way, strict=True)]
              for way in chosen]  # fmt: skip
    values = {name: np.repeat(value, len(chosen)) for name, value in one.items()}
    for position, name in enumerate(read.missing):
        values[name] = np.array([gone[position]["levels"][way[position]] for way in chosen])
    weight = np.array([math.prod(each) for each in shares])
    return columns(values, first_days_model().coding), weight / weight.sum()


def _chances(design: Floats, weight: Floats) -> tuple[tuple[Chance, ...], tuple[Chance, ...]]:
    """Average over the ways; the intervals are by the delta method on the log odds."""
    model, data = first_days_model(), _data()
    state = weight @ probabilities(design, model.coefficients)
    slope = np.einsum("m,mks,mj->ksj", weight, gradients(design, model.coefficients), design)
    single = _intervals(state, slope)
    cut = _intervals(state.cumsum()[:3], slope.cumsum(axis=0)[:3])
    apart = [float(sd) for sd in data["between_countries"].values()]
    states = tuple(
        Chance(name, float(p), *_ends(float(p), error))
        for name, p, error in zip(data["states"], state, single, strict=True)
    )
    cuts = tuple(
        Chance(name, float(p), *_ends(float(p), error), _ends(float(p), math.hypot(error, far)))
        for name, p, error, far in zip(
            data["between_countries"], state.cumsum()[:3], cut, apart, strict=True
        )
    )
    return states, cuts


def _intervals(chance: Floats, slope: Floats) -> list[float]:
    """Give the standard error of the log odds of each chance."""
    variance = np.einsum("ksj,sji,ksi->k", slope, first_days_model().covariance, slope)
    return [float(one) for one in np.sqrt(variance) / (chance * (1.0 - chance))]


def _ends(chance: float, error: float) -> tuple[float, float]:
    reach = float(ndtri(0.5 + _data()["level"] / 2)) * error
    middle = float(logit(chance))
    return float(expit(middle - reach)), float(expit(middle + reach))


def _sentences(counts: tuple[int, ...]) -> Iterator[Statement]:
    dead, bad, recovered = counts[0], counts[0] + counts[1], counts[3]
    yield _said("chance.death", dead=dead, alive=100 - dead)
    yield _said("chance.dependent", bad=bad, good=100 - bad)
    yield _said("chance.recovered", recovered=recovered, not_recovered=100 - recovered)


def _range(one: Chance) -> Statement:
    far = one.elsewhere or (one.low, one.high)
    return _said("range", what=_cut(one.id), low=_down(one.low), high=_up(one.high),
                 elsewhere_low=_down(far[0]), elsewhere_high=_up(far[1]))  # fmt: skip


def _cut(name: str) -> str:
    words = _said(f"cut.{name}").text
    return words[0].upper() + words[1:]


def _alike(cut: str, tenth: Tenth) -> Statement:
    numbers = {name: round(100 * getattr(tenth, name))
               for name in ("expected", "observed", "lowest", "highest")}  # fmt: skip
    return _said("alike", what=_cut(cut), people=f"{tenth.people:,}",
                 low=_down(tenth.low), high=_up(tenth.high), places=tenth.places,
                 **numbers)  # fmt: skip


def _down(chance: float) -> int:
    return math.floor(100 * chance)


def _up(chance: float) -> int:
    return math.ceil(100 * chance)


def _not_stated(case: Case) -> Iterator[Statement]:
    """Name what ends the matter where it is so, and was not said to be otherwise."""
    given = ("thrombolysis_done", "thrombectomy_done")
    open_ones = [name for name in given if not case.answer(name).known]
    if open_ones:
        yield _said(
            "cautions.reperfusion-unknown", fields=", ".join(f"`{one}`" for one in open_ones)
        )
    if not case.answer("has_brain_imaging").known:
        yield _said("cautions.scan-unknown")


def _notes(read: Entered) -> Iterator[Statement]:
    people = _data()["people"]
    low, high = people["usual_age"]
    if not low <= read.values["age_years"] <= high:
        yield _said("notes.unusual-age", low=low, high=high)
    yield _said("notes.not-in")
    left = _data()["other_choices"]["without final haemorrhages and non-strokes"]
    yield _said("notes.everybody", haemorrhage=people["final_haemorrhage"],
                other=people["final_no_stroke"], people=f"{people['used']:,}",
                moved=_up(left["apart_95"]))  # fmt: skip
    yield _said("notes.attribution")


@cache
def _calibration() -> tuple[CountryCheck, ...]:
    found = []
    for name, row in _data()["countries"].items():
        cut = row["dead_or_dependent"]
        found.append(CountryCheck(name, row["people"], cut["observed"], cut["expected"],
                                  cut["slope"], cut["intercept"]))  # fmt: skip
    return tuple(found)
