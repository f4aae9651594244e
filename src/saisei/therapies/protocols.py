"""Every trial and programme as a protocol that a population can be held against."""

from __future__ import annotations

from functools import cache

from saisei.eligibility.population.protocols import Protocol
from saisei.therapies.loading import programmes, trials
from saisei.therapies.rules import programme_rules, trial_rules
from saisei.vocabulary import Stage

__all__ = ["population_protocols"]


@cache
def population_protocols(stage: Stage | None = None) -> tuple[Protocol, ...]:
    """Give the trials with all their rules, then the programmes with condition, stage and window.

    Parameters
    ----------
    stage
        Only those that take people at this stage; one that names no stage is left out.

    Examples
    --------
    >>> len(population_protocols())
    56
    """
    of_trials = (
        Protocol(t.id, (*trial_rules(t), *t.criteria))
        for t in trials()
        if stage is None or stage in t.phase_of_stroke
    )
    of_programmes = (
        Protocol(p.id, programme_rules(p), therapy=True)
        for p in programmes()
        if stage is None or stage in p.stage
    )
    return (*of_trials, *of_programmes)
