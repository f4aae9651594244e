"""From tree to text: the other way of `parse`, for formats that carry a rule as text.

What is written is read back before it is given out, so that a text never says anything else than
its tree.
"""

from __future__ import annotations

from saisei.base.errors import CriterionError, Problem
from saisei.eligibility.parse import parse
from saisei.eligibility.tree import (
    Amount,
    And,
    Arithmetic,
    AtLeast,
    Between,
    Compare,
    Counted,
    Elapsed,
    Empty,
    Expression,
    Flag,
    Leaf,
    ListTest,
    Measured,
    Not,
    OneOf,
    Or,
    Quantity,
    Resolved,
    Source,
    Term,
    Window,
)

__all__ = ["unparse"]

_SINCE = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months", "a": "years"}


def unparse(expression: Expression) -> str:
    """Write an expression as text that `parse` reads as the same tree.

    Raises
    ------
    CriterionError
        No text gives this tree: it was built by hand in a way that `parse` never builds one.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> unparse(parse("60 >= months_since_stroke >= 6 and mrs_current in [3, 4]"))
    '6 <= months_since_stroke <= 60 and mrs_current in {3, 4}'
    """
    text = _text(expression)
    if parse(text) != expression:
        raise CriterionError(
            Problem("no-text", "no text gives this tree", "a tree that was read from text")
        )
    return text


def _text(expression: Expression) -> str:
    match expression:
        case Not(part):
            return f"not {_part(part)}"
        case And(parts):
            return " and ".join(map(_part, parts))
        case Or(parts):
            return " or ".join(map(_part, parts))
        case AtLeast(count, parts):
            return f"at_least({count}, {', '.join(map(_text, parts))})"
        case Resolved(part, otherwise):
            return f"if_unknown({_text(part)}, {otherwise})"
        case _:
            return _leaf(expression)


def _part(part: Expression) -> str:
    """Write a part of a branch; a branch inside a branch stands in brackets."""
    return f"({_text(part)})" if isinstance(part, And | Or) else _text(part)


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Compare(name, operator, limit):
            return f"{name} {operator} {_number(limit)}"
        case Between(name, low, high, low_in, high_in):
            first, second = ("<=" if inside else "<" for inside in (low_in, high_in))
            return f"{_number(low)} {first} {name} {second} {_number(high)}"
        case OneOf(name, values):
            return f"{name} in {_values(values)}"
        case Measured(left, operator, right):
            return f"{_term(left)} {operator} {_term(right)}"
        case _:
            return _of_flag_or_list(leaf)


def _of_flag_or_list(leaf: Flag | ListTest | Counted | Empty) -> str:
    match leaf:
        case Flag(name):
            return name
        case ListTest(name, test, values):
            return f"{test}({name}, {_values(values)})"
        case Counted(name, count, values):
            return f"at_least({count}, {name}, {_values(values)})"
        case Empty(name):
            return f"{name} == []"


def _term(term: Term) -> str:
    match term:
        case Amount(value):
            return _number(value)
        case Quantity(source):
            return _source(source)
        case Arithmetic(sign, left, right):
            return f"({_term(left)} {sign} {_term(right)})"


def _source(source: Source) -> str:
    match source:
        case Window(pick, name, days):
            return f"{pick}({name}, days={_number(days)})"
        case Elapsed(unit, start, None):
            return f"{_SINCE[unit]}_since({start})"
        case Elapsed(unit, start, end):
            return f"{_SINCE[unit]}_between({start}, {end})"
        case _:
            return source


def _values(values: tuple[str, ...] | tuple[float, ...]) -> str:
    return "{" + ", ".join(_number(v) if isinstance(v, float) else repr(v) for v in values) + "}"


def _number(value: float) -> str:
    """Write a number so that reading it gives the very same one."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
