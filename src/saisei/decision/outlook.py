"""A forecast by itself: of today, what new scores change of it, what another one would tell.

Drawn from the same `Decision` as the report, so that both say the same. The gates come first: where
they let no forecast through, nothing is computed and the Decision says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from saisei.base.errors import OptionError, Problem
from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.cases import Case
from saisei.decision.considered import FUNCTION
from saisei.decision.gates import pass_gates
from saisei.decision.model import Decision, Kind
from saisei.decision.views import FindingView, FutureView, TherapyView
from saisei.decision.walk import Options, decide
from saisei.forecast import contexts
from saisei.forecast.adding import AddedScore, add_scores
from saisei.forecast.assessment import Assessment, next_assessment
from saisei.forecast.updating import Change, changes, unused_context

__all__ = ["Outlook", "known_context", "look_ahead"]

SHORT = "forecast/null_trial.yaml"
"""Where the shorter names of contexts stand."""
OWN = "A"
"""The tier of the very same cells, given the same way."""
NEAR = ("A", "B")
"""Tiers near enough for counts to stand beside a forecast."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast of one person.

    Parameters
    ----------
    decision
        Everything that the report says, with the added scores.
    context
        What was chosen to go on meanwhile; empty for the forecast's own choice.
    why_none
        Why nothing is forecast at all; empty where something is, or might be.
    notes
        What has to be known before the forecast is read.
    added, changes, beside
        New scores, what each changed, and what is to be said of the others.
    another
        What another score would tell, where that was asked.
    """

    decision: Decision
    context: str = ""
    why_none: tuple[Statement, ...] = ()
    notes: tuple[Statement, ...] = ()
    added: tuple[AddedScore, ...] = ()
    changes: tuple[Change, ...] = ()
    beside: tuple[Statement, ...] = ()
    another: Assessment | None = None

    @property
    def drawn(self) -> tuple[FutureView, ...]:
        """The scales with a course."""
        return tuple(one for one in self.decision.futures if one.points)

    @property
    def undrawn(self) -> tuple[FutureView, ...]:
        """The scales without one."""
        return tuple(one for one in self.decision.futures if not one.points)

    @property
    def tested(self) -> tuple[tuple[TherapyView, tuple[Statement, ...]], ...]:
        """The therapies that are about this person: of each its bottom line, and the verdicts.

        A verdict stands with what was tested of the very same cells, on how people live or move,
        once where it is the same.
        """
        findings = self.decision.findings
        own = {one.id: one for one in findings if one.tier == OWN and one.outcome in FUNCTION}
        found = []
        for therapy in self.decision.therapies:
            if therapy.shown == "full" and not self.why_none:
                named = (own[name] for name in therapy.findings if name in own)
                said = {one.sentences[0].text: one.sentences[0] for one in named if one.sentences}
                told = [one for text, one in said.items() if text not in therapy.bottom_line.text]
                found.append((therapy, (therapy.bottom_line, *told)))
        return tuple(found)

    @property
    def counted(self) -> tuple[tuple[FindingView, tuple[Statement, ...]], ...]:
        """The near findings with their trials' own counts, each count once."""
        told: set[Statement] = set()
        found = []
        for finding in self.decision.findings:
            new = tuple(one for one in finding.counts if one not in told)
            if new and finding.tier in NEAR and not self.why_none:
                told |= set(new)
                found.append((finding, new))
        return tuple(found)


def look_ahead(
    case: Case,
    as_of: datetime,
    options: Options | None = None,
    *,
    add: Sequence[str] = (),
    another: int | None = None,
) -> Outlook:
    """Forecast a person, with what new scores change and what another one would tell.

    Parameters
    ----------
    case
        The person.
    as_of
        The moment of the forecast, with its zone.
    options
        Language, and what goes on meanwhile.
    add
        New scores, each as ``field=score@date``.
    another
        In how many days another score of the arm might be taken.

    Raises
    ------
    OptionError
        An option makes no sense. In an emergency no option is looked at: the words come first.
    """
    options = options or Options()
    before = case if case.as_of == as_of else replace(case, as_of=as_of)
    if pass_gates(before).kind is Kind.EMERGENCY:
        return Outlook(decide(before, as_of, options))
    chosen = replace(options, context=known_context(options.context))
    after, added = add_scores(before, add)
    decision = decide(after, as_of, chosen)
    if decision.kind is not Kind.FULL:
        return Outlook(decision, why_none=_why_none(decision), added=added)
    changed, beside = changes(before, after, added, chosen.context) if added else ((), ())
    return Outlook(
        decision,
        chosen.context or "",
        notes=tuple(_notes(after, decision, chosen.context)),
        added=added,
        changes=changed,
        beside=beside,
        another=None if another is None else next_assessment(after, another, chosen.context),
    )


def _notes(case: Case, decision: Decision, context: str | None) -> Iterator[Statement]:
    if pass_gates(case).may_be_first_week:
        yield decision.about[0]
    unused = unused_context(case, context)
    if unused is not None:
        yield unused


def known_context(name: str | None) -> str | None:
    """Give the name of a context, from its name or short name.

    Raises
    ------
    OptionError
        There is none.
    """
    if name is None:
        return None
    short = {
        word: full for word, full in load_data(SHORT)["short_names"].items() if full in contexts()
    }
    wanted = short.get(name, name)
    if wanted not in contexts():
        known = ", ".join([*short, *contexts()])
        raise OptionError(
            Problem("unknown", f"there is no {name[:60]!r}", f"one of {known}", field="--context")
        )
    return str(wanted)


def _why_none(decision: Decision) -> tuple[Statement, ...]:
    """Say why nothing is forecast, in the words of the page that the gates lead to."""
    said = (*decision.about[:1], *decision.answer)
    return (*said, *decision.not_known) if decision.kind is Kind.ACUTE_IN_HOSPITAL else said
