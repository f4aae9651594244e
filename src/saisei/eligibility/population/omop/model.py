"""The tables of the OMOP Common Data Model 5.4 that are read, and what their columns are to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from saisei.base.store import load_data

__all__ = ["TABLES", "Kind", "Part", "Rows", "Table", "of_omop"]

Kind = Literal["id", "date", "number", "text"]


@dataclass(frozen=True, slots=True)
class Part:
    """A column: its name in the model, what it holds, and whether a table must have it."""

    column: str
    kind: Kind = "id"
    must: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a table are worth reading: by concept, since which day, up to which.

    `running` is the day on which a row with an end must not be over yet.
    """

    since: Mapping[int, date] = field(default_factory=dict)
    until: date = date.max
    running: date | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns by the names that we read them under, and whether it must be there."""

    name: str
    parts: Mapping[str, Part]
    must: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table must have."""
        return tuple(part.column for part in self.parts.values() if part.must)


def _table(name: str, /, *, must: bool = True, **parts: Part) -> Table:
    return Table(name, parts, must)


def _maybe(column: str, kind: Kind = "id") -> Part:
    return Part(column, kind, must=False)


TABLES: Mapping[str, Table] = {
    one.name: one
    for one in (
        _table(
            "person",
            person=Part("person_id"),
            gender=Part("gender_concept_id"),
            year=Part("year_of_birth"),
            month=_maybe("month_of_birth"),
            day=_maybe("day_of_birth"),
        ),
        _table(
            "concept",
            concept=Part("concept_id"),
            vocabulary=Part("vocabulary_id", "text"),
            code=Part("concept_code", "text"),
            name=_maybe("concept_name", "text"),
        ),
        _table(
            "measurement",
            person=Part("person_id"),
            concept=Part("measurement_concept_id"),
            day=Part("measurement_date", "date"),
            value=Part("value_as_number", "number"),
            unit=Part("unit_concept_id"),
            unit_text=_maybe("unit_source_value", "text"),
            compared=_maybe("operator_concept_id"),
            answer=_maybe("value_as_concept_id"),
            limit=_maybe("range_high", "number"),
        ),
        _table(
            "observation",
            must=False,
            person=Part("person_id"),
            concept=Part("observation_concept_id"),
            day=Part("observation_date", "date"),
            value=_maybe("value_as_number", "number"),
            unit=_maybe("unit_concept_id"),
            unit_text=_maybe("unit_source_value", "text"),
            compared=_maybe("operator_concept_id"),
            answer=_maybe("value_as_concept_id"),
        ),
        _table(
            "condition_occurrence",
            person=Part("person_id"),
            concept=Part("condition_concept_id"),
            day=Part("condition_start_date", "date"),
            ended=_maybe("condition_end_date", "date"),
        ),
        _table(
            "procedure_occurrence",
            person=Part("person_id"),
            concept=Part("procedure_concept_id"),
            day=Part("procedure_date", "date"),
            ended=_maybe("procedure_end_date", "date"),
        ),
        _table(
            "drug_exposure",
            must=False,
            person=Part("person_id"),
            concept=Part("drug_concept_id"),
            day=Part("drug_exposure_start_date", "date"),
            ended=Part("drug_exposure_end_date", "date"),
        ),
        _table(
            "visit_occurrence",
            must=False,
            person=Part("person_id"),
            concept=Part("visit_concept_id"),
            day=Part("visit_start_date", "date"),
            ended=Part("visit_end_date", "date"),
        ),
        _table(
            "concept_ancestor",
            must=False,
            concept=Part("ancestor_concept_id"),
            descendant=Part("descendant_concept_id"),
        ),
        _table("death", must=False, person=Part("person_id"), day=Part("death_date", "date")),
    )
}
"""By name, in the order in which they are looked for."""


def of_omop(name: str) -> Any:
    """Give one of the small tables of the file of concepts."""
    return load_data("eligibility/population/omop/concepts.yaml")[name]
