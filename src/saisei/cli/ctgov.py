"""``saisei therapies import-ctgov`` and ``accept-import``: registered trials as drafts."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.base.errors import OptionError, Place, Problem
from saisei.cli.output import console, now, write_folder, write_whole

if TYPE_CHECKING:
    from saisei.therapies.ctgov import Registered

__all__ = ["add_to"]

Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Where to write: a YAML file, or a folder for several studies."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``saisei therapies``."""
    app.command("import-ctgov")(import_ctgov)
    app.command("accept-import")(accept_import)


def import_ctgov(
    record: Annotated[
        Path,
        typer.Argument(help="JSON of ClinicalTrials.gov (API version 2).", metavar="FILE.json"),
    ],
    output: Output = None,
    read_on: Annotated[
        str | None, typer.Option(help="The day the record was downloaded (else today): 2026-11-20.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a draft that is there already.")
    ] = False,
) -> None:
    """Read a registered trial into a draft for review. A draft is never screened.

    Example: saisei therapies import-ctgov NCT00000000.json -o draft.yaml
    """
    from saisei.therapies.ctgov import draft_text, read_records

    day = _day(read_on)
    studies = read_records(record)
    for study in studies:
        _tell(study)
    if output is None:
        return
    texts = {f"{study.id}.yaml": draft_text(study, day) for study in studies}
    _must_fit(output, texts, replace=replace)
    if len(texts) == 1 and not output.is_dir():
        write_whole(output, *texts.values())
    else:
        write_folder(output, texts)
    sys.stderr.write(f"wrote {output}\n")


def accept_import(
    draft: Annotated[Path, typer.Argument(help="A draft that was reviewed.", metavar="DRAFT.yaml")],
    output: Output = None,
) -> None:
    """Turn a reviewed draft into a trial file; says what is still undecided.

    Example: saisei therapies accept-import draft.yaml -o trial.yaml
    """
    from saisei.base.documents import read_document
    from saisei.therapies.ctgov import accepted_trial, trial_text

    trial = accepted_trial(read_document(draft))
    text = trial_text(trial)
    if output is None:
        sys.stdout.write(text)
        return
    write_whole(output, text)
    sys.stderr.write(f"wrote {output}\n")


def _tell(study: Registered) -> None:
    """Say how much of a study was read."""
    from saisei.therapies.ctgov import age_conflicts, draft_criteria, measure

    out, drafts = console(), draft_criteria(study.criteria)
    out.print(f"{study.id}  {study.title}", markup=False)
    out.print(f"  {measure(drafts)}", markup=False)
    for flag in age_conflicts(study, drafts):
        out.print(f"  differs: {flag}", markup=False)


def _must_fit(output: Path, texts: dict[str, str], *, replace: bool) -> None:
    """Refuse to write several studies into one file, or over a draft that may hold decisions."""
    if len(texts) > 1 and output.suffix in {".yaml", ".yml", ".json"}:
        raise OptionError(
            Problem("several", f"the file holds {len(texts)} studies", "a folder", field="--output")
        )
    several = len(texts) > 1 or output.is_dir()
    for path in [output / name for name in texts] if several else [output]:
        if path.exists() and not replace:
            found = "a file is there, perhaps with decisions in it"
            step = "Add --replace to write over it"
            problem = Problem("exists", found, "a new file", step, Place(str(path)), "--output")
            raise OptionError(problem)


def _day(written: str | None) -> date:
    if written is None:
        return now().date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        found = f"{written!r} is not a day"
        problem = Problem("date", found, "a date such as 2026-11-20", field="--read-on")
        raise OptionError(problem) from None
