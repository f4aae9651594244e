"""What trials of these very cells found, in one sentence: counts where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from saisei.appraisal import Finding
from saisei.base.sources import Statement
from saisei.base.texts import respelled, together
from saisei.decision.considered import Considered, plain_name
from saisei.decision.voice import Voice
from saisei.evidence import Contrast, Study, select, study

__all__ = ["found_words"]


def found_words(one: Considered, voice: Voice) -> Statement | None:
    """Say what the trials of a therapy's own cells found on how people live or move.

    None where no such trial was of people like this, or where so little is known that nothing can
    be read from it, and neither plain counts nor a trial's own main goal could be given.
    """
    if one.tier != "A" or one.main is None:
        return None
    finding, _ = one.main
    if counted := _counted(one, finding, voice):
        return counted
    if finding.certainty is None:
        return None
    if finding.certainty.level == "very-low" and not _says_its_own_goal(finding):
        return None
    return _verdict(one, finding, voice)


def _says_its_own_goal(finding: Finding) -> bool:
    """Whether a trial says that it met or missed its main goal; that is told, however unsure."""
    return bool(finding.counts) and not finding.asked.longest and finding.asked.measure != "OR"


def _counted(one: Considered, finding: Finding, voice: Voice) -> Statement | None:
    """Say the counts of a single trial, each dose by itself."""
    if finding.asked.longest or len({contrast.study_id for contrast in finding.used}) != 1:
        return None
    arms = select(replace(finding.selection.question, arms="kept")).contrasts
    if not arms or any(arm.treated.events is None or arm.control.events is None for arm in arms):
        return None
    trial = study(arms[0].study_id)
    text = voice.say(
        "answer.counts",
        therapy=plain_name(one.programme, voice),
        title=trial.title,
        treated=together(
            *(_with_dose(trial, arm, arms, voice) for arm in arms), between=voice.say("list.and")
        ),
        control=_of(arms[0].control.events, arms[0].control.n, voice),
        comparison=_inside(arms[0].control.label),
        what=_what(finding, arms[0], voice),
        hundred=_out_of_100(finding, voice),
        missed=voice.say("answer.missed") if trial.primary_endpoint.met is False else "",
        verdict=finding.verdict.sentences[0].text,
    )
    keys = (*finding.source_keys, *(key for counted in finding.counts for key in counted.sources))
    return Statement(text, tuple(dict.fromkeys(keys)))


def _out_of_100(finding: Finding, voice: Voice) -> str:
    """Say both shares out of 100, all doses together, with those who did not; not of nobody."""
    one = finding.used[0]
    sides = [(arm.events or 0, arm.n or 0) for arm in (one.control, one.treated)]
    if len(finding.used) != 1 or not all(0 < events < n for events, n in sides):
        return ""
    control, treated = (round(100 * events / n) for events, n in sides)
    return voice.say(
        "answer.counts_hundred",
        comparison=_inside(one.control.label),
        control=control,
        control_not=100 - control,
        treated=treated,
        treated_not=100 - treated,
    )


def _with_dose(trial: Study, arm: Contrast, arms: Sequence[Contrast], voice: Voice) -> str:
    """Say an arm's count, with its dose where there are several."""
    counted = _of(arm.treated.events, arm.treated.n, voice)
    dose = trial.arm(arm.treated.arms[0]).dose_cells if len(arm.treated.arms) == 1 else None
    if len(arms) == 1 or dose is None:
        return counted
    return voice.say("answer.counts_dose", counted=counted, dose=f"{dose / 1e6:g}")


def _inside(label: str) -> str:
    """Begin a label with a small letter, as it stands inside a sentence; not an abbreviation."""
    return label if label[1:2].isupper() else respelled(label, label[:1].lower() + label[1:])


def _of(events: int | None, n: int | None, voice: Voice) -> str:
    return voice.say("answer.counts_of", events=events, n=n)


def _what(finding: Finding, arm: Contrast, voice: Voice) -> str:
    event = finding.selection.question.wanted_event
    step = event.gain_at_least if event else None
    if step is not None and voice.has(f"gains.scale.{finding.asked.outcome}"):
        scale = voice.say(f"gains.scale.{finding.asked.outcome}")
        return voice.say("answer.what.gain", step=f"{step:g}", scale=scale)
    return voice.say("answer.what.other", title=finding.asked.title, days=arm.days)


def _verdict(one: Considered, finding: Finding, voice: Voice) -> Statement:
    name = plain_name(one.programme, voice)
    sentences = finding.verdict.sentences
    said = [*sentences[:2], *sentences[4:]]  # the word, the numbers, and what is assumed in them
    if finding.asked.measure != "OR":
        said += finding.counts  # of a mean or a whole scale: whether the trials met their main goal
    verdict = together(*(sentence.text for sentence in said))
    text = voice.say("answer.tested_by_word", therapies=name, verdict=verdict)
    keys = (*finding.source_keys, *(key for sentence in said for key in sentence.sources))
    return Statement(text, tuple(dict.fromkeys(keys)))
