"""The ways to go, side by side: without cells, in a trial, paid, and waiting."""

from __future__ import annotations

from collections.abc import Sequence

from saisei.decision.considered import Considered, plain_name
from saisei.decision.model import Option
from saisei.decision.person import Situation
from saisei.decision.voice import Voice

__all__ = ["options"]


def options(
    considered: Sequence[Considered], situation: Situation, voice: Voice
) -> tuple[Option, ...]:
    """List the options. Doing without cells and a trial are always among them."""
    fitting = [one for one in considered if one.fits]
    some = any(one.options for one in fitting)
    stage = situation.stage.value if situation.stage else "unknown"
    course = voice.say(f"options.usual.course.{stage}")
    found = [_option("usual", "summary", voice, course=course), _trial(voice, some=some)]
    paid = [one for one in fitting if one.paid]
    if paid:
        therapy = plain_name(paid[0].programme, voice)
        found.append(_option("paid", "summary", voice, therapy=therapy))
    return (*found, _option("wait", "summary", voice))


def _trial(voice: Voice, *, some: bool) -> Option:
    return _option("trial", "summary_some" if some else "summary_none", voice)


def _option(name: str, summary: str, voice: Voice, **filling: object) -> Option:
    key = f"options.{name}"
    return Option(
        id=name,
        title=voice.say(f"{key}.title"),
        summary=(voice.statement(f"{key}.{summary}", **filling),),
        positives=voice.statements(f"{key}.positives", **filling),
        negatives=voice.statements(f"{key}.negatives", **filling),
    )
