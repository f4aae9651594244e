"""What is said beside the numbers of a null trial."""

from __future__ import annotations

from functools import cache

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.forecast.null_contexts import (
    FIRST_YEAR,
    NullContext,
    followed_days,
    months_of,
    null_contexts,
)
from saisei.forecast.parameters import keys_of, mixture_parameters, windows
from saisei.forecast.published import LaterTrial
from saisei.vocabulary import days_per_month

__all__ = ["null_notes", "null_statements", "null_words"]

WORDS = "forecast/null_texts.yaml"


@cache
def null_words() -> Catalogue:
    """Give the catalogue of sentences."""
    return Catalogue(WORDS, load_data(WORDS))


def null_statements(later: LaterTrial) -> tuple[Statement, ...]:
    """Say what is not in the model, what that means, and what a controlled trial then found."""
    say = null_words()
    missing = ("raters", "surgery", "expectation", "choosing")
    said = [Statement(say.say(f"not_in_model.{one}")) for one in missing]
    key = "later.missed" if later.met is False else "later.other"
    (treated, n_treated), (control, n_control) = later.treated, later.control
    told = say.say(
        key, title=later.title, treated=treated, n_treated=n_treated, control=control,
        n_control=n_control, gain=f"{later.gain:g}",
    )  # fmt: skip
    if later.second_hand:
        told = f"{told} {say.say('later.second_hand')}"
    return (*said, Statement(say.say("rare")), Statement(told, later.source_keys))


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
    said += _first_year(day, chosen)
    limit = mixture_parameters().followed_days - day if weight > 0 else followed_days(chosen)
    if days > limit + 1:
        told = say.say("notes.extrapolated", months=max(months_of(limit), 0))
        said.append(Statement(told, chosen.source_keys))
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
    return (*said, Statement(say.say("notes.carried")))


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
