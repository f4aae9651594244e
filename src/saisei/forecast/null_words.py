"""What is said beside the numbers of a null trial."""

from __future__ import annotations

from functools import cache

from saisei.base.errors import DataError
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.forecast.null_contexts import (
    FIRST_YEAR,
    THERAPY_ARMS,
    NullContext,
    followed_days,
    months_of,
    null_contexts,
)
from saisei.forecast.parameters import keys_of, mixture_parameters, windows
from saisei.forecast.published import FILE, PREFIX, LaterTrial, published_figures
from saisei.scales import important_change
from saisei.vocabulary import Stage, days_per_month

__all__ = [
    "extrapolated",
    "not_in_model",
    "null_notes",
    "null_reading",
    "null_words",
    "responder_definitions",
]

WORDS = "forecast/null_texts.yaml"


@cache
def null_words() -> Catalogue:
    """Give the catalogue of sentences."""
    return Catalogue(WORDS, load_data(WORDS))


def not_in_model() -> tuple[Statement, ...]:
    """Say what is not in the model."""
    missing = ("raters", "surgery", "expectation", "choosing")
    return tuple(Statement(null_words().say(f"not_in_model.{one}")) for one in missing)


def null_reading(later: LaterTrial) -> tuple[Statement, ...]:
    """Say what a controlled trial then found, and what a rare figure means."""
    say = null_words()
    key = "later.missed" if later.met is False else "later.other"
    (treated, n_treated), (control, n_control) = later.treated, later.control
    told = say.say(
        key, title=later.title, treated=treated, n_treated=n_treated, control=control,
        n_control=n_control, gain=f"{later.gain:g}",
    )  # fmt: skip
    if later.second_hand:
        told = f"{told} {say.say('later.second_hand')}"
    return Statement(told, later.source_keys), Statement(say.say("rare"))


def extrapolated(day: float, days: float, chosen: NullContext) -> Statement | None:
    """Say from when on nobody was measured; None where somebody was."""
    early = windows().mixture_weight(day) > 0
    limit = mixture_parameters().followed_days - day if early else followed_days(chosen)
    if days <= limit + 1:
        return None
    months, keys = months_of(limit), chosen.source_keys
    if months < 1:
        return Statement(null_words().say("notes.extrapolated_at_once"), keys)
    return Statement(null_words().say("notes.extrapolated", months=months), keys)


def null_notes(
    day: float,
    days: float,
    chosen: NullContext,
    spread: float,
    sem: float,
    score_range: tuple[float, float],
    selection: tuple[float, float],
) -> tuple[Statement, ...]:
    """Say what the numbers rest on: time, context, spread, error, selection."""
    say, weight = null_words(), windows().mixture_weight(day)
    said = []
    if weight == 1:
        first = f"{windows().mixture_until:g}"
        said.append(Statement(say.say("notes.mixture", day=first), keys_of("arm_mixture")))
    elif weight > 0:
        borders = {"first": f"{windows().mixture_until:g}", "second": f"{windows().chronic_from:g}"}
        told = say.say("notes.blend", share=round(100 * weight), **borders)
        said.append(Statement(told, keys_of("arm_mixture", "arm_chronic_noise")))
    said += [*_first_year(day, chosen), *_fades(day, days, chosen)]
    if weight < 1:
        keys = ("null-trial/scoar",)
        said.append(Statement(say.say("notes.spread", spread=f"{spread:g}"), keys))
        error = ("null-trial/fma_subacute_mdc",)
        said.append(Statement(say.say("notes.sem", sem=f"{sem:g}"), error))
    if score_range != (0.0, mixture_parameters().top):
        share, moved = selection
        low, high = (f"{end:g}" for end in score_range)
        told = say.say(
            "notes.selection", low=low, high=high, share=round(100 * share), moved=f"{moved:+.1f}"
        )
        said.append(Statement(told))
    return (*said, Statement(say.say("notes.points")), Statement(say.say("notes.carried")))


def _first_year(day: float, chosen: NullContext) -> list[Statement]:
    """Name the other measured gain where intensive therapy falls into the first year."""
    other = null_contexts()[FIRST_YEAR[1]]
    first, last = other.months
    if chosen.id != FIRST_YEAR[0] or not first <= day / days_per_month() < (last or 0):
        return []
    days, mean = other.context.points[-1]
    told = null_words().say(
        "notes.first_year", mean=f"{mean:+g}", weeks=f"{days / 7:g}", people=other.context.people
    )
    return [Statement(told, other.source_keys)]


def _fades(day: float, days: float, chosen: NullContext) -> list[Statement]:
    """Name how the gain of other therapy arms went on, where intensive therapy is carried on."""
    other = null_contexts()[THERAPY_ARMS]
    if chosen.id != FIRST_YEAR[0] or extrapolated(day, days, chosen) is None:
        return []
    (_, first), (_, later) = other.context.points[-2:]
    told = null_words().say("notes.fades", first=f"{first:+.1f}", later=f"{later:+.1f}")
    return [Statement(told, other.source_keys)]


@cache
def responder_definitions() -> tuple[tuple[str, float, Statement], ...]:
    """Give every definition of a responder: its name, its gain in arm points, whose it is."""
    say = null_words()
    step = important_change("fma_ue", Stage.CHRONIC)
    if step is None:
        raise DataError("the arm score has no important change in the chronic phase")
    whose = Statement(say.say("whose.matters", published=step.published), step.sources)
    found = [(f"gain_{step.value:g}", step.value, whose)]
    for name, one in load_data(FILE)["responders"]["definitions"].items():
        keys = tuple(f"{PREFIX}/{key}" for key in one["source"])
        found.append((name, float(one["gain"]), Statement(one["whose"]["en"], keys)))
    for figure in published_figures():
        if figure.kind == "events":
            told = say.say("whose.study", study=figure.title, gain=f"{figure.gain:g}")
            found.append((figure.id, figure.arm_value, Statement(told, figure.source_keys)))
    return tuple(found)
