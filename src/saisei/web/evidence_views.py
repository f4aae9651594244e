"""The list of studies and the list of sources: what fits the filters, and what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache

from saisei.base.sources import Source
from saisei.base.texts import Language
from saisei.decision.cited import all_sources
from saisei.evidence import Study, overall_bias, stages_treated, studies
from saisei.evidence import study as one_study
from saisei.vocabulary import (
    ROUTE_KINDS,
    CellType,
    Condition,
    Design,
    Donor,
    Outcome,
    Route,
    RouteKind,
    Stage,
)
from saisei.web.evidence_words import Speech, speech
from saisei.web.filters import Filter, Option

__all__ = [
    "LeftOutBy",
    "SourceList",
    "StudyList",
    "StudyRow",
    "route_options",
    "source_filters",
    "source_list",
    "study_filters",
    "study_list",
]

MOST_SOURCES = 300
"""So many sources stand on one page; a search shows the others."""
KEPT = 256


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study in the list, in words."""

    id: str
    title: str
    year: int | None
    design: str
    people: int | None
    given: str
    whom: str
    state: str
    sourced: str
    controlled: bool


@dataclass(frozen=True, slots=True)
class LeftOutBy:
    """How many studies one filter by itself leaves out, and of how many the file does not say."""

    name: str
    count: int
    unknown: int


@dataclass(frozen=True, slots=True)
class StudyList:
    """The studies that fit every filter, and counts of those that do not."""

    rows: tuple[StudyRow, ...]
    all: int
    left_out: tuple[LeftOutBy, ...]


@dataclass(frozen=True, slots=True)
class SourceList:
    """The sources that a search finds; `shown` of them stand on the page."""

    shown: tuple[Source, ...]
    found: int
    all: int


def route_options(words: Speech) -> tuple[Option, ...]:
    """Give ways in, and kinds of them, as options of a filter."""
    single, kinds = words.tell("filter.routes"), words.tell("filter.route_kinds")
    return (
        *(Option(r.value, words.term("route", r), single) for r in Route),
        *(Option(k.value, words.term("route", k), kinds) for k in RouteKind),
    )


@cache
def study_filters(language: Language) -> tuple[Filter, ...]:
    """Give the filters of the list of studies; only words that some study uses can be chosen."""
    words, anything = speech(language), speech(language).tell("filter.any")
    used = {name: {found for one in studies() for found in _found(one, name)} for name in _LOOKED}
    plain: dict[str, type[Enum]] = {
        "condition": Condition, "stage": Stage, "cells": CellType, "design": Design,
        "outcome": Outcome, "donor": Donor,
    }  # fmt: skip

    def options(name: str) -> tuple[Option, ...]:
        if name == "route":
            return tuple(o for o in route_options(words) if o.value in used["route"])
        members = [member.value for member in plain[name]]
        return tuple(Option(v, words.term(name, v)) for v in members if v in used[name])

    return tuple(
        Filter(name, words.tell(f"filter.{name}"), options(name), anything) for name in _LOOKED
    )


_LOOKED = ("condition", "stage", "route", "cells", "donor", "design", "outcome")


def _found(study: Study, name: str) -> frozenset[str]:
    """Give a study's words for one filter; none where its file does not state them."""
    return frozenset(word.value for word in _words_of(study, name) if word is not None)


def _words_of(study: Study, name: str) -> Iterable[Enum | None]:
    arms = study.treatment_arms
    match name:
        case "stage":
            return stages_treated(study)
        case "route":
            routes = [arm.route for arm in arms if arm.route is not None]
            return (*routes, *(ROUTE_KINDS[route] for route in routes))
        case "cells":
            return [arm.cell_type for arm in arms]
        case "donor":
            return [arm.donor for arm in arms]
        case "outcome":
            return [row.outcome for row in study.outcomes]
        case _:
            return (study.condition if name == "condition" else study.design,)


def study_list(chosen: Mapping[str, str], language: Language) -> StudyList:
    """Give the studies that fit every filter, the newest first."""
    return _study_list(tuple(sorted(chosen.items())), language)


@lru_cache(maxsize=KEPT)
def _study_list(chosen: tuple[tuple[str, str], ...], language: Language) -> StudyList:
    asked = [(name, value) for name, value in chosen if value]
    fitting = [one for one in studies() if all(value in _found(one, name) for name, value in asked)]
    fitting.sort(key=lambda one: (-(one.year or 0), one.title))
    return StudyList(
        tuple(study_row(one.id, language) for one in fitting),
        len(studies()),
        tuple(_left_out(name, value) for name, value in asked),
    )


def _left_out(name: str, value: str) -> LeftOutBy:
    out = [found for one in studies() if value not in (found := _found(one, name))]
    # what a study did not measure is not something that its file fails to state
    unknown = 0 if name == "outcome" else sum(not found for found in out)
    return LeftOutBy(name, len(out), unknown)


@cache
def study_row(study_id: str, language: Language) -> StudyRow:
    """Put a study into one line."""
    words, study = speech(language), one_study(study_id)
    arms = study.treatment_arms
    given = dict.fromkeys(
        words.joined((words.term("cells", arm.cell_type), words.term("route", arm.route)))
        for arm in arms
    )
    stages = stages_treated(study)
    whom = [words.term("condition", study.condition)]
    whom += [words.term("stage", stage) for stage in Stage if stage in stages] or [
        words.term("stage", None)
    ]
    return StudyRow(
        study.id,
        study.title,
        None if str(study.year) in study.title else study.year,
        words.term("design", study.design),
        study.enrolled,
        "; ".join(given),
        words.joined(whom),
        words.term("publication", study.publication),
        words.terms("source_kind", (source.kind for source in study.sources.values())),
        study.design is not Design.SINGLE_ARM and bool(study.design or study.control_arms),
    )


LIST_HEADS = (
    "id", "title", "year", "design", "condition", "stages_treated", "cells", "donors", "routes",
    "people", "publication", "risk_of_bias", "registry", "doi", "read_by", "address",
)  # fmt: skip


def list_rows(rows: Iterable[StudyRow], read_by: str) -> list[tuple[object, ...]]:
    """Give the studies of a list as rows of data, in the words of the files."""
    by_id = {one.id: one for one in studies()}
    return [_list_row(by_id[row.id], read_by) for row in rows]


def _list_row(study: Study, read_by: str) -> tuple[object, ...]:
    def said(name: str) -> str:
        return "; ".join(sorted(_found(study, name)))

    routes = dict.fromkeys(a.route.value for a in study.treatment_arms if a.route is not None)
    return (
        study.id, study.title, study.year, said("design"), study.condition.value, said("stage"),
        said("cells"), said("donor"), "; ".join(routes), study.enrolled, study.publication.value,
        overall_bias(study), "; ".join(study.registry), study.doi, read_by,
        f"/evidence/studies/{study.id}",
    )  # fmt: skip


@cache
def source_filters(language: Language) -> tuple[Filter, ...]:
    """Give the filters of the list of sources."""
    words = speech(language)
    kinds = sorted({source.kind for source in all_sources().values()})
    options = tuple(Option(kind, words.term("source_kind", kind)) for kind in kinds)
    return (
        Filter("q", words.tell("filter.q")),
        Filter("kind", words.tell("filter.kind"), options, words.tell("filter.any")),
    )


def source_list(chosen: Mapping[str, str]) -> SourceList:
    """Find the sources that hold every word that is searched for, in their own words."""
    return _source_list(chosen["q"].casefold(), chosen["kind"])


@lru_cache(maxsize=KEPT)
def _source_list(searched: str, kind: str) -> SourceList:
    wanted = searched.split()
    found = [
        source
        for source in all_sources().values()
        if kind in ("", source.kind) and all(word in _told(source) for word in wanted)
    ]
    return SourceList(tuple(found[:MOST_SOURCES]), len(found), len(all_sources()))


@cache
def _told(source: Source) -> str:
    parts = (
        source.key, source.title, source.url, source.doi, source.pmid, source.registry,
        source.note,
    )  # fmt: skip
    return " ".join(part for part in parts if part).casefold()


SOURCE_HEADS = ("key", "title", "kind", "url", "doi", "pmid", "registry", "note", "read_by")


def source_rows(sources: Iterable[Source], read_by: str) -> list[tuple[object, ...]]:
    """Give sources as rows of data."""
    return [
        (s.key, s.title, s.kind, s.url, s.doi, s.pmid, s.registry, s.note, read_by) for s in sources
    ]
