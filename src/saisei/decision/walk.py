"""The walk: from one case to one Decision.

Pure: the same case, the same data files and the same moment give the same Decision. The gates come
first; what they let through is looked up, appraised, forecast and put into words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from saisei import __version__
from saisei.appraisal import comparator_notes, other_treatments
from saisei.base.sources import Statement
from saisei.base.store import data_digest
from saisei.base.texts import Language, together, translated
from saisei.cases import Case
from saisei.decision import closing
from saisei.decision.answer import answer
from saisei.decision.audit import audit
from saisei.decision.cited import cited
from saisei.decision.considered import Considered, consider, in_order
from saisei.decision.emergency import emergency_words
from saisei.decision.forecast_words import forecast_words
from saisei.decision.gains import gains_beside
from saisei.decision.gates import Gate, Reason, named_signs, pass_gates
from saisei.decision.looked_up import drawn_from, shown_findings, shown_futures
from saisei.decision.model import SCHEMA, Decision, Emergency, Kind, OtherTreatment
from saisei.decision.options import options
from saisei.decision.person import Situation, facts, read_situation
from saisei.decision.therapies import view as therapy_view
from saisei.decision.views import FindingView, FutureView, GainRow, TherapyView
from saisei.decision.voice import Voice, audience_of
from saisei.therapies import Programme, Screening, screen
from saisei.vocabulary import Condition, Outcome, Truth

__all__ = ["Options", "decide"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a surface may choose."""

    language: Language = "en"
    context: str | None = None
    """What goes on meanwhile in the forecast without cells; the forecast's own default if None."""


def decide(case: Case, as_of: datetime, options: Options = Options()) -> Decision:
    """Walk from a case to its Decision.

    Parameters
    ----------
    case
        The person.
    as_of
        The moment of the report, with its zone. A case read for another moment is judged at this.
    options
        Language and context. All is worked out in English and said in the language at the end.

    Raises
    ------
    DataError
        One of our own data files is broken.
    """
    if case.as_of != as_of:
        case = replace(case, as_of=as_of)
    voice = Voice(audience_of(case))
    gate = pass_gates(case)
    decision = _page(case, gate, voice, options)
    if gate.kind is not Kind.EMERGENCY:
        decision = replace(decision, policy=closing.policy(as_of.date(), voice))
    decision = replace(decision, sources=cited(decision))
    if gate.kind is Kind.FULL:
        decision = replace(decision, audit=audit(decision))
    if options.language == "en":
        return decision
    return translated(replace(decision, language=options.language), options.language)


def _page(case: Case, gate: Gate, voice: Voice, options: Options) -> Decision:
    situation = read_situation(case)
    bare = _bare(case, gate, situation, voice)
    match gate.kind:
        case Kind.EMERGENCY | Kind.CHILD:
            return bare
        case Kind.PREGNANCY:
            return replace(
                bare,
                had_cells=closing.had_cells(case, voice),
                deciding_for_another=_family(voice),
            )
        case Kind.ACUTE_IN_HOSPITAL:
            return _acute(bare, case, situation, voice)
        case Kind.NO_CONDITION:
            return _nothing(bare, case, voice)
        case Kind.FULL:
            decision = _full(bare, case, situation, voice, options)
            return _without_prices(decision) if gate.may_be_first_week else decision


def _without_prices(decision: Decision) -> Decision:
    """Take out what nobody may be sold in the first week, where a date leaves that open."""
    return replace(
        decision,
        options=tuple(option for option in decision.options if option.id != "paid"),
        therapies=tuple(replace(one, journey=None, claims=()) for one in decision.therapies),
        practical=(),
    )


def _bare(case: Case, gate: Gate, situation: Situation, voice: Voice) -> Decision:
    """Make the page that every kind begins with; for some there is nothing more."""
    return Decision(
        schema=SCHEMA,
        version=__version__,
        data_digest=data_digest(),
        as_of=case.as_of.isoformat(),
        language="en",
        kind=gate.kind,
        audience=voice.audience,
        title=_title(gate, situation, voice),
        emergency=_emergency(case, gate, voice),
        about=_about(gate, situation, voice),
        answer=_fixed_answer(gate, voice),
    )


def _title(gate: Gate, situation: Situation, voice: Voice) -> str:
    if gate.kind is Kind.EMERGENCY:
        return voice.say("emergency.title")
    if gate.kind is Kind.FULL and situation.condition is None:
        return voice.say("title.unknown")
    return voice.say(f"title.{gate.kind.value}", condition=_condition(situation, voice))


def _condition(situation: Situation, voice: Voice) -> str:
    name = situation.condition.value if situation.condition else "unknown"
    return voice.say(f"condition.{name}")


def _emergency(case: Case, gate: Gate, voice: Voice) -> Emergency:
    return replace(emergency_words(), reasons=_reasons(case, gate, voice))


def _reasons(case: Case, gate: Gate, voice: Voice) -> tuple[str, ...]:
    said = []
    if Reason.WARNING_SIGN in gate.reasons:
        signs = (voice.say(f"emergency.sign.{sign}") for sign in sorted(named_signs(case)))
        shown = together(*signs, between=", ")
        said.append(voice.say("emergency.reason.warning-sign", signs=shown))
        if case.answer("prior_cell_therapy").value is True:
            said.append(voice.say("emergency.reason.warning-sign-cells"))
    if Reason.FIRST_WEEK in gate.reasons:
        said.append(voice.say("emergency.reason.first-week"))
    return tuple(said)


def _about(gate: Gate, situation: Situation, voice: Voice) -> tuple[Statement, ...]:
    keys = {
        Kind.CHILD: ["child.about"],
        Kind.PREGNANCY: ["pregnancy.about"],
        Kind.ACUTE_IN_HOSPITAL: ["acute.about"],
        Kind.NO_CONDITION: ["none.about"],
        Kind.FULL: ["about.decision"],
    }.get(gate.kind, [])
    if not keys:
        return ()
    if gate.may_be_first_week:
        keys = ["about.first_week_open", *keys]
    if voice.audience != "self":
        keys = [*keys, f"about.{voice.audience}"]
    condition = _condition(situation, voice)
    return tuple(voice.statement(key, condition=condition) for key in [*keys, "about.not_advice"])


def _fixed_answer(gate: Gate, voice: Voice) -> tuple[Statement, ...]:
    """Give the answer of the pages on which nothing is looked up."""
    part = {
        Kind.CHILD: "child",
        Kind.PREGNANCY: "pregnancy",
        Kind.ACUTE_IN_HOSPITAL: "acute",
        Kind.NO_CONDITION: "none",
    }.get(gate.kind)
    return voice.statements(f"{part}.answer") if part else ()


def _acute(bare: Decision, case: Case, situation: Situation, voice: Voice) -> Decision:
    """In the first week in hospital: what trials found and which exist; no price, no journey."""
    screening = screen(case)
    considered = _consider(screening, situation, voice)
    shown = [replace(one, gains=()) for one in considered if one.fits and not one.paid]
    findings = _fit_to_show(shown_findings(shown, voice), voice)
    kept = {finding.id for finding in findings}
    views = tuple(_on_the_ward(_therapy(one, screening, voice), kept) for one in shown)
    return replace(
        bare,
        person=facts(case, voice),
        therapies=views,
        findings=findings,
        futures=(),
        harms=closing.harms_shown(_programmes(shown), voice),
        harm_notes=closing.harm_notes(),
        not_known=(voice.statement("acute.no_forecast"),),
        had_cells=closing.had_cells(case, voice),
        deciding_for_another=_family(voice),
        notes=closing.notes(case, voice),
    )


def _on_the_ward(view: TherapyView, kept: set[str]) -> TherapyView:
    found = tuple(name for name in view.findings if name in kept)
    return replace(view, findings=found, journey=None, legal=(), claims=(), cautions=())


def _fit_to_show(findings: tuple[FindingView, ...], voice: Voice) -> tuple[FindingView, ...]:
    """In the first week a family is shown no figures of death; the stroke team talks about them."""
    if voice.audience != "family":
        return findings
    return tuple(one for one in findings if one.outcome != Outcome.DEATH)


def _nothing(bare: Decision, case: Case, voice: Voice) -> Decision:
    """No stroke and no brain injury: no data, and that is meant."""
    considered = _consider(screen(case), read_situation(case), voice)
    paid = [one.programme for one in considered if one.paid]
    return replace(
        bare,
        person=facts(case, voice),
        harms=closing.harms_shown(paid, voice),
        harm_notes=closing.harm_notes(),
        had_cells=closing.had_cells(case, voice),
        deciding_for_another=_family(voice),
        questions=closing.questions_to_take((), voice),
        notes=closing.notes(case, voice),
    )


def _full(
    bare: Decision, case: Case, situation: Situation, voice: Voice, chosen: Options
) -> Decision:
    screening = screen(case)
    considered = _consider(screening, situation, voice)
    fitting = [one for one in considered if one.fits]
    seen = shown_futures(case, fitting, voice, chosen.context)
    settle = closing.settling(screening.questions)
    gains = _gains(situation, voice)
    return replace(
        bare,
        answer=answer(considered, seen, situation, settle, voice),
        person=facts(case, voice),
        options=options(considered, situation, voice),
        futures=seen,
        findings=shown_findings(fitting, voice, drawn_from(seen)),
        therapies=tuple(_therapy(one, screening, voice, seen) for one in considered),
        gains=gains,
        gain_notes=comparator_notes() if gains else (),
        other_treatments=_others(situation),
        harms=closing.harms_shown(_programmes(_harming(considered)), voice),
        harm_notes=closing.harm_notes(),
        cautions=closing.cautions_shown(screening.cautions),
        had_cells=closing.had_cells(case, voice),
        deciding_for_another=_family(voice),
        practical=closing.practical(_programmes(fitting)),
        not_known=closing.not_known(voice),
        values=voice.statements("values"),
        questions=closing.questions_to_take(settle, voice),
        notes=closing.notes(case, voice),
    )


def _consider(screening: Screening, situation: Situation, voice: Voice) -> tuple[Considered, ...]:
    return in_order(consider(match, situation, voice) for match in screening.programmes)


def _therapy(
    one: Considered, screening: Screening, voice: Voice, futures: tuple[FutureView, ...] = ()
) -> TherapyView:
    if one.match.truth is Truth.FALSE:
        reason = voice.statement("futures.not_about")
    elif not one.answers:
        reason = voice.statement("futures.open")
    elif futures:
        reason = forecast_words(one, futures, voice)
    else:
        reason = voice.statement("futures.trial_counts_instead")
    return therapy_view(one, screening.cautions, reason, voice)


def _harming(considered: Iterable[Considered]) -> Iterable[Considered]:
    """Give those whose harms stand on a full page: those that fit, and whatever is sold.

    What is sold is offered to people whom it is not about as well, and to those of whom little is
    known yet; so its harms, the deaths first, stand on every such page.
    """
    return (one for one in considered if one.fits or one.paid)


def _programmes(considered: Iterable[Considered]) -> tuple[Programme, ...]:
    return tuple(one.programme for one in considered)


def _gains(situation: Situation, voice: Voice) -> tuple[GainRow, ...]:
    if situation.condition is None or situation.stage is None:
        return ()
    return gains_beside(situation.condition, situation.stage, voice)


def _others(situation: Situation) -> tuple[OtherTreatment, ...]:
    """Give what else was tested for a weak arm, in people at this stage after a stroke."""
    if situation.stage is None or situation.condition in (None, Condition.TBI):
        return ()
    return tuple(
        OtherTreatment(one.title, one.words, one.direction)
        for one in other_treatments()
        if situation.stage in one.stages
    )


def _family(voice: Voice) -> tuple[Statement, ...]:
    return voice.statements("family") if voice.audience == "family" else ()
