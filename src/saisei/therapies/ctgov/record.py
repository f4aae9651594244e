"""One study of ClinicalTrials.gov (API version 2), as far as it is taken over.

Contacts, officials and descriptions are not read. The shape is the registry's ``protocolSection``;
its words for status and phase are turned into ours by `phrases.yaml`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saisei.base.dates import PartialDate
from saisei.base.errors import DocumentError, Place, Problem
from saisei.therapies.ctgov.words import table

__all__ = ["Age", "Arm", "Registered", "our_status", "read_records", "records_in"]

MAX_BYTES = 64_000_000
"""The largest records carry results of several megabytes; beyond this it is the wrong file."""
MAX_CRITERIA = 100_000
"""The registry takes criteria of 20,000 characters; beyond this it is the wrong text."""

_NCT = re.compile(r"NCT\d{8}\Z")
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s+(Year|Month|Week|Day|Hour|Minute)s?\s*\Z", re.IGNORECASE)
_YEARS = {"year": 1.0, "month": 1 / 12}
_WHERE = "Download the study as JSON (API version 2) from ClinicalTrials.gov"


@dataclass(frozen=True, slots=True)
class Age:
    """A limit of age as printed (``18 Years``), in years; None where it is not said in years."""

    printed: str
    years: float | None


@dataclass(frozen=True, slots=True)
class Arm:
    """A group of a trial."""

    label: str
    kind: str
    interventions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """What is taken over of one registered study. Texts are the registry's own."""

    id: str
    title: str
    official_title: str = ""
    sponsor: str = ""
    study_type: str = ""
    status: str = ""
    why_stopped: str = ""
    first_posted: str | None = None
    last_updated: str | None = None
    verified: str | None = None
    start: str | None = None
    completion: str | None = None
    results_posted: str | None = None
    phases: tuple[str, ...] = ()
    allocation: str = ""
    masking: str = ""
    enrolment: int | None = None
    enrolment_kind: str = ""
    conditions: tuple[str, ...] = ()
    interventions: tuple[str, ...] = ()
    arms: tuple[Arm, ...] = ()
    countries: tuple[str, ...] = ()
    sites: int = 0
    sex: str = ""
    minimum_age: Age | None = None
    maximum_age: Age | None = None
    healthy_volunteers: bool | None = None
    criteria: str = ""


def read_records(path: Path | str) -> tuple[Registered, ...]:
    """Read the study, or the studies, of a file.

    Parameters
    ----------
    path
        JSON of the registry's API version 2: one study, or ``{"studies": [...]}``.

    Raises
    ------
    DocumentError
        The file cannot be read, is no JSON, or holds something else.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        reason = "is a folder" if path.is_dir() else (error.strerror or "cannot be read").lower()
        raise _refuse(path, "unreadable", f"the file cannot be read ({reason})", "a file") from None
    if size > MAX_BYTES:
        found = f"the file has {size:,} bytes"
        raise _refuse(path, "too-large", found, f"at most {MAX_BYTES:,} bytes")
    return records_in(_parsed(content, path), str(path))


def _parsed(content: bytes, path: Path) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        found = "a byte that is not UTF-8"
        raise _refuse(path, "encoding", found, "text in UTF-8", _WHERE) from None
    except json.JSONDecodeError as error:
        place = Place(str(path), error.lineno, error.colno)
        problem = Problem("syntax", "the file is no JSON", "JSON", _WHERE, place)
        raise DocumentError(problem) from None
    except RecursionError:
        raise _refuse(path, "too-deep", "the file nests too deeply", "a study", _WHERE) from None


def records_in(data: object, name: str = "record") -> tuple[Registered, ...]:
    """Take over what the data of a file holds: one study, or a list of them.

    Raises
    ------
    DocumentError
        It is no study of API version 2; each study that is broken is named.
    """
    if not isinstance(data, Mapping):
        raise _refuse(name, "not-a-study", "no study stands here", "a `protocolSection`", _WHERE)
    if any(key in data for key in ("FullStudy", "FullStudiesResponse", "StudyFieldsResponse")):
        found = "a record of the registry's old API (version 1)"
        raise _refuse(name, "old-version", found, "version 2 (`protocolSection`)", _WHERE)
    if "studies" not in data:
        return (_study(data, name),)
    studies = data["studies"]
    if not isinstance(studies, list) or not studies:
        raise _refuse(name, "no-studies", "`studies` holds none", "at least one study", _WHERE)
    read = tuple(_study(one, f"{name}: study {at + 1}") for at, one in enumerate(studies))
    twice = sorted(number for number, times in Counter(s.id for s in read).items() if times > 1)
    if twice:
        raise _refuse(name, "repeated", f"{', '.join(twice)} more than once", "each study once")
    return read


def _study(data: object, name: str) -> Registered:
    section = data.get("protocolSection") if isinstance(data, Mapping) else None
    if not isinstance(section, Mapping):
        expected = "`protocolSection`, as API version 2 gives it"
        raise _refuse(name, "no-protocol-section", "no `protocolSection`", expected, _WHERE)
    reader = _Section(section, name)
    number = reader.text("identificationModule", "nctId")
    if not _NCT.match(number):
        found = "`identificationModule.nctId` is missing or no NCT number"
        raise _refuse(name, "no-number", found, "NCT and eight digits", _WHERE)
    criteria = reader.text("eligibilityModule", "eligibilityCriteria")
    if len(criteria) > MAX_CRITERIA:
        found = f"`eligibilityCriteria` has {len(criteria):,} characters"
        raise _refuse(name, "too-long", found, f"at most {MAX_CRITERIA:,}", _WHERE)
    return _registered(reader, number, criteria)


def _registered(reader: _Section, number: str, criteria: str) -> Registered:
    status, design, who = "statusModule", "designModule", "eligibilityModule"
    sites = reader.rows("contactsLocationsModule", "locations")
    return Registered(
        number,
        reader.text("identificationModule", "briefTitle"),
        reader.text("identificationModule", "officialTitle"),
        reader.text("sponsorCollaboratorsModule", "leadSponsor", "name"),
        reader.text(design, "studyType"),
        reader.text(status, "overallStatus"),
        reader.text(status, "whyStopped"),
        reader.date(status, "studyFirstPostDateStruct", "date"),
        reader.date(status, "lastUpdatePostDateStruct", "date"),
        reader.date(status, "statusVerifiedDate"),
        reader.date(status, "startDateStruct", "date"),
        reader.date(status, "completionDateStruct", "date"),
        reader.date(status, "resultsFirstPostDateStruct", "date"),
        reader.words(design, "phases"),
        reader.text(design, "designInfo", "allocation"),
        reader.text(design, "designInfo", "maskingInfo", "masking"),
        reader.whole(design, "enrollmentInfo", "count"),
        reader.text(design, "enrollmentInfo", "type"),
        reader.words("conditionsModule", "conditions"),
        tuple(_named(reader.rows("armsInterventionsModule", "interventions"))),
        tuple(_arms(reader.rows("armsInterventionsModule", "armGroups"))),
        tuple(dict.fromkeys(_said(site, "country") for site in sites if _said(site, "country"))),
        len(sites),
        reader.text(who, "sex"),
        _age(reader.text(who, "minimumAge")),
        _age(reader.text(who, "maximumAge")),
        reader.yes_or_no(who, "healthyVolunteers"),
        criteria,
    )


class _Section:
    """Looks values up; a part of the wrong kind counts as missing, except where it matters."""

    def __init__(self, section: Mapping[str, Any], name: str) -> None:
        self.section = section
        self.name = name

    def _at(self, *steps: str) -> Any:
        found: Any = self.section
        for step in steps:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    def text(self, *steps: str) -> str:
        """Give a text; empty where there is none."""
        found = self._at(*steps)
        if found is not None and not isinstance(found, str):
            where = ".".join(steps)
            raise _refuse(self.name, "wrong-kind", f"`{where}` is no text", "a text", _WHERE)
        # a lone half of a pair cannot be written again
        whole = (found or "").encode("utf-8", "replace").decode("utf-8")
        return whole if steps[-1] == "eligibilityCriteria" else " ".join(whole.split())

    def date(self, *steps: str) -> str | None:
        """Give a date as printed (a day, a month or a year)."""
        found = self.text(*steps)
        try:
            return PartialDate.parse(found).text if found else None
        except ValueError:
            return None

    def words(self, *steps: str) -> tuple[str, ...]:
        """Give a list of texts."""
        found = self._at(*steps)
        return tuple(word for word in found if isinstance(word, str)) if _is_list(found) else ()

    def rows(self, *steps: str) -> list[Mapping[str, Any]]:
        """Give a list of parts."""
        found = self._at(*steps)
        return [row for row in found if isinstance(row, Mapping)] if _is_list(found) else []

    def whole(self, *steps: str) -> int | None:
        """Give a whole number."""
        found = self._at(*steps)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def yes_or_no(self, *steps: str) -> bool | None:
        """Give a yes or no, also where it is written as a word."""
        found = self._at(*steps)
        if isinstance(found, str):
            return {"yes": True, "no": False}.get(found.lower())
        return found if isinstance(found, bool) else None


def _is_list(found: object) -> bool:
    return isinstance(found, list)


def _said(row: Mapping[str, Any], key: str) -> str:
    found = row.get(key)
    return found if isinstance(found, str) else ""


def _named(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        kind = _said(row, "type").replace("_", " ").capitalize()
        yield ": ".join(filter(None, (kind, _said(row, "name"))))


def _arms(rows: list[Mapping[str, Any]]) -> Iterator[Arm]:
    for row in rows:
        names = row.get("interventionNames")
        named = tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else ()
        yield Arm(_said(row, "label"), _said(row, "type"), named)


def _age(printed: str) -> Age | None:
    """Read ``18 Years``; ``N/A`` and nothing are no limit."""
    if not printed or printed.upper() in {"N/A", "NONE"}:
        return None
    match = _AGE.match(printed)
    factor = _YEARS.get(match.group(2).lower()) if match else None
    return Age(printed, float(match.group(1)) * factor if match and factor else None)


def _refuse(
    name: Path | str, code: str, found: str, expected: str, next_step: str = ""
) -> DocumentError:
    return DocumentError(Problem(code, found, expected, next_step, Place(str(name))))


def our_status(registered: Registered) -> str:
    """Give the status in our words; ``unknown`` for those of expanded access."""
    return str(table()["statuses"].get(registered.status, "unknown"))
