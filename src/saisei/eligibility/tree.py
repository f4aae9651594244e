"""The tree of an expression: what the language of criteria can say, as frozen values.

One tree has three readings: `evaluate` judges a person, `sentence` puts it into words, and
`compiled` turns it into a query over a table of people. A leaf names one field,

    Flag        seizure_history
    Compare     lesion_volume_cm3 > 100
    Between     6 <= months_since_stroke <= 60
    OneOf       mrs_current in {3, 4};  stroke_type == 'ischemic'
    ListTest    any_of(infarct_territory, {'MCA'}); all_of, none_of, within
    Counted     at_least(2, infection_serology_positive, {'HIV', 'HBV', 'HCV'})
    Empty       antithrombotics == []

or compares two terms, which are computed from fields:

    Measured    highest(nihss_total, days=7) - nihss_total >= 4

The branches are `Not`, `And`, `Or` and `AtLeast`, with Kleene's meaning; `Resolved` is the one
operator that turns unknown into a yes or a no, where a protocol says so.

A leaf's sources are what has to be looked up of a person: a field by its id, the records of a
field within a `Window`, or the time that `Elapsed` since a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Amount",
    "And",
    "Arithmetic",
    "AtLeast",
    "Between",
    "Compare",
    "Counted",
    "Elapsed",
    "Empty",
    "Expression",
    "Flag",
    "Leaf",
    "ListTest",
    "Measured",
    "Not",
    "OneOf",
    "Operator",
    "Or",
    "Pick",
    "Quantity",
    "Resolved",
    "Sign",
    "Source",
    "Term",
    "Test",
    "Window",
    "field_of",
    "fields_of",
    "leaves_of",
    "sources_of",
    "sources_of_term",
]


class Operator(StrEnum):
    """How a number is compared with a limit."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="

    @property
    def turned(self) -> Operator:
        """The same comparison with its sides exchanged."""
        return _TURNED[self]

    @property
    def opposite(self) -> Operator:
        """The comparison that holds where this one does not."""
        return _OPPOSITE[self]


_TURNED = {
    Operator.LT: Operator.GT,
    Operator.LE: Operator.GE,
    Operator.GT: Operator.LT,
    Operator.GE: Operator.LE,
}
_OPPOSITE = {
    Operator.LT: Operator.GE,
    Operator.LE: Operator.GT,
    Operator.GT: Operator.LE,
    Operator.GE: Operator.LT,
}


class Test(StrEnum):
    """How a list is compared with a set of values."""

    __test__ = False  # not a test class, whatever a test runner thinks of its name

    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"
    WITHIN = "within"


class Pick(StrEnum):
    """Which of the records within a window counts."""

    LATEST = "latest"
    EARLIEST = "earliest"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Sign(StrEnum):
    """How two terms are joined into one."""

    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    OVER = "/"


@dataclass(frozen=True, slots=True)
class Window:
    """One of the records of a number that were made within some days before the moment."""

    pick: Pick
    field: str
    days: float


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The time from one date to another, or to the moment; ``unit`` is h, d, wk, mo or a."""

    unit: str
    start: str
    end: str | None = None


Source = str | Window | Elapsed
"""What is looked up of a person."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it stands."""

    value: float


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that is looked up."""

    source: Source


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two terms joined."""

    sign: Sign
    left: Term
    right: Term


Term = Amount | Quantity | Arithmetic


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean field that holds."""

    field: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number below or above a limit."""

    field: str
    operator: Operator
    limit: float


@dataclass(frozen=True, slots=True)
class Between:
    """A number between two limits; each limit is counted in or not."""

    field: str
    low: float
    high: float
    low_in: bool = True
    high_in: bool = True


@dataclass(frozen=True, slots=True)
class OneOf:
    """A word or a number that is one of some."""

    field: str
    values: tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ListTest:
    """A list compared with a set of values."""

    field: str
    test: Test
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """A list that holds at least so many of some values."""

    field: str
    at_least: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """A list that was asked for and holds nothing."""

    field: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Two terms compared."""

    left: Term
    operator: Operator
    right: Term


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    part: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts hold, or more."""

    at_least: int
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A part that counts as a yes, or as a no, where it is not known."""

    part: Expression
    otherwise: bool


OneField = Flag | Compare | Between | OneOf | ListTest | Counted | Empty
Leaf = OneField | Measured
Expression = Leaf | Not | And | Or | AtLeast | Resolved


def leaves_of(expression: Expression) -> Iterator[Leaf]:
    """Give every leaf, from left to right."""
    match expression:
        case Not(part) | Resolved(part):
            yield from leaves_of(part)
        case And(parts) | Or(parts) | AtLeast(_, parts):
            for part in parts:
                yield from leaves_of(part)
        case _:
            yield expression


def sources_of(leaf: Leaf) -> tuple[Source, ...]:
    """Give what a leaf looks up, from left to right, each once."""
    if not isinstance(leaf, Measured):
        return (leaf.field,)
    return tuple(dict.fromkeys([*sources_of_term(leaf.left), *sources_of_term(leaf.right)]))


def sources_of_term(term: Term) -> Iterator[Source]:
    """Give what a term looks up, from left to right."""
    match term:
        case Quantity(source):
            yield source
        case Arithmetic(_, left, right):
            yield from sources_of_term(left)
            yield from sources_of_term(right)


def field_of(source: Source) -> str:
    """Name the field that a source rests on (the first of two dates)."""
    match source:
        case Window():
            return source.field
        case Elapsed():
            return source.start
        case _:
            return source


def fields_of(expression: Expression) -> frozenset[str]:
    """Name every field that an expression reads.

    Examples
    --------
    >>> sorted(fields_of(Or((Flag("epilepsy"), Not(Flag("coma"))))))
    ['coma', 'epilepsy']
    """
    sources = [source for leaf in leaves_of(expression) for source in sources_of(leaf)]
    ends = {source.end for source in sources if isinstance(source, Elapsed) and source.end}
    return frozenset({field_of(source) for source in sources} | ends)
