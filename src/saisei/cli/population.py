"""``saisei screen-population`` and ``saisei population simulate``: whole hospitals.

Only counts are printed; what is found of each person goes into files.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from saisei.base.errors import OptionError, Place, Problem
from saisei.cli.benchmark import label, score
from saisei.cli.output import (
    as_of_option,
    console,
    must_be_known,
    needs_duckdb,
    now,
    read_as_of,
    write_whole,
)
from saisei.cli.progress import stoppable

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.eligibility.population.protocols import Protocol
    from saisei.eligibility.population.read import Read
    from saisei.eligibility.population.screen import Attrition, PopulationResult, RuleCount
    from saisei.eligibility.population.small_counts import SmallCounts
    from saisei.report import Screened

__all__ = ["app", "screen_population"]

app = typer.Typer(help="Make-believe hospitals, to try a screening on.", no_args_is_help=True)
app.command("score")(score)
app.command("label")(label)

MOST_PEOPLE = 20_000_000
FIRST_YEAR = 1900
"""No living person has older records."""
PAGE = "report.html"


def screen_population(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder of OMOP tables as Parquet, a DuckDB file, postgresql://host/database, "
            "or the mapping of a flat table (YAML)."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Write the results here.")
    ] = Path("screening"),
    protocol: Annotated[
        list[str] | None, typer.Option(help="Only this trial or programme; may be repeated.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option(help="Only trials and programmes of this stage.")
    ] = None,
    as_of: Annotated[str | None, as_of_option()] = None,
    memory: Annotated[str, typer.Option(help="The most memory for the tables.")] = "2GB",
    smallest_count: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Show counts below N as fewer than N, and round all others down to a multiple "
            "of N, in every count that is printed or written.",
        ),
    ] = 0,
    report: Annotated[bool, typer.Option(help="Write the page report.html.")] = True,
    engine: Annotated[
        str, typer.Option(metavar="duckdb|spark", help="Which engine runs the queries.")
    ] = "duckdb",
) -> None:
    """Hold everybody in a database or a table against every trial's entry rules.

    Writes report.html, criteria.parquet and missing.parquet, which hold counts, and for each person
    verdicts.parquet and the folder marks. Nothing about a person is printed. A run that was stopped
    goes on where it was.

    Example: saisei screen-population hospital --as-of 2026-11-20 -o screening
    """
    must_be_known(engine, ["duckdb", "spark"], "--engine")
    _must_be_an_amount(memory)
    moment = read_as_of(as_of) or now()
    _must_be_of_records(moment)
    chosen = _chosen(protocol or [], stage)
    with _plain_errors(out):
        from saisei.eligibility.population.small_counts import SmallCounts

        small = SmallCounts(smallest_count)
        run = _on_spark if engine == "spark" else _on_duckdb
        result, read = run(source, chosen, moment, out, memory, small)
        if report:
            from saisei.report import Screened

            name = read.title or _name_of(source)
            _write_page(out / PAGE, Screened(result, chosen, name, read, small))
    _print(console(), result, chosen, read, small)
    _print_left_out(console(), read, small)
    page = f"{PAGE}, " if report else ""
    typer.echo(
        f"written to {out}: {page}criteria.parquet, missing.parquet, verdicts.parquet, marks"
    )


def _on_duckdb(
    source: str,
    chosen: Sequence[Protocol],
    moment: datetime,
    out: Path,
    memory: str,
    small: SmallCounts,
) -> tuple[PopulationResult, Read]:
    from saisei.eligibility.population.screen import screen_population as run
    from saisei.eligibility.population.sources import open_source

    people = open_source(source)
    with stoppable() as progress:
        result = run(people, chosen, moment, out, memory=memory, tell=progress, small=small)
    return result, people.read


def _on_spark(
    source: str,
    chosen: Sequence[Protocol],
    moment: datetime,
    out: Path,
    memory: str,
    small: SmallCounts,
) -> tuple[PopulationResult, Read]:
    """Run on a Spark session of this machine alone."""
    from saisei.eligibility.population.spark import screen_on_spark
    from saisei.eligibility.population.spark.local import local_session

    if not Path(source).is_dir():
        found, expected = f"{_name_of(source)} is no folder", "a folder of OMOP tables as Parquet"
        step = "Leave --engine out to read a file, a server or a flat table"
        raise OptionError(Problem("missing", found, expected, step, field="--engine"))
    with local_session(memory) as session:
        result = screen_on_spark(session, source, chosen, moment, str(out), small=small)
    return result.counts, result.read


@app.command("simulate")
def simulate(
    people: Annotated[int, typer.Option(help="How many people.", min=1, max=MOST_PEOPLE)],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Write the tables here.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same tables.", min=0)] = 1,
    day: Annotated[str, typer.Option(help="The day before which nearly all lies.")] = "2026-11-20",
    planted: Annotated[
        int, typer.Option(help="Of how many people, at most, the truth is planted.", min=0)
    ] = 10_000,
) -> None:
    """Write a make-believe hospital in the OMOP model, of any size.

    What is so of each planted person, and what can be known of it from the tables, stands in the
    folder `gold` beside them.

    Example: saisei population simulate --people 1000 --seed 1 -o hospital
    """
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise OptionError(
            Problem("date", f"{day!r} is no date", "2026-11-20", "", field="--day")
        ) from None
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        found, step = "there is something already", "Give a new folder"
        raise OptionError(
            Problem("exists", found, "an empty folder", step, Place(str(out)), "--out")
        )
    with _plain_errors(out), _whole_folder(out.resolve()) as made:
        from saisei.eligibility.population.simulate import simulate_omop

        simulate_omop(people, seed, made, last, planted)
    typer.echo(f"written to {out}: {people:,} people who do not exist")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder beside another, whose content goes there once it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield made
        folder.mkdir(exist_ok=True)
        for one in made.iterdir():
            one.replace(folder / one.name)
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _plain_errors(out: Path) -> Iterator[None]:
    """Turn a missing library, a full disk and too little memory into one message each."""
    needs_duckdb()
    import duckdb

    from saisei.eligibility.population.refusals import concerns_room, why_not_written

    try:
        yield
    except (duckdb.Error, OSError) as error:
        if isinstance(error, duckdb.IOException | OSError) or concerns_room(error):
            found = f"the results cannot be written: {why_not_written(error)}"
            expected = "a folder with room, which may be written to"
            step = "Free some space, or give another folder"
            if (out / ".saisei-screening").exists():
                step += "; a second run goes on"
            raise OptionError(
                Problem("unwritable", found, expected, step, Place(str(out)), "--out")
            ) from None
        if isinstance(error, duckdb.OutOfMemoryException):
            found, step = "the memory did not suffice", "A second run with more of it goes on"
            raise OptionError(
                Problem("memory", found, "more, such as 4GB", step, field="--memory")
            ) from None
        raise


def _chosen(names: Sequence[str], stage: str | None) -> tuple[Protocol, ...]:
    from saisei.therapies.protocols import population_protocols
    from saisei.vocabulary import Stage

    if stage is not None:
        must_be_known(stage, list(Stage), "--stage")
    known = {one.id: one for one in population_protocols(Stage(stage) if stage else None)}
    for name in names:
        must_be_known(name, list(known), "--protocol")
    return tuple(known[name] for name in dict.fromkeys(names or known))


def _must_be_an_amount(memory: str) -> None:
    if not re.fullmatch(r"\s*0*[1-9]\d*\s*[KMGT]i?B\s*", memory, re.IGNORECASE | re.ASCII):
        found, expected = "this is no amount of memory", "a whole number with KB, MB, GB or TB"
        step = "For example --memory 4GB"
        raise OptionError(Problem("memory", found, expected, step, field="--memory"))


def _must_be_of_records(moment: datetime) -> None:
    if moment.year < FIRST_YEAR:
        found, expected = f"the year {moment.year}", f"a moment of {FIRST_YEAR} or later"
        raise OptionError(Problem("as-of", found, expected, field="--as-of"))


def _name_of(source: str) -> str:
    """Give the last part of a path or an address: no folder, no server, no user."""
    path = urlsplit(source).path if "://" in source else source
    return Path(path).resolve().name


def _write_page(path: Path, screened: Screened) -> None:
    from saisei.report import screening_page

    write_whole(path, screening_page(screened))


HEADS = {
    False: "matches the rules read · undecided · does not match",
    True: "therapies, by condition and time alone: fits · undecided · does not fit",
}


def _print(
    out: Console,
    result: PopulationResult,
    protocols: Iterable[Protocol],
    read: Read,
    small: SmallCounts,
) -> None:
    words = small.words
    rows = words(sum(read.rows.values()))
    out.print(
        f"{words(result.people)} people ({words(read.dead)} more have died), {rows} rows, "
        f"{result.as_of:%Y-%m-%d %H:%M %Z}, {result.seconds:.1f} s",
        markup=False,
    )
    kinds = groupby(zip(protocols, result.protocols, strict=True), lambda pair: pair[0].therapy)
    for therapy, pairs in kinds:
        out.print(HEADS[therapy])
        for _, one in pairs:
            counts = " · ".join(map(words, (one.matches, one.undecided, one.does_not_match)))
            out.print(f"  {one.protocol:<28} {counts}{_why(one, small)}", markup=False)


def _print_left_out(out: Console, read: Read, small: SmallCounts) -> None:
    """Say how many rows were not read and why: counts of rows and of concepts only."""
    from saisei.cases.codes import of_codes

    reasons = of_codes("reasons")
    for (table, reason), rows in sorted(read.left_out.items()):
        said = f"rows left out: {reasons[reason]['en']}"
        out.print(f"  {table}: {small.words(rows)} {said}", markup=False)
    for table, rows in sorted(read.unmapped.items()):
        said = "rows with a concept that fills no field"
        counts = f"{small.words(rows)} of {small.words(read.rows[table])}"
        out.print(f"  {table}: {counts} {said}", markup=False)
    for one in read.most_unmapped:
        named = f"{one.concept} {one.name}".strip()
        out.print(f"    {small.words(one.rows)} {one.table}: {named}", markup=False)


def _why(one: Attrition, small: SmallCounts) -> str:
    """Name the rule that rules out most by itself, and the one that leaves most undecided."""
    said: list[str] = []
    alone = _most(one.rules, lambda rule: rule.only_failed)
    unknown = _most(one.rules, lambda rule: rule.unknown)
    if alone is not None:
        said.append(f"{alone.rule} alone rules out {small.words(alone.only_failed)}")
    if unknown is not None:
        said.append(f"{unknown.rule} is unknown of {small.words(unknown.unknown)}")
    return f" ({'; '.join(said)})" if said else ""


def _most(rules: Sequence[RuleCount], count: Callable[[RuleCount], int]) -> RuleCount | None:
    found = max(rules, key=count, default=None)
    return found if found is not None and count(found) else None
