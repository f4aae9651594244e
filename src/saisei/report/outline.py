"""Which parts a page has, in which order, and what of a therapy is told where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from saisei.base.sources import Statement
from saisei.decision.model import Decision, Kind
from saisei.decision.views import FindingView, FutureView, GainRow, TherapyView, TrialView

__all__ = ["COMPARED", "NEXT", "Outline", "Section", "Told", "outline"]

Present = Callable[[Decision], object]
PARTS: tuple[tuple[str, Present], ...] = (
    ("options", lambda d: d.options),
    ("others", lambda d: d.other_treatments),
    ("without", lambda d: d.futures),
    ("harms", lambda d: d.harms or d.harm_notes),
    ("cautions", lambda d: d.cautions or d.had_cells),
    ("practical", lambda d: d.practical or any(t.journey or t.legal for t in d.therapies)),
    ("unknown", lambda d: d.not_known),
    ("deciding", lambda d: d.deciding_for_another),
    ("values", lambda d: d.values),
    ("questions", lambda d: d.questions),
    ("therapies", lambda d: d.therapies or d.findings or d.gains or d.gain_notes),
    ("facts", lambda d: d.person),
    ("rules", lambda d: any(trial.criteria for t in d.therapies for trial in t.trials)),
    ("policy", lambda d: d.version),
    ("sources", lambda d: d.sources),
)
"""The parts and when a page has them: first what a talk needs, then what is looked up.

Sources come last, after everything that cites them.
"""

NEXT = ("options", "others", "practical", "harms", "questions")
"""The parts that the top of the page leads to."""

OPEN = ("uncertain", "no data")
"""Verdicts after which nobody can say whether a therapy helps."""

COMPARED = ("sham", "therapy only", "control")
"""Groups without cells, beside which a gain with cells has to stand."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page, by its id."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Told:
    """The findings of one therapy: those that say something, the nearest first, and the others."""

    spoken: tuple[FindingView, ...]
    silent: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class Unforecast:
    """Measures of which nothing is forecast for the same reason."""

    why: tuple[Statement, ...]
    futures: tuple[FutureView, ...]


@dataclass(frozen=True, slots=True)
class Undrawn:
    """A reason for not drawing a future with cells, and the measures that it holds for."""

    why: Statement
    futures: tuple[FutureView, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """The parts of one page and its therapies in order."""

    sections: tuple[Section, ...]
    full: tuple[TherapyView, ...]
    brief: tuple[TherapyView, ...]
    findings: dict[str, FindingView]
    homes: dict[str, str]
    """Under which therapy each finding is told in full: the first that names it."""
    loose: tuple[FindingView, ...]
    """Findings that no therapy names."""
    futures: tuple[FutureView, ...]
    grouped: tuple[FutureView, ...]
    """Measures without a forecast of a person, of which something is known of groups."""
    unforecast: tuple[Unforecast, ...]
    """Measures of which nothing is forecast, told together."""
    undrawn: tuple[Undrawn, ...]
    """Why the futures that are drawn have no picture with cells, once for each reason."""
    unproven: bool
    """Whether every near verdict leaves open if cells help, for a known condition and stage."""
    trials: tuple[TrialView, ...]
    """Every trial with entry rules, once."""

    def findings_of(self, therapy: TherapyView) -> Told:
        """Give a therapy's findings: tier A before B before C, in their own order within one."""
        named = [self.findings[finding] for finding in dict.fromkeys(therapy.findings)]
        spoken = sorted(filter(_speaks, named), key=lambda finding: finding.tier or "Z")
        return Told(tuple(spoken), tuple(finding for finding in named if not _speaks(finding)))

    def gains_of(self, decision: Decision, therapy: TherapyView) -> tuple[GainRow, ...]:
        """Give a therapy's gains, and beside them what was gained without cells.

        An uncontrolled gain never stands alone: where the therapy brings no row without
        cells of the same measure, those of the whole decision are put beside it.
        """
        measures = {row.what for row in therapy.gains}
        own = {row.what for row in therapy.gains if row.group in COMPARED}
        beside = [
            row
            for row in decision.gains
            if row.what in measures - own and row.group in COMPARED and row not in therapy.gains
        ]
        return (*therapy.gains, *beside)


def _drawn(future: FutureView) -> bool:
    return bool(future.points or future.people or future.why_not is None)


def _unforecast(futures: Iterable[FutureView]) -> tuple[Unforecast, ...]:
    found: dict[tuple[Statement, ...], list[FutureView]] = {}
    for future in futures:
        first = () if future.why_not is None else (future.why_not,)
        found.setdefault((*first, *future.why_no_with), []).append(future)
    return tuple(Unforecast(why, tuple(alike)) for why, alike in found.items())


def _undrawn(futures: Iterable[FutureView]) -> tuple[Undrawn, ...]:
    found: dict[Statement, list[FutureView]] = {}
    for future in futures:
        for why in () if future.with_therapy else future.why_no_with:
            found.setdefault(why, []).append(future)
    return tuple(Undrawn(why, tuple(alike)) for why, alike in found.items())


def _unproven(decision: Decision) -> bool:
    known = any(therapy.shown == "full" for therapy in decision.therapies)
    near = (finding for finding in decision.findings if finding.tier != "C")
    open_ = all(finding.verdict in OPEN for finding in near)
    return decision.kind is Kind.FULL and known and open_


def _section(id: str, decision: Decision, title: Callable[[str], str]) -> Section:
    """Give a part its heading; the one on the next year says what can be drawn."""
    key = f"sections.{id}"
    if id == "without" and not any(future.with_therapy for future in decision.futures):
        key += "_only" if any(map(_drawn, decision.futures)) else "_none"
    return Section(id, title(key))


def _speaks(finding: FindingView) -> bool:
    return bool(finding.rows or finding.counts or finding.verdict != "no data")


def outline(decision: Decision, title: Callable[[str], str]) -> Outline:
    """Lay out a decision; `title` gives the heading of a part."""
    full = tuple(t for t in decision.therapies if t.shown == "full")
    brief = tuple(t for t in decision.therapies if t.shown != "full")
    homes: dict[str, str] = {}
    for therapy in (*full, *brief):
        for finding in therapy.findings:
            homes.setdefault(finding, therapy.id)
    trials = {trial.id: trial for t in (*full, *brief) for trial in t.trials if trial.criteria}
    drawn = tuple(future for future in decision.futures if _drawn(future))
    undrawn = tuple(future for future in decision.futures if not _drawn(future))
    return Outline(
        tuple(_section(id, decision, title) for id, present in PARTS if present(decision)),
        full,
        brief,
        {finding.id: finding for finding in decision.findings},
        homes,
        tuple(finding for finding in decision.findings if finding.id not in homes),
        drawn,
        tuple(future for future in undrawn if future.sentences),
        _unforecast(undrawn),
        _undrawn(drawn),
        _unproven(decision),
        tuple(trials.values()),
    )
