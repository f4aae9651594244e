"""Every trial and programme as a protocol that a population can be held against."""

from __future__ import annotations

from functools import cache

from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.loading import programmes, trials
from saisei.therapies.rules import programme_rules, trial_rules

__all__ = ["population_protocols"]


@cache
def population_protocols() -> tuple[Protocol, ...]:
    """Give the trials with all their rules, then the programmes with condition, stage and window.

    Examples
    --------
    >>> len(population_protocols())
    56
    """
    of_trials = (Protocol(t.id, (*trial_rules(t), *t.criteria)) for t in trials())
    of_programmes = (Protocol(p.id, programme_rules(p)) for p in programmes())
    return (*of_trials, *of_programmes)
