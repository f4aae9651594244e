"""``saisei screen``: one case against every therapy and trial, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.base.errors import OptionError, Problem
from saisei.cli import asking
from saisei.cli.output import CaseFile, as_of_option, console, now, read_as_of, tell_record

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.cases import Case
    from saisei.eligibility import FactSet
    from saisei.therapies import ProgrammeMatch, Screening, TrialMatch

__all__ = ["screen"]

WORDS = {
    "matches": "matches the entry rules read",
    "does-not-match": "does not match",
    "undecided": "undecided",
}


def screen(
    case: CaseFile,
    as_of: Annotated[str | None, as_of_option()] = None,
    rules: Annotated[
        bool, typer.Option("--rules/--no-rules", help="Print every entry rule with its verdict.")
    ] = True,
    ask: Annotated[
        bool, typer.Option("--ask", help="First ask, one by one, what would settle most.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Write the case with the answers here.", metavar="FILE"),
    ] = None,
) -> None:
    """Hold one case against every therapy and trial, with every rule as a sentence.

    Example: saisei screen examples/01-chronic-arm.yaml --no-rules

    Example: saisei screen me.yaml --ask --save me-answered.yaml
    """
    from saisei.cases import read_case
    from saisei.decision import Kind, decide, pass_gates
    from saisei.therapies import screen as hold_against

    read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
    tell_record(read, case)
    if save is not None:
        _can_be_saved(save, read, ask=ask)
    out = console()
    decision = decide(read, read.as_of)
    out.print(decision.emergency.text, style="bold", markup=False)
    out.print(" · ".join(f"{place} {number}" for place, number in decision.emergency.numbers))
    if pass_gates(read).may_be_first_week:
        out.print(decision.about[0].text, markup=False)
    comes_first = (Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY)
    if ask and decision.kind not in comes_first:
        asked = asking.ask_all(out, read)
        if save is not None:
            asking.keep(out, save, case, read, asked)
        read = asked.case
        decision = decide(read, read.as_of) if asked.answers else decision
    if decision.kind in comes_first:
        for line in (*decision.emergency.reasons, *(s.text for s in decision.answer)):
            out.print(line, markup=False)
        return
    found = hold_against(read)
    if decision.kind is Kind.ACUTE_IN_HOSPITAL:
        for said in decision.answer:
            out.print(said.text, markup=False)
        shown = {therapy.id for therapy in decision.therapies}
        kept = tuple(match for match in found.programmes if match.programme.id in shown)
        found = replace(found, programmes=kept, cautions=())
    _print(out, found, rules=rules)


def _can_be_saved(path: Path, read: Case, *, ask: bool) -> None:
    """Refuse a file of answers that could not be written, before anything is asked."""
    if not ask:
        raise OptionError(
            Problem("needs-ask", "nothing is asked, so there are no answers", "--ask with it",
                    field="--save")
        )  # fmt: skip
    if read.record is not None:
        raise OptionError(
            Problem("record", "answers cannot be written into a record", "a case file as CASE",
                    field="--save")
        )  # fmt: skip
    asking.must_be_new(path)


def _print(out: Console, found: Screening, *, rules: bool) -> None:
    for match in found.programmes:
        _programme(out, found, match, rules=rules)
    if found.cautions:
        from saisei.therapies import cautions_rule

        out.print("\nCautions", style="bold")
        out.print(f"  {cautions_rule().text}", markup=False)
    for caution in found.cautions:
        state = "applies" if caution.state == "applies" else "depends on an open question"
        out.print(f"  {caution.caution.title} ({state})", markup=False)
        if caution.state == "applies":
            out.print(f"    {caution.caution.words.text}", markup=False)
    out.print("\nQuestions that would settle the most", style="bold")
    for question in found.questions:
        settles = ", ".join(question.settles)
        out.print(f"  {question.text} [{question.effort}; for {settles}]", markup=False)


def _programme(out: Console, found: Screening, match: ProgrammeMatch, *, rules: bool) -> None:
    out.print(f"\n{match.programme.name}", style="bold", markup=False)
    for sentence in match.sentences:
        out.print(f"  {sentence.text}", markup=False)
    for trial in match.trials:
        _trial(out, trial, rules=rules)
        if rules and trial.word == "undecided":
            for line in _would_decide(found, trial):
                out.print(f"    {line}", markup=False)


def _trial(out: Console, match: TrialMatch, *, rules: bool) -> None:
    out.print(f"  {match.trial.id}  {match.trial.title}", style="underline", markup=False)
    out.print(f"    {WORDS[match.word]}: {match.sentence.text}", markup=False)
    out.print(f"    {match.standing_sentence.text}", markup=False)
    if rules:
        for judged in match.judged:
            out.print(f"      {judged.criterion.id}: {judged.sentence}", markup=False)


def _would_decide(found: Screening, match: TrialMatch) -> Iterator[str]:
    """Say which few answers would decide a trial: possibly against it, for it, and surely."""
    sets = found.open.deciding(match)
    if sets.could_end is not None:
        how = "One answer" if len(sets.could_end.facts) == 1 else "Answers together"
        yield f"{how} could rule it out: {_named(sets.could_end)}."
    if sets.could_match is not None:
        yield f"The easiest answers with which it could match: {_named(sets.could_match)}."
    if sets.surely is None:
        yield "No questions that are asked here decide it whatever the answers are."
    elif sets.could_match is not None and sets.surely.facts == sets.could_match.facts:
        yield "The same decide it whatever they are."
    else:
        yield f"The easiest that decide it whatever they are: {_named(sets.surely)}."


def _named(found: FactSet) -> str:
    """Name the facts of a set, and how sure it is that there is none that is easier to get."""
    from saisei.eligibility import field_name

    names = "; ".join(field_name(name) for name in found.facts)
    if found.bound > 1:
        return f"{names} (effort at most {found.bound:.1f} times the least)"
    return f"{names} (of some answers only a sample was tried)" if found.sampled else names
