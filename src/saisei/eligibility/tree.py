"""The tree of an expression: what the language of criteria can say, as frozen values.

One tree has several readings: `evaluate` judges a person, `sentence` puts it into words, and an
engine over tables can be added without touching the language. A leaf names one field:

    Flag        seizure_history
    Compare     lesion_volume_cm3 > 100
    Between     6 <= months_since_stroke <= 60
    OneOf       mrs_current in {3, 4};  stroke_type == 'ischemic'
    ListTest    any_of(infarct_territory, {'MCA'}); all_of, none_of, within
    Empty       antithrombotics == []

and the branches are `Not`, `And` and `Or`, with Kleene's meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "And",
    "Between",
    "Compare",
    "Empty",
    "Expression",
    "Flag",
    "Leaf",
    "ListTest",
    "Not",
    "OneOf",
    "Operator",
    "Or",
    "Test",
    "fields_of",
    "leaves_of",
]


class Operator(StrEnum):
    """How a number is compared with a limit."""

    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class Test(StrEnum):
    """How a list is compared with a set of values."""

    __test__ = False  # not a test class, whatever a test runner thinks of its name

    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"
    WITHIN = "within"


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
class Empty:
    """A list that was asked for and holds nothing."""

    field: str


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


Leaf = Flag | Compare | Between | OneOf | ListTest | Empty
Expression = Leaf | Not | And | Or


def leaves_of(expression: Expression) -> Iterator[Leaf]:
    """Give every leaf, from left to right."""
    match expression:
        case Not(part):
            yield from leaves_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves_of(part)
        case _:
            yield expression


def fields_of(expression: Expression) -> frozenset[str]:
    """Name every field that an expression reads.

    Examples
    --------
    >>> sorted(fields_of(Or((Flag("epilepsy"), Not(Flag("coma"))))))
    ['coma', 'epilepsy']
    """
    return frozenset(leaf.field for leaf in leaves_of(expression))
