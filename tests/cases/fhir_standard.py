"""Whether a bundle has the form that FHIR R4 (4.0.1) defines, by the table in `reference`.

Held: which elements there are, how often each stands, its type and the look of a primitive, what a
reference may lead to and that it leads somewhere, the codes of required value sets and of HL7's own
systems, and the invariants in `INVARIANTS`. All references have to be resolved inside the bundle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from saisei.base.documents import read_document

TABLE = Path(__file__).parent / "reference" / "fhir-r4.yaml"
Element = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the standard says of one element."""

    path: str
    least: int
    many: bool
    types: Mapping[str, tuple[str, ...]]
    """Each type, with what a reference may lead to."""
    values: str
    """The value set that is required; empty where none is."""

    def keys(self) -> dict[str, str]:
        """Name the element as JSON does, one name for each type of a choice."""
        name = self.path.rpartition(".")[2]
        if not name.endswith("[x]"):
            return {name: next(iter(self.types))}
        return {name[:-3] + kind[0].upper() + kind[1:]: kind for kind in self.types}


@cache
def table() -> Any:
    return read_document(TABLE).data


@cache
def rules() -> Mapping[str, tuple[Rule, ...]]:
    """Give the rules of each type's elements, by the path of what they stand in."""
    found: dict[str, list[Rule]] = {}
    for path, said in table()["elements"].items():
        found.setdefault(path.rpartition(".")[0], []).append(_rule(path, said))
    return {path: tuple(some) for path, some in found.items()}


def _rule(path: str, said: str) -> Rule:
    said, _, values = said.partition(" = ")
    often, _, types = said.partition(" ")
    least, most = often.split("..")
    named: dict[str, tuple[str, ...]] = {}
    for one in types.split(" | "):
        kind, _, targets = one.partition("(")
        named[kind] = tuple(targets.rstrip(")").split())
    return Rule(path, int(least), most == "*", named, values)


def problems(bundle: Element) -> list[str]:
    """Give what a bundle has that the standard does not allow, each with its place."""
    kinds = {one.get("fullUrl"): one["resource"]["resourceType"] for one in bundle["entry"]}
    check = _Check(kinds)
    found = [*check.element(bundle, "Bundle", "Bundle")]
    if len(kinds) < len(bundle["entry"]):
        found.append("Bundle: bdl-7")
    return found


@dataclass(frozen=True, slots=True)
class _Check:
    kinds: Mapping[str | None, str]
    """The kind of resource at each address of the bundle."""

    def element(self, found: Element, path: str, at: str) -> Iterator[str]:
        if not found:
            yield f"{at}: ele-1"
        known = {"resourceType"} if "resourceType" in found else set()
        for rule in rules()[path]:
            keys = rule.keys()
            known |= {name for key in keys for name in (key, f"_{key}")}
            here = [key for key in keys if key in found or f"_{key}" in found]
            if len(here) > 1:
                yield f"{at}: several of {here}"
            if not here and rule.least:
                yield f"{at}: {rule.path} is missing"
            for key in here:
                yield from self.held(found, key, keys[key], rule, f"{at}.{key}")
        yield from (f"{at}: no element {name}" for name in found.keys() - known)
        yield from (f"{at}: {name}" for name, holds in _invariants(path) if not holds(found))

    def held(self, found: Element, key: str, kind: str, rule: Rule, at: str) -> Iterator[str]:
        for one in found.get(f"_{key}", {}).get("extension", ()):
            yield from self.element(one, "Extension", f"{at}.extension")
        if key not in found:  # the extension says why there is no value
            return
        value = found[key]
        if isinstance(value, list) is not rule.many:
            yield f"{at}: {'not ' if rule.many else ''}a list"
            return
        if value == []:
            yield f"{at}: an empty list"
        for place, one in enumerate(value if rule.many else [value]):
            yield from self.value(one, kind, rule, f"{at}[{place}]" if rule.many else at)

    def value(self, one: Any, kind: str, rule: Rule, at: str) -> Iterator[str]:
        if kind in table()["primitives"]:
            yield from _primitive(one, kind, at)
            if rule.values and one not in table()["values"][rule.values]:
                yield f"{at}: {one} is not in {rule.values}"
        elif not isinstance(one, Mapping):
            yield f"{at}: no {kind}"
        elif kind == "Resource":
            yield from self.element(one, one["resourceType"], f"{at}({one['resourceType']})")
        else:
            yield from self.typed(one, kind, rule, at)

    def typed(self, one: Element, kind: str, rule: Rule, at: str) -> Iterator[str]:
        path = rule.path if kind in ("BackboneElement", "Element") else kind.removeprefix("#")
        if path not in rules():
            yield f"{at}: {kind} is not in the table"
            return
        yield from self.element(one, path, at)
        if kind == "Reference" and "reference" in one:
            target = self.kinds.get(one["reference"])
            if target is None:
                yield f"{at}: leads nowhere"
            elif rule.types[kind] and target not in rule.types[kind]:
                yield f"{at}: leads to a {target}"
        if kind == "Coding" and one.get("code") not in table()["systems"].get(
            one.get("system"), [one.get("code")]
        ):
            yield f"{at}: {one.get('code')} is no code of {one['system']}"


_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "decimal": (int, float),
    "integer": int,
    "unsignedInt": int,
    "positiveInt": int,
}


def _primitive(one: Any, kind: str, at: str) -> Iterator[str]:
    wanted = _PYTHON.get(kind, str)
    if not isinstance(one, wanted) or (isinstance(one, bool) and kind != "boolean"):
        yield f"{at}: no {kind}"
    elif isinstance(one, str) and not re.fullmatch(table()["primitives"][kind], one):
        yield f"{at}: {one!r} does not look like a {kind}"


Holds = Callable[[Element], bool]


def _any(found: Element, name: str) -> bool:
    return any(key.startswith(name) for key in found)


def _components_differ(found: Element) -> bool:
    codes = [coding["code"] for coding in found.get("code", {}).get("coding", ())]
    parts: Sequence[Element] = found.get("component", ())
    inner = [c["code"] for part in parts for c in part["code"].get("coding", ())]
    return not (_any(found, "value") and set(codes) & set(inner))


def _in_order(found: Element, first: str, last: str) -> bool:
    low, high = (found.get(name) for name in (first, last))
    if low is None or high is None:
        return True
    if isinstance(low, Mapping) and isinstance(high, Mapping):
        return bool(low["value"] <= high["value"])
    return bool(low <= high)


INVARIANTS: Mapping[str, tuple[str, Holds]] = {
    "qty-3": ("Quantity", lambda one: "code" not in one or "system" in one),
    "rng-2": ("Range", lambda one: _in_order(one, "low", "high")),
    "per-1": ("Period", lambda one: _in_order(one, "start", "end")),
    "exp-1": ("Expression", lambda one: "expression" in one or "reference" in one),
    "ext-1": ("Extension", lambda one: ("extension" in one) is not _any(one, "value")),
    "obs-6": ("Observation", lambda one: not ("dataAbsentReason" in one and _any(one, "value"))),
    "obs-7": ("Observation", _components_differ),
    "grp-1": ("Group", lambda one: "member" not in one or one["actual"] is True),
    "con-4": (
        "Condition",
        lambda one: (
            not _any(one, "abatement") or one["clinicalStatus"]["coding"][0]["code"] != "active"
        ),
    ),
    "evv-0": (
        "EvidenceVariable",
        lambda one: re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", one["name"]) is not None,
    ),
    "bdl-5": ("Bundle.entry", lambda one: "resource" in one),
    "bdl-8": ("Bundle.entry", lambda one: "/_history/" not in one["fullUrl"]),
}
"""The rules that what we write could break. The others are about what the tests see we never write:
contained resources (dom-2 to 5, ref-1), narratives, and bundles of other types."""


def _invariants(path: str) -> Iterator[tuple[str, Holds]]:
    yield from ((name, holds) for name, (kind, holds) in INVARIANTS.items() if kind == path)
