"""Cases: one person, what is known about them, since when, and for how long it holds."""

from saisei.cases.answers import Answer, Known, State
from saisei.cases.case import Case
from saisei.cases.check import check_case
from saisei.cases.derive import elapsed
from saisei.cases.entries import Entry
from saisei.cases.fields import Effort, Field, FieldType, fields, item_points, table
from saisei.cases.mistakes import expected_of
from saisei.cases.reading import case_from_data, read_case
from saisei.cases.template import case_template
from saisei.cases.values import NEVER, EntryValue, Listed, Never

__all__ = [
    "NEVER",
    "Answer",
    "Case",
    "Effort",
    "Entry",
    "EntryValue",
    "Field",
    "FieldType",
    "Known",
    "Listed",
    "Never",
    "State",
    "case_from_data",
    "case_template",
    "check_case",
    "elapsed",
    "expected_of",
    "fields",
    "item_points",
    "read_case",
    "table",
]
