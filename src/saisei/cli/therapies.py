"""``saisei therapies``: what is offered or tested, and the journey of one."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.cli import checking, ctgov
from saisei.cli.output import console, must_be_known, now, write_whole

if TYPE_CHECKING:
    from saisei.therapies import Journey

__all__ = ["app"]

app = typer.Typer(
    help="Programmes and trials: list, show, journey, check, import.", no_args_is_help=True
)


@app.command("list")
def list_therapies() -> None:
    """List the programmes and their registered trials.

    Example: saisei therapies list
    """
    from saisei.therapies import programmes, trials_of
    from saisei.therapies.definitions import definitions

    out = console()
    for one in programmes():
        out.print(f"{one.id}  {one.name}  ({definitions()[one.id].label})", markup=False)
        for trial in trials_of(one):
            label = definitions()[trial.id].label
            out.print(f"    {trial.id}  {trial.status}  {trial.title}  ({label})", markup=False)


@app.command()
def show(
    programme_id: Annotated[str, typer.Argument(help="The id, as `list` prints it.")],
) -> None:
    """Show one programme: what it is, its legal route, its trials with every entry rule.

    Example: saisei therapies show huns001-intracerebral-jp
    """
    from saisei.therapies import legal_route, programme, programmes, trials_of
    from saisei.therapies.definitions import definitions

    must_be_known(programme_id, [one.id for one in programmes()], "programme")
    one, out = programme(programme_id), console()
    out.print(one.name, style="bold", markup=False)
    out.print(f"  status: {one.status}", markup=False)
    for statement in legal_route(one):
        out.print(f"  {statement.text}", markup=False)
    for trial in trials_of(one):
        out.print(f"\n{trial.id}  {trial.title}", style="underline", markup=False)
        out.print(f"  {trial.status}, read on {trial.status_read}; {trial.design}", markup=False)
        out.print(f"  definition: {definitions()[trial.id].label}", markup=False)
        for rule in trial.criteria:
            out.print(f"  {rule.id} ({rule.kind}): {rule.text}", markup=False)
            out.print(f"      {rule.sentence()}", markup=False)
        for source in trial.sources.values():
            out.print(f"  read at {source.url} ({source.kind})", markup=False)


@app.command()
def journey(
    programme_id: Annotated[str, typer.Argument(help="The id, as `list` prints it.")],
    start: Annotated[
        str | None, typer.Option(help="The day of the harvest, or of the treatment: 2027-01-15.")
    ] = None,
    calendar: Annotated[
        Path | None, typer.Option(help="Write the dated steps as a calendar file (.ics).")
    ] = None,
) -> None:
    """Lay out what a programme would take: steps, weeks, visits, prices, law.

    Example: saisei therapies journey ad-msc-intravenous-asrm --start 2027-01-15
    """
    from saisei.therapies import journey_calendar, plan_journey, programme, programmes

    must_be_known(programme_id, [one.id for one in programmes()], "programme")
    day = _day(start)
    if calendar is not None and day is None:
        from saisei.base.errors import OptionError, Problem

        raise OptionError(
            Problem(
                "start", "a calendar needs a first day", "--start with a date", field="--calendar"
            )
        )
    plan = plan_journey(programme(programme_id), day)
    _print(plan)
    if calendar is not None:
        write_whole(calendar, journey_calendar(plan, as_of=now()))
        sys.stderr.write(f"wrote {calendar}\n")


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        from saisei.base.errors import OptionError, Problem

        raise OptionError(
            Problem(
                "date", f"{written!r} is not a day", "a date such as 2027-01-15", field="--start"
            )
        ) from None


def _print(plan: Journey) -> None:
    out = console()
    out.print(plan.programme.name, style="bold", markup=False)
    for step in plan.steps:
        dates = " to ".join(day.isoformat() for day in (step.first, step.last) if day)
        out.print(f"  {step.title}: {step.duration} {dates}".rstrip(), markup=False)
        for note in step.notes:
            out.print(f"      {note.text}", markup=False)
    parts = {
        "Visits": plan.visits, "Cells": plan.culture, "Prices": plan.cost_notes,
        "Law": plan.legal, "Rehabilitation": plan.rehabilitation, "Flying": plan.flying,
        "Insurance": plan.insurance,
    }  # fmt: skip
    for title, statements in parts.items():
        if statements:
            out.print(title, style="underline")
        for statement in statements:
            out.print(f"  {statement.text}", markup=False)
    for cost in plan.costs:
        price = f"{cost.low:,.0f} to {cost.high:,.0f} {cost.currency}"
        said = f"  {cost.country}: {price}, {cost.basis} (quality of the source: {cost.quality})"
        out.print(said, markup=False)


checking.add_to(app)
ctgov.add_to(app)
