"""Terms: what may stand on either side of a comparison of numbers, with its unit checked.

    nihss_total                        a field
    200, quantity(190, 'mg/dL')        a number, perhaps in a unit of its own
    highest(nihss_total, days=7)       the highest record of a window; lowest, latest, earliest
    days_since(onset_datetime)         the time since a date; hours_, weeks_, months_, years_since
    days_between(date_a, date_b)       the time from one date to another
    a + b, a - b, a * 2, a / b         arithmetic

A bare number takes the unit of what it stands beside. Terms are added, subtracted and compared in
one unit only; a number with a unit is converted, which is exact, and nothing else is. A term is
multiplied by a bare number; divided by one, or by a term of its own unit.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from saisei.base.dates import Span
from saisei.base.units import convert
from saisei.cases import Field
from saisei.eligibility.mistakes import LARGEST, MAX_DEPTH, mistake, unsupported, wrong_type
from saisei.eligibility.quantities import measured
from saisei.eligibility.tree import (
    Amount,
    Arithmetic,
    Elapsed,
    Pick,
    Quantity,
    Sign,
    Source,
    Term,
    Window,
    field_of,
)

__all__ = ["TypedTerm", "known_field", "read_term", "same_unit"]

_SIGNS: dict[type[ast.operator], Sign] = {
    ast.Add: Sign.PLUS,
    ast.Sub: Sign.MINUS,
    ast.Mult: Sign.TIMES,
    ast.Div: Sign.OVER,
}
_UNITS = {"hours": "h", "days": "d", "weeks": "wk", "months": "mo", "years": "a"}
_HOURS = 24
LONGEST_WINDOW = 36_525.0
"""A window of a hundred years: longer is a mistake."""


@dataclass(frozen=True, slots=True)
class TypedTerm:
    """A term, its unit (None of a bare number) and the fields that it reads."""

    term: Term
    unit: str | None
    fields: tuple[Field, ...] = ()

    @property
    def range(self) -> Span | None:
        """Between which numbers the term lies whoever the person is; None where nothing is said."""
        ranges = {field.id: _range(field) for field in self.fields}

        def numbers(source: Source) -> Span | None:
            return None if isinstance(source, Elapsed) else ranges[field_of(source)]

        return measured(self.term, numbers)


def _range(field: Field) -> Span:
    low, high = (field.range.low, field.range.high) if field.range else (-math.inf, math.inf)
    return Span(low, math.inf if field.never else high)


def known_field(known: Mapping[str, Field], name: str, *types: str) -> Field:
    """Give a field of one of the types that its place in the expression allows."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        next_step = f"The nearest is `{near[0]}`" if near else "See docs/criteria.md"
        raise mistake("unknown-field", "no such field", "a field of a case", next_step, name)
    field = known[name]
    if types and field.type not in types:
        raise wrong_type(field)
    return field


def read_term(
    known: Mapping[str, Field], node: ast.expr, beside: str = "", depth: int = 0
) -> TypedTerm:
    """Read one side of a comparison; `beside` names the field that it is compared with."""
    if depth > MAX_DEPTH:
        raise mistake("too-deep", "the expression nests too deeply", f"{MAX_DEPTH} levels")
    match node:
        case ast.Name(id=name):
            field = known_field(known, name, "number")
            return TypedTerm(Quantity(name), field.unit, (field,))
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return TypedTerm(Amount(_number(node, beside)), None)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            sides = (read_term(known, one, beside, depth + 1) for one in (left, right))
            return _joined(_SIGNS[type(op)], *sides)
        case ast.Call(
            func=ast.Name(id="quantity"), args=[given, ast.Constant(value=str() as unit)]
        ):
            return TypedTerm(Amount(_number(given, beside)), unit)
        case ast.Call(func=ast.Name(id=pick), args=[ast.Name(id=name)]) if pick in set(Pick):
            return _window(known, Pick(pick), name, node)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return _elapsed(known, name, args, node)
        case ast.Set() | ast.List() | ast.Tuple():
            raise mistake("wrong-type", "not a number", "a number", field=beside)
    raise unsupported(node)


def _number(node: ast.expr, beside: str) -> float:
    sign = 1.0
    if isinstance(node, ast.UnaryOp):
        sign, node = -1.0, node.operand
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            if abs(value) <= LARGEST:
                return sign * float(value)
    raise mistake("wrong-type", "not a number", f"a number within {LARGEST:g}", field=beside)


def _window(known: Mapping[str, Field], pick: Pick, name: str, node: ast.Call) -> TypedTerm:
    field = known_field(known, name, "number")
    if field.derived:
        step = f"Ask it of {' or '.join(field.inputs)}" if field.inputs else ""
        raise mistake("not-recorded", "a computed field has no records", "a field", step, name)
    match node.keywords:
        case [ast.keyword(arg="days" | "hours" as unit, value=value)]:
            days = _number(value, name) / (1 if unit == "days" else _HOURS)
        case _:
            raise mistake("no-window", f"`{ast.unparse(node)}`", "days=… or hours=…", field=name)
    if not 0 < days <= LONGEST_WINDOW:
        raise mistake("impossible", f"a window of {days:g} days", "more than none", field=name)
    return TypedTerm(Quantity(Window(pick, name, days)), field.unit, (field,))


def _elapsed(
    known: Mapping[str, Field], name: str, args: list[ast.expr], node: ast.expr
) -> TypedTerm:
    unit, _, kind = name.partition("_")
    if unit not in _UNITS or (kind, len(args)) not in {("since", 1), ("between", 2)}:
        raise unsupported(node)
    names = [arg.id for arg in args if isinstance(arg, ast.Name)]
    if len(names) != len(args):
        raise unsupported(node)
    dates = tuple(known_field(known, one, "date", "datetime") for one in names)
    source = Elapsed(_UNITS[unit], names[0], names[1] if len(names) > 1 else None)
    return TypedTerm(Quantity(source), _UNITS[unit], dates)


def _joined(sign: Sign, left: TypedTerm, right: TypedTerm) -> TypedTerm:
    fields = left.fields + right.fields
    if sign in (Sign.PLUS, Sign.MINUS):
        left, right = same_unit(left, right)
        return TypedTerm(_folded(sign, left.term, right.term), left.unit or right.unit, fields)
    ratio = sign is Sign.OVER and left.unit == right.unit
    if left.unit and right.unit and not ratio:
        what = "multiplied" if sign is Sign.TIMES else "divided"
        raise _units(f"{left.unit} {what} by {right.unit} has no unit of a field", fields)
    if sign is Sign.OVER and right.unit and not left.unit:
        raise _units(f"a number divided by {right.unit} has no unit of a field", fields)
    if sign is Sign.OVER and right.term == Amount(0.0):
        raise mistake("impossible", "a division by 0", "another divisor")
    unit = None if ratio else left.unit or right.unit
    return TypedTerm(_folded(sign, left.term, right.term), unit, fields)


def _folded(sign: Sign, left: Term, right: Term) -> Term:
    """Join two terms; what is computed from numbers alone is a number."""
    joined = Arithmetic(sign, left, right)
    if isinstance(left, Amount) and isinstance(right, Amount):
        span = measured(joined, lambda _: None)
        if span is None or abs(span.low) > LARGEST:
            raise mistake("impossible", "a number beyond all bounds", f"within {LARGEST:g}")
        return Amount(span.low)
    return joined


def same_unit(left: TypedTerm, right: TypedTerm) -> tuple[TypedTerm, TypedTerm]:
    """Bring two terms to one unit: a bare number takes it, a number with a unit is converted."""
    if left.unit is None or right.unit is None or left.unit == right.unit:
        return left, right
    if isinstance(right.term, Amount):
        return left, _converted(right.term, right.unit, left)
    if isinstance(left.term, Amount):
        return _converted(left.term, left.unit, right), right
    raise _units(f"{left.unit} beside {right.unit}", left.fields + right.fields)


def _converted(given: Amount, unit: str, beside: TypedTerm) -> TypedTerm:
    analyte = beside.fields[0].id if beside.fields else ""
    kept = beside.unit or ""
    try:
        value = convert(given.value, unit, kept, analyte)
    except ValueError as error:
        raise mistake(
            "unit", f"{unit} does not convert to {kept}", str(error), "", analyte
        ) from None
    return TypedTerm(Amount(value), beside.unit)


def _units(found: str, fields: tuple[Field, ...]) -> Exception:
    name = fields[0].id if fields else ""
    return mistake("unit", found, "numbers of one unit", "Convert with quantity(…, 'unit')", name)
