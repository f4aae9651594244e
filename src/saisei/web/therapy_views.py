"""Therapies and registered trials as their pages show them, whoever is asking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from saisei.appraisal import Asked, Claim, Finding, Narrowed, asked_questions, claims, finding_of
from saisei.base.sources import Source, Statement
from saisei.evidence import Study, studies
from saisei.therapies import (
    Caution,
    Harm,
    Journey,
    Programme,
    Trial,
    cautions,
    deaths_sentence,
    harms_of,
    legal_route,
    plan_journey,
    programmes,
    steps_of,
    therapy_sources,
    trials_of,
)
from saisei.vocabulary import CellType, Donor, Route, Stage
from saisei.web.evidence_words import Speech
from saisei.web.study_views import amount

__all__ = [
    "Answered",
    "TherapyPage",
    "programme_data",
    "sold",
    "therapy_page",
]


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that trials of the same cells and way in answer, and its address."""

    asked: Asked
    finding: Finding
    narrowed: Narrowed
    address: str


@dataclass(frozen=True, slots=True)
class TherapyPage:
    """All that the page of a therapy shows."""

    programme: Programme
    facts: tuple[tuple[str, str, bool], ...]
    """Head, text, and whether the text comes from the data."""
    standing: tuple[tuple[str, str, bool], ...]
    unknown: tuple[tuple[str, str], ...]
    """A sentence, and what of the data stands behind it."""
    deaths: Statement | None
    harms: tuple[Harm, ...]
    cautions: tuple[Caution, ...]
    answered: tuple[Answered, ...]
    own_studies: tuple[Study, ...]
    same_studies: tuple[Study, ...]
    list_addresses: tuple[tuple[str, str], ...]
    trials: tuple[Trial, ...]
    journey: Journey
    legal: tuple[Statement, ...]
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]


def sold(programme: Programme) -> bool:
    """Whether clinics sell it outside any trial of its own."""
    return programme.asrm_class is not None and not programme.registry


def therapy_page(programme: Programme, words: Speech) -> TherapyPage:
    """Gather what the page of a therapy shows."""
    harms = harms_of(programme)
    deadly = any(harm.group == "death" for harm in harms)
    answered = answers_about(programme)
    own, same = _studies_of(programme)
    steps = steps_of(programme)
    journey = plan_journey(programme)
    return TherapyPage(
        programme,
        tuple(_facts(programme, words)),
        tuple(_standing(programme, words)),
        tuple(_unknown(programme, journey, words, answered)),
        deaths_sentence() if deadly else None,
        tuple(harm for harm in harms if harm.group != "death"),
        tuple(caution for caution in cautions() if steps & set(caution.steps)),
        answered,
        own,
        same,
        tuple(_addresses(programme, words)),
        trials_of(programme),
        journey,
        legal_route(programme, words.language),
        _claims(programme),
        tuple(therapy_sources()[key] for key in programme.source_keys),
    )


def what_it_is(programme: Programme, words: Speech) -> str:
    """Say in a few words which cells, whose, and given how."""
    return words.joined(
        (
            words.terms("cells", programme.cells),
            words.terms("donor", programme.donors),
            words.terms("route", programme.routes),
        )
    )


def _facts(one: Programme, words: Speech) -> Iterator[tuple[str, str, bool]]:
    def head(key: str) -> str:
        return words.tell(f"therapy.{key}")

    yield head("cells"), words.terms("cells", one.cells), False
    yield head("donor"), words.terms("donor", one.donors), False
    yield head("route"), words.terms("route", one.routes), False
    if one.source_material or one.tissue:
        yield head("material"), one.source_material or one.tissue, True
    yield head("dose"), dose_words(one, words) or words.tell("lists.unknown"), False
    if one.dose is not None and (one.dose.note or one.dose.unit_note):
        yield head("notes"), words.joined((one.dose.note, one.dose.unit_note)), True
    yield head("condition"), words.terms("condition", one.condition), False
    if one.condition_note:
        yield head("notes"), one.condition_note, True
    yield head("stage"), words.terms("stage", one.stage) or words.tell("lists.unknown"), False
    if one.window is not None:
        unit = words.tell(f"therapy.units.{one.window.unit}")
        low, high = f"{one.window.low:g}", f"{one.window.high:g}"
        yield (
            head("window"),
            words.tell("therapy.window_said", low=low, high=high, unit=unit),
            False,
        )
    for key, text in (("window", one.window_note), ("stage", one.stage_note)):
        if text:
            yield head(key), text, True
    yield from _given(one, head)


def _given(one: Programme, head: Any) -> Iterator[tuple[str, str, bool]]:
    if one.anaesthesia:
        yield head("anaesthesia"), one.anaesthesia, True
    medicine = one.immunosuppression
    if medicine is not None:
        parts = (medicine.drug, medicine.words, medicine.duration)
        yield head("against_rejection"), "; ".join(part for part in parts if part), True
    elif one.immunosuppression_note:
        yield head("against_rejection"), one.immunosuppression_note, True
    if one.visits is not None:
        yield head("visits"), str(one.visits), True


def dose_words(one: Programme, words: Speech) -> str:
    """Write a programme's doses."""
    dose = one.dose
    if dose is None:
        return ""
    said = []
    if dose.levels:
        doses = " / ".join(amount(level) for level in dose.levels)
        said.append(words.tell("therapy.dose_levels", doses=doses))
    if dose.per_kg:
        doses = " / ".join(amount(level) for level in dose.per_kg)
        said.append(words.tell("therapy.dose_kg", doses=doses))
    if dose.range:
        low, high = amount(dose.range[0]), amount(dose.range[-1])
        said.append(words.tell("therapy.dose_range", low=low, high=high))
    if any(count > 1 for count in dose.administrations):
        times = "–".join(str(count) for count in dose.administrations)
        said.append(words.tell("therapy.dose_times", times=times))
    return words.joined(said)


def _standing(one: Programme, words: Speech) -> Iterator[tuple[str, str, bool]]:
    def head(key: str) -> str:
        return words.tell(f"therapy.{key}")

    yield head("status"), one.status, True
    if one.status_note:
        yield head("notes"), one.status_note, True
    if one.status_for_stroke:
        yield head("status_for_stroke"), one.status_for_stroke, True
    outside = one.available_outside_trial
    if isinstance(outside, str):
        yield head("outside"), outside, True
    else:
        said = {True: "lists.yes", False: "lists.no", None: "lists.unknown"}[outside]
        yield head("outside"), words.tell(said), False
    if one.asrm_class is not None:
        yield head("asrm_class"), words.tell("therapy.class_said", which=one.asrm_class), False
        if one.asrm_class_note:
            yield head("notes"), one.asrm_class_note, True
    numbers = [*one.plan_numbers.values(), *one.facility_number.values()]
    if numbers:
        yield head("plan_numbers"), "; ".join(numbers), True
    if one.registry_note:
        yield head("notes"), one.registry_note, True


def _unknown(
    one: Programme, journey: Journey, words: Speech, answered: tuple[Answered, ...]
) -> Iterator[tuple[str, str]]:
    """Say what is not known, the effect first."""

    def say(key: str) -> str:
        return words.tell(f"therapy.unknown_{key}")

    unsure = all(found.finding.verdict.word == "uncertain" for found in answered)
    missing = {
        "effect": not answered,
        "uncertain": bool(answered) and unsure,
        "rules": not one.criteria_published,
        "rate": sold(one),
        "dose": one.dose is None,
        "window": one.window is None,
        "visits": one.visits is None,
    }
    yield from ((say(key), "") for key, holds in missing.items() if holds)
    silent = [step.title for step in journey.steps if step.low is None and not step.duration]
    if silent:
        yield say("times"), "; ".join(silent)
    partial = [trial.id for trial in trials_of(one) if not trial.criteria_complete]
    if partial:
        yield say("trials"), ", ".join(partial)


@cache
def _pairs(programme_id: str) -> tuple[tuple[CellType, Route], ...]:
    one = _programme(programme_id)
    return tuple(
        (cells, route) for cells in one.cells for route in one.routes if cells != CellType.OTHER
    )


def answers_about(programme: Programme) -> tuple[Answered, ...]:
    """Give the questions that trials of the same cells and way in answer, by condition and phase.

    The phases are those of the programme; every phase where it names none.
    """
    return _answers(programme.id, programme.stage or tuple(Stage))


@cache
def _answers(programme_id: str, stages: tuple[Stage, ...]) -> tuple[Answered, ...]:
    programme = _programme(programme_id)
    whom = product(_pairs(programme_id), programme.condition, stages, asked_questions())
    found = []
    for (cells, route), condition, stage, asked in whom:
        narrowed = Narrowed(asked, condition, stage, cells, route, donor=_donor(programme))
        finding = finding_of(narrowed)
        if finding.tier is not None:
            found.append(Answered(asked, finding, narrowed, _address(narrowed)))
    return tuple(found)


def _donor(programme: Programme) -> Donor | None:
    """Give whose cells they are, where that is one kind: own and donated ones are not the same."""
    return programme.donors[0] if len(programme.donors) == 1 else None


def _programme(programme_id: str) -> Programme:
    return next(one for one in programmes() if one.id == programme_id)


def _address(narrowed: Narrowed) -> str:
    told = {
        "condition": narrowed.condition, "stage": narrowed.stage, "route": narrowed.route,
        "cells": narrowed.cells, "donor": narrowed.donor,
    }  # fmt: skip
    query = "&".join(f"{name}={value.value}" for name, value in told.items() if value is not None)
    return f"/evidence/questions/{narrowed.asked.id}?{query}"


def _addresses(programme: Programme, words: Speech) -> Iterator[tuple[str, str]]:
    for cells, route in _pairs(programme.id):
        label = words.joined((words.term("cells", cells), words.term("route", route)))
        donor = _donor(programme)
        if any(_same(study, cells, route, donor) for study in studies()):
            whose = "" if donor is None else f"&donor={donor.value}"
            yield f"/evidence?route={route.value}&cells={cells.value}{whose}", label


def _same(study: Study, cells: CellType, route: Route, donor: Donor | None) -> bool:
    return any(
        arm.cell_type is cells and arm.route is route and (donor is None or arm.donor is donor)
        for arm in study.treatment_arms
    )


def _studies_of(programme: Programme) -> tuple[tuple[Study, ...], tuple[Study, ...]]:
    """Give the studies of a programme's own numbers, and the others of its cells and way in."""
    numbers = {*programme.registry, *programme.other_trials}
    own = tuple(study for study in studies() if numbers & set(study.registry))
    mine = {study.id for study in own}
    same = tuple(
        study
        for study in studies()
        if study.id not in mine
        and any(_same(study, *pair, _donor(programme)) for pair in _pairs(programme.id))
    )
    return own, same


def _claims(programme: Programme) -> tuple[Claim, ...]:
    """Give what pages claim of a therapy; what they claim of cells at large, with the one sold."""
    return tuple(
        claim
        for claim in claims(programme.pages)
        if programme.id in claim.about or (sold(programme) and not claim.about)
    )


def programme_data(programme: Programme) -> dict[str, Any]:
    """Give a therapy as plain values."""
    return programme.model_dump(mode="json")
