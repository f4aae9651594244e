"""What is looked for: expressions, and what they may come to, joined by choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from saisei.eligibility.linting.masks import FALSE, TRUE, UNKNOWN, resolved_from, turned
from saisei.eligibility.tree import (
    And,
    AtLeast,
    Expression,
    Leaf,
    Not,
    Or,
    Resolved,
    leaves_of,
)

__all__ = ["Choice", "Goal", "Wanted", "Ways", "leaves_wanted", "ways_to"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An expression, and the truth values that it may come to, as bits."""

    expression: Expression
    mask: int


@dataclass(frozen=True, slots=True)
class Choice:
    """At least one of several lists of goals."""

    ways: tuple[tuple[Goal, ...], ...]


Goal = Wanted | Choice
Ways = tuple[tuple[Goal, ...], ...]


def leaves_wanted(goal: Goal) -> Iterator[Leaf]:
    """Give every leaf of a goal."""
    if isinstance(goal, Wanted):
        yield from leaves_of(goal.expression)
    else:
        for way in goal.ways:
            for one in way:
                yield from leaves_wanted(one)


def ways_to(branch: Expression, mask: int) -> Ways:
    """Give the goals on its parts by which a branch comes to one of some truth values."""
    match branch:
        case Not(part):
            return ((Wanted(part, turned(mask)),),)
        case Resolved(part, otherwise):
            return ((Wanted(part, resolved_from(mask, otherwise=otherwise)),),)
    if mask == UNKNOWN:  # neither surely so, nor surely not
        return ((Wanted(branch, TRUE | UNKNOWN), Wanted(branch, FALSE | UNKNOWN)),)
    if mask == TRUE | FALSE:
        return ((Wanted(branch, TRUE),), (Wanted(branch, FALSE),))
    return _ways_up(branch, mask) if mask & TRUE else _ways_down(branch, mask)


def _ways_up(branch: Expression, mask: int) -> Ways:
    """Give the goals by which a branch is true, or at least not false."""
    match branch:
        case And(parts):
            return _all(parts, mask)
        case Or(parts):
            return _each(parts, mask)
        case AtLeast(count, parts):
            return _enough(count, parts, mask)
    raise TypeError(branch)


def _ways_down(branch: Expression, mask: int) -> Ways:
    """Give the goals by which a branch is false, or at least not true."""
    match branch:
        case And(parts):
            return _each(parts, mask)
        case Or(parts):
            return _all(parts, mask)
        case AtLeast(count, parts):
            return _too_few(count, parts, mask)
    raise TypeError(branch)


def _all(parts: Sequence[Expression], mask: int) -> Ways:
    return (tuple(Wanted(part, mask) for part in parts),)


def _each(parts: Sequence[Expression], mask: int) -> Ways:
    return tuple((Wanted(part, mask),) for part in parts)


def _enough(count: int, parts: tuple[Expression, ...], mask: int) -> Ways:
    """Either the first part is as wanted, and one fewer of the others, or enough of the others."""
    first, rest = Wanted(parts[0], mask), parts[1:]
    with_it = (first, Wanted(AtLeast(count - 1, rest), mask)) if count > 1 else (first,)
    if count > len(rest):
        return (with_it,)
    return (with_it, (Wanted(AtLeast(count, rest), mask),))


def _too_few(count: int, parts: tuple[Expression, ...], mask: int) -> Ways:
    """Either the first part is not, and too few of the others are, or even fewer of the others."""
    first, rest = Wanted(parts[0], mask), parts[1:]
    without = (first, Wanted(AtLeast(count, rest), mask)) if count <= len(rest) else (first,)
    if count == 1:
        return (without,)
    return (without, (Wanted(AtLeast(count - 1, rest), mask),))
