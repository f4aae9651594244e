"""From what a row prints of its arms to the numbers of one side of a comparison.

Every conversion leaves a flag. Formulae: percent to count by rounding; SD from a standard error or
an interval (Cochrane Handbook 6.5.2.2, t below 60 people); median, quartiles and range to mean and
SD as `saisei.synthesis` states them; groups combined by the Handbook's table 6.5.2.10.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from saisei import synthesis as syn
from saisei.evidence.model import Arm, Entry, Limit
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.question import ArmSummary
from saisei.vocabulary import Outcome

__all__ = [
    "Side",
    "UnusableError",
    "by_counts",
    "by_dichotomy",
    "by_events",
    "by_means",
    "event_count",
]

Given = Sequence[tuple[Arm, Entry]]

SMALL_SAMPLE = 60
"""Below this many people an interval was most likely made with t (Cochrane Handbook 6.5.2.2)."""


class UnusableError(Exception):
    """A row that gives no number; its argument is a key under ``rows`` of the catalogue."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, with the flags of how it came about."""

    summary: ArmSummary
    flags: tuple[str, ...] = ()


def event_count(entry: Entry) -> int | None:
    """Give the people with the event: as printed, or from a printed percentage.

    Examples
    --------
    >>> event_count(Entry(percent=23.1, n=65))
    15
    """
    if entry.events is not None or entry.percent is None or entry.n is None:
        return entry.events
    return round(entry.percent * entry.n / 100)


def by_events(given: Given) -> Side:
    """Add up the people with an event."""
    counted = [(event_count(entry), entry.n) for _, entry in given]
    if any(events is None or not n for events, n in counted):
        raise UnusableError("no-people")
    flags = ("percent",) if any(entry.events is None for _, entry in given) else ()
    events = sum(events or 0 for events, _ in counted)
    return Side(_summary(given, sum(n or 0 for _, n in counted), events=events), flags)


def by_counts(given: Given) -> Side:
    """Add up the people in each category."""
    columns = [entry.counts for _, entry in given]
    if any(not column for column in columns):
        raise UnusableError("no-people")
    total = tuple(sum(column) for column in zip(*(c for c in columns if c), strict=True))
    return Side(_summary(given, sum(total), counts=total))


def by_dichotomy(given: Given, outcome: Outcome, limit: Limit) -> Side:
    """Count the people within a limit on the score, from the whole distribution."""
    counts, reach = by_counts(given).summary.counts, outcome_facts(outcome).range
    if counts is None or reach is None or limit.given not in (("at_most",), ("at_least",)):
        raise UnusableError("other-kind")
    lowest, highest = limit.at_least, limit.at_most
    events = sum(
        people
        for score, people in enumerate(counts, start=int(reach.low))
        if (lowest is None or score >= lowest) and (highest is None or score <= highest)
    )
    return Side(_summary(given, sum(counts), events=events), ("dichotomised",))


def by_means(given: Given) -> Side:
    """Give mean and SD, of several arms as of one group."""
    parts = [_moments(arm, entry) for arm, entry in given]
    flags = tuple(dict.fromkeys(flag for part in parts for flag in part.flags))
    if len(parts) == 1:
        n, mean, sd = parts[0].n, parts[0].mean, parts[0].sd
    else:
        whole = syn.combine_arms(
            [part.n for part in parts],
            [part.mean for part in parts],
            [part.sd for part in parts],
        )
        n, mean, sd = int(whole.n), whole.mean, whole.sd
    return Side(_summary(given, n, mean=mean, sd=sd), flags)


@dataclass(frozen=True, slots=True)
class _Moments:
    n: int
    mean: float
    sd: float
    flags: tuple[str, ...]


def _moments(arm: Arm, entry: Entry) -> _Moments:
    if entry.values is not None:
        return _from_values(entry.values)
    n, flags = _people(arm, entry)
    if entry.mean is None:
        return _from_median(entry, n, flags)
    sd, how = _spread(entry, n)
    return _Moments(n, entry.mean, sd, (*flags, *how))


def _people(arm: Arm, entry: Entry) -> tuple[int, tuple[str, ...]]:
    if entry.n:
        return entry.n, ()
    if arm.n_analysed:
        return arm.n_analysed, ("n-of-arm",)
    raise UnusableError("no-people")


def _spread(entry: Entry, n: int) -> tuple[float, tuple[str, ...]]:
    if entry.sd:
        return entry.sd, ()
    if entry.se:
        return syn.sd_from_se(entry.se, n), ("sd-from-se",)
    if entry.ci95 and entry.ci95[0] < entry.ci95[1] and n > 1:
        se = syn.se_from_ci(*entry.ci95, df=n - 1 if n < SMALL_SAMPLE else None)
        return syn.sd_from_se(se, n), ("sd-from-ci",)
    raise UnusableError("no-spread")


def _from_values(values: tuple[float, ...]) -> _Moments:
    if len(values) < 2 or not (sd := statistics.stdev(values)):
        raise UnusableError("no-spread")
    return _Moments(len(values), statistics.fmean(values), sd, ("from-values",))


def _from_median(entry: Entry, n: int, flags: tuple[str, ...]) -> _Moments:
    if entry.median is None or (entry.iqr is None and entry.range is None):
        raise UnusableError("no-spread")
    if entry.iqr is None:
        guess = syn.mean_sd_from_median_range(entry.median, *_ends(entry.range), n)
    elif entry.range is None:
        guess = syn.mean_sd_from_median_iqr(entry.median, *entry.iqr, n)
    else:
        (low, high), (q1, q3) = entry.range, entry.iqr
        guess = syn.mean_sd_from_five_numbers(low, q1, entry.median, q3, high, n)
    return _Moments(n, guess.mean, guess.sd, (*flags, "from-median"))


def _ends(pair: tuple[float, float] | None) -> tuple[float, float]:
    return (0.0, 0.0) if pair is None else pair


def _summary(
    given: Given,
    n: int,
    *,
    events: int | None = None,
    mean: float | None = None,
    sd: float | None = None,
    counts: tuple[int, ...] | None = None,
) -> ArmSummary:
    arms = [arm for arm, _ in given]
    label = " + ".join(arm.label for arm in arms)
    return ArmSummary(label, tuple(arm.id for arm in arms), n, events, mean, sd, counts)
