"""``saisei screen``: one case against every therapy and trial, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.cli.output import CaseFile, as_of_option, console, now, read_as_of, tell_record

if TYPE_CHECKING:
    from rich.console import Console

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
) -> None:
    """Hold one case against every therapy and trial, with every rule as a sentence.

    Example: saisei screen examples/01-chronic-arm.yaml --no-rules
    """
    from saisei.cases import read_case
    from saisei.decision import Kind, decide, pass_gates
    from saisei.therapies import screen as hold_against

    read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
    tell_record(read, case)
    out = console()
    decision = decide(read, read.as_of)
    out.print(decision.emergency.text, style="bold", markup=False)
    out.print(" · ".join(f"{place} {number}" for place, number in decision.emergency.numbers))
    if pass_gates(read).may_be_first_week:
        out.print(decision.about[0].text, markup=False)
    if decision.kind in (Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY):
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


def _print(out: Console, found: Screening, *, rules: bool) -> None:
    for match in found.programmes:
        _programme(out, match, rules=rules)
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


def _programme(out: Console, match: ProgrammeMatch, *, rules: bool) -> None:
    out.print(f"\n{match.programme.name}", style="bold", markup=False)
    for sentence in match.sentences:
        out.print(f"  {sentence.text}", markup=False)
    for trial in match.trials:
        _trial(out, trial, rules=rules)


def _trial(out: Console, match: TrialMatch, *, rules: bool) -> None:
    out.print(f"  {match.trial.id}  {match.trial.title}", style="underline", markup=False)
    out.print(f"    {WORDS[match.word]}: {match.sentence.text}", markup=False)
    out.print(f"    {match.standing_sentence.text}", markup=False)
    if rules:
        for judged in match.judged:
            out.print(f"      {judged.criterion.id}: {judged.sentence}", markup=False)
