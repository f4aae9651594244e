"""What every command shares: the reference moment, whole files, and how a mistake is told."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.base.dates import parse_as_of
from saisei.base.errors import InputError, OptionError, Place, Problem

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.cases import Case

__all__ = [
    "CaseFile",
    "as_of_option",
    "complain",
    "console",
    "local_zone",
    "must_be_known",
    "needs",
    "needs_duckdb",
    "now",
    "progress",
    "read_as_of",
    "tell_record",
    "write_folder",
    "write_whole",
]

CaseFile = Annotated[
    Path, typer.Argument(help="The case: a YAML or JSON file, or a FHIR R4 bundle.", metavar="CASE")
]


def as_of_option() -> Any:
    """Give the option ``--as-of``, which several commands share."""
    return typer.Option(
        "--as-of",
        help="The moment that it is for: a date, or a date-time with zone. "
        "Otherwise the case's own `as_of`, else now.",
        metavar="DATE-TIME",
    )


def console() -> Console:
    """Give a console that wraps for people and not for pipes."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)


FEW = 12
"""So many words are listed whole."""


def now() -> datetime:
    """Read the clock: only the surfaces do."""
    return datetime.now().astimezone().replace(second=0, microsecond=0)


def local_zone() -> tzinfo | None:
    """Give the machine's time zone, for a date given without one."""
    return now().tzinfo


def read_as_of(written: str | None) -> datetime | None:
    """Read ``--as-of``: a date (its noon here) or a date-time with zone.

    Raises
    ------
    OptionError
        It is neither.
    """
    if written is None:
        return None
    try:
        return parse_as_of(written, local_zone())
    except ValueError as error:
        raise OptionError(
            Problem(
                "as-of",
                f"{written!r} is not a moment ({error})",
                "a date or a date-time with zone",
                "For example --as-of 2026-11-20 or --as-of 2026-11-20T09:00+09:00",
                field="--as-of",
            )
        ) from None


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on a terminal what is going on, for what may take longer than a second."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def must_be_known(value: str, known: Sequence[str], name: str) -> None:
    """Refuse a word that is not among the known ones, naming the nearest.

    Raises
    ------
    OptionError
        It is not among them.
    """
    if value not in known:
        near = difflib.get_close_matches(value, known, 3) or known[:FEW]
        expected = f"one of those that exist, such as {', '.join(near)}"
        if len(known) <= FEW:
            expected = f"one of {', '.join(known)}"
        raise OptionError(Problem("unknown", f"there is no {value!r}", expected, field=name))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: into a temporary file beside it, then renamed.

    A link keeps leading where it leads; what is no file (``/dev/stdout``) is written to as it is.

    Raises
    ------
    OptionError
        The folder is not there or cannot be written to.
    """
    temporary: str | None = None
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        target = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise OptionError(
            Problem(
                "unwritable",
                f"the file cannot be written ({(error.strerror or 'unknown reason').lower()})",
                "a file in a folder that exists and may be written to",
                place=Place(str(path)),
                field="--output",
            )
        ) from None


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write several files, all of them or none: into a folder of their own, which is then moved.

    A folder that is there keeps what else it holds; files of the same name are replaced. Only
    such a folder has to be writable then, not what it lies in.

    Raises
    ------
    OptionError
        The folder cannot be made or written to, or is something else.
    """
    temporary: str | None = None
    try:
        if folder.exists() and not folder.is_dir():
            raise _unwritable(folder, "it is no folder")
        for name in files:
            if (folder / name).is_dir():
                raise _unwritable(folder / name, "a folder of that name is there")
        there = folder.exists()
        temporary = tempfile.mkdtemp(dir=folder if there else folder.parent, prefix=".saisei.")
        for name, text in files.items():
            made = Path(temporary) / name
            made.write_text(text, encoding="utf-8", newline="\n")
            made.chmod(0o644)
        if there:
            for name in files:
                (Path(temporary) / name).replace(folder / name)
        else:
            Path(temporary).chmod(0o755)
            Path(temporary).replace(folder)
            temporary = None
    except OSError as error:
        raise _unwritable(folder, (error.strerror or "unknown reason").lower()) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _unwritable(path: Path, reason: str) -> OptionError:
    return OptionError(
        Problem(
            "unwritable",
            f"the folder cannot be written ({reason})",
            "a folder that exists and may be written to, or a new one inside such a folder",
            place=Place(str(path)),
            field="--out",
        )
    )


def tell_record(case: Case, file: Path) -> None:
    """Say on standard error how much of a real record was read; nothing for a case file."""
    if case.record is not None:
        hint = f" (saisei case check {file} --unmapped lists why)" if case.record.unmapped else ""
        sys.stderr.write(f"{case.record.sentence}{hint}\n")


def complain(error: InputError) -> None:
    """Tell the user's mistakes on standard error, one line each."""
    for problem in error.problems:
        sys.stderr.write(f"{problem.severity}: {problem}\n")


def needs_duckdb() -> None:
    """Refuse a command for whole populations where its library is not installed."""
    needs("duckdb", "population", "for whole populations")


def needs(library: str, extra: str, what_for: str) -> None:
    """Refuse a command whose library is not installed.

    Raises
    ------
    OptionError
        It is not.
    """
    if find_spec(library) is None:
        step = f"Install it: pip install 'saisei[{extra}]'"
        found = f"the library {what_for} is not installed"
        raise OptionError(Problem("missing-extra", found, library, step))
