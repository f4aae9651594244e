"""A programme with everything that was looked up about it for one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from saisei.appraisal import Finding
from saisei.decision.findings import Answered, answered, finding_id
from saisei.decision.gains import gains_of
from saisei.decision.person import Situation
from saisei.decision.views import GainRow
from saisei.decision.voice import Voice
from saisei.evidence import Study, Target, studies, study, tier
from saisei.therapies import Programme, ProgrammeMatch, TrialMatch
from saisei.vocabulary import Design, Publication, Truth

__all__ = ["Considered", "consider", "in_order", "plain_name"]

FUNCTION = ("fma-motor", "excellent-outcome", "mrs", "barthel", "fma-ue", "fma-le")
"""Outcomes that tell how a person lives or moves, the main goals of the large trials first; signs,
scans and harms come after them."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A programme with everything that was looked up about it for this person."""

    match: ProgrammeMatch
    answers: tuple[Answered, ...]
    """One for each pair of cells and route; empty when condition or stage is not known."""
    gains: tuple[GainRow, ...]
    """Without a comparison, with the same kind of cells given the same way."""

    @property
    def own_gains(self) -> tuple[GainRow, ...]:
        """Those of the programme's own registered trials."""
        numbers = {*self.programme.registry, *self.programme.other_trials}
        return tuple(
            row
            for row in self.gains
            if any(numbers & set(study(key.split("/")[0]).registry) for key in row.sources)
        )

    @property
    def programme(self) -> Programme:
        """The programme itself."""
        return self.match.programme

    @property
    def fits(self) -> bool:
        """Whether it is for people of this condition and stage."""
        return self.match.truth is Truth.TRUE

    @property
    def in_full(self) -> bool:
        """Whether it is shown with everything: open, sold, tested, or with gains of its own."""
        near = bool(self.options or self.own_gains) or self.paid or self.tier == "A"
        return self.fits and near

    @property
    def paid(self) -> bool:
        """Whether clinics sell it outside any trial."""
        return self.programme.asrm_class is not None and not self.programme.registry

    @property
    def options(self) -> tuple[TrialMatch, ...]:
        """Its trials that take people, and whose rules do not say no."""
        return tuple(
            trial
            for trial in self.match.trials
            if trial.standing == "option" and trial.word != "does-not-match"
        )

    def findings(self, *tiers: str) -> tuple[tuple[Finding, Target], ...]:
        """Give what controlled comparisons found at some tiers, each once."""
        found = {
            finding_id(finding, answers.target): (finding, answers.target)
            for answers in self.answers
            for finding in answers.at(*tiers)
        }
        return tuple(found.values())

    @property
    def tier(self) -> str:
        """The nearest tier at which anything controlled was found; empty when none was."""
        tiers = [tier for tier in ("A", "B", "C") if self.findings(tier)]
        return tiers[0] if tiers else ""

    @property
    def tested_in(self) -> tuple[Study, ...]:
        """Ended randomised trials of cells of this kind, given this way, in people like this.

        Whatever could be read of them: where there is one, nobody may say that there is none.
        """
        found = [study for answers in self.answers for study in ended_trials(answers.target)]
        return tuple({study.id: study for study in found}.values())

    @property
    def main(self) -> tuple[Finding, Target] | None:
        """The nearest finding on how a person lives or moves."""
        near = [pair for pair in self.findings("A", "B") if pair[0].asked.outcome in FUNCTION]
        near.sort(key=lambda pair: _nearness(pair[0]))
        return near[0] if near else None


@cache
def ended_trials(target: Target) -> tuple[Study, ...]:
    """Give the randomised trials at tier A of a target that are not known to be running still."""
    return tuple(
        study
        for study in studies()
        if study.design is Design.RCT
        and study.publication is not Publication.RUNNING
        and any(tier(study, arm, target) == "A" for arm in study.treatment_arms)
    )


def _nearness(finding: Finding) -> tuple[bool, bool, int]:
    return (
        finding.tier != "A",
        finding.asked.longest,
        FUNCTION.index(finding.asked.outcome),
    )


def consider(match: ProgrammeMatch, situation: Situation, voice: Voice) -> Considered:
    """Look a programme up: what was found with its cells and routes, with and without a control."""
    programme = match.programme
    if match.truth is not Truth.TRUE or situation.condition is None or situation.stage is None:
        return Considered(match, (), ())
    condition, stage = situation.condition, situation.stage
    donor = programme.donors[0] if len(programme.donors) == 1 else None
    answers = tuple(
        answered(Target(cells, route, condition, stage, donor))
        for cells in programme.cells
        for route in programme.routes
    )
    gains = gains_of(
        frozenset(programme.cells), frozenset(programme.routes), condition, stage, voice
    )
    return Considered(match, answers, gains)


def in_order(considered: Iterable[Considered]) -> tuple[Considered, ...]:
    """Put those that fit first: open trials, paid ones, what patients' pages name, nearest tier."""
    return tuple(
        sorted(
            considered,
            key=lambda one: (
                not one.fits,
                not one.in_full,
                not one.options,
                not one.paid,
                not one.programme.pages,
                one.tier or "D",
            ),
        )
    )


def plain_name(programme: Programme, voice: Voice) -> str:
    """Name a programme as it stands in a sentence."""
    return voice.say(f"programme.{programme.id}")
