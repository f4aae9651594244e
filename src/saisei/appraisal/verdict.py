"""From an interval and the smallest worthwhile difference to one of six words."""

from __future__ import annotations

from dataclasses import dataclass

from saisei.appraisal.certainty import Body, rate_certainty
from saisei.appraisal.model import Level, Word, Worthwhile
from saisei.appraisal.thresholds import limits

__all__ = ["Reading", "judge", "read_interval"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A verdict word at one threshold, and why it is not a clearer one."""

    word: Word
    why: str = ""
    """wide, both, signs, few or very-low where the word is `uncertain`."""


def read_interval(
    estimate: float,
    interval: tuple[float, float],
    worthwhile: Worthwhile,
    *,
    outcome: str,
    people: int,
) -> Reading:
    """Read the verdict word off an interval, above 0 being better for the person.

    Harm needs no size: an interval wholly on the bad side is harm, also where it is small. Death
    and serious events are never *no worthwhile difference* below 1,000 people; the NIH Stroke Scale
    and the size of the lesion alone never give a benefit of any size.

    Examples
    --------
    >>> three = Worthwhile(3, 3, "points", "")
    >>> read_interval(4.0, (1.0, 7.0), three, outcome="fma-ue", people=500).word
    'benefit'
    """
    low, high = interval
    if high < 0:
        return Reading("harm")
    if low > -worthwhile.harm and high < worthwhile.benefit:
        few = limits()["never_no_difference_below"]
        if outcome in few["outcomes"] and people < few["people"]:
            return Reading("uncertain", "few")
        return Reading("no worthwhile difference")
    if low > 0:
        if outcome in limits()["signs_alone"]:
            return Reading("uncertain", "signs")
        return Reading("benefit" if estimate >= worthwhile.benefit else "small benefit")
    both = low <= -worthwhile.harm and high >= worthwhile.benefit
    return Reading("uncertain", "both" if both else "wide")


def judge(
    estimate: float, body: Body, worthwhile: Worthwhile, *, outcome: str
) -> tuple[Reading, Level]:
    """Read the word and rate the certainty; very low certainty always means *uncertain*."""
    level = rate_certainty(body, worthwhile).level
    if level == "very-low":
        return Reading("uncertain", "very-low"), level
    reading = read_interval(
        estimate, body.interval, worthwhile, outcome=outcome, people=body.people
    )
    return reading, level
