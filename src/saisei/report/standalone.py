"""The head of a page that is about no person: what the frame of every page asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from saisei import __version__
from saisei.base.sources import Source
from saisei.base.store import data_digest
from saisei.base.texts import Language
from saisei.decision import emergency_words
from saisei.decision.model import Emergency
from saisei.decision.views import TherapyView

__all__ = ["Head"]


@dataclass(frozen=True, slots=True)
class Head:
    """Title, schema and sources of a page; the rest is the same for all."""

    title: str
    schema: str
    sources: tuple[Source, ...]
    emergency: Emergency = field(default_factory=lambda: emergency_words("en"))
    as_of: str = ""
    language: Language = "en"
    audience: str = "clinician"
    version: str = __version__
    data_digest: str = field(default_factory=data_digest)
    therapies: tuple[TherapyView, ...] = ()
