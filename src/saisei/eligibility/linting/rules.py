"""What is wrong with one rule by itself: always, never, never unknown, parts that say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from saisei.base.errors import CriterionError
from saisei.cases import Field, fields
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.linting.findings import Finding, Severity
from saisei.eligibility.linting.goals import Goal, Wanted
from saisei.eligibility.linting.links import sure_links, things_read
from saisei.eligibility.linting.masks import FALSE, TRUE, UNKNOWN
from saisei.eligibility.linting.places import place_of
from saisei.eligibility.linting.solver import find_person
from saisei.eligibility.tree import (
    And,
    AtLeast,
    Between,
    Compare,
    Expression,
    Measured,
    Not,
    OneOf,
    Or,
    Resolved,
    Window,
    leaves_of,
    sources_of,
)
from saisei.eligibility.unparse import unparse
from saisei.eligibility.words import sentence
from saisei.vocabulary import Truth

__all__ = ["constant_truth", "lint_rule", "nobody", "settles_unknown", "shown"]


def nobody(goals: Iterable[Goal], *, exact: bool) -> bool:
    """Whether it is proved that nobody can be as some goals want, with what is sure of everybody.

    Parameters
    ----------
    goals
        What is wanted.
    exact
        As for `find_person`.
    """
    wanted = list(goals)
    read = things_read(one.expression for one in wanted if isinstance(one, Wanted))
    return find_person([*wanted, *sure_links(read)], exact=exact).who == "nobody"


def settles_unknown(expression: Expression) -> bool:
    """Whether some part of an expression counts an unknown as a yes or a no."""
    return any(isinstance(part, Resolved) for part in _parts_of(expression))


@lru_cache(maxsize=4096)
def _never(expression: Expression, mask: int) -> bool:
    exact = mask != UNKNOWN and not settles_unknown(expression)
    return nobody([Wanted(expression, mask)], exact=exact)


def constant_truth(expression: Expression) -> Truth | None:
    """Say whether an expression is true, or false, of everybody; None when it tells people apart.

    It is proved for every answer. Only where numbers are computed from several fields may None also
    mean that it could not be proved.

    Examples
    --------
    >>> from saisei.eligibility import parse
    >>> constant_truth(parse("mrs_current >= 0")).name
    'TRUE'
    >>> constant_truth(parse("mrs_current >= 1")) is None
    True
    """
    if _never(expression, TRUE):
        return Truth.FALSE
    return Truth.TRUE if _never(expression, FALSE) else None


def lint_rule(protocol: str, rule: Criterion) -> Iterator[Finding]:
    """Find what is wrong with a rule, whatever else its protocol says."""
    yield from _constant(protocol, rule)
    if _never(rule.when, UNKNOWN):
        yield Finding(
            "never-unknown", "warning", protocol, (rule.id,),
            f"`{shown(rule.when)}` is decided even where nothing at all is known",
            "a rule that a missing answer leaves unknown",
            "Keep if_unknown only around what the protocol itself says a gap counts as",
        )  # fmt: skip
    yield from _long_windows(protocol, rule)


def _constant(protocol: str, rule: Criterion) -> Iterator[Finding]:
    found = constant_truth(rule.when)
    if found is None:
        yield from _idle_parts(protocol, rule)
        return
    closes = (found is Truth.TRUE) is (rule.kind == "exclusion")
    code = "never-false" if found is Truth.TRUE else "never-true"
    if found is Truth.FALSE and _of_time(rule.when):
        code = "window-impossible"
    whom = "leaves everybody out" if closes else "leaves nobody out"
    holds = "every" if found is Truth.TRUE else "no"
    severity: Severity = "error" if closes else "warning"
    yield Finding(
        code, severity, protocol, (rule.id,),
        f"`{shown(rule.when)}` holds with {holds} answer that there can be, so it {whom}",
        _range_of(rule.when), "Compare the expression with the protocol's text",
    )  # fmt: skip


def _idle_parts(protocol: str, rule: Criterion) -> Iterator[Finding]:
    """Find parts of a rule that never vary, the largest ones first."""
    for part in _inner(rule.when):
        truth = constant_truth(part)
        number = isinstance(part, Compare | Between | OneOf | Measured)
        code = "impossible-range" if number and truth is Truth.FALSE else "idle-part"
        code = "window-impossible" if truth is Truth.FALSE and _of_time(part) else code
        holds = "every" if truth is Truth.TRUE else "no"
        yield Finding(
            code, "warning", protocol, (rule.id,),
            f"the part `{shown(part)}` holds with {holds} answer that there can be",
            _range_of(part), "Correct it or take it out",
        )  # fmt: skip


def _inner(expression: Expression) -> Iterator[Expression]:
    """Give the parts that never vary; of a part that does not vary, not its own parts."""
    for part in _direct(expression):
        if constant_truth(part) is not None:
            yield part
        else:
            yield from _inner(part)


def _direct(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Not(part) | Resolved(part):
            return (part,)
        case And(parts) | Or(parts) | AtLeast(_, parts):
            return parts
    return ()


def _parts_of(expression: Expression) -> Iterator[Expression]:
    yield expression
    for part in _direct(expression):
        yield from _parts_of(part)


def _of_time(part: Expression) -> bool:
    """Whether an expression reads nothing but the time since or between dates."""
    places = [place_of(s, exact=True).name for leaf in leaves_of(part) for s in sources_of(leaf)]
    return all(name.startswith(("since ", "from ")) for name in places)


def _range_of(part: Expression) -> str:
    """Say between which numbers a field lies, where a part reads just one."""
    sources = {source for leaf in leaves_of(part) for source in sources_of(leaf)}
    if len(sources) != 1:
        return "a rule that tells people apart"
    (source,) = sources
    if _of_time(part):
        place = place_of(source, exact=True)
        if place.low in (-1.0, 0.0):
            return "a time that can have gone by: nothing is read that lies in the future"
    field = fields()[source] if isinstance(source, str) else None
    if field is None or field.range is None:
        return "a rule that tells people apart"
    steps = f" in steps of {field.step:g}" if field.step else ""
    return f"{field.id} runs from {field.range.low:g} to {field.range.high:g}{steps}"


def _long_windows(protocol: str, rule: Criterion) -> Iterator[Finding]:
    """Find windows that let a record count for longer than a value of its field holds."""
    windows = (
        s for leaf in leaves_of(rule.when) for s in sources_of(leaf) if isinstance(s, Window)
    )
    for window in dict.fromkeys(windows):
        holds = _longest(fields()[window.field])
        if holds is not None and window.days > holds:
            yield Finding(
                "window-beyond-validity", "warning", protocol, (rule.id,),
                f"records of {window.field} up to {window.days:g} days old count",
                f"a value of it holds for {holds:g} days at most",
                "Shorten the window, unless the protocol itself gives it",
            )  # fmt: skip


def _longest(field: Field) -> float | None:
    """Give the days for which a value holds at the most; None where it does not expire."""
    how = field.valid_for
    if how is None or isinstance(how, str):
        return None
    if isinstance(how, int | float):
        return float(how)
    days = list(how.values())
    return None if None in days else max(float(d) for d in days if d is not None)


def shown(expression: Expression) -> str:
    """Write an expression as text; in words where it was built by hand."""
    try:
        return unparse(expression)
    except CriterionError:
        return sentence(expression)
