"""When people were treated, and whether that is the stage asked for.

The observed or permitted range of days decides where a file gives one; the file's word for the
stage decides otherwise. Two stretches match when they share more than a border.
"""

from __future__ import annotations

from functools import cache

from saisei.base.dates import Span
from saisei.base.store import load_data
from saisei.evidence.model import Study
from saisei.vocabulary import Stage, stage_of, stages_overlapping

__all__ = ["stages_treated"]

TOUCH = 1e-6
"""Days by which a range is drawn in at both ends, so that touching a border is not reaching it."""


def stages_treated(study: Study) -> frozenset[Stage]:
    """Give every stage in which a study treated people; empty when its file does not say.

    Examples
    --------
    >>> from saisei.evidence import study
    >>> sorted(stages_treated(study("de-celis-ruiz-2022-amascis")))
    [<Stage.ACUTE: 'acute'>, <Stage.SUBACUTE: 'subacute'>]
    """
    delay = study.onset_to_treatment
    return _stages(study.stage, None if delay is None else delay.range_days)


@cache
def _stages(stated: Stage | None, days: tuple[float, float] | None) -> frozenset[Stage]:
    if days is None or days[0] > days[1]:
        return frozenset() if stated is None else frozenset({stated})
    low, high = (_at_border(day) for day in days)
    if high - low <= 2 * TOUCH:
        return frozenset({stage_of(Span(high, high)) or Stage.CHRONIC})
    return stages_overlapping(Span(low + TOUCH, high - TOUCH))


def _at_border(day: float) -> float:
    half_year = load_data("evidence/reading.yaml")["half_year"]
    written, border = half_year["written_days"], half_year["border_days"]
    return float(border) if written <= day <= border else day
