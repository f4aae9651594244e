"""Eligibility: the language of criteria, its three values, and its words.

A rule is written once as text (`parse`), judged for one person with three truth values and the
reasons (`evaluate`, `judge`), and put into a sentence (`sentence`). docs/criteria.md shows the
language with its tables.
"""

from saisei.eligibility.criterion import Criterion, Judged, Kind, Verdict, judge, read_criterion
from saisei.eligibility.evaluate import Evaluation, Lookup, Reading, evaluate, lookup_of
from saisei.eligibility.lint import breaking_fields, check_criteria, constant_truth
from saisei.eligibility.parse import parse
from saisei.eligibility.tree import (
    And,
    Between,
    Compare,
    Empty,
    Expression,
    Flag,
    Leaf,
    ListTest,
    Not,
    OneOf,
    Operator,
    Or,
    Test,
    fields_of,
    leaves_of,
)
from saisei.eligibility.words import field_name, reading_words, sentence

__all__ = [
    "And",
    "Between",
    "Compare",
    "Criterion",
    "Empty",
    "Evaluation",
    "Expression",
    "Flag",
    "Judged",
    "Kind",
    "Leaf",
    "ListTest",
    "Lookup",
    "Not",
    "OneOf",
    "Operator",
    "Or",
    "Reading",
    "Test",
    "Verdict",
    "breaking_fields",
    "check_criteria",
    "constant_truth",
    "evaluate",
    "field_name",
    "fields_of",
    "judge",
    "leaves_of",
    "lookup_of",
    "parse",
    "read_criterion",
    "reading_words",
    "sentence",
]
