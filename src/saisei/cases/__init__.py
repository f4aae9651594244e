"""Cases: one person, what is known about them, since when, and for how long it holds."""

from saisei.cases.answers import Answer, Known, State
from saisei.cases.case import Case
from saisei.cases.check import check_case
from saisei.cases.codes import Code, Fill, codes, codes_table
from saisei.cases.derive import elapsed, score_change
from saisei.cases.entries import Entry, same_time
from saisei.cases.fhir import case_to_fhir
from saisei.cases.fields import Effort, Field, FieldType, fields, item_points, table
from saisei.cases.mistakes import expected_of
from saisei.cases.reading import case_from_data, read_case
from saisei.cases.record import RecordRead, Unmapped
from saisei.cases.schema import case_schema
from saisei.cases.template import case_template
from saisei.cases.values import NEVER, EntryValue, Listed, Never, OpenList
from saisei.cases.writing import extended_case

__all__ = [
    "NEVER",
    "Answer",
    "Case",
    "Code",
    "Effort",
    "Entry",
    "EntryValue",
    "Field",
    "FieldType",
    "Fill",
    "Known",
    "Listed",
    "Never",
    "OpenList",
    "RecordRead",
    "State",
    "Unmapped",
    "case_from_data",
    "case_schema",
    "case_template",
    "case_to_fhir",
    "check_case",
    "codes",
    "codes_table",
    "elapsed",
    "expected_of",
    "extended_case",
    "fields",
    "item_points",
    "read_case",
    "same_time",
    "score_change",
    "table",
]
