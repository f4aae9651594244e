"""Counts so small that they could point at somebody, as they are shown outside.

Where a least count N is given, a count of 1 to N - 1 is shown only as *fewer than N*, and every
other count is rounded down to a multiple of N: else what was left out could be found by taking the
counts beside it from their total. One such subtraction leaves every count of 1 to N - 1 possible;
many put together may tell more, so it is no proof that nothing can be found.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SmallCounts"]


@dataclass(frozen=True, slots=True)
class SmallCounts:
    """How counts are shown.

    Parameters
    ----------
    least
        The smallest count that is shown as a number; with 0 or 1 every count is exact.
    """

    least: int = 0

    @property
    def exact(self) -> bool:
        """Whether every count is shown as it is."""
        return self.least <= 1

    def shown(self, count: int) -> int | None:
        """Give a count as it may be shown; None is *fewer than the least*, and more than none.

        Examples
        --------
        >>> [SmallCounts(5).shown(count) for count in (0, 4, 5, 7, 8)]
        [0, None, 5, 5, 5]
        """
        if self.exact or count == 0:
            return count
        if count < self.least:
            return None
        return count // self.least * self.least

    def words(self, count: int) -> str:
        """Give a count in words.

        Examples
        --------
        >>> SmallCounts(5).words(3), SmallCounts(5).words(1234)
        ('<5', '1,230')
        """
        shown = self.shown(count)
        return f"<{self.least:,}" if shown is None else f"{shown:,}"

    def drawn(self, count: int) -> float:
        """Give a count as it may be drawn: one that is not shown is half the least."""
        shown = self.shown(count)
        return self.least / 2 if shown is None else float(shown)
