"""Reading a case from a file, from data or from a real record.

Every problem of a case file is told at once. A record is not the person's to correct: what it says
that cannot be used is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from saisei.base.dates import parse_as_of
from saisei.base.documents import Document, read_document
from saisei.base.errors import CaseError, Place, Problem
from saisei.cases.case import Case
from saisei.cases.consistency import find_contradictions
from saisei.cases.entries import Locate, nowhere, read_all
from saisei.cases.fhir import bundle_to_case, open_bundle, read_json

__all__ = ["case_from_data", "open_case", "read_case"]

AS_OF = "as_of"
MARK = b'"resourceType"'


def read_case(
    path: Path | str, *, as_of: datetime | None = None, otherwise: datetime | None = None
) -> Case:
    """Read a case file (YAML or JSON) or the record of one person (a FHIR R4 bundle in JSON).

    Parameters
    ----------
    path
        The file; its name without the ending becomes the name of the case.
    as_of
        The moment to judge everything at. Without it the file's own ``as_of`` counts, and without
        that `otherwise`. A moment without a time zone is read as UTC.

    Raises
    ------
    DocumentError
        The file cannot be read as YAML or JSON, or is empty.
    CaseError
        It says something impossible. All problems are told together. Or it is a FHIR file that is
        no R4 bundle about one living person.
    """
    return case_from_data(open_case(path), as_of=as_of, otherwise=otherwise)


def open_case(path: Path | str) -> Document:
    """Read a file that holds a case or a FHIR bundle, without looking at what it says.

    Raises
    ------
    DocumentError
        As `read_case`.
    """
    path = Path(path)
    return read_json(path) if _is_fhir(path) else read_document(path)


def _is_fhir(path: Path) -> bool:
    """Whether a file is JSON that names a kind of FHIR resource."""
    try:
        with path.open("rb") as file:
            if not file.read(100).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                return False
            file.seek(0)
            return any(MARK in chunk for chunk in _overlapping(file))
    except OSError:
        return False


def _overlapping(file: BinaryIO) -> Iterator[bytes]:
    """Read a file in pieces, each with the end of the one before."""
    before = b""
    while chunk := file.read(1_000_000):
        yield before + chunk
        before = chunk[-len(MARK) :]


def case_from_data(
    data: Document | Mapping[str, Any],
    *,
    as_of: datetime | None = None,
    otherwise: datetime | None = None,
    name: str = "case",
) -> Case:
    """Read a case from what a document, a mapping or a FHIR bundle holds; see `read_case`.

    Raises
    ------
    CaseError
        It says something impossible. All problems are told together.

    Examples
    --------
    >>> from saisei.base.dates import parse_as_of
    >>> case = case_from_data({"birth_date": "1964-05-14"}, as_of=parse_as_of("2026-11-20"))
    >>> case.answer("age_years").value
    62.0
    """
    content: Any = data.data if isinstance(data, Document) else data
    locate: Locate = data.place if isinstance(data, Document) else nowhere
    name = Path(data.name).stem if isinstance(data, Document) else name
    _refuse_other_things(content, locate())
    problems: list[Problem] = []
    if "resourceType" in content:
        bundle = open_bundle(content, locate())
        stated = {AS_OF: bundle.timestamp if bundle.ours else None}
        moment = _moment(stated, locate, as_of, otherwise, problems)
        if problems:
            raise CaseError(problems)
        return bundle_to_case(bundle, moment, name, locate())
    moment = _moment(content, locate, as_of, otherwise, problems)
    rest = {key: value for key, value in content.items() if key != AS_OF}
    entries, found = read_all(rest, moment, locate)
    problems += found
    problems += find_contradictions(entries, locate)
    if problems:
        raise CaseError(sorted(problems, key=_line))
    return Case(name, moment, MappingProxyType(entries))


def _refuse_other_things(content: Any, place: Place | None) -> None:
    """Refuse what is no case at all."""
    expected, next_step = "`field: value` lines", "Begin with the empty case"
    if content is None:
        found, code = "the file holds nothing", "empty"
    elif not isinstance(content, Mapping):
        found, code = "a list or a single value stands at the top", "not-a-case"
    else:
        return
    raise CaseError(Problem(code, found, expected, next_step, place))


def _moment(
    content: Mapping[str, Any],
    locate: Locate,
    as_of: datetime | None,
    otherwise: datetime | None,
    problems: list[Problem],
) -> datetime:
    written = content.get(AS_OF)
    own = None
    if written is not None:
        try:
            own = parse_as_of(str(written))
        except (ValueError, OverflowError):
            problems.append(_bad_as_of(locate(AS_OF)))
    moment = as_of or own or otherwise
    if moment is None:
        raise CaseError(problems or _no_as_of(locate()))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not 1900 <= moment.year <= 2200:
        raise CaseError(_bad_as_of(locate(AS_OF)))
    return moment


def _bad_as_of(place: Place | None) -> Problem:
    return Problem(
        "as-of",
        "the moment of the report is not a day or an instant that is possible",
        "a day or an instant, such as 2026-11-20 or 2026-11-20T09:00+09:00",
        place=place,
        field=AS_OF,
    )


def _no_as_of(place: Place | None) -> Problem:
    return Problem(
        "no-as-of",
        "the moment to judge the case at is not given",
        "a day or an instant",
        "Add `as_of: 2026-11-20` to the case",
        place,
        AS_OF,
    )


def _line(problem: Problem) -> tuple[int, str]:
    line = problem.place.line if problem.place else None
    return (line or 0, problem.field)
