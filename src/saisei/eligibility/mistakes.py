"""Mistakes in an expression, and the small parts that every reader of one needs."""

from __future__ import annotations

import ast

from saisei.base.errors import CriterionError, Problem
from saisei.cases import Field

__all__ = ["items", "mistake", "string", "unsupported", "wrong_type"]

MAX_DEPTH = 20
"""The deepest criterion of the 37 trials nests three."""
LARGEST = 1e12
"""No number of a criterion comes near; so no arithmetic with two of them overflows."""
FORMS = (
    "`field`, `not field`, `field > 3`, `1 <= field <= 3`, `field in {…}`, `field == 'word'`, "
    "`any_of(field, {…})`, all_of, none_of, within, at_least(2, …), `field == []`, "
    "highest(field, days=7), days_since(date), + - * /, joined by and / or"
)


def items(field: Field, given: ast.expr) -> list[ast.expr]:
    """Give the members of a set of values."""
    if isinstance(given, ast.Set | ast.List | ast.Tuple) and given.elts:
        return given.elts
    raise mistake("wrong-type", "not a set of values", "{…} with a value", field=field.id)


def string(field: Field, node: ast.expr) -> str:
    """Read a word in quotation marks."""
    match node:
        case ast.Constant(value=str() as word):
            return word
    raise mistake("wrong-type", "not a word", "a word in quotation marks", field=field.id)


def wrong_type(field: Field) -> CriterionError:
    """Say that a field has another type than its place asks for."""
    steps = {
        "boolean": "Write the field by itself, or `not` and the field",
        "number": "Compare it with a number",
        "enum": f"Write `{field.id} == 'word'` or `{field.id} in {{…}}`",
        "list": f"Write `any_of({field.id}, {{…}})`, all_of, none_of or within",
    }
    dates = f"A date is not compared directly: write `days_since({field.id}) > 3`"
    next_step = steps.get(field.type, dates)
    return mistake("wrong-type", f"a field of type {field.type}", "", next_step, field.id)


def unsupported(node: ast.AST) -> CriterionError:
    """Say that something is no part of the language."""
    written = ast.unparse(node)[:80]
    return mistake("unsupported", f"`{written}` is not part of the language", FORMS)


def mistake(
    code: str, found: str, expected: str = "", next_step: str = "", field: str = ""
) -> CriterionError:
    """Make the error of one mistake."""
    return CriterionError(Problem(code, found, expected, next_step, None, field))
