"""Constructed comparisons, and findings made of them."""

from __future__ import annotations

import math
from typing import Any

from saisei.appraisal import Asked, Finding, Worthwhile, appraise
from saisei.evidence import (
    ArmSummary,
    Contrast,
    Limit,
    Question,
    QuestionKind,
    Selection,
    Unreported,
)
from saisei.vocabulary import Condition, Design, Outcome, Publication, Stage

ARM = Asked("fma-ue", "Movement of the arm", "fma-ue", "MD", "fma-ue")
LEG = Asked("fma-le", "Movement of the leg", "fma-le", "MD", "fma-le")
GAIN = Asked("gain", "Gaining 6 arm points", "fma-ue", "OR", "responders", "gain 6 points")
DEATH = Asked("death", "Deaths", "death", "OR", "death", "die")
KINDS: dict[str, QuestionKind] = {"MD": "mean", "COR": "ordinal"}
THREE = Worthwhile(3.0, 3.0, "points", "limit")
TEN = Worthwhile(10.0, 10.0, "per-100", "limit")


def contrast(y: float, se: float, **changes: Any) -> Contrast:
    """Make a randomised comparison of arm points at half a year, free of every fault."""
    n = changes.pop("n", 150)
    given: dict[str, Any] = {
        "study_id": f"made-{y:g}-{se:g}",
        "title": f"MADE {y:g}",
        "year": 2020,
        "measure": "MD",
        "y": y,
        "v": se**2,
        "benefit": 1,
        "treated": ArmSummary("cells", ("cells",), n),
        "control": ArmSummary("sham", ("sham",), n),
        "days": 180.0,
        "time_exact": True,
        "prespecified": True,
        "analysis": None,
        "bias": "low",
        "source_keys": ("made/main",),
        "second_hand": False,
        "press_release": False,
        "design": Design.RCT,
        "blinding": None,
    }
    return Contrast(**{**given, **changes})


def events(treated: tuple[int, int], control: tuple[int, int], **changes: Any) -> Contrast:
    """Make a randomised comparison of counts, as a log odds ratio."""
    (a, n1), (c, n2) = treated, control
    odds = [a, n1 - a, c, n2 - c]
    y = math.log(odds[0] * odds[3] / (odds[1] * odds[2]))
    se = math.sqrt(sum(1 / count for count in odds))
    arms = {
        "treated": ArmSummary("cells", ("cells",), n1, a),
        "control": ArmSummary("sham", ("sham",), n2, c),
    }
    return contrast(y, se, **{"measure": "OR", **arms, **changes})


def selection(
    *contrasts: Contrast,
    asked: Asked = ARM,
    stage: Stage | None = Stage.CHRONIC,
    condition: Condition = Condition.ISCHEMIC_STROKE,
    unread: int = 0,
) -> Selection:
    """Make a selection of comparisons, as if all of them answered one question."""
    event = Limit(gain_at_least=6.0) if asked is GAIN else None
    question = Question(
        outcome=Outcome(asked.outcome),
        kind=KINDS.get(asked.measure, "events"),
        event=event,
        condition=condition,
        stage=stage,
    )
    trials = tuple(
        Unreported(f"unread-{i}", f"UNREAD {i}", Publication.PUBLISHED_UNREAD, 40, "neutral")
        for i in range(unread)
    )
    return Selection(question, contrasts, (), (), trials)


def finding(
    *contrasts: Contrast,
    tier: Any = "A",
    asked: Asked = ARM,
    worthwhile: Worthwhile = THREE,
    **changes: Any,
) -> Finding:
    """Appraise constructed comparisons."""
    chosen = selection(*contrasts, asked=asked, **changes)
    return appraise(chosen, tier, asked=asked, worthwhile=worthwhile)
