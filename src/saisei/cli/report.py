"""``saisei report``: one case in, one decision report out."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from saisei.cli.output import (
    CaseFile,
    as_of_option,
    now,
    progress,
    read_as_of,
    tell_record,
    write_whole,
)
from saisei.cli.said import language_option, read_language

__all__ = ["report"]


def report(
    case: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write the page. Standard output otherwise."),
    ] = None,
    as_of: Annotated[str | None, as_of_option()] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Give the same Decision as JSON instead of the page.")
    ] = False,
    language: Annotated[str, language_option()] = "en",
) -> None:
    """Write the decision report of one case.

    Example: saisei report examples/01-chronic-arm.yaml -o report.html
    """
    gc.disable()  # the process ends in a moment: looking for cycles would only cost time
    said_in = read_language(language)
    with progress("Reading the evidence and writing the report"):
        from saisei.cases import read_case
        from saisei.decision import Options, decide
        from saisei.report import to_html, to_json

        read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
        decision = decide(read, read.as_of, Options(language=said_in))
        text = to_json(decision) if as_json else to_html(decision)
    tell_record(read, case)
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)
    sys.stderr.write(f"wrote {output}\n")
