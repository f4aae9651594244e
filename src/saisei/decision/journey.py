"""The journey of a programme as the report shows it."""

from __future__ import annotations

from saisei.base.texts import Phrase
from saisei.decision.views import CostView, JourneyView, StepView
from saisei.decision.voice import Voice
from saisei.therapies import Cost, Programme, Step, plan_journey

__all__ = ["journey_view"]

FROM_TO = {"en": "{low} to {high}", "ja": "{low}～{high}"}
MONEY = dict.fromkeys(("en", "ja"), "{amount}{more} {currency}")


def journey_view(programme: Programme, voice: Voice) -> JourneyView:
    """Lay out what a programme would take, without dates."""
    journey = plan_journey(programme)
    return JourneyView(
        steps=tuple(_step(step) for step in journey.steps),
        visits=(*journey.visits, *journey.flying),
        costs=tuple(_cost(cost, voice) for cost in journey.costs),
        cost_notes=(*journey.cost_notes, *journey.insurance),
        culture=journey.culture,
    )


def _step(step: Step) -> StepView:
    dates = " to ".join(day.isoformat() for day in (step.first, step.last) if day is not None)
    printed = [note for note in step.notes if note.text == step.duration]
    notes = tuple(note for note in step.notes if note.text != step.duration)
    sources = dict.fromkeys(key for note in printed for key in note.sources)
    return StepView(step.title, step.duration, dates, notes, tuple(sources))


def _cost(cost: Cost, voice: Voice) -> CostView:
    low, high = f"{cost.low:,.0f}", f"{cost.high:,.0f}"
    amount = low if cost.low == cost.high else Phrase(FROM_TO, {"low": low, "high": high})
    more = "+" if cost.open_ended else ""
    money = {"amount": amount, "more": more, "currency": cost.currency}
    return CostView(
        voice.say(f"country.{cost.country}"),
        Phrase(MONEY, money),
        cost.quality,
        cost.basis,
        (cost.source,),
    )
