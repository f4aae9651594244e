"""The tree as a query over a table of people, for whichever engine Ibis speaks to.

This is the only module that knows Ibis. The table has the columns of `columns_of`; null is unknown,
and `and`, `or`, `not` of SQL have Kleene's meaning. Every other step says what null does to it. The
plain reading is `evaluate`; random rules and random people hold the two together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import ibis

from saisei.cases import fields
from saisei.eligibility.columns import OTHER_BIT, Column, columns_of, mask_of
from saisei.eligibility.evaluate import meets
from saisei.eligibility.tree import (
    Amount,
    And,
    Arithmetic,
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
    OneField,
    OneOf,
    Operator,
    Or,
    Quantity,
    Resolved,
    Sign,
    Source,
    Term,
    Test,
    leaves_of,
)
from saisei.vocabulary import Truth, any_true

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["compile_expression", "people_table", "query"]

_TYPES = {"flag": "boolean", "number": "float64", "word": "int16", "list": "int64"}

Ends = tuple["ir.FloatingValue", "ir.FloatingValue"]
Masks = tuple["ir.IntegerValue", "ir.IntegerValue"]


def people_table(columns: Iterable[Column], name: str = "people") -> ir.Table:
    """Describe a table of people with these columns, and a number for each person."""
    schema = {"person": "int64"}
    for column in columns:
        schema |= dict.fromkeys(column.names, _TYPES[column.kind])
    return ibis.table(schema, name=name)


def query(
    expressions: Mapping[str, Expression],
    dialect: str,
    name: str = "people",
    columns: Iterable[Column] | None = None,
) -> str:
    """Write the query that judges everybody: a row a person, a column an expression.

    Parameters
    ----------
    expressions
        By the name of the column to make.
    dialect
        As Ibis names it: ``duckdb``, ``postgres``, ``pyspark``.
    name
        The table, with the columns and `person`.
    columns
        The columns that the table has: those of `columns_of(expressions.values())` when left out.
        What has no column is unknown of everybody.
    """
    getattr(ibis, dialect)  # loads the engine's way of writing SQL, with its settings
    if columns is None:
        columns = columns_of(expressions.values())
    table = people_table(columns, name)
    compiler = _Compiler(table)
    for sums in _by_depth(expressions.values()):
        compiler = compiler.with_sums(sums)
    judged = {made: compiler.truth(one) for made, one in expressions.items()}
    table = compiler.table
    return str(ibis.to_sql(table.select("person", **judged), dialect=dialect))


def compile_expression(expression: Expression, table: ir.Table) -> ir.BooleanValue:
    """Turn an expression into a Boolean column over a table of people: true, false or null.

    Parameters
    ----------
    expression
        What `parse` gave.
    table
        An Ibis table with the columns of `columns_of([expression])`.
    """
    return _Compiler(table).truth(expression)


class _Compiler:
    """Walks the tree over one table, some of whose columns may hold computed terms."""

    def __init__(self, table: ir.Table, sums: Mapping[Arithmetic, str] | None = None) -> None:
        self.table = table
        self.sums = sums or {}

    def with_sums(self, sums: Iterable[Arithmetic]) -> _Compiler:
        """Add terms as columns, so that what is written of each is written once."""
        names = {one: f"term_{len(self.sums) + i}" for i, one in enumerate(sums)}
        made: dict[str, ir.FloatingValue] = {}
        for one, name in names.items():
            low, high = self.term(one)
            made |= {f"{name}__low": low, f"{name}__high": high}
        return _Compiler(self.table.mutate(**made), {**self.sums, **names})

    def truth(self, expression: Expression) -> ir.BooleanValue:
        match expression:
            case Not(part):
                return ~self.truth(part)
            case And(parts) | Or(parts):
                join = and_ if isinstance(expression, And) else or_
                return reduce(join, map(self.truth, parts))
            case AtLeast(count, parts):
                return _at_least(count, list(map(self.truth, parts)))
            case Resolved(part, otherwise):
                return self.truth(part).fill_null(otherwise)
            case Measured(left, operator, right):
                return _compared(self.term(left), operator, self.term(right))
            case _:
                return self.leaf(expression)

    def leaf(self, leaf: OneField) -> ir.BooleanValue:
        match leaf:
            case Flag(field):
                return self.column(field)
            case Compare(field, operator, limit):
                return _compared(self.ends(field), operator, _constant(limit))
            case Between():
                return _between(leaf, self.ends(leaf.field))
            case OneOf():
                return self.one_of(leaf)
            case Empty(field):
                low, high = self.masks(field)
                return _certain(high == 0, low != 0)
            case _:
                return _list(leaf, self.masks(leaf.field))

    def masks(self, field: str) -> Masks:
        """Give what surely belongs to a list, and what may; null where the table has neither."""
        low, high = Column.of(field).names
        if low not in self.table.columns:
            return ibis.null("int64"), ibis.null("int64")
        return self.table[low], self.table[high]

    def column(self, source: Source) -> Any:
        """Give the column of a flag or a word; null where the table has none."""
        (name,) = Column.of(source).names
        if name in self.table.columns:
            return self.table[name]
        return ibis.null(_TYPES[Column.of(source).kind])

    def ends(self, source: Source) -> Ends:
        low, high = Column.of(source).names
        if low not in self.table.columns:
            return _NO_NUMBER, _NO_NUMBER
        return self.table[low], self.table[high]

    def one_of(self, leaf: OneOf) -> ir.BooleanValue:
        if fields()[leaf.field].type == "enum":
            places = [fields()[leaf.field].values.index(str(value)) for value in leaf.values]
            return self.column(leaf.field).isin(places)
        low, high = self.ends(leaf.field)
        numbers = [float(value) for value in leaf.values]
        inside = _any((low <= number) & (high >= number) for number in numbers)
        return ibis.cases(
            (low.isnull(), _UNKNOWN),
            (low == high, low.isin(numbers)),
            (inside, _UNKNOWN),
            else_=_FALSE,
        )

    def term(self, term: Term) -> Ends:
        match term:
            case Amount(value):
                return _constant(value)
            case Quantity(source):
                return self.ends(source)
            case Arithmetic(sign, left, right):
                if term in self.sums:
                    name = self.sums[term]
                    return self.table[f"{name}__low"], self.table[f"{name}__high"]
                return _joined(sign, self.term(left), self.term(right))


def _by_depth(expressions: Iterable[Expression]) -> list[list[Arithmetic]]:
    """Give every computed term once, in groups that only rest on the groups before."""
    depths: dict[Arithmetic, int] = {}

    def depth(term: Term) -> int:
        if not isinstance(term, Arithmetic):
            return 0
        if term not in depths:
            depths[term] = 1 + max(depth(term.left), depth(term.right))
        return depths[term]

    for expression in expressions:
        for leaf in leaves_of(expression):
            if isinstance(leaf, Measured):
                depth(leaf.left), depth(leaf.right)
    deepest = max(depths.values(), default=0)
    return [[term for term, at in depths.items() if at == level + 1] for level in range(deepest)]


_TRUE, _FALSE = ibis.literal(value=True), ibis.literal(value=False)
_UNKNOWN = ibis.null("boolean")
_NO_NUMBER = ibis.null("float64")


def _constant(value: float) -> Ends:
    return ibis.literal(value, "float64"), ibis.literal(value, "float64")


def _any(conditions: Iterable[ir.BooleanValue]) -> ir.BooleanValue:
    return reduce(or_, conditions)


def _compared(left: Ends, operator: Operator, right: Ends) -> ir.BooleanValue:
    """Compare two stretches; where an end is null, so are both conditions, and the result."""
    match operator:
        case Operator.GT:
            return _compared(right, Operator.LT, left)
        case Operator.GE:
            return _compared(right, Operator.LE, left)
        case Operator.LT:
            always, never = left[1] < right[0], left[0] >= right[1]
        case Operator.LE:
            always, never = left[1] <= right[0], left[0] > right[1]
    return ibis.cases((always, _TRUE), (never, _FALSE), else_=_UNKNOWN)


def _between(leaf: Between, ends: Ends) -> ir.BooleanValue:
    above = _compared(_constant(leaf.low), _below(strict=not leaf.low_in), ends)
    below = _compared(ends, _below(strict=not leaf.high_in), _constant(leaf.high))
    return above & below


def _below(*, strict: bool) -> Operator:
    return Operator.LT if strict else Operator.LE


def _joined(sign: Sign, left: Ends, right: Ends) -> Ends:
    """Join two stretches. What has no certain result is made null before it is computed with."""
    safe = _finite(left) & _finite(right)
    if sign is Sign.OVER:
        safe &= (right[0] > 0) | (right[1] < 0)
    one = tuple(ibis.ifelse(safe, end, _NO_NUMBER) for end in left)
    other = tuple(ibis.ifelse(safe, end, _NO_NUMBER) for end in right)
    match sign:
        case Sign.PLUS:
            return one[0] + other[0], one[1] + other[1]
        case Sign.MINUS:
            return one[0] - other[1], one[1] - other[0]
        case Sign.TIMES:
            corners = [a * b for a in one for b in other]
        case Sign.OVER:
            corners = [a / b for a in one for b in other]
    return ibis.least(*corners), ibis.greatest(*corners)


def _finite(ends: Ends) -> ir.BooleanValue:
    largest = sys.float_info.max
    return (ends[0] >= -largest) & (ends[1] <= largest)


def _at_least(count: int, parts: list[ir.BooleanValue]) -> ir.BooleanValue:
    """Count what is true, and what is not false: null is neither."""
    surely = sum((ibis.ifelse(part, 1, 0) for part in parts), ibis.literal(0))
    perhaps = sum((ibis.ifelse(~part, 0, 1) for part in parts), ibis.literal(0))
    return ibis.cases((surely >= count, _TRUE), (perhaps < count, _FALSE), else_=_UNKNOWN)


def _certain(always: ir.BooleanValue, never: ir.BooleanValue) -> ir.BooleanValue:
    return ibis.cases((always, _TRUE), (never, _FALSE), else_=_UNKNOWN)


def _list(leaf: ListTest | Counted, found: Masks) -> ir.BooleanValue:
    def met(*wanted: str) -> ir.BooleanValue:
        return _meeting(leaf.field, found, wanted)

    if isinstance(leaf, Counted):
        return _at_least(leaf.at_least, [met(wanted) for wanted in leaf.values])
    match leaf.test:
        case Test.ANY_OF:
            return met(*leaf.values)
        case Test.ALL_OF:
            return reduce(and_, map(met, leaf.values))
        case Test.NONE_OF:
            return ~met(*leaf.values)
        case Test.WITHIN:
            outside = _bits(leaf.field, leaf.values, Truth.FALSE) | 1 << OTHER_BIT
            perhaps = _bits(leaf.field, leaf.values, Truth.UNKNOWN)
            return ~_in_mask(found, outside, perhaps)


def _meeting(field: str, found: Masks, wanted: Iterable[str]) -> ir.BooleanValue:
    """Whether an entry is one of those wanted; null where one perhaps is."""
    wanted = tuple(wanted)
    return _in_mask(found, _bits(field, wanted, Truth.TRUE), _bits(field, wanted, Truth.UNKNOWN))


def _in_mask(found: Masks, surely: int, perhaps: int) -> ir.BooleanValue:
    """Whether what surely is in a list meets, or nothing that may be in it even perhaps does."""
    low, high = found
    return _certain((low & surely) != 0, (high & (surely | perhaps)) == 0)


def _bits(field: str, wanted: Iterable[str], truth: Truth) -> int:
    """Give the bits of the entries that come to a truth value when compared with those wanted."""
    known, wanted = fields()[field], tuple(wanted)

    def best(entry: str) -> Truth:
        return any_true(meets(field, entry, one) for one in wanted)

    return mask_of(known, [entry for entry in known.values if best(entry) is truth])
