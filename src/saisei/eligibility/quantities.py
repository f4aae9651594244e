"""Arithmetic with numbers that may be known only to lie between two bounds.

The rules are those of intervals (Moore 1966): a result runs from the lowest to the highest number
that its parts allow. It is unknown where a part is unknown, where a part has no end (what never
happened, a score known only to be above a limit), and where a divisor could be 0. The query engine
follows the same rules with the same operations, so that both come to the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from saisei.base.dates import Span
from saisei.eligibility.tree import Amount, Arithmetic, Operator, Quantity, Sign, Source, Term
from saisei.vocabulary import Truth

__all__ = ["Numbers", "compared", "measured", "span_of"]

Numbers = Callable[[Source], Span | None]
"""Gives the stretch in which a number lies; None where it is unknown."""


def span_of(value: object) -> Span | None:
    """Give a looked-up value as a stretch of numbers; None where it is no number."""
    if isinstance(value, Span):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Span(float(value), float(value))
    return None


def measured(term: Term, numbers: Numbers) -> Span | None:
    """Compute a term for one person."""
    match term:
        case Amount(value):
            return Span(value, value)
        case Quantity(source):
            return numbers(source)
        case Arithmetic(sign, left, right):
            return _joined(sign, measured(left, numbers), measured(right, numbers))


def _joined(sign: Sign, left: Span | None, right: Span | None) -> Span | None:
    if left is None or right is None or not (_finite(left) and _finite(right)):
        return None
    match sign:
        case Sign.PLUS:
            return Span(left.low + right.low, left.high + right.high)
        case Sign.MINUS:
            return Span(left.low - right.high, left.high - right.low)
        case Sign.TIMES:
            return _corners(left, right, lambda one, other: one * other)
        case Sign.OVER:
            if right.low <= 0 <= right.high:
                return None
            return _corners(left, right, lambda one, other: one / other)


def _finite(span: Span) -> bool:
    return math.isfinite(span.low) and math.isfinite(span.high)


def _corners(left: Span, right: Span, join: Callable[[float, float], float]) -> Span:
    """Join each end with each end: the extremes of a product stand at the corners."""
    found = [join(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return Span(min(found), max(found))


def compared(left: Span | None, operator: Operator, right: Span | None) -> Truth:
    """Compare two stretches: true of every pair of numbers in them, of none, or unknown.

    Examples
    --------
    >>> compared(Span(3, 5), Operator.LT, Span(5, 9)).name
    'UNKNOWN'
    >>> compared(Span(3, 5), Operator.LE, Span(5, 9)).name
    'TRUE'
    """
    if left is None or right is None:
        return Truth.UNKNOWN
    if operator in (Operator.GT, Operator.GE):
        return compared(right, operator.turned, left)
    if operator is Operator.LT:
        always, never = left.high < right.low, left.low >= right.high
    else:
        always, never = left.high <= right.low, left.low > right.high
    if always:
        return Truth.TRUE
    return Truth.FALSE if never else Truth.UNKNOWN
