"""The fewest questions: what would decide each open trial, and what to ask first.

A question can settle a trial when one of its answers breaks a rule of it, or is the last that it
waits for. Which answer will be given nobody knows. So a question counts as settling a trial with a
chance that is our convention (`once_more` of matching.yaml), and less where several answers have to
come together; the order is the one in which the trials, by their weights, are open for the least
effort. `saisei.eligibility.covering` says how good the order is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from saisei.base.texts import Language, in_language
from saisei.cases import Case, Effort, fields
from saisei.eligibility import (
    Deciding,
    Facts,
    Judged,
    Order,
    could_end_with,
    deciding_sets,
    facts_of,
    soonest,
)
from saisei.therapies.matching import TrialMatch, matching_table
from saisei.vocabulary import Truth

__all__ = ["OpenTrials", "Question", "questions_that_settle"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, how hard its answer is to get, and the trials that it could settle.

    `settles` are the trials that an answer could settle alone; where there is none, those that it
    could settle together with other answers.
    """

    field: str
    text: str
    effort: Effort
    settles: tuple[str, ...]


@dataclass(frozen=True)
class OpenTrials:
    """The trials that are undecided for one person, and what could decide them.

    Parameters
    ----------
    case
        The person.
    matches
        The verdicts; those that are decided ask nothing.
    skipped
        Fields that are not to be asked (again).
    """

    case: Case
    matches: tuple[TrialMatch, ...]
    skipped: frozenset[str] = frozenset()

    @cached_property
    def open(self) -> tuple[TrialMatch, ...]:
        """The trials that are undecided."""
        return tuple(match for match in self.matches if match.word == "undecided")

    @cached_property
    def facts(self) -> Facts:
        """What may be asked."""
        judged = (one for match in self.open for one in _at_stake(match))
        return facts_of(self.case, judged, self.skipped | _not_asked(self.case))

    @cached_property
    def effort(self) -> Mapping[str, float]:
        """How hard each fact is to get."""
        table = matching_table()["questions"]["effort"]
        return {name: float(table[fields()[name].effort]) for name in self.facts.possible}

    @cached_property
    def together(self) -> Mapping[str, Mapping[str, int]]:
        """Of each open trial, the facts that could settle it, and how many that takes at once."""
        of_rule = {n: could_end_with(self.facts, n) for n in range(len(self.facts.rules))}
        return {match.trial.id: self._together(match, of_rule) for match in self.open}

    def deciding(self, match: TrialMatch) -> Deciding:
        """Find the smallest sets of facts that would decide an open trial."""
        return deciding_sets(self.facts, self._rules(match), self.effort)

    def order(self, at_most: int | None = None) -> Order:
        """Put the questions into the order that settles the trials soonest."""
        chances = self._chances()
        asked = {name for of in chances.values() for name in of}
        effort = {name: self.effort[name] for name in self._without_twins(asked, chances)}
        return soonest(effort, chances, self._weight(), at_most=at_most)

    def question(self, name: str, language: Language = "en") -> Question:
        """Give the question for a fact, with the trials that it could settle."""
        weight = self._weight()
        counts = {trial: of[name] for trial, of in self.together.items() if name in of}
        alone = [trial for trial, count in counts.items() if count == 1] or list(counts)
        settles = sorted(alone, key=lambda trial: (-weight[trial], trial))
        wanted = fields()[name]
        text = in_language(wanted.question, language)
        return Question(name, text, wanted.effort, tuple(settles))

    def _rules(self, match: TrialMatch) -> list[int]:
        return sorted({self.facts.number(one.criterion) for one in _at_stake(match)})

    def _together(
        self, match: TrialMatch, of_rule: Mapping[int, Mapping[str, int]]
    ) -> Mapping[str, int]:
        """Count for each fact how many answers at once could settle a trial, it among them."""
        rules = self._rules(match)
        asked = sorted(frozenset[str]().union(*(self.facts.of_rule[n] for n in rules)))
        found = dict.fromkeys(asked, len(asked))
        for number in rules:
            for name, count in of_rule[number].items():
                through = name not in self.facts.direct[number]
                found[name] = min(found[name], count + through)
        return found

    def _chances(self) -> dict[str, dict[str, float]]:
        """Give the chance that a question settles a trial: a convention, not a frequency."""
        once = 1 - float(matching_table()["questions"]["once_more"])
        chances: dict[str, dict[str, float]] = {}
        for trial, counts in self.together.items():
            last = len(counts) == 1
            chances[trial] = {n: 1.0 if last else once**count for n, count in counts.items()}
        return chances

    def _weight(self) -> dict[str, float]:
        table = matching_table()["questions"]["trial_weight"]
        return {match.trial.id: float(table[match.standing]) for match in self.open}

    def _without_twins(
        self, asked: Iterable[str], chances: Mapping[str, Mapping[str, float]]
    ) -> Iterator[str]:
        """Leave out a question whose answer can follow from that of a better one."""
        weight = self._weight()
        gain = {
            name: sum(weight[trial] * of.get(name, 0.0) for trial, of in chances.items())
            / self.effort[name]
            for name in asked
        }
        kept: list[str] = []
        for name in sorted(gain, key=lambda one: (-gain[one], one)):
            if not any(_follows(name, other) or _follows(other, name) for other in kept):
                kept.append(name)
                yield name


def questions_that_settle(trials: OpenTrials, language: Language = "en") -> tuple[Question, ...]:
    """Choose the few questions to ask next, the first one first.

    Parameters
    ----------
    trials
        The undecided trials of one person.
    language
        The language of the questions.
    """
    if not trials.open:
        return ()
    order = trials.order(matching_table()["questions"]["at_most"])
    return tuple(trials.question(name, language) for name in order.asked)


def _at_stake(match: TrialMatch) -> Iterator[Judged]:
    """Give the rules of a trial that an answer could change."""
    return (one for one in match.judged if not one.team and one.truth is not Truth.FALSE)


def _follows(one: str, other: str) -> bool:
    """Whether the answer to a field can follow from that to another, or be computed from it."""
    wanted = fields()[one]
    sources = [rule["from"] for rule in wanted.follows]
    sources += [wanted.also_from["of"]] if wanted.also_from else []
    return other in sources


def _not_asked(case: Case) -> frozenset[str]:
    """Name what is asked of a clinician only, where somebody else is answering."""
    if case.answer("respondent").value == "clinician":
        return frozenset()
    return frozenset(matching_table()["questions"]["not_asked_of_family"])
