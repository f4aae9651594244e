"""The definitions of our own protocols: status, versions and hashes, from definitions.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from saisei.base.errors import DataError
from saisei.base.store import load_data
from saisei.eligibility.criterion import Criterion
from saisei.eligibility.definitions import (
    Definition,
    check_definition,
    read_definition,
)
from saisei.eligibility.linting import Finding
from saisei.therapies.protocols import population_protocols

__all__ = [
    "FILE",
    "check_definitions",
    "definition_of",
    "definitions",
    "definitions_text",
]

FILE = "therapies/definitions.yaml"


@cache
def definitions() -> Mapping[str, Definition]:
    """Give the definition of every protocol by its id.

    Raises
    ------
    DataError
        An entry of the file has another form.
    """
    found: dict[str, Definition] = {}
    for name, entry in load_data(FILE)["definitions"].items():
        definition = read_definition(entry)
        if definition is None:
            raise DataError(f"{FILE}: {name} is no definition")
        found[name] = definition
    return MappingProxyType(found)


def definition_of(protocol: str) -> Definition | None:
    """Give the definition of a protocol; None where it has none yet."""
    return definitions().get(protocol)


@cache
def _rules() -> Mapping[str, tuple[Criterion, ...]]:
    return {one.id: one.criteria for one in population_protocols()}


def check_definitions() -> Iterator[Finding]:
    """Find protocols whose rules are not those that were published, or that have no definition."""
    for name, rules in _rules().items():
        definition = definition_of(name)
        if definition is None:
            yield Finding(
                "definition-missing", "error", name, (), "it has no definition",
                f"an entry in {FILE}", f"Publish it: python tools/publish.py {name}",
            )  # fmt: skip
        else:
            yield from check_definition(name, definition, rules)
    for name in definitions().keys() - _rules().keys():
        yield Finding(
            "definition-alone", "error", name, (), "a definition without a protocol",
            "the protocol; one that was published stays, with status withdrawn",
            "Bring the protocol back",
        )  # fmt: skip


def definitions_text(found: Mapping[str, Definition], head: str) -> str:
    """Write definitions as the data file holds them, below the comment at its head."""
    lines = [head.rstrip("\n"), "definitions:"]
    for name, definition in found.items():
        lines.append(f"  {name}:")
        lines.append(f"    status: {definition.status}")
        lines.append("    versions:")
        lines += [
            f'      - {{version: {v.number}, date: "{v.date}", sha256: "{v.sha256}"}}'
            for v in definition.versions
        ]
    return "\n".join(lines) + "\n"
