"""The few questions that would settle the most, over all trials still undecided.

A field could settle a trial when one of its answers would break a rule of it, or when it is all
that a rule still waits for. The choice is greedy: the question that could settle the most trials,
each weighted by how open it is and less so once a question before may settle it, divided by how
hard the answer is to get.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from saisei.base.texts import Language, in_language
from saisei.cases import Effort, fields
from saisei.eligibility import Judged, Lookup, breaking_fields
from saisei.therapies.loading import trials
from saisei.therapies.matching import TrialMatch, matching_table
from saisei.therapies.rules import trial_rules

__all__ = ["Question", "questions_that_settle"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, how hard its answer is to get, and the trials that it could settle.

    `field` is what is asked; `fill` are the fields of the case to write the answer into, which
    differ where `field` is computed from several.
    """

    field: str
    text: str
    effort: Effort
    settles: tuple[str, ...]
    fill: tuple[str, ...]


def questions_that_settle(
    matches: Iterable[TrialMatch], answers: Lookup, language: Language = "en"
) -> tuple[Question, ...]:
    """Choose the questions to ask next.

    Parameters
    ----------
    matches
        The verdicts of one person; those that are decided ask nothing.
    answers
        The answers of the case.
    language
        The language of the questions.
    """
    undecided = [match for match in matches if match.word == "undecided"]
    table = matching_table()["questions"]
    weight = {m.trial.id: float(table["trial_weight"][m.standing]) for m in undecided}
    settles = _settled_by(undecided, answers, _not_asked(answers))
    chosen: list[str] = []
    left = dict(weight)
    open_ = dict(settles)
    while open_ and len(chosen) < table["at_most"]:
        gain = {field: _gain(field, of, left) for field, of in open_.items()}
        best = min(gain, key=lambda field: (-gain[field], field))
        chosen.append(best)
        for trial in open_[best]:
            left[trial] *= table["once_more"]
        open_ = {f: of for f, of in open_.items() if f != best and not _same_question(f, best)}
    return tuple(_question(f, settles[f], weight, answers, language) for f in chosen)


def _same_question(one: str, other: str) -> bool:
    """Whether an answer to one field can settle the other (the kind of stroke, the condition)."""
    return _follows(one, other) or _follows(other, one)


def _follows(one: str, other: str) -> bool:
    return any(rule["from"] == other for rule in fields()[one].follows)


def _gain(field: str, settles: set[str], left: Mapping[str, float]) -> float:
    effort = matching_table()["questions"]["effort"][fields()[field].effort]
    return sum(left[trial] for trial in sorted(settles)) / float(effort)


def _question(
    field: str,
    settles: set[str],
    weight: Mapping[str, float],
    answers: Lookup,
    language: Language,
) -> Question:
    wanted = fields()[field]
    order = sorted(settles, key=lambda trial: (-weight[trial], trial))
    text = in_language(wanted.question, language)
    return Question(field, text, wanted.effort, tuple(order), _to_fill(field, answers))


def _not_asked(answers: Lookup) -> frozenset[str]:
    """Name what is asked of a clinician only, where somebody else is answering."""
    if answers("respondent").value == "clinician":
        return frozenset()
    return frozenset(matching_table()["questions"]["not_asked_of_family"])


def _settled_by(
    undecided: Iterable[TrialMatch], answers: Lookup, not_asked: frozenset[str]
) -> dict[str, set[str]]:
    """Give for each question the trials that it could settle."""
    found: dict[str, set[str]] = {}
    for match in undecided:
        for judged in match.undecided:
            for field in _could_decide(match.trial.id, judged):
                asked = _asked(field, answers)
                if asked not in not_asked:
                    found.setdefault(asked, set()).add(match.trial.id)
    return found


def _could_decide(trial: str, judged: Judged) -> frozenset[str]:
    if len(judged.missing) == 1:
        return judged.missing
    return judged.missing & _breaking()[trial, judged.criterion.id]


@cache
def _breaking() -> Mapping[tuple[str, str], frozenset[str]]:
    return {
        (trial.id, rule.id): breaking_fields(rule)
        for trial in trials()
        for rule in (*trial_rules(trial), *trial.criteria)
    }


def _asked(field: str, answers: Lookup) -> str:
    """Ask for the one thing that a computed field lacks, or for the field itself."""
    missing = _to_fill(field, answers)
    return missing[0] if len(missing) == 1 else field


def _to_fill(field: str, answers: Lookup) -> tuple[str, ...]:
    wanted = fields()[field]
    inputs = tuple(name for name in wanted.inputs if name in fields())
    if not wanted.derived or not inputs:
        return (field,)
    return tuple(name for name in inputs if answers(name).state != "known") or inputs
