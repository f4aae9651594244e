"""``saisei therapies to-fhir`` and ``saisei screen --fhir``: what is written for other systems."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.base.errors import OptionError, Place, Problem
from saisei.cli.output import must_be_known, write_whole

if TYPE_CHECKING:
    from saisei.cases import Case
    from saisei.therapies import Programme, Screening, Trial

__all__ = [
    "FhirFile",
    "must_be_writable",
    "must_not_be_wanted",
    "to_fhir",
    "write_screening",
]

FhirFile = Annotated[
    Path | None,
    typer.Option(
        "--fhir", help="Write each trial's verdict and rules as a FHIR R4 bundle.", metavar="FILE"
    ),
]


def to_fhir(
    protocol_id: Annotated[
        str, typer.Argument(help="A trial or a programme, as `list` prints it.", metavar="ID")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write the bundle. Standard output otherwise."
        ),
    ] = None,
) -> None:
    """Write a trial or a programme as a FHIR R4 bundle, with every entry rule.

    Example: saisei therapies to-fhir NCT04631406 -o protocol.json
    """
    from saisei.therapies import programmes, trials
    from saisei.therapies.fhir import protocol_to_fhir

    known: dict[str, Trial | Programme] = {one.id: one for one in trials()}
    known |= {one.id: one for one in programmes()}
    must_be_known(protocol_id, list(known), "ID")
    text = _text(protocol_to_fhir(known[protocol_id]))
    if output is None:
        sys.stdout.write(text)
    else:
        _write(output, text)


def must_be_writable(path: Path | None, case: Path) -> None:
    """Refuse a file that could not be written, before anything is asked or printed.

    Raises
    ------
    OptionError
        Its folder is not there, a folder stands in its place, or it is the case itself.
    """
    if path is None:
        return
    found = ""
    if path.is_dir():
        found = "a folder of that name is there"
    elif not path.parent.is_dir():
        found = "its folder is not there"
    elif path.exists() and path.samefile(case):
        found = "it is the case itself"
    if found:
        raise OptionError(
            Problem("unwritable", found, "another file, in a folder that exists",
                    place=Place(str(path)), field="--fhir")
        )  # fmt: skip


def must_not_be_wanted(path: Path | None) -> None:
    """Say that nothing is written where no trial is held against the person.

    Raises
    ------
    OptionError
        A file was asked for.
    """
    if path is not None:
        found = "nothing is written: what is said above comes before any trial"
        raise OptionError(
            Problem("not-held", found, "no --fhir here", place=Place(str(path)), field="--fhir")
        )


def write_screening(path: Path | None, case: Case, found: Screening) -> None:
    """Write what the trials of a screening came to for one person, where a file is wanted."""
    from saisei.therapies.fhir import screening_to_fhir

    if path is not None:
        _write(path, _text(screening_to_fhir(case, found.trials, found.language)))


def _text(bundle: dict[str, Any]) -> str:
    return json.dumps(bundle, ensure_ascii=False, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    write_whole(path, text)
    sys.stderr.write(f"wrote {path}\n")
