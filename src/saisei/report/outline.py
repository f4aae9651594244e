"""Which parts a page has, in which order, and what of a therapy is told where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from saisei.decision.model import (
    Decision,
    FindingView,
    FutureView,
    GainRow,
    TherapyView,
    TrialView,
)

__all__ = ["COMPARED", "Outline", "Section", "Told", "outline"]

Present = Callable[[Decision], object]
PARTS: tuple[tuple[str, Present], ...] = (
    ("options", lambda d: d.options),
    ("without", lambda d: d.futures),
    ("therapies", lambda d: d.therapies or d.findings or d.gains or d.gain_notes),
    ("others", lambda d: d.other_treatments),
    ("harms", lambda d: d.harms or d.harm_notes),
    ("cautions", lambda d: d.cautions or d.had_cells),
    ("practical", lambda d: d.practical or any(t.journey or t.legal for t in d.therapies)),
    ("unknown", lambda d: d.not_known),
    ("deciding", lambda d: d.deciding_for_another),
    ("values", lambda d: d.values),
    ("questions", lambda d: d.questions),
    ("facts", lambda d: d.person),
    ("rules", lambda d: any(trial.criteria for t in d.therapies for trial in t.trials)),
    ("policy", lambda d: d.version),
    ("sources", lambda d: d.sources),
)
"""The parts and when a page has them. Sources come last, after everything that cites them."""

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
    unforecast: tuple[FutureView, ...]
    """Measures of which nothing is forecast, told together."""
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
    return Outline(
        tuple(Section(id, title(f"sections.{id}")) for id, present in PARTS if present(decision)),
        full,
        brief,
        {finding.id: finding for finding in decision.findings},
        homes,
        tuple(finding for finding in decision.findings if finding.id not in homes),
        tuple(future for future in decision.futures if _drawn(future)),
        tuple(future for future in decision.futures if not _drawn(future)),
        tuple(trials.values()),
    )
