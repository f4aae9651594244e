"""``saisei population score`` and ``label``: a screening against planted truth.

Only counts are printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saisei.base.errors import OptionError, Place, Problem
from saisei.cli.output import console, needs_duckdb

if TYPE_CHECKING:
    from saisei.eligibility.population.planted import Score, Tally

__all__ = ["label", "score"]

Hospital = Annotated[
    Path, typer.Argument(help="A folder that `saisei population simulate` wrote.", metavar="DIR")
]


def score(
    hospital: Hospital,
    guess: Annotated[
        Path,
        typer.Argument(
            help="A Parquet file with person_id, criterion and label (true, false, unknown).",
            metavar="GUESS",
        ),
    ],
) -> None:
    """Hold a system's labels against the planted ones: what it gets wrong, and in which way.

    Example: saisei population score bench guess.parquet
    """
    needs_duckdb()
    from saisei.eligibility.population.planted import score_guess

    for line in _told(score_guess(hospital, guess)):
        console().print(line, markup=False)


def label(
    hospital: Hospital,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="GUESS", help="Write it here.")],
) -> None:
    """Write Saisei's own labels of the planted people, to be scored like those of any system.

    Example: saisei population label bench -o guess.parquet
    """
    needs_duckdb()
    from saisei.eligibility.population.planted import label_planted

    if not out.resolve().parent.is_dir():
        expected, found = "a folder that exists", "there is no such folder"
        raise OptionError(Problem("unwritable", found, expected, "", Place(str(out)), "--out"))
    label_planted(hospital, out)
    typer.echo(f"written to {out}")


WORDS = ("true", "false", "unknown")
PAIRS = [(planted, said) for planted in WORDS for said in WORDS]
HEADS = ("is true, said", "is false, said", "is unknown, said")
CELL = 9


def _told(found: Score) -> Iterable[str]:
    whole = found.whole
    yield f"{found.people:,} people, {len(found.criteria)} criteria, {whole.total:,} labels"
    yield f"{'':<20}" + "".join(f"{planted:^{3 * CELL}}" for planted in HEADS)
    yield f"{'criterion':<20}" + "".join(f"{said:>{CELL}}" for _, said in PAIRS)
    yield from map(_line, (*found.criteria, whole))
    yield ""
    yield from _costs(found)
    yield ""
    yield "of what is unknown, said by reason: true · false · unknown"
    for one in found.reasons:
        said = " · ".join(f"{one.of('unknown', label):,}" for label in WORDS)
        yield f"  {one.name:<12} {said}"


def _line(one: Tally) -> str:
    return f"{one.name:<20}" + "".join(f"{one.of(*pair):>{CELL}}" for pair in PAIRS)


def _costs(found: Score) -> Iterable[str]:
    whole = found.whole
    unlike = whole.of("true", "false") + whole.of("false", "true")
    unsaid = whole.of("true", "unknown") + whole.of("false", "unknown")
    no, yes = whole.of("unknown", "false"), whole.of("unknown", "true")
    yield f"right: {whole.right:,} of {whole.total:,} ({whole.right / whole.total:.1%})"
    yield f"said false where unknown: {no:,}, of which it is so in the world: {found.no_but_so:,}"
    yield (
        f"said true where unknown: {yes:,}, of which it is not so in the world: "
        f"{found.yes_but_not_so:,}"
    )
    yield f"said unknown where it is known: {unsaid:,}"
    yield f"said the opposite of what is known: {unlike:,}"
