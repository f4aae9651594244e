"""``saisei evidence``: check study files, list them, and show one with every number's source."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.cli import question
from saisei.cli.output import console, must_be_known

if TYPE_CHECKING:
    from saisei.evidence import Row, Study

__all__ = ["app"]

app = typer.Typer(help="The study files: check, list, show, pool.", no_args_is_help=True)
app.command("pool")(question.pool)


@app.command()
def check(
    path: Annotated[
        Path | None,
        typer.Argument(help="A study file or a folder of them; the packaged ones otherwise."),
    ] = None,
) -> None:
    """Report every problem of study files, with file and line.

    Example: saisei evidence check my-study.yaml
    """
    from saisei.base.errors import StudyError
    from saisei.evidence import check_studies, studies

    problems = check_studies(path)
    errors = [problem for problem in problems if problem.severity == "error"]
    for problem in problems:
        if problem.severity == "warning":
            sys.stdout.write(f"warning: {problem}\n")
    if errors:
        raise StudyError(errors)
    what = str(path) if path else f"{len(studies())} packaged studies"
    sys.stdout.write(f"{what}: no errors, {len(problems)} warnings\n")


@app.command("list")
def list_studies(
    condition: Annotated[str | None, typer.Option(help="Only of this condition.")] = None,
    stage: Annotated[str | None, typer.Option(help="Only of this stage.")] = None,
    design: Annotated[str | None, typer.Option(help="rct, controlled or single-arm.")] = None,
) -> None:
    """List the studies, one a line.

    Example: saisei evidence list --condition ischemic-stroke --stage chronic --design rct
    """
    from saisei.evidence import studies

    _known(condition=condition, stage=stage, design=design)
    wanted = {"condition": condition, "stage": stage, "design": design}
    out = console()
    for one in studies():
        if all(value is None or getattr(one, name) == value for name, value in wanted.items()):
            what = f"{one.design or '?'}, {one.condition}, {one.stage or '?'}, {one.publication}"
            out.print(f"{one.id}  {one.title}  {one.year or ''}  ({what})", markup=False)


@app.command()
def show(
    study_id: Annotated[str, typer.Argument(help="The study's id, as `list` prints it.")],
) -> None:
    """Show one study: its arms, every number, and where each was read.

    Example: saisei evidence show sanbio-2020-actissima
    """
    from saisei.evidence import studies, study

    must_be_known(study_id, [one.id for one in studies()], "study")
    _show(study(study_id))


def _show(one: Study) -> None:
    out = console()
    out.print(f"{one.title} ({one.id})", style="bold", markup=False)
    ids = [*one.registry, *(f"doi:{one.doi}" for _ in [0] if one.doi)]
    out.print(f"  {one.design}, {one.condition}, {one.stage}; {', '.join(ids)}", markup=False)
    out.print(
        f"  {one.publication}: {one.publication_note or 'its numbers were read'}", markup=False
    )
    endpoint = one.primary_endpoint
    if endpoint is not None:
        met = {True: "met", False: "missed", None: "not known"}[endpoint.met]
        out.print(f"  primary endpoint, {met}: {endpoint.text}", markup=False)
    for arm in one.arms:
        out.print(f"  arm {arm.id}: {arm.label} ({arm.n_randomised or '?'} people)", markup=False)
    for row in one.outcomes:
        _row(one, row)
    if one.notes:
        out.print(f"  {one.notes}", markup=False)


def _row(one: Study, row: Row) -> None:
    out = console()
    when = "time not stated" if row.time_days is None else f"day {row.time_days:g}"
    out.print(f"  {row.outcome}, {when}, {row.kind}: {row.definition or ''}", markup=False)
    for arm, entry in row.data.items():
        given = entry.model_dump(exclude_none=True, exclude_defaults=True)
        out.print(f"    {arm}: {given}", markup=False)
    source = one.sources[row.source]
    out.print(f"    read in {row.source} ({source.kind}, {source.url}): {row.where}", markup=False)


def _known(**given: str | None) -> None:
    from saisei.vocabulary import Condition, Design, Stage

    words = {"condition": Condition, "stage": Stage, "design": Design}
    for name, value in given.items():
        if value is not None:
            must_be_known(value, [word.value for word in words[name]], f"--{name}")
