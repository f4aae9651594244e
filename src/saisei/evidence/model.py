"""The study file as strict, frozen models. `docs/curating-evidence.md` describes each key.

A model accepts what the format allows to stand somewhere and nothing else; what must agree with
what (an arm that a row names, a count with its n) is the work of `saisei.evidence.checking`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from saisei.vocabulary import (
    Blinding,
    CellType,
    Condition,
    Control,
    Design,
    Donor,
    Outcome,
    Publication,
    Role,
    Route,
    Stage,
)

__all__ = [
    "LIMITS",
    "Age",
    "Analysis",
    "Arm",
    "Delay",
    "Entry",
    "Extraction",
    "Judgement",
    "Limit",
    "LimitPart",
    "PrimaryEndpoint",
    "Row",
    "RowKind",
    "SecondReader",
    "Study",
    "StudySource",
    "with_year",
]

RowKind = Literal["counts", "events", "mean", "change", "median", "effect", "individual"]
Analysis = Literal["imputed", "observed", "as-treated", "per-protocol"]
Level = Literal["low", "some", "high"]
Domain = Literal["randomisation", "deviations", "missing", "measurement", "reporting", "other"]
Pair = tuple[float, float]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
Days = Annotated[float, Field(ge=0)]
Dose = Annotated[float, Field(gt=0)]

LIMITS = ("at_most", "at_least", "gain_at_least", "fall_at_least", "fall_percent_at_least")
"""The keys by which an event says from which score, or which change, a person is counted."""


def with_year(title: str, year: int | None) -> str:
    """Put the year behind a title that does not name it already."""
    return title if year is None or str(year) in title else f"{title} {year}"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class StudySource(_Model):
    """A document that something was read from."""

    url: Text
    kind: Literal["article", "abstract", "registry", "press-release", "review", "secondary"]
    note: str | None = None
    doi: str | None = None
    pmid: str | None = None
    seen: str | None = None


class Delay(_Model):
    """Time from the stroke to the treatment, in days."""

    median_days: Days | None = None
    mean_days: Days | None = None
    sd_days: Days | None = None
    iqr_days: Pair | None = None
    range_days: Pair | None = None
    text: str | None = None
    note: str | None = None


class PrimaryEndpoint(_Model):
    """The primary endpoint in words, and whether it was met."""

    text: Text
    met: bool | None


class Age(_Model):
    """Age of an arm, in years."""

    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    iqr: Pair | None = None
    range: Pair | None = None


class Baseline(_Model):
    """A score of an arm before treatment."""

    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    iqr: Pair | None = None
    range: Pair | None = None


class Arm(_Model):
    """A group of people and what it was given."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    role: Role
    label: Text
    control: Control | None
    cell_type: CellType | None = None
    donor: Donor | None = None
    tissue: str | None = None
    route: Route | None = None
    dose_cells: Dose | None = None
    dose_per_kg: Dose | None = None
    administrations: Annotated[int, Field(ge=1)] | None = None
    n_randomised: Count | None = None
    n_analysed: Count | None = None
    age: Age | None = None
    female: Count | None = None
    baseline: dict[Outcome, Baseline] | None = None

    @property
    def people(self) -> int | None:
        """The number analysed; where it is not known, the number randomised."""
        return self.n_randomised if self.n_analysed is None else self.n_analysed


class LimitPart(_Model):
    """One part of a composite: a scale and its limit."""

    scale: Outcome
    at_most: float | None = None
    at_least: float | None = None


class Limit(_Model):
    """What an events row of a scale counted: a person whose score, or change, is within it.

    Examples
    --------
    >>> str(Limit(gain_at_least=10))
    'a gain of at least 10'
    """

    at_most: float | None = None
    at_least: float | None = None
    gain_at_least: float | None = None
    fall_at_least: float | None = None
    fall_percent_at_least: float | None = None
    part: str | None = None
    composite: Annotated[tuple[LimitPart, ...], Field(min_length=2)] | None = None

    def __str__(self) -> str:
        """Say the limit in words."""
        if self.composite is not None:
            return " and ".join(_part(part) for part in self.composite)
        words = {
            "at_most": "{:g} or less",
            "at_least": "{:g} or more",
            "gain_at_least": "a gain of at least {:g}",
            "fall_at_least": "a fall of at least {:g}",
            "fall_percent_at_least": "a fall of at least {:g} %",
        }
        said = [words[key].format(getattr(self, key)) for key in self.given]
        return " and ".join(said) + (f" on {self.part} alone" if self.part else "")

    @property
    def given(self) -> tuple[str, ...]:
        """The limiting keys that are set; a sound limit has one, or a composite."""
        return tuple(key for key in LIMITS if getattr(self, key) is not None)


def _part(part: LimitPart) -> str:
    sign, value = ("<=", part.at_most) if part.at_most is not None else (">=", part.at_least)
    return f"{part.scale.value} {sign} {value:g}"


class Entry(_Model):
    """What a row holds of one arm (or, as an effect, of a contrast). The row's kind says which."""

    counts: tuple[Count, ...] | None = None
    events: Count | None = None
    percent: float | None = None
    n: Count | None = None
    mean: float | None = None
    sd: Annotated[float, Field(ge=0)] | None = None
    se: Annotated[float, Field(ge=0)] | None = None
    ci95: Pair | None = None
    median: float | None = None
    iqr: Pair | None = None
    range: Pair | None = None
    values: tuple[float, ...] | None = None
    measure: Literal["OR", "RR", "RD", "MD", "SMD", "HR"] | None = None
    estimate: float | None = None
    adjusted: bool | None = None
    of: str | None = None
    versus: str | None = None


class Row(_Model):
    """One result: an outcome at a time, by arm."""

    outcome: Outcome
    time_days: Days | None
    time_exact: bool = True
    kind: RowKind
    event: Limit | None = None
    good: bool | None = None
    analysis: Analysis | None = None
    prespecified: bool | Literal["unclear"]
    definition: str | None = None
    data: Annotated[dict[str, Entry], Field(min_length=1)]
    source: str
    where: Text
    note: str | None = None

    @property
    def has_event(self) -> bool:
        """Whether the file writes `event`, be it null."""
        return "event" in self.model_fields_set


class Judgement(_Model):
    """A risk of bias in one domain, and why."""

    judgement: Level
    why: Text


class SecondReader(_Model):
    """A second reader, and what was looked at."""

    by: Text
    agrees: bool | None
    checked: tuple[str, ...]


class Extraction(_Model):
    """Who read the sources, how sure they are, and what is missing."""

    by: Text
    confidence: Literal["high", "medium", "low"]
    missing: str
    second: SecondReader | None = None


class Study(_Model):
    """One study file."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: Text
    registry: tuple[str, ...]
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    pmid: Annotated[str, Field(pattern=r"^\d{1,9}$")] | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...]
    design: Design | None
    blinding: Blinding | None
    phase: str | None = None
    condition: Condition
    stage: Stage | None
    onset_to_treatment: Delay | None = None
    follow_up_days: tuple[Days, ...]
    primary_endpoint: PrimaryEndpoint
    funding: Literal["industry", "public", "mixed", "unknown"]
    publication: Publication
    publication_note: str | None = None
    people: Count | None = None
    reported_direction: Literal["favourable", "neutral", "unfavourable", "unclear"] | None = None
    overlaps: tuple[str, ...] = ()
    placeholder: bool = False
    sources: Annotated[dict[str, StudySource], Field(min_length=1)]
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]
    outcomes: tuple[Row, ...]
    notes: str
    risk_of_bias: dict[Domain, Judgement] = Field(default_factory=dict)
    extraction: Extraction

    def arm(self, arm_id: str) -> Arm:
        """Give the arm of this id; raises KeyError where there is none."""
        for arm in self.arms:
            if arm.id == arm_id:
                return arm
        raise KeyError(arm_id)

    @property
    def label(self) -> str:
        """Short name with the year, for a forest plot: ``TREASURE 2024``."""
        return with_year(self.title, self.year)

    @cached_property
    def treatment_arms(self) -> tuple[Arm, ...]:
        """The arms that were given cells."""
        return tuple(arm for arm in self.arms if arm.role is Role.TREATMENT)

    @cached_property
    def control_arms(self) -> tuple[Arm, ...]:
        """The arms that were given none."""
        return tuple(arm for arm in self.arms if arm.role is Role.CONTROL)

    @property
    def enrolled(self) -> int | None:
        """Everyone in the study: as stated, or added up from the arms; None when not known."""
        if self.people is not None:
            return self.people
        sizes = [arm.people for arm in self.arms]
        return None if None in sizes else sum(size for size in sizes if size is not None)
