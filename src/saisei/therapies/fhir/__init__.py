"""Trials, programmes and a screening in FHIR R4; docs/fhir.md says what is written and what not."""

from saisei.therapies.fhir.protocols import (
    Rules,
    protocol_to_fhir,
    rules_of,
    rules_to_fhir,
    version_of,
)
from saisei.therapies.fhir.reading import protocol_from_fhir
from saisei.therapies.fhir.screenings import screening_to_fhir

__all__ = [
    "Rules",
    "protocol_from_fhir",
    "protocol_to_fhir",
    "rules_of",
    "rules_to_fhir",
    "screening_to_fhir",
    "version_of",
]
