"""What stands at the end of a report: harms, cautions, questions, what is not known, policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Phrase, together
from saisei.cases import Case, fields
from saisei.decision.model import Questions, QuestionView
from saisei.decision.views import CautionView, HarmView
from saisei.decision.voice import Voice, named_field
from saisei.evidence import studies
from saisei.therapies import (
    CautionFound,
    Harm,
    Programme,
    Question,
    after_cells,
    cautions_rule,
    deaths_sentence,
    harms_note,
    harms_of,
    insurance,
    law_elsewhere,
    plan_journey,
    questions_for_clinic,
    warning_signs_of_a_clinic,
)
from saisei.vocabulary import Publication

__all__ = [
    "cautions_shown",
    "had_cells",
    "harm_id",
    "harm_notes",
    "harms_shown",
    "not_known",
    "notes",
    "policy",
    "practical",
    "questions_to_take",
    "settling",
]

DEATHS = "death"
FIRST = ("condition", "stroke_type", "onset_datetime")
"""Without these nothing at all can be said."""
SETTLING = 6
"""How many questions are few."""


def harms_shown(programmes: Iterable[Programme], voice: Voice) -> tuple[HarmView, ...]:
    """Give the harms of some programmes, each once; the deaths stand first, in one sentence."""
    found = {name: harm for one in programmes for harm in harms_of(one) for name in [harm_id(harm)]}
    ordered = sorted(found.items(), key=_deaths_first)
    return tuple(_harm(name, harm, voice) for name, harm in ordered)


def harm_id(harm: Harm) -> str:
    """Name a harm on the page: all deaths together have one name, since they have one sentence."""
    return "deaths" if harm.group == DEATHS else harm.id


def _deaths_first(entry: tuple[str, Harm]) -> bool:
    return entry[0] != "deaths"


def _harm(name: str, harm: Harm, voice: Voice) -> HarmView:
    title = voice.say(f"harm.{name}")
    if name == "deaths":
        return HarmView(name, title, deaths_sentence(), None, None, harm.setting)
    return HarmView(name, title, harm.words, harm.events, harm.people, harm.setting)


def harm_notes() -> tuple[Statement, ...]:
    """Say what the list of harms is not."""
    return (harms_note(),)


def cautions_shown(found: Sequence[CautionFound]) -> tuple[CautionView, ...]:
    """Give the cautions that apply, then those that hang on a question."""
    views = [
        CautionView(
            one.caution.id, one.caution.title, one.caution.words, one.caution.steps, one.state
        )
        for one in found
    ]
    if not views:
        return ()
    rule = CautionView("always", "", cautions_rule(), (), "applies")
    return (rule, *views)


def settling(found: Sequence[Question]) -> tuple[QuestionView, ...]:
    """Give the few questions that would settle the most; what happened and when come first."""
    few = sorted(found[:SETTLING], key=lambda one: one.field not in FIRST)
    return tuple(
        QuestionView(one.field, one.text, one.effort, ", ".join(one.settles)) for one in few
    )


def questions_to_take(settle: tuple[QuestionView, ...], voice: Voice) -> Questions:
    """Give what to ask, and of whom."""
    return Questions(
        settle,
        questions_for_clinic(),
        voice.statements("questions.own_doctor"),
        warning_signs_of_a_clinic(),
    )


def had_cells(case: Case, voice: Voice) -> tuple[Statement, ...]:
    """Say what to watch for and to ask for, where cells were given before."""
    if case.answer("prior_cell_therapy").value is not True:
        return ()
    when = case.answer("date_last_cell_therapy").value
    return (
        voice.statement("had_cells.intro", when="" if when is None else f" ({when})"),
        voice.statement("had_cells.watch"),
        voice.statement("had_cells.follow"),
        *after_cells(),
        voice.statement("had_cells.closes"),
    )


def practical(programmes: Iterable[Programme]) -> tuple[Statement, ...]:
    """Say what rehabilitation takes, what insurance pays, and what the law elsewhere allows."""
    hours = (said for one in programmes for said in plan_journey(one).rehabilitation)
    return (*dict.fromkeys(hours), *insurance(), *law_elsewhere())


def not_known(voice: Voice) -> tuple[Statement, ...]:
    """Say what nobody knows."""
    states = (Publication.PUBLISHED_UNREAD, Publication.FINISHED_UNPUBLISHED)
    unread = sum(study.publication in states for study in studies())
    return (
        voice.statement("not_known.rate"),
        voice.statement("not_known.who"),
        voice.statement("not_known.lasting"),
        voice.statement("not_known.unread", n=unread),
    )


def notes(case: Case, voice: Voice) -> tuple[Statement, ...]:
    """Say which values were taken as of the report's moment, and which are too old to count."""
    undated = [
        name
        for name, entries in case.entries.items()
        if not entries[-1].dated and fields()[name].valid_for is not None
    ]
    stale = [name for name in case.entries if case.answer(name).state == "stale"]
    said = []
    if undated:
        as_of = case.as_of.date().isoformat()
        said.append(voice.statement("notes.undated", as_of=as_of, fields=_named(undated)))
    if stale:
        said.append(voice.statement("notes.stale", fields=_named(stale)))
    return tuple(said)


def _named(names: Iterable[str]) -> Phrase:
    return together(*map(named_field, names), between=", ")


def policy(as_of: date, voice: Voice) -> tuple[Statement, ...]:
    """Say who paid, when the evidence was read, and what this is not."""
    table = load_data("decision/reading.yaml")
    days = (as_of - date.fromisoformat(table["evidence_read"])).days
    key = "policy.old" if days > table["old_after_days"] else "policy.read"
    return (
        voice.statement("policy.funding"),
        voice.statement("policy.update"),
        voice.statement(key, read=table["evidence_read"], days=days),
        voice.statement("policy.clinic_courses"),
        voice.statement("policy.reading"),
        voice.statement("policy.device"),
        voice.statement("policy.privacy"),
    )
