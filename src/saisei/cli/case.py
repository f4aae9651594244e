"""``saisei case``: an empty case, a check of a filled one or of a record, and FHIR out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from saisei.cli.output import CaseFile, as_of_option, now, read_as_of, write_whole
from saisei.cli.said import language_option, read_language

__all__ = ["app"]

app = typer.Typer(
    help="Write an empty case, check a case file or a record, or write FHIR.", no_args_is_help=True
)


@app.command()
def template(language: Annotated[str, language_option()] = "en") -> None:
    """Print a commented empty case; every line is a question that may be left out.

    Example: saisei case template > me.yaml

    Example: saisei case template --language ja > me.yaml
    """
    from saisei.cases import case_template

    sys.stdout.write(case_template(read_language(language)))


@app.command()
def check(
    case: CaseFile,
    as_of: Annotated[str | None, as_of_option()] = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="List what of a FHIR bundle was not read, and why.")
    ] = False,
) -> None:
    """Check a case file or a FHIR bundle: what is wrong, and what counts no longer.

    Example: saisei case check examples/01-chronic-arm.yaml
    """
    from saisei.base.errors import CaseError
    from saisei.cases import check_case, read_case

    problems = check_case(Path(case), as_of=read_as_of(as_of), otherwise=now())
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        if problem.severity == "warning":
            sys.stdout.write(f"warning: {problem}\n")
    if errors:
        raise CaseError(errors)
    record = read_case(case, as_of=read_as_of(as_of), otherwise=now()).record
    if record is not None:
        sys.stdout.write(f"{record.sentence}\n")
        for left in record.unmapped if unmapped else ():
            sys.stdout.write(f"  {left.said()}\n")
    sys.stdout.write(f"{case}: can be read\n")


@app.command("to-fhir")
def to_fhir(
    case: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write the bundle. Standard output otherwise."
        ),
    ] = None,
    as_of: Annotated[str | None, as_of_option()] = None,
) -> None:
    """Write a case as a FHIR R4 bundle, with LOINC and SNOMED CT codes where we have them.

    Example: saisei case to-fhir examples/01-chronic-arm.yaml -o bundle.json
    """
    from saisei.cases import case_to_fhir, read_case

    read = read_case(case, as_of=read_as_of(as_of), otherwise=now())
    text = json.dumps(case_to_fhir(read), ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)
    sys.stderr.write(f"wrote {output}\n")


@app.command()
def codes() -> None:
    """Print the codes by which a record fills a case, as a table.

    Example: saisei case codes
    """
    from saisei.cases import codes_table

    sys.stdout.write(codes_table())
