"""One therapy as the report shows it: may I, what was found, what would it take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from saisei.appraisal import Finding, claims
from saisei.base.sources import Statement
from saisei.decision.closing import harm_id
from saisei.decision.findings import Answered, answered, finding_id
from saisei.decision.gains import gains_of
from saisei.decision.journey import journey_view
from saisei.decision.model import ClaimView, CriterionView, GainRow, TherapyView, TrialView
from saisei.decision.person import Situation
from saisei.decision.voice import Voice
from saisei.eligibility import Judged
from saisei.evidence import Target, study
from saisei.therapies import (
    CautionFound,
    Programme,
    ProgrammeMatch,
    TrialMatch,
    harms_of,
    legal_route,
    steps_of,
)
from saisei.vocabulary import Truth

__all__ = ["Considered", "consider", "in_order", "plain_name", "trial_view", "view"]

FUNCTION = ("fma_motor", "mrs", "excellent-outcome", "barthel", "fma-ue", "fma-le", "fma-motor")
"""Outcomes that tell how a person lives or moves; signs, scans and harms come after them."""


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
    def main(self) -> tuple[Finding, Target] | None:
        """The nearest finding on how a person lives or moves."""
        near = [pair for pair in self.findings("A", "B") if pair[0].asked.outcome in FUNCTION]
        near.sort(key=lambda pair: (pair[0].tier != "A", pair[0].asked.longest))
        return near[0] if near else None


def consider(match: ProgrammeMatch, situation: Situation, voice: Voice) -> Considered:
    """Look a programme up: what was found with its cells and routes, with and without a control."""
    programme = match.programme
    if match.truth is not Truth.TRUE or situation.condition is None or situation.stage is None:
        return Considered(match, (), ())
    condition, stage = situation.condition, situation.stage
    answers = tuple(
        answered(Target(cells, route, condition, stage))
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
                not one.options,
                not one.paid,
                not one.programme.pages,
                one.tier or "D",
            ),
        )
    )


def view(
    one: Considered, cautions: Iterable[CautionFound], why_no_with: Statement, voice: Voice
) -> TherapyView:
    """Turn what is known about a therapy into what a page shows."""
    programme = one.programme
    steps = steps_of(programme)
    return TherapyView(
        id=programme.id,
        name=programme.name,
        what=what_it_is(programme, voice),
        shown="full" if one.fits else "brief",
        bottom_line=bottom_line(one, voice),
        entry=one.match.sentences,
        trials=tuple(trial_view(trial) for trial in one.match.trials),
        findings=tuple(finding_id(finding, target) for finding, target in one.findings("A", "B")),
        forecast=why_no_with,
        gains=one.gains,
        harms=tuple(dict.fromkeys(harm_id(harm) for harm in harms_of(programme)))
        if one.fits
        else (),
        cautions=tuple(found.caution.id for found in cautions if steps & set(found.caution.steps))
        if one.fits
        else (),
        legal=legal_route(programme) if one.fits else (),
        journey=journey_view(programme) if one.fits else None,
        claims=_claims(programme) if one.fits else (),
    )


def plain_name(programme: Programme, voice: Voice) -> str:
    """Name a programme as it stands in a sentence."""
    return voice.say(f"programme.{programme.id}")


def what_it_is(programme: Programme, voice: Voice) -> str:
    """Say in a few words which cells, whose, and given how."""
    either = voice.say("therapy.or")
    return voice.say(
        "therapy.what",
        cells=either.join(cell.value for cell in programme.cells),
        donor=either.join(voice.say(f"therapy.donor.{donor.value}") for donor in programme.donors),
        route=either.join(voice.say(f"therapy.route.{route.value}") for route in programme.routes),
    )


def bottom_line(one: Considered, voice: Voice) -> Statement:
    """Say first what the nearest controlled evidence is, or that there is none."""
    name = plain_name(one.programme, voice)
    if one.match.truth is Truth.FALSE:
        return one.match.sentences[0]
    if not one.answers:
        return one.match.sentences[0]
    if one.tier == "A":
        sources = tuple(
            dict.fromkeys(key for finding, _ in one.findings("A") for key in finding.source_keys)
        )
        return voice.statement("therapy.tier-a", *sources)
    return voice.statement("therapy.tier-b" if one.tier == "B" else "therapy.tier-c", therapy=name)


def trial_view(match: TrialMatch) -> TrialView:
    """Turn a trial's verdict into what a page shows."""
    words = {
        "matches": "matches the entry rules read",
        "does-not-match": "does not match",
        "undecided": "undecided",
    }
    return TrialView(
        id=match.trial.id,
        title=match.trial.title,
        verdict=words[match.word],
        sentence=match.sentence,
        standing=match.standing,
        standing_sentence=match.standing_sentence,
        partial_list=match.partial,
        criteria=tuple(_criterion(judged) for judged in match.judged),
    )


def _criterion(judged: Judged) -> CriterionView:
    verdicts = {Truth.TRUE: "met", Truth.FALSE: "not met", Truth.UNKNOWN: "unknown"}
    return CriterionView(
        judged.criterion.id,
        judged.criterion.requirement,
        "trial team" if judged.team else verdicts[judged.truth],
        judged.detail,
        (judged.criterion.source,) if judged.criterion.source else (),
    )


def _claims(programme: Programme) -> tuple[ClaimView, ...]:
    return tuple(
        ClaimView(claim.claim, claim.verdict, claim.finding) for claim in claims(programme.pages)
    )
