"""One person against every programme and trial, with the cautions and the next questions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from saisei.base.texts import Language
from saisei.cases import Case
from saisei.eligibility import lookup_of
from saisei.therapies.cautions import CautionFound, find_cautions
from saisei.therapies.loading import programmes, trials
from saisei.therapies.matching import ProgrammeMatch, TrialMatch, match_programme, match_trial
from saisei.therapies.questions import OpenTrials, Question, questions_that_settle

__all__ = ["Screening", "screen"]


@dataclass(frozen=True)
class Screening:
    """What every programme and trial comes to for one person."""

    programmes: tuple[ProgrammeMatch, ...]
    trials: tuple[TrialMatch, ...]
    """Every trial, those without a programme among them, in order of their ids."""
    cautions: tuple[CautionFound, ...]
    """For any step; those of one programme are found by `find_cautions`."""
    open: OpenTrials
    """What could decide the trials that are undecided."""
    language: Language = "en"

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The few questions that would settle the most, the first one first."""
        return questions_that_settle(self.open, self.language)


def screen(case: Case, language: Language = "en") -> Screening:
    """Match one person with everything, and choose the questions that would settle the most.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> found = screen(case_from_data({"as_of": "2026-11-20", "condition": "none"}))
    >>> {match.word for match in found.trials}
    {'does-not-match'}
    """
    answers = lookup_of(case)
    matched = tuple(match_trial(trial, case, answers) for trial in trials())
    return Screening(
        tuple(match_programme(p, case, answers, matched) for p in programmes()),
        matched,
        find_cautions(case, lookup=answers),
        OpenTrials(case, matched),
        language,
    )
