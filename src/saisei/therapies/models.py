"""What a programme and a registered trial hold: the strict form of their data files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf

from saisei.base.dates import PartialDate
from saisei.base.texts import Language
from saisei.eligibility import Criterion
from saisei.vocabulary import CellType, Condition, Donor, Route, Stage

__all__ = [
    "Alert",
    "Dose",
    "Immunosuppression",
    "Programme",
    "SourceEntry",
    "Status",
    "TimelineStep",
    "Trial",
    "Window",
]


def _tuple(value: object) -> object:
    """Make of a list, or of a single value, the tuple that is kept."""
    if isinstance(value, list):
        return tuple(_tuple(item) if isinstance(item, list) else item for item in value)
    return (value,) if value is not None and not isinstance(value, tuple) else value


Many = BeforeValidator(_tuple)
Words = Annotated[tuple[str, ...], Many]
Numbers = Annotated[tuple[float, ...], Many]
Cells = Annotated[tuple[Annotated[CellType, Field(strict=False)], ...], Many]
Donors = Annotated[tuple[Annotated[Donor, Field(strict=False)], ...], Many]
Routes = Annotated[tuple[Annotated[Route, Field(strict=False)], ...], Many]
Conditions = Annotated[tuple[Annotated[Condition, Field(strict=False)], ...], Many]
Stages = Annotated[tuple[Annotated[Stage, Field(strict=False)], ...], Many]


def _dated(value: object) -> object:
    """Refuse a text that is no date, partly or wholly known."""
    if value is not None:
        PartialDate.parse(value)
    return value


DateText = Annotated[str, BeforeValidator(_dated)]


class _Strict(BaseModel):
    """Frozen, strict, and without any part that is not named."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class SourceEntry(_Strict):
    """Where something was read."""

    url: str
    kind: str


class Dose(_Strict):
    """How many cells, as printed."""

    levels: Numbers = ()
    per_kg: Numbers = ()
    range: Numbers = ()
    administrations: Annotated[tuple[int, ...], Many] = ()
    sites: int | None = None
    note: str = ""
    unit_note: str = ""


class Window(_Strict):
    """A programme's own entry window since the stroke."""

    unit: Literal["hours", "days", "months"]
    low: float
    high: float


class Immunosuppression(_Strict):
    """The medicine against rejection, or the words that say there is none."""

    words: str = ""
    drug: str = ""
    start_days_before: float | None = None
    duration: str = ""
    source: str = ""


class TimelineStep(_Strict):
    """One step of a programme's own timeline, as printed."""

    step: str
    duration: str | None = None
    offset_days: Annotated[tuple[float | None, ...], Many] = ()
    offset_months: Numbers = ()
    minutes: Numbers = ()
    days: Numbers = ()
    weeks: Numbers = ()
    months: Numbers = ()
    by_page: Mapping[str, Numbers] = {}
    site: str = ""
    note: str = ""
    source: str = ""


class Alert(_Strict):
    """A safety alert that concerns a programme's product."""

    what: str
    sources: Words
    date: DateText | None = None
    published: DateText | None = None


class HarvestVolume(_Strict):
    """How much fat is taken."""

    range: Numbers
    source: str
    note: str = ""


class Programme(_Strict):
    """One therapy as it is offered or tested. Its own rules are condition, stage and window."""

    id: str
    name: str
    name_ja: str = ""
    pages: Words
    cells: Cells
    donors: Donors
    routes: Routes
    tissue: str = ""
    source_material: str = ""
    dose: Dose | None
    condition: Conditions
    condition_note: str = ""
    stage: Stages
    stage_note: str = ""
    window: Window | None = None
    window_note: str = ""
    anaesthesia: str = ""
    immunosuppression: Immunosuppression | None = None
    immunosuppression_note: str = ""
    preservation: str = ""
    visits: int | str | None = None
    timeline: Annotated[tuple[TimelineStep, ...], Many] = ()
    harvest_volume_ml: HarvestVolume | None = None
    status: str
    status_note: str = ""
    status_for_stroke: str = ""
    available_outside_trial: bool | str | None = None
    results_source: str = ""
    asrm_class: Literal["I", "II", "III"] | None = None
    asrm_class_note: str = ""
    plan_numbers: Mapping[str, str] = {}
    facility_number: Mapping[str, str] = {}
    registry: Words
    other_trials: Words = ()
    registry_note: str = ""
    registered_trial_of_this_product: str = ""
    safety_alerts: Annotated[tuple[Alert, ...], Many] = ()
    criteria_published: bool = True
    sources: Mapping[str, SourceEntry]

    def name_in(self, language: Language = "en") -> str:
        """Give its name in a language, in English where it has no other."""
        return (self.name_ja or self.name) if language == "ja" else self.name

    @property
    def source_keys(self) -> tuple[str, ...]:
        """The global keys of its sources."""
        return tuple(f"programmes/{self.id}/{key}" for key in self.sources)

    def source_key(self, local: str) -> str:
        """Turn ``s1``, a page or a trial's number into a global key."""
        if local in self.sources:
            return f"programmes/{self.id}/{local}"
        return f"programmes/{local}" if local.startswith("page-") else f"programmes/{local}/s1"


Status = Literal[
    "recruiting",
    "not-yet-recruiting",
    "active-not-recruiting",
    "suspended",
    "terminated",
    "withdrawn",
    "completed",
    "unknown",
]


class Trial(_Strict):
    """A registered trial and the entry rules that were read of it."""

    id: str
    title: str
    programme: str
    programme_note: str = ""
    sponsor: str = ""
    sponsor_note: str = ""
    country: Words = ()
    phase: str = ""
    status: Status
    status_note: str = ""
    status_read: DateText
    status_as_of: DateText | None
    design: str = ""
    start: DateText | None = None
    results_posted: DateText | None = None
    condition: Conditions
    phase_of_stroke: Stages
    phase_note: str = ""
    criteria_complete: bool
    criteria_missing: str = ""
    criteria_note: str = ""
    id_note: str = ""
    sources: Mapping[str, SourceEntry]
    criteria: tuple[InstanceOf[Criterion], ...]

    @property
    def source_keys(self) -> tuple[str, ...]:
        """The global keys of its sources."""
        return tuple(f"programmes/{self.id}/{key}" for key in self.sources)
