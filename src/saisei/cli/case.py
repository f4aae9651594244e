"""``saisei case``: an empty case to fill in, and a check of a filled one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from saisei.cli.output import CaseFile, as_of_option, now, read_as_of

__all__ = ["app"]

app = typer.Typer(help="Write an empty case, or check a case file.", no_args_is_help=True)


@app.command()
def template() -> None:
    """Print a commented empty case; every line is a question that may be left out.

    Example: saisei case template > me.yaml
    """
    from saisei.cases import case_template

    sys.stdout.write(case_template())


@app.command()
def check(
    case: CaseFile,
    as_of: Annotated[str | None, as_of_option()] = None,
) -> None:
    """Check a case file: what is wrong, and what counts no longer.

    Example: saisei case check examples/01-chronic-arm.yaml
    """
    from saisei.base.errors import CaseError
    from saisei.cases import check_case

    problems = check_case(Path(case), as_of=read_as_of(as_of), otherwise=now())
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        if problem.severity == "warning":
            sys.stdout.write(f"warning: {problem}\n")
    if errors:
        raise CaseError(errors)
    sys.stdout.write(f"{case}: can be read\n")
