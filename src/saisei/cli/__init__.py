"""The command line: a surface over the rooms, with no thinking of its own.

Exit codes: 0 done, 2 the user's mistake (one clear message on standard error), 1 our own defect.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from saisei import __version__
from saisei.base.errors import InputError
from saisei.cli import (
    case,
    evidence,
    fhir,
    first_days,
    forecast,
    network,
    null_trial,
    pool,
    population,
    report,
    screen,
    serve,
    therapies,
    trial_power,
    validate,
)
from saisei.cli.output import complain

__all__ = ["app", "main"]

app = typer.Typer(
    name="saisei",
    help=(
        "New weakness, a drooping face, trouble speaking, a seizure, the worst headache ever, or, "
        "after an infusion, breathlessness, chest pain, a swollen leg or fever: call the emergency "
        "number now (Japan 119, Europe 112, USA 911, UK 999). Do not use this page to decide.\n\n"
        "What is known about cell therapy after a stroke, for one person, each number with its "
        "source."
    ),
    epilog="Start with: saisei case template > me.yaml; saisei report me.yaml -o report.html",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("report")(report.report)
app.command("screen")(screen.screen)
app.command("forecast")(forecast.forecast)
app.command("first-days")(first_days.first_days)
app.command("screen-population")(population.screen_population)
app.command("serve")(serve.serve)
app.command("pool")(pool.pool)
app.command("network")(network.network)
app.command("null-trial")(null_trial.null_trial)
app.command("trial-power")(trial_power.trial_power)
app.command("validate")(validate.validate)
app.add_typer(case.app, name="case")
app.add_typer(population.app, name="population")
app.add_typer(evidence.app, name="evidence")
therapies.app.command("to-fhir")(fhir.to_fhir)
app.add_typer(therapies.app, name="therapies")


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"saisei {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that every command shares."""


def main() -> None:
    """Run the command line; the user's mistakes end with exit code 2."""
    try:
        app()
    except InputError as error:
        complain(error)
        sys.exit(2)
