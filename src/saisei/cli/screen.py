"""``saisei screen``: one case against every therapy and trial, rule by rule."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.base.errors import OptionError, Problem
from saisei.cli import asking, fhir
from saisei.cli.output import CaseFile, as_of_option, console, now, read_as_of, tell_record
from saisei.cli.said import language_option, read_language, texts

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.base.texts import Language
    from saisei.cases import Case
    from saisei.eligibility import FactSet
    from saisei.therapies import ProgrammeMatch, Screening, TrialMatch

__all__ = ["screen"]


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
    language: Annotated[str, language_option()] = "en",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, every rule with it.")
    ] = False,
    to_fhir: fhir.FhirFile = None,
) -> None:
    """Hold one case against every therapy and trial, with every rule as a sentence.

    Example: saisei screen examples/01-chronic-arm.yaml --no-rules

    Example: saisei screen me.yaml --ask --save me-answered.yaml

    Example: saisei screen examples/01-chronic-arm.yaml --language ja

    Example: saisei screen examples/01-chronic-arm.yaml --fhir screening.json
    """
    from saisei.cases import read_case
    from saisei.decision import (
        COMES_FIRST,
        Kind,
        Options,
        decide,
        pass_gates,
        screen_behind_gates,
    )

    said_in = read_language(language)
    options = Options(language=said_in)
    read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
    tell_record(read, case)
    if save is not None:
        _can_be_saved(save, read, ask=ask)
    fhir.must_be_writable(to_fhir, case)
    if as_json:
        _print_json(read, said_in, alone=not (ask or to_fhir))
        return
    out = console()
    decision = decide(read, read.as_of, options)
    out.print(decision.emergency.text, style="bold", markup=False)
    out.print(" · ".join(f"{place} {number}" for place, number in decision.emergency.numbers))
    if pass_gates(read).may_be_first_week:
        out.print(decision.about[0].text, markup=False)
    if ask and decision.kind not in COMES_FIRST:
        asked = asking.ask_all(out, read, said_in)
        if save is not None:
            asking.keep(out, save, case, read, asked)
        read = asked.case
        decision = decide(read, read.as_of, options) if asked.answers else decision
    found = screen_behind_gates(read, decision, said_in)
    if found is None:
        for line in (*decision.emergency.reasons, *(s.text for s in decision.answer)):
            out.print(line, markup=False)
        fhir.must_not_be_wanted(to_fhir)
        return
    if decision.kind is Kind.ACUTE_IN_HOSPITAL:
        for said in decision.answer:
            out.print(said.text, markup=False)
    _print(out, found, rules=rules)
    fhir.write_screening(to_fhir, read, found)


def _print_json(read: Case, language: Language, *, alone: bool) -> None:
    """Print the screening as JSON and nothing else."""
    from saisei.report import person_screening, screening_to_json

    if not alone:
        raise OptionError(
            Problem("json", "JSON is all that is printed", "--json without --ask and --fhir",
                    field="--json")
        )  # fmt: skip
    sys.stdout.write(screening_to_json(person_screening(read, language)))


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
    from saisei.eligibility import rules_note

    say = texts(found.language).say
    if rules and found.language != "en":
        out.print(rules_note(found.language), markup=False)
    for match in found.programmes:
        _programme(out, found, match, rules=rules)
    _without_programme(out, found, rules=rules)
    if found.cautions:
        _cautions(out, found)
    if found.questions:
        out.print(f"\n{say('screen.questions')}", style="bold", markup=False)
    for question in found.questions:
        trials = say("screen.comma").join(question.settles)
        effort = say(f"screen.effort.{question.effort}")
        line = say("screen.question", question=question.text, effort=effort, trials=trials)
        out.print(f"  {line}", markup=False)


def _cautions(out: Console, found: Screening) -> None:
    from saisei.therapies import cautions_rule

    say = texts(found.language).say
    out.print(f"\n{say('screen.cautions')}", style="bold", markup=False)
    out.print(f"  {cautions_rule(found.language).text}", markup=False)
    for caution in found.cautions:
        state = say(f"screen.caution_state.{caution.state}")
        line = say("screen.caution", title=caution.caution.title_in(found.language), state=state)
        out.print(f"  {line}", markup=False)
        if caution.state == "applies":
            out.print(f"    {caution.caution.said(found.language).text}", markup=False)


def _programme(out: Console, found: Screening, match: ProgrammeMatch, *, rules: bool) -> None:
    out.print(f"\n{match.programme.name_in(found.language)}", style="bold", markup=False)
    for sentence in match.said(found.language):
        out.print(f"  {sentence.text}", markup=False)
    _trials(out, found, match.trials, rules=rules)


def _without_programme(out: Console, found: Screening, *, rules: bool) -> None:
    """Print the trials of which it is not known what is given: they stand beside no programme."""
    beside = {trial.trial.id for match in found.programmes for trial in match.trials}
    if alone := [trial for trial in found.trials if trial.trial.id not in beside]:
        heading = texts(found.language).say("screen.no_programme")
        out.print(f"\n{heading}", style="bold", markup=False)
        _trials(out, found, alone, rules=rules)


def _trials(out: Console, found: Screening, trials: Iterable[TrialMatch], *, rules: bool) -> None:
    for trial in trials:
        _trial(out, trial, found.language, rules=rules)
        if rules and trial.word == "undecided":
            for line in _would_decide(found, trial):
                out.print(f"    {line}", markup=False)


def _trial(out: Console, match: TrialMatch, language: Language, *, rules: bool) -> None:
    word, said = match.word_said(language), match.said(language).text
    line = texts(language).say("screen.verdict", word=word, sentence=said)
    out.print(f"  {match.trial.id}  {match.trial.title}", style="underline", markup=False)
    out.print(f"    {line}", markup=False)
    out.print(f"    {match.standing_said(language).text}", markup=False)
    if rules:
        for judged in match.judged:
            out.print(f"      {judged.criterion.id}: {judged.said(language)}", markup=False)


def _would_decide(found: Screening, match: TrialMatch) -> Iterator[str]:
    """Say which few answers would decide a trial: possibly against it, for it, and surely."""
    sets, say = found.open.deciding(match), texts(found.language).say
    end, fit, surely = sets.could_end, sets.could_match, sets.surely
    if end is not None:
        key = "deciding.could_end_one" if len(end.facts) == 1 else "deciding.could_end"
        yield say(key, named=_named(end, found.language))
    if fit is not None:
        yield say("deciding.could_match", named=_named(fit, found.language))
    if surely is None:
        yield say("deciding.never_surely")
    elif fit is not None and surely.facts == fit.facts:
        yield say("deciding.same")
    else:
        yield say("deciding.surely", named=_named(surely, found.language))


def _named(found: FactSet, language: Language) -> str:
    """Name the facts of a set, and how sure it is that there is none that is easier to get."""
    from saisei.eligibility import field_name

    say = texts(language).say
    names = say("deciding.between").join(field_name(name, language) for name in found.facts)
    if found.bound > 1:
        return say("deciding.bound", names=names, bound=f"{found.bound:.1f}")
    return say("deciding.sampled", names=names) if found.sampled else names
