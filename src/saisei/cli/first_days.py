"""``saisei first-days``: the first two days in numbers of another era, for a clinician only."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.base.errors import OptionError, Problem
from saisei.cli.null_trial import settled
from saisei.cli.output import (
    CaseFile,
    as_of_option,
    console,
    now,
    read_as_of,
    tell_record,
    write_folder,
)
from saisei.cli.pictures import Out, as_json, told

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from saisei.cases import Case
    from saisei.decision import Decision
    from saisei.forecast import FirstDays, NoForecast

__all__ = ["first_days"]

FILE = "forecast/first_days_texts.yaml"


def first_days(
    case: CaseFile,
    clinician: Annotated[
        bool, typer.Option("--clinician", help="Confirm that a clinician asks.")
    ] = False,
    as_of: Annotated[str | None, as_of_option()] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Out = None,
) -> None:
    """Give a clinician the state at six months of people of 1991 to 1996, and its calibration.

    Within 48 hours of an infarct, in hospital, without thrombolysis or thrombectomy. Never for a
    family, and no forecast of today's care.

    Example: saisei first-days examples/clinician/first-day-untreated.yaml --clinician
    """
    if not clinician:
        raise OptionError(
            Problem("clinician-only", "these numbers are for a clinician only", "--clinician",
                    "A family or the person asks the stroke team", field="--clinician")
        )  # fmt: skip
    from saisei.cases import read_case
    from saisei.decision import Kind, decide, pass_gates
    from saisei.forecast import first_days as forecast

    read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
    tell_record(read, case)
    if pass_gates(read).kind is Kind.EMERGENCY:
        _emergency(decide(read, read.as_of), as_json_=as_json_)
        _nothing_written(out)
        return
    found = forecast(read)
    files = _write(out, read, found)
    if as_json_:
        sys.stdout.write(_as_json(read, found))
        return
    _print(console(), found)
    if out is not None and files:
        told(out, files)


def _write(out: Path | None, read: Case, found: FirstDays | NoForecast) -> tuple[str, ...]:
    """Write the page, its pictures and the numbers; nothing where there is no forecast."""
    from saisei.forecast import NoForecast

    if isinstance(found, NoForecast):
        _nothing_written(out)
        return ()
    if out is None:
        return ()
    from saisei.report import first_days_files

    files = {**first_days_files(found, read.as_of.isoformat()),
             "result.json": _as_json(read, found)}  # fmt: skip
    write_folder(out, files)
    return tuple(files)


def _nothing_written(out: Path | None) -> None:
    if out is not None:
        sys.stderr.write("without numbers there is no page: nothing was written\n")


def _emergency(decision: Decision, *, as_json_: bool) -> None:
    """Say the emergency words and nothing else."""
    words = [decision.emergency.text, *decision.emergency.reasons]
    if as_json_:
        _say({"emergency": decision.emergency.text, "forecast": None, "code": "emergency",
                "reason": " ".join(decision.emergency.reasons)})  # fmt: skip
        return
    out = console()
    for at, line in enumerate(words):
        out.print(line, style="bold" if at == 0 else None, markup=False)
    out.print(_numbers(decision.emergency.numbers), markup=False)


def _numbers(numbers: tuple[tuple[str, str], ...]) -> str:
    return " · ".join(f"{place} {number}" for place, number in numbers)


def _as_json(read: Case, found: FirstDays | NoForecast) -> str:
    from saisei.base.store import data_digest
    from saisei.decision import emergency_words
    from saisei.forecast import NoForecast, first_days_sources

    shared = {"emergency": emergency_words().text, "as_of": read.as_of.isoformat(),
              "data": data_digest()}  # fmt: skip
    if isinstance(found, NoForecast):
        told = {"forecast": None, "code": found.code, "reason": found.reason.text}
        return _written({**shared, **told})
    sources = {key: asdict(first_days_sources()[key]) for key in found.source_keys}
    forecast = {**asdict(found), "missing": list(found.missing)}
    return _written({**shared, "forecast": forecast, "sources": sources})


def _written(content: dict[str, Any]) -> str:
    return as_json("first-days", settled(content))


def _say(content: dict[str, Any]) -> None:
    sys.stdout.write(_written(content))


def _print(out: Console, found: FirstDays | NoForecast) -> None:
    from saisei.base.store import load_data
    from saisei.base.texts import Catalogue
    from saisei.decision import emergency_words
    from saisei.forecast import NoForecast
    from saisei.report import used_words

    say, words = Catalogue(FILE, load_data(FILE)).say, emergency_words()
    out.print(words.text, style="bold", markup=False)
    out.print(_numbers(words.numbers), markup=False)
    if isinstance(found, NoForecast):
        out.print(f"\n{say('refused', reason=found.reason.text)}", markup=False)
        return
    out.print(f"\n{found.warning.text}", style="bold", markup=False)
    for said in (found.label, *found.cautions):
        out.print(said.text, style="bold", markup=False)
    out.print()
    for sentence in found.sentences:
        out.print(sentence.text, markup=False)
    out.print()
    for state, count in zip(found.states, found.people, strict=True):
        out.print(f"  {count:3d}  {say(f'state.{state.id}')}", markup=False)
    out.print()
    for sentence in found.ranges:
        out.print(sentence.text, markup=False)
    out.print(f"\n{say('alike_heading')}", style="bold", markup=False)
    for sentence in found.alike_words:
        out.print(f"  {sentence.text}", markup=False)
    out.print(f"\n{say('used')}", style="bold", markup=False)
    for one in found.used:
        out.print(f"  {used_words(one)}", markup=False)
    out.print(f"\n{say('notes.countries')}", style="bold", markup=False)
    for row in found.calibration:
        line = say("notes.country", name=row.name, people=f"{row.people:,}",
                   observed=round(100 * row.observed), expected=round(100 * row.expected),
                   slope=f"{row.slope:.2f}", intercept=f"{row.intercept:+.2f}")  # fmt: skip
        out.print(f"  {line}", markup=False)
    out.print()
    for note in found.notes:
        out.print(note.text, markup=False)
