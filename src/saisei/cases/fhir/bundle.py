"""A FHIR R4 bundle as it stands in a file: its resources, and the one person it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saisei.base.documents import Document
from saisei.base.errors import CaseError, DocumentError, Place, Problem
from saisei.cases.codes import of_codes
from saisei.cases.fhir.elements import LostError, mapping, mappings, stamp, text

__all__ = ["Bundle", "Resource", "open_bundle", "read_json"]

MAX_BYTES = 64_000_000
"""The whole record of one person, pictures left out, is a few megabytes."""

Element = Mapping[str, Any]

PROFILE = re.compile(
    r"http://hl7\.org/fhir/(?:StructureDefinition/\w+\|)?(\d+\.\d+(?:\.\d+)?)"
    r"(?:/StructureDefinition/.*)?\Z"
)
"""A profile of the standard itself, with its version; others count versions of their own."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a bundle: its place in it, its kind, its content and its address."""

    at: int
    kind: str
    body: Element
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The resources of a bundle, the newest version of each, and what is known of the whole.

    Parameters
    ----------
    resources, older
        What is read, and older versions and repetitions of the same.
    patient
        The person's own resource; None where the bundle has none.
    addresses
        What a reference to the person can be.
    timestamp
        When it was put together.
    ours
        Whether it was written from a case; its time stamp is then the moment to judge at.
    incomplete
        Whether it says that further pages follow.
    """

    resources: tuple[Resource, ...]
    older: tuple[Resource, ...]
    patient: Element | None
    addresses: frozenset[str]
    timestamp: Any = None
    ours: bool = False
    incomplete: bool = False

    def is_about_the_person(self, body: Element) -> bool:
        """Whether a resource is about the person of this bundle."""
        named = mapping(body, "subject") or mapping(body, "patient")
        reference = text(named, "reference")
        if reference is None:
            return True
        if reference.startswith("#"):
            found = _contained(body, reference)
            return found is not None and found.get("resourceType") == "Patient"
        return _plain(reference) in self.addresses

    def find(self, reference: str | None, body: Element) -> Element:
        """Find the resource that a reference leads to: inside the resource, or in the bundle."""
        if reference is None:
            return {}
        if reference.startswith("#"):
            return _contained(body, reference) or {}
        wanted = _plain(reference)
        for one in self.resources:
            if wanted in (one.url, _local(one)):
                return one.body
        return {}


def read_json(path: Path) -> Document:
    """Read a JSON file by the rules of JSON.

    Raises
    ------
    DocumentError
        It cannot be read, is too large, breaks off, repeats a name, or nests too deeply.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise _refuse(path, "unreadable", f"it cannot be read ({error.strerror})", "") from None
    if size > MAX_BYTES:
        raise _refuse(
            path, "too-large", f"the file has {size:,} bytes", f"at most {MAX_BYTES:,} bytes"
        )
    try:
        data = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        problem = "the file breaks off or is not well formed"
        if error.msg == "Extra data":
            problem = "more than one JSON value (as in NDJSON)"
        place = Place(str(path), error.lineno, error.colno)
        raise DocumentError(Problem("syntax", problem, "JSON", place=place)) from None
    except UnicodeDecodeError:
        raise _refuse(path, "encoding", "a byte that is not UTF-8", "text in UTF-8") from None
    except RecursionError:
        raise _refuse(path, "too-deep", "the file nests too deeply", "a FHIR bundle") from None
    except ValueError as error:
        raise _refuse(path, "syntax", str(error), "JSON") from None
    return Document(str(path), data, {})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(_: str) -> Any:
    raise ValueError("a number that is none (NaN or infinite)")


def _refuse(path: Path, code: str, found: str, expected: str) -> DocumentError:
    return DocumentError(Problem(code, found, expected, place=Place(str(path))))


def open_bundle(data: Element, place: Place | None) -> Bundle:
    """Look through a bundle: its version, its resources, its person.

    Raises
    ------
    CaseError
        It is no bundle, one of another version of FHIR, empty, or about several people.
    """
    if data.get("resourceType") != "Bundle":
        raise _wrong("a single FHIR resource that is not a Bundle", "a FHIR R4 Bundle", place)
    try:
        every = tuple(_resources(data))
        _check_mark(data, place)
        for one in every:
            _check_mark(one.body, place)
            _check_version(one, place)
        resources, older = _newest(every)
        patient, addresses = _person(resources, place)
        marks = [text(tag, "system") for tag in mappings(mapping(data, "meta"), "tag")]
        pages = [text(link, "relation") for link in mappings(data, "link")]
    except LostError:
        raise _wrong("a FHIR Bundle whose entries are not well formed", "FHIR R4", place) from None
    if not every:
        raise _wrong("a FHIR Bundle without any resource", "the resources of one person", place)
    ours = of_codes("own")["bundle"] in marks
    stamped = data.get("timestamp")
    return Bundle(resources, older, patient, addresses, stamped, ours, "next" in pages)


def _resources(data: Element) -> Iterator[Resource]:
    for entry in mappings(data, "entry"):
        body = mapping(entry, "resource")
        if body:
            kind = text(body, "resourceType") or ""
            if not (kind.isascii() and kind.isalpha() and len(kind) <= 40):
                raise LostError("form")
            yield Resource(0, kind, body, text(entry, "fullUrl") or "")


def _check_mark(body: Element, place: Place | None) -> None:
    """Refuse what says itself that it is of another version of FHIR."""
    said = mapping(body, "meta").get("profile")
    profiles = said if isinstance(said, list) else []
    marks = [found[1] for one in profiles if (found := PROFILE.match(str(one)))]
    if body.get("resourceType") == "Bundle":
        marks.append(str(body.get("fhirVersion", "4.0.1")))
    for mark in marks:
        if not mark.startswith("4."):
            raise _other_version(f"it says version {mark[:12]}", place)


def _other_version(why: str, place: Place | None) -> CaseError:
    found = f"this bundle is in another version of FHIR ({why})"
    step = "Export the record as FHIR R4 (4.0.1)"
    return CaseError(Problem("fhir-version", found, "FHIR R4", step, place))


def _check_version(one: Resource, place: Place | None) -> None:
    """Refuse a resource in the shape of another version of FHIR."""
    versions: Mapping[str, Mapping[str, Sequence[str]]] = of_codes("other_versions")
    found = [
        version
        for version, shapes in versions.items()
        if any(name in one.body for name in shapes.get(one.kind, ()))
    ]
    if one.kind == "Encounter" and isinstance(one.body.get("class"), list):
        found.append("R5")
    if one.kind == "Condition" and isinstance(one.body.get("clinicalStatus"), str):
        found.append("STU3")
    if found:
        raise _other_version(f"{one.kind} as in {found[0]}", place)


def _newest(every: Sequence[Resource]) -> tuple[tuple[Resource, ...], tuple[Resource, ...]]:
    """Keep the newest of the versions of each resource."""
    kept: dict[str, Resource] = {}
    older: list[Resource] = []
    for at, found in enumerate(every):
        one = Resource(at, found.kind, found.body, found.url)
        key = _local(one) if one.body.get("id") else one.url or f"#{at}"
        if key in kept and stamp(one.body) < stamp(kept[key].body):
            older.append(one)
            continue
        if key in kept:
            older.append(kept[key])
        kept[key] = one
    return tuple(sorted(kept.values(), key=lambda one: one.at)), tuple(older)


def _person(
    resources: Sequence[Resource], place: Place | None
) -> tuple[Element | None, frozenset[str]]:
    """Find the person, and every address that references give them."""
    patients = [one for one in resources if one.kind == "Patient"]
    if len(patients) > 1:
        raise _wrong("a FHIR Bundle about several people", "the record of one person", place)
    if patients:
        return patients[0].body, frozenset({patients[0].url, _local(patients[0])} - {""})
    named = {_plain(one) for one in map(_subject, resources) if one and not one.startswith("#")}
    inside = [one for resource in resources for one in _inner_patients(resource.body)]
    if len(named) > 1 or any(_who(one) != _who(inside[0]) for one in inside):
        raise _wrong("a FHIR Bundle about several people", "the record of one person", place)
    return (inside[0] if inside else None), frozenset(named)


def _inner_patients(body: Element) -> Iterator[Element]:
    reference = _subject(Resource(0, "", body))
    if reference and reference.startswith("#"):
        found = _contained(body, reference)
        if found is not None and found.get("resourceType") == "Patient":
            yield found


def _who(patient: Element) -> tuple[Any, Any]:
    return patient.get("birthDate"), patient.get("gender")


def _subject(one: Resource) -> str | None:
    named = mapping(one.body, "subject") or mapping(one.body, "patient")
    return text(named, "reference")


def _contained(body: Element, reference: str) -> Element | None:
    for one in mappings(body, "contained"):
        if one.get("id") == reference[1:]:
            return one
    return None


def _local(one: Resource) -> str:
    return f"{one.kind}/{one.body.get('id')}"


def _plain(reference: str) -> str:
    """Give the last two parts of an address of a server, without its version."""
    address = reference.split("/_history/", maxsplit=1)[0]
    parts = address.split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 else address


def _wrong(found: str, expected: str, place: Place | None) -> CaseError:
    return CaseError(Problem("fhir", f"this is {found}", expected, "docs/fhir.md says more", place))
