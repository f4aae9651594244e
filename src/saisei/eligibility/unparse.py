"""From tree to text: the other way of `parse`, for formats that carry a rule as text.

What is written is read back before it is given out, so that a text never says anything else than
its tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from saisei.base.errors import CriterionError, Problem
from saisei.cases import fields
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
    Sign,
    Source,
    Term,
    Window,
    field_of,
)

__all__ = ["unparse"]

_SINCE = {"h": "hours", "d": "days", "wk": "weeks", "mo": "months", "a": "years"}


def unparse(expression: Expression) -> str:
    """Write an expression as text that `parse` reads as the same tree.

    The text is canonical: hashes of published definitions rest on it.

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
    for writer in (_Writer(), _Writer(units=True)):
        text = writer.text(expression)
        try:
            if parse(text) == expression:
                return text
        except CriterionError:
            continue
    raise CriterionError(
        Problem("no-text", "no text gives this tree", "a tree that was read from text")
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes trees; `units`: a number that something is divided by carries its unit.

    A tree does not say whether a divisor had a unit, which leaves a plain number, or had none.
    """

    units: bool = False

    def text(self, expression: Expression) -> str:
        match expression:
            case Not(part):
                return f"not {self.part(part)}"
            case And(parts):
                return " and ".join(map(self.part, parts))
            case Or(parts):
                return " or ".join(map(self.part, parts))
            case AtLeast(count, parts):
                return f"at_least({count}, {', '.join(map(self.text, parts))})"
            case Resolved(part, otherwise):
                return f"if_unknown({self.text(part)}, {otherwise})"
            case _:
                return self.leaf(expression)

    def part(self, part: Expression) -> str:
        """Write a part of a branch; a branch inside a branch stands in brackets."""
        return f"({self.text(part)})" if isinstance(part, And | Or) else self.text(part)

    def leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Compare(name, operator, limit):
                return f"{name} {operator} {_number(limit)}"
            case Between(name, low, high, low_in, high_in):
                first, second = ("<=" if inside else "<" for inside in (low_in, high_in))
                return f"{_number(low)} {first} {name} {second} {_number(high)}"
            case OneOf(name, values):
                return f"{name} in {_values(values)}"
            case Measured(left, operator, right):
                return f"{self.term(left)} {operator} {self.term(right)}"
            case _:
                return _of_flag_or_list(leaf)

    def term(self, term: Term) -> str:
        match term:
            case Amount(value):
                return _number(value)
            case Quantity(source):
                return _source(source)
            case Arithmetic(Sign.OVER, left, Amount(value)) if self.units and (unit := _unit(left)):
                return f"({self.term(left)} / quantity({_number(value)}, {unit!r}))"
            case Arithmetic(sign, left, right):
                return f"({self.term(left)} {sign} {self.term(right)})"


def _unit(term: Term) -> str | None:
    """Give the unit of a term, as `_Writer` with units writes it."""
    match term:
        case Quantity(Elapsed(unit=unit)):
            return unit
        case Quantity(source):
            return fields()[field_of(source)].unit
        case Arithmetic(Sign.OVER, left, right):
            return None if isinstance(right, Amount) or _unit(left) == _unit(right) else _unit(left)
        case Arithmetic(_, left, right):
            return _unit(left) or _unit(right)
        case _:
            return None


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
