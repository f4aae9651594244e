"""``saisei forecast``: the next year of one person, what new scores change, what another tells."""

from __future__ import annotations

import gc
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Annotated

import typer

from saisei.cli.null_trial import settled
from saisei.cli.output import (
    CaseFile,
    as_of_option,
    now,
    progress,
    read_as_of,
    tell_record,
    write_folder,
)
from saisei.cli.pictures import as_json
from saisei.cli.said import language_option, read_language

__all__ = ["forecast"]

WIDEST = 100
"""Letters in a line for people."""


def forecast(
    case: CaseFile,
    as_of: Annotated[str | None, as_of_option()] = None,
    context: Annotated[
        str | None,
        typer.Option(
            help="What goes on meanwhile, late after a stroke: none (therapy has ended), control, "
            "intensive, or another that is measured.",
            metavar="NAME",
        ),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            help="A new score, such as fma_ue=38@2026-12-11. May be given several times.",
            metavar="FIELD=SCORE@DATE",
        ),
    ] = None,
    another: Annotated[
        int | None,
        typer.Option(
            help="What would another score of the arm in so many days tell?", metavar="DAYS"
        ),
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Write a page, its pictures (SVG) and the JSON here.", metavar="DIR"
        ),
    ] = None,
    language: Annotated[str, language_option()] = "en",
) -> None:
    """Forecast the coming year of one person, without cells and, where trials allow it, with them.

    Example: saisei forecast examples/01-chronic-arm.yaml

    Example: saisei forecast me.yaml --add fma_ue=38@2026-12-11

    Example: saisei forecast me.yaml --another 21 --out forecast
    """
    gc.disable()  # the process ends in a moment: looking for cycles would only cost time
    said_in = read_language(language)
    with progress("Reading the evidence and forecasting"):
        from saisei.cases import read_case
        from saisei.decision import Options
        from saisei.decision.outlook import look_ahead
        from saisei.report.forecast_values import forecast_plain
        from saisei.report.forecasts import forecast_text

        read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
        options = Options(said_in, context)
        found = look_ahead(read, read.as_of, options, add=add or (), another=another)
    tell_record(read, case)
    result = as_json("forecast", settled(forecast_plain(found)))
    files = {}
    if out is not None:
        from saisei.report.forecast_pages import forecast_files

        files = {**forecast_files(found), "result.json": result}
        write_folder(out, files)
    sys.stdout.write(result if as_json_ else _wrapped(forecast_text(found)))
    if files:
        sys.stderr.write(f"written to {out}: {', '.join(files)}\n")


def _wrapped(text: str) -> str:
    """For people, not for pipes: break long lines, keep their indent, set headings in bold."""
    if not sys.stdout.isatty():
        return text
    width = min(shutil.get_terminal_size().columns, WIDEST)
    told, before = [], ""
    for line in text.splitlines():
        shown = _broken(line, width)
        told.append(typer.style(shown, bold=True) if line and not before else shown)
        before = line
    return "\n".join(told) + "\n"


def _broken(line: str, width: int) -> str:
    """Break a line that is too long; an address stays in one piece."""
    if len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
