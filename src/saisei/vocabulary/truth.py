"""Kleene's three truth values. Unknown is a value, never a no."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

__all__ = ["Truth", "all_true", "any_true"]


class Truth(Enum):
    """True, false or unknown, with Kleene's strong connectives.

    Examples
    --------
    >>> (Truth.UNKNOWN & Truth.FALSE).name, (Truth.UNKNOWN | Truth.FALSE).name
    ('FALSE', 'UNKNOWN')
    """

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    @classmethod
    def of(cls, value: object) -> Truth:
        """Give a bool, or None for unknown, as a truth value."""
        if value is None:
            return cls.UNKNOWN
        return cls.TRUE if value else cls.FALSE

    def __and__(self, other: Truth) -> Truth:
        """Give the lesser: false wins, then unknown."""
        return Truth(min(self.value, other.value))

    def __or__(self, other: Truth) -> Truth:
        """Give the greater: true wins, then unknown."""
        return Truth(max(self.value, other.value))

    def __invert__(self) -> Truth:
        """Turn true and false about; unknown stays."""
        return Truth(2 - self.value)

    def __bool__(self) -> bool:
        """Refuse: a truth value of three kinds has no yes or no."""
        raise TypeError("compare a Truth with `is Truth.TRUE`; unknown is neither yes nor no")

    @property
    def known(self) -> bool:
        """Whether it is true or false."""
        return self is not Truth.UNKNOWN


def all_true(values: Iterable[Truth]) -> Truth:
    """Give the conjunction; true when there are none."""
    result = Truth.TRUE
    for value in values:
        result &= value
    return result


def any_true(values: Iterable[Truth]) -> Truth:
    """Give the disjunction; false when there are none."""
    result = Truth.FALSE
    for value in values:
        result |= value
    return result
