"""From text to tree. Python's grammar is borrowed (`ast`), Python's evaluation is not.

Each expression is checked against the table of fields while it is read: a field that does not
exist, a word that the field never takes, a comparison that its type does not allow, and a range
that no person can be in are refused before anybody is judged by it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeVar

from saisei.base.dates import Span
from saisei.base.errors import CriterionError, Place
from saisei.cases import Field, fields
from saisei.eligibility.mistakes import (
    FORMS,
    MAX_DEPTH,
    items,
    mistake,
    string,
    unsupported,
    wrong_type,
)
from saisei.eligibility.quantities import compared
from saisei.eligibility.terms import TypedTerm, known_field, read_term, same_unit
from saisei.eligibility.tree import (
    Amount,
    And,
    AtLeast,
    Between,
    Compare,
    Counted,
    Empty,
    Expression,
    Flag,
    ListTest,
    Measured,
    Not,
    OneOf,
    Operator,
    Or,
    Quantity,
    Resolved,
    Test,
)
from saisei.vocabulary import Truth

__all__ = ["NEVER_KNOWN", "parse"]

Possible = TypeVar("Possible", Compare, Between, OneOf)

MAX_CHARACTERS = 2_000
"""The longest criterion of the 37 trials has 160 characters."""
NEVER_KNOWN = frozenset({"unknown", "cannot-assess"})
"""Values of enumerations that a case may state and that count as not known."""

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: Operator.LT,
    ast.LtE: Operator.LE,
    ast.Gt: Operator.GT,
    ast.GtE: Operator.GE,
}


def parse(text: str, place: Place | None = None) -> Expression:
    """Read an expression of the language of criteria, checked against the fields of a case.

    Parameters
    ----------
    text
        The expression. At most 2,000 characters.
    place
        Where it stands, for the message of a mistake.

    Raises
    ------
    CriterionError
        It is not an expression of the language, names an unknown field or value, compares what
        cannot be compared, or holds for nobody.

    Examples
    --------
    >>> parse("6 <= months_since_stroke <= 60").field
    'months_since_stroke'
    """
    try:
        return _parsed(" ".join(text.split()))
    except CriterionError as error:
        if place is None:
            raise
        raise CriterionError(replace(p, place=place) for p in error.problems) from None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    if not text:
        raise mistake("syntax", "the expression is empty", FORMS)
    if len(text) > MAX_CHARACTERS:
        raise mistake(
            "too-long", f"{len(text):,} characters", f"at most {MAX_CHARACTERS:,}", "Split it"
        )
    try:
        body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise mistake("syntax", f"`{text[:80]}` is not an expression", FORMS) from None
    return _Reader(fields()).expression(body, 0)


class _Reader:
    """Turns Python's syntax tree into ours."""

    def __init__(self, known: Mapping[str, Field]) -> None:
        self.known = known

    def expression(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise mistake("too-deep", "the expression nests too deeply", f"{MAX_DEPTH} levels")
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return And(tuple(self.expression(value, depth + 1) for value in values))
            case ast.BoolOp(op=ast.Or(), values=values):
                return Or(tuple(self.expression(value, depth + 1) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.expression(operand, depth + 1))
            case ast.Name(id=name):
                return Flag(self.field(name, "boolean").id)
            case ast.Call():
                return self.call(node, depth)
            case ast.Compare():
                return self.comparison(node)
        raise unsupported(node)

    def field(self, name: str, *types: str) -> Field:
        return known_field(self.known, name, *types)

    def call(self, node: ast.Call, depth: int) -> Expression:
        match node:
            case ast.Call(func=ast.Name(id=test), args=[ast.Name(id=name), given], keywords=[]) if (
                test in set(Test) and not self.is_flag(given)
            ):
                field = self.field(name, "list")
                return ListTest(name, Test(test), self.words(field, given))
            case ast.Call(
                func=ast.Name(id="at_least"),
                args=[ast.Constant(value=int() as count), ast.Name(id=name), given],
                keywords=[],
            ) if not self.is_flag(given):
                values = self.words(self.field(name, "list"), given)
                return Counted(name, _count(count, len(values)), values)
            case ast.Call(
                func=ast.Name(id="at_least"),
                args=[ast.Constant(value=int() as count), *parts],
                keywords=[],
            ) if parts:
                return AtLeast(_count(count, len(parts)), self.parts(parts, depth))
            case ast.Call(
                func=ast.Name(id="if_unknown"),
                args=[part, ast.Constant(value=bool() as otherwise)],
                keywords=[],
            ):
                return Resolved(self.expression(part, depth + 1), otherwise)
            case ast.Call(func=ast.Name(id=test), args=[_, _, *_] as parts, keywords=[]):
                return self.grouped(test, parts, node, depth)
        raise unsupported(node)

    def is_flag(self, node: ast.expr) -> bool:
        """Whether a part of a call is a condition, not a set of values."""
        return not isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Constant)

    def parts(self, parts: list[ast.expr], depth: int) -> tuple[Expression, ...]:
        return tuple(self.expression(part, depth + 1) for part in parts)

    def grouped(self, test: str, parts: list[ast.expr], node: ast.Call, depth: int) -> Expression:
        """Read ``any_of(a, b, c)`` over conditions: ``a or b or c`` by another name."""
        match test:
            case Test.ANY_OF:
                return Or(self.parts(parts, depth))
            case Test.ALL_OF:
                return And(self.parts(parts, depth))
            case Test.NONE_OF:
                return Not(Or(self.parts(parts, depth)))
        raise unsupported(node)

    def comparison(self, node: ast.Compare) -> Expression:
        match node.left, node.ops, node.comparators:
            case ast.Constant(value=str() as word), [ast.In() | ast.NotIn() as op], [
                ast.Name(id=name)
            ]:
                field = self.field(name, "list")
                found = ListTest(name, Test.ANY_OF, (self.word(field, word),))
                return Not(found) if isinstance(op, ast.NotIn) else found
            case ast.Name(id=name), [ast.In() | ast.NotIn() as op], [given]:
                one_of = self.one_of(self.field(name, "enum", "number"), given)
                return Not(one_of) if isinstance(op, ast.NotIn) else one_of
            case ast.Name(id=name), [ast.Eq() | ast.NotEq() as op], [given]:
                same = self.equal(self.field(name, "enum", "number", "list"), given)
                return Not(same) if isinstance(op, ast.NotEq) else same
        return self.measured(node)

    def measured(self, node: ast.Compare) -> Expression:
        """Read a comparison of numbers, or a chain of two: ``low <= term <= high``."""
        operators = [_OPERATORS.get(type(op)) for op in node.ops]
        sides = [node.left, *node.comparators]
        if len(sides) > 3 or None in operators:
            raise unsupported(node)
        beside = next((side.id for side in sides if isinstance(side, ast.Name)), "")
        terms = [read_term(self.known, side, beside) for side in sides]
        links = [
            _link(left, operator, right)
            for left, operator, right in zip(terms, operators, terms[1:], strict=False)
            if operator
        ]
        match links:
            case [one]:
                return one
            case [Compare() as one, Compare() as other] if one.field == other.field:
                return self.between(one, other, node)
        if operators[1] not in _SAME_WAY[operators[0] or Operator.LT]:
            raise unsupported(node)
        return And(tuple(links))

    def between(self, one: Compare, other: Compare, node: ast.Compare) -> Expression:
        """Join two limits of a number into a range."""
        ends = {limit.operator in (Operator.GT, Operator.GE): limit for limit in (one, other)}
        if len(ends) < 2:
            raise unsupported(node)
        low, high = ends[True], ends[False]
        inside = (low.operator is Operator.GE, high.operator is Operator.LE)
        field = self.field(one.field)
        return _possible(Between(one.field, low.limit, high.limit, *inside), field)

    def one_of(self, field: Field, given: ast.expr) -> OneOf:
        if field.type == "number":
            numbers = tuple(dict.fromkeys(self.number(field, i) for i in items(field, given)))
            for number in numbers:
                _possible(OneOf(field.id, (number,)), field)
            return OneOf(field.id, numbers)
        return OneOf(field.id, self.words(field, given))

    def equal(self, field: Field, given: ast.expr) -> Expression:
        if field.type == "list":
            if isinstance(given, ast.List) and not given.elts:
                return Empty(field.id)
            raise wrong_type(field)
        if field.type == "number":
            return _possible(OneOf(field.id, (self.number(field, given),)), field)
        return OneOf(field.id, (self.word(field, string(field, given)),))

    def number(self, field: Field, node: ast.expr) -> float:
        """Read a number in the unit of a field."""
        own = TypedTerm(Quantity(field.id), field.unit, (field,))
        _, given = same_unit(own, read_term(self.known, node, field.id))
        if isinstance(given.term, Amount):
            return given.term.value
        raise mistake("wrong-type", "not a number", "a number", field=field.id)

    def words(self, field: Field, given: ast.expr) -> tuple[str, ...]:
        words = (self.word(field, string(field, item)) for item in items(field, given))
        return tuple(dict.fromkeys(words))

    def word(self, field: Field, word: str) -> str:
        if field.values and word not in field.values:
            near = get_close_matches(word, field.values, n=1)
            next_step = f"The nearest is '{near[0]}'" if near else ""
            expected = f"one of {', '.join(field.values)}"
            raise mistake("unknown-value", f"'{word}'", expected, next_step, field.id)
        if word in NEVER_KNOWN:
            raise mistake("impossible", f"'{word}' is never known", "a value", "", field.id)
        return word


def _count(count: int, of: int) -> int:
    if isinstance(count, bool) or not 1 <= count <= of:
        raise mistake("impossible", f"at least {count} of {of}", f"a number from 1 to {of}")
    return count


def _link(left: TypedTerm, operator: Operator, right: TypedTerm) -> Compare | Measured:
    """Compare two terms; a field with a number is a leaf of its own, and stands left."""
    left, right = same_unit(left, right)
    match left.term, right.term:
        case Quantity(str() as name), Amount(limit):
            return _possible(Compare(name, operator, limit), left.fields[0])
        case Amount(limit), Quantity(str() as name):
            return _possible(Compare(name, operator.turned, limit), right.fields[0])
        case Amount(), Amount():
            raise mistake("constant", "two numbers are compared", "a field on one side")
    if compared(left.range, operator, right.range) is Truth.FALSE:
        name = (left.fields + right.fields)[0].id
        raise mistake("impossible", "nobody can be in this range", "a possible range", field=name)
    return Measured(left.term, operator, right.term)


_SAME_WAY = {
    Operator.LT: (Operator.LT, Operator.LE),
    Operator.LE: (Operator.LT, Operator.LE),
    Operator.GT: (Operator.GT, Operator.GE),
    Operator.GE: (Operator.GT, Operator.GE),
}


def _possible(leaf: Possible, field: Field) -> Possible:
    """Give the leaf back unless no value that the field may have could satisfy it."""
    allowed = field.range or Span(-math.inf, math.inf)
    low, high, low_in, high_in = _interval(leaf)
    top = math.inf if field.never else allowed.high
    start, end = max(low, allowed.low), min(high, top)
    open_end = (start == low and not low_in) or (end == high and not high_in)
    if start > end or (start == end and open_end):
        limits = f"between {allowed.low:g} and {allowed.high:g}" if field.range else "some range"
        raise mistake("impossible", "nobody can be in this range", limits, field=field.id)
    return leaf


_INTERVALS: dict[Operator, Callable[[float], tuple[float, float, bool, bool]]] = {
    Operator.LT: lambda limit: (-math.inf, limit, True, False),
    Operator.LE: lambda limit: (-math.inf, limit, True, True),
    Operator.GT: lambda limit: (limit, math.inf, False, True),
    Operator.GE: lambda limit: (limit, math.inf, True, True),
}


def _interval(leaf: Compare | Between | OneOf) -> tuple[float, float, bool, bool]:
    match leaf:
        case Compare(_, operator, limit):
            return _INTERVALS[operator](limit)
        case Between(_, low, high, low_in, high_in):
            return low, high, low_in, high_in
        case OneOf(_, values):
            return float(values[0]), float(values[0]), True, True
