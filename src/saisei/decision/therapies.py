"""One therapy as the report shows it: may I, what was found, what would it take."""

from __future__ import annotations

from collections.abc import Iterable

from saisei.appraisal import claims
from saisei.base.sources import Statement
from saisei.base.texts import Phrase, respelled, spoken, together
from saisei.decision.closing import harm_id
from saisei.decision.considered import Considered, plain_name
from saisei.decision.findings import finding_id
from saisei.decision.found import found_words
from saisei.decision.journey import journey_view
from saisei.decision.views import ClaimView, CriterionView, TherapyView, TrialView
from saisei.decision.voice import Voice, bracketed
from saisei.eligibility import Judged
from saisei.therapies import (
    CautionFound,
    Programme,
    TrialMatch,
    harms_of,
    legal_route,
    steps_of,
)
from saisei.vocabulary import Truth

NAMED = {"en": "{name}. {what}.", "ja": "{name}。{what}。"}

__all__ = ["bottom_line", "trial_view", "view", "what_it_is"]


def view(
    one: Considered, cautions: Iterable[CautionFound], why_no_with: Statement, voice: Voice
) -> TherapyView:
    """Turn what is known about a therapy into what a page shows."""
    programme = one.programme
    steps = steps_of(programme)
    return TherapyView(
        id=programme.id,
        name=capitalised(plain_name(programme, voice)),
        what=Phrase(
            NAMED,
            {
                "name": spoken(programme.name, programme.name_in),
                "what": what_it_is(programme, voice),
            },
        ),
        shown="full" if one.in_full else "brief",
        bottom_line=bottom_line(one, voice),
        entry=one.match.sentences,
        trials=tuple(trial_view(trial, voice) for trial in one.match.trials),
        findings=tuple(finding_id(finding, target) for finding, target in one.findings("A", "B")),
        forecast=why_no_with,
        gains=one.gains,
        harms=tuple(dict.fromkeys(harm_id(harm) for harm in harms_of(programme)))
        if one.in_full
        else (),
        cautions=tuple(found.caution.id for found in cautions if steps & set(found.caution.steps))
        if one.in_full
        else (),
        legal=legal_route(programme) if one.in_full else (),
        journey=journey_view(programme, voice) if one.in_full else None,
        claims=_claims(programme, general=one.paid) if one.in_full else (),
    )


def capitalised(text: str) -> str:
    """Begin a heading with a capital."""
    return respelled(text, text[:1].upper() + text[1:])


def what_it_is(programme: Programme, voice: Voice) -> str:
    """Say in a few words which cells, whose, and given how."""

    def _either(keys: Iterable[str]) -> Phrase:
        return together(*map(voice.say, keys), between=voice.say("therapy.or"))

    return voice.say(
        "therapy.what",
        cells=_either(f"therapy.cell.{cell.value}" for cell in programme.cells),
        donor=_either(f"therapy.donor.{donor.value}" for donor in programme.donors),
        route=_either(f"therapy.route.{route.value}" for route in programme.routes),
    )


def bottom_line(one: Considered, voice: Voice) -> Statement:
    """Say first what the nearest controlled evidence is, or that there is none."""
    if not one.answers:
        return one.match.sentences[0]
    if found := found_words(one, voice):
        return found
    name = plain_name(one.programme, voice)
    if one.tier != "A" and one.tested_in:
        trials = together(*(study.label for study in one.tested_in), between="; ")
        cited = [f"{study.id}/{next(iter(study.sources))}" for study in one.tested_in]
        others = [voice.say("therapy.others-below")] if one.tier == "B" else []
        said = voice.say("therapy.tested-unread", therapy=name, trials=trials)
        return Statement(together(said, *others), tuple(cited))
    key = {"A": "therapy.tier-a", "B": "therapy.tier-b"}.get(one.tier, "therapy.tier-c")
    keys = dict.fromkeys(key for finding, _ in one.findings("A") for key in finding.source_keys)
    return voice.statement(key, *keys, therapy=name)


def trial_view(match: TrialMatch, voice: Voice) -> TrialView:
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
        sentence=_trial_sentence(match, voice),
        standing=match.standing,
        standing_sentence=match.standing_sentence,
        partial_list=match.partial,
        criteria=tuple(_criterion(judged) for judged in match.judged),
    )


def _trial_sentence(match: TrialMatch, voice: Voice) -> Statement:
    """Say the verdict; of a closed trial not what is missing, since nobody can enter it."""
    if match.standing == "closed" and match.word == "undecided":
        return voice.statement("trial.closed_undecided", n=len(match.missing))
    if match.word == "does-not-match":
        first, more = match.failing[0], len(match.failing) - 1
        said = bracketed(first.criterion.requirement, first.detail)
        key = "trial.does_not_match_more" if more else "trial.does_not_match"
        return voice.statement(key, first.criterion.source, first=said, more=more)
    return match.sentence


def _criterion(judged: Judged) -> CriterionView:
    verdicts = {Truth.TRUE: "met", Truth.FALSE: "not met", Truth.UNKNOWN: "unknown"}
    return CriterionView(
        judged.criterion.id,
        judged.criterion.requirement,
        "trial team" if judged.team else verdicts[judged.truth],
        judged.detail,
        (judged.criterion.source,) if judged.criterion.source else (),
    )


def _claims(programme: Programme, *, general: bool) -> tuple[ClaimView, ...]:
    """Give what pages claim of a therapy; what they claim of cells at large, with the one sold."""
    return tuple(
        ClaimView(claim.claim, claim.verdict, claim.finding)
        for claim in claims(programme.pages)
        if programme.id in claim.about or (general and not claim.about)
    )
