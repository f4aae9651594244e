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

from saisei.base.dates import Span
from saisei.base.errors import CriterionError, Place, Problem
from saisei.cases import Field, fields
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
)

__all__ = ["parse"]

MAX_CHARACTERS = 2_000
"""The longest criterion of the 37 trials has 160 characters."""
MAX_DEPTH = 20
"""The deepest nests three."""
NEVER_KNOWN = frozenset({"unknown", "cannot-assess"})
"""Values of enumerations that a case may state and that count as not known."""

_OPERATORS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: Operator.LT,
    ast.LtE: Operator.LE,
    ast.Gt: Operator.GT,
    ast.GtE: Operator.GE,
}
_TURNED = {
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}
_FORMS = (
    "`field`, `not field`, `field > 3`, `1 <= field <= 3`, `field in {…}`, `field == 'word'`, "
    "`any_of(field, {…})`, all_of, none_of, within, `field == []`, joined by and / or"
)


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
        raise _mistake("syntax", "the expression is empty", _FORMS)
    if len(text) > MAX_CHARACTERS:
        raise _mistake(
            "too-long", f"{len(text):,} characters", f"at most {MAX_CHARACTERS:,}", "Split it"
        )
    try:
        body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _mistake("syntax", f"`{text[:80]}` is not an expression", _FORMS) from None
    return _Reader(fields()).expression(body, 0)


class _Reader:
    """Turns Python's syntax tree into ours."""

    def __init__(self, known: Mapping[str, Field]) -> None:
        self.known = known

    def expression(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise _mistake("too-deep", "the expression nests too deeply", f"{MAX_DEPTH} levels")
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
                return self.call(node)
            case ast.Compare():
                return self.comparison(node)
        raise _unsupported(node)

    def field(self, name: str, *types: str) -> Field:
        """Give a field of one of the types that the place in the expression allows."""
        if name not in self.known:
            near = get_close_matches(name, self.known, n=1)
            next_step = f"The nearest is `{near[0]}`" if near else "See docs/criteria.md"
            raise _mistake("unknown-field", "no such field", "a field of a case", next_step, name)
        field = self.known[name]
        if types and field.type not in types:
            raise _wrong_type(field)
        return field

    def call(self, node: ast.Call) -> Expression:
        match node:
            case ast.Call(func=ast.Name(id=test), args=[ast.Name(id=name), given], keywords=[]) if (
                test in set(Test)
            ):
                field = self.field(name, "list")
                return ListTest(name, Test(test), self.words(field, given))
        raise _unsupported(node)

    def comparison(self, node: ast.Compare) -> Expression:
        match node.left, node.ops, node.comparators:
            case _, [_, _], [ast.Name(id=name), _]:
                return self.between(name, node)
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
            case ast.Name(id=name), [op], [given] if type(op) in _OPERATORS:
                return self.compare(name, _OPERATORS[type(op)], given)
            case given, [op], [ast.Name(id=name)] if type(op) in _OPERATORS:
                return self.compare(name, _TURNED[_OPERATORS[type(op)]], given)
        raise _unsupported(node)

    def compare(self, name: str, operator: Operator, given: ast.expr) -> Expression:
        field = self.field(name, "number")
        return _possible(Compare(name, operator, _number(field, given)), field)

    def between(self, name: str, node: ast.Compare) -> Expression:
        """Read ``low <= field <= high``, or the same from the high end down."""
        field = self.field(name, "number")
        ops = [_OPERATORS.get(type(op)) for op in node.ops]
        ends = (_number(field, node.left), _number(field, node.comparators[1]))
        if ops[0] in (Operator.GT, Operator.GE):
            ends = ends[::-1]
            ops = [_TURNED[op] if op else None for op in reversed(ops)]
        if not all(op in (Operator.LT, Operator.LE) for op in ops):
            raise _unsupported(node)
        inside = (ops[0] is Operator.LE, ops[1] is Operator.LE)
        return _possible(Between(name, *ends, *inside), field)

    def one_of(self, field: Field, given: ast.expr) -> OneOf:
        if field.type == "number":
            numbers = tuple(dict.fromkeys(_number(field, item) for item in _items(field, given)))
            for number in numbers:
                _possible(OneOf(field.id, (number,)), field)
            return OneOf(field.id, numbers)
        return OneOf(field.id, self.words(field, given))

    def equal(self, field: Field, given: ast.expr) -> Expression:
        if field.type == "list":
            if isinstance(given, ast.List) and not given.elts:
                return Empty(field.id)
            raise _wrong_type(field)
        if field.type == "number":
            return _possible(OneOf(field.id, (_number(field, given),)), field)
        return OneOf(field.id, (self.word(field, _string(field, given)),))

    def words(self, field: Field, given: ast.expr) -> tuple[str, ...]:
        words = (self.word(field, _string(field, item)) for item in _items(field, given))
        return tuple(dict.fromkeys(words))

    def word(self, field: Field, word: str) -> str:
        if field.values and word not in field.values:
            near = get_close_matches(word, field.values, n=1)
            next_step = f"The nearest is '{near[0]}'" if near else ""
            expected = f"one of {', '.join(field.values)}"
            raise _mistake("unknown-value", f"'{word}'", expected, next_step, field.id)
        if word in NEVER_KNOWN:
            raise _mistake("impossible", f"'{word}' is never known", "a value", "", field.id)
        return word


def _items(field: Field, given: ast.expr) -> list[ast.expr]:
    if isinstance(given, ast.Set | ast.List | ast.Tuple) and given.elts:
        return given.elts
    raise _mistake("wrong-type", "not a set of values", "{…} with a value", field=field.id)


def _string(field: Field, node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as word):
            return word
    raise _mistake("wrong-type", "not a word", "a word in quotation marks", field=field.id)


def _number(field: Field, node: ast.expr) -> float:
    sign = 1.0
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1.0, node.operand
    match node:
        case ast.Constant(value=int() | float() as value) if (
            not isinstance(value, bool) and abs(value) < math.inf
        ):
            return sign * float(value)
    raise _mistake("wrong-type", "not a number", "a number", field=field.id)


def _possible(leaf: Compare | Between | OneOf, field: Field) -> Leaf:
    """Give the leaf back unless no value that the field may have could satisfy it."""
    allowed = field.range or Span(-math.inf, math.inf)
    low, high, low_in, high_in = _interval(leaf)
    top = math.inf if field.never else allowed.high
    start, end = max(low, allowed.low), min(high, top)
    open_end = (start == low and not low_in) or (end == high and not high_in)
    if start > end or (start == end and open_end):
        limits = f"between {allowed.low:g} and {allowed.high:g}" if field.range else "some range"
        raise _mistake("impossible", "nobody can be in this range", limits, field=field.id)
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


def _wrong_type(field: Field) -> CriterionError:
    steps = {
        "boolean": "Write the field by itself, or `not` and the field",
        "number": "Compare it with a number",
        "enum": f"Write `{field.id} == 'word'` or `{field.id} in {{…}}`",
        "list": f"Write `any_of({field.id}, {{…}})`, all_of, none_of or within",
    }
    dates = "A date is not compared directly: use the field of the time since it"
    next_step = steps.get(field.type, dates)
    return _mistake("wrong-type", f"a field of type {field.type}", "", next_step, field.id)


def _unsupported(node: ast.AST) -> CriterionError:
    written = ast.unparse(node)[:80]
    return _mistake("unsupported", f"`{written}` is not part of the language", _FORMS)


def _mistake(
    code: str, found: str, expected: str = "", next_step: str = "", field: str = ""
) -> CriterionError:
    return CriterionError(Problem(code, found, expected, next_step, None, field))
