"""The codes by which a real record fills the fields of a case, read from `codes.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from saisei.base.errors import DataError
from saisei.base.store import load_data
from saisei.cases.fields import fields

__all__ = ["Code", "Fill", "Way", "code_of", "code_to_write", "codes", "codes_table", "of_codes"]

FILE = "cases/codes.yaml"

Way = Literal[
    "number",
    "number-before-the-stroke",
    "number-after-the-stroke",
    "onset",
    "end",
    "value",
    "value-while-active",
    "item",
    "member",
    "result",
]
"""How a code gives a field its value; the head of `codes.yaml` says what each means."""
Carrier = Literal["Observation", "Condition", "Procedure", "Medication"]
When = Literal["ever", "active", "since-the-stroke"]


@dataclass(frozen=True, slots=True)
class Fill:
    """One field that a code fills.

    Parameters
    ----------
    field
        The id of the field.
    way
        How.
    value
        The value given, the item's id or the member's name; for the result of a test a mapping
        from ``positive`` and ``negative`` to the value.
    """

    field: str
    way: Way
    value: Any = None


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a terminology, whose meaning was read in the source named.

    Parameters
    ----------
    system, code
        ``LOINC``, ``SNOMED`` or ``RXNORM``, and the code.
    means
        What it stands for, in our words.
    on, when
        The kind of resource that carries it, and when it counts.
    event
        The kind of stroke that it is, ``any`` where the code does not say; None for all others.
    omop
        The id of the concept in OHDSI's vocabularies, where it was read.
    write
        Whether it is the code that its field is written with.
    fills
        The fields that it gives a value.
    source
        The key of the source, in the table `sources` of the file.
    """

    system: str
    code: str
    means: str
    source: str
    on: Carrier = "Observation"
    when: When = "ever"
    event: str | None = None
    omop: int | None = None
    write: bool = False
    fills: tuple[Fill, ...] = ()

    @property
    def url(self) -> str:
        """The address of the system, as FHIR writes it."""
        return str(of_codes("systems")[self.system][0])


@cache
def codes() -> tuple[Code, ...]:
    """Give every code, in the order of the file.

    Examples
    --------
    >>> next(code.means for code in codes() if code.code == "2160-0")
    'creatinine in serum or plasma, mass'
    """
    return tuple(_code(row) for row in of_codes("codes"))


def of_codes(name: str) -> Any:
    """Give one of the small tables of the file (`systems`, `counts`, `reasons`, …)."""
    return load_data(FILE)[name]


@cache
def _by_address() -> Mapping[tuple[str, str], Code]:
    systems: Mapping[str, list[str]] = of_codes("systems")
    return MappingProxyType(
        {(url, one.code): one for one in codes() for url in systems[one.system]}
    )


def code_of(system: str, code: str) -> Code | None:
    """Find a code by the address of its system, as FHIR writes it."""
    return _by_address().get((system, code))


@cache
def _to_write() -> Mapping[tuple[str, Any], Code]:
    found: dict[tuple[str, Any], Code] = {}
    for one in codes():
        for fill in one.fills if one.write and one.event is None else ():
            found[fill.field, fill.value if fill.way == "item" else None] = one
    return found


def code_to_write(field: str, item: str | None = None) -> Code | None:
    """Give the code that a field, or one item of it, is written with; None where it has none."""
    return _to_write().get((field, item))


def _code(row: Mapping[str, Any]) -> Code:
    given = {key: value for key, value in row.items() if key != "fills"}
    fills = tuple(_fills(row.get("fills", {}), row["code"]))
    if row["system"] not in of_codes("systems") or row["source"] not in of_codes("sources"):
        raise DataError(f"{FILE}: {row['code']} names an unknown system or source")
    return Code(**given, fills=fills)


def _fills(table: Mapping[str, Any], code: str) -> Iterator[Fill]:
    for name, how in table.items():
        wanted = fields().get(name)
        if wanted is None or wanted.derived:
            raise DataError(f"{FILE}: {code} fills an unknown field {name}")
        yield Fill(name, *_way(how, code))


_WAYS: Mapping[str, Way] = {way: way for way in get_args(Way)}


def _way(how: Any, code: str) -> tuple[Way, Any]:
    if isinstance(how, str) and how in _WAYS:
        return _WAYS[how], None
    if not isinstance(how, Mapping):
        return "value", how
    if "item" in how:
        return "item", how["item"]
    if "member" in how:
        return "member", how["member"]
    if "active" in how:
        return "value-while-active", how["active"]
    if how and set(how) <= {"positive", "negative"}:
        return "result", how
    raise DataError(f"{FILE}: {code} fills a field in an unknown way")


def codes_table() -> str:
    """Give the codes as a Markdown table, one row for each code, in the order of the fields."""
    order = {name: at for at, name in enumerate(fields())}
    rows = sorted((_place(one, order), _row(one)) for one in codes())
    head = "| fills | code | means | how |\n|---|---|---|---|\n"
    return head + "".join(f"{row}\n" for _, row in rows)


def _place(one: Code, order: Mapping[str, int]) -> tuple[int, str, str]:
    first = order["onset_datetime"] if one.event else order[one.fills[0].field]
    return first, one.system, one.code


def _row(one: Code) -> str:
    filled = [f"`{fill.field}`" for fill in one.fills]
    if one.event:
        filled = ["`onset_datetime`", "`stroke_type`", "`condition`", *filled]
    hows = dict.fromkeys([*(_said(fill) for fill in one.fills), *_said_when(one)])
    return f"| {', '.join(filled)} | {one.system} {one.code} | {one.means} | {'; '.join(hows)} |"


def _said_when(one: Code) -> list[str]:
    said = {"ever": [], "active": ["while active"], "since-the-stroke": ["since the stroke"]}
    return [*said[one.when], *([f"a stroke, {one.event}"] if one.event else [])]


def _said(fill: Fill) -> str:
    if fill.way == "value":
        return "yes" if fill.value is True else str(fill.value)
    if fill.way == "value-while-active":
        return "yes while active"
    if fill.way == "result":
        shown = (f"{result}: {_yes(value)}" for result, value in fill.value.items())
        return ", ".join(shown)
    return f"{fill.way} {fill.value}" if fill.way in ("item", "member") else fill.way


def _yes(value: Any) -> str:
    return "yes" if value else "no"
