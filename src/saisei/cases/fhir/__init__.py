"""Real records: a FHIR R4 bundle into a case, and a case into a bundle."""

from saisei.cases.fhir.bundle import Bundle, open_bundle, read_json
from saisei.cases.fhir.reading import bundle_to_case
from saisei.cases.fhir.writing import case_to_fhir

__all__ = ["Bundle", "bundle_to_case", "case_to_fhir", "open_bundle", "read_json"]
