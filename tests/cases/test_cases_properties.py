"""Properties: possible values round-trip, junk raises nothing but what is designed."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saisei.base.dates import PartialDate, Span, parse_as_of
from saisei.base.documents import parse_document
from saisei.base.errors import CaseError, DocumentError
from saisei.cases import NEVER, Case, Field, case_from_data, fields
from saisei.scales import scale
from saisei.scales.scoring import scoring_items

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
TYPED = [field for field in fields().values() if not field.derived]
CLASHES = {"contradiction", "order", "before-birth", "differs-from-items"}
SLOW = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

DATES = st.one_of(
    st.integers(1990, 2025).map(str),
    st.dates(parse_as_of("1990-01-01").date(), parse_as_of("2026-11-20").date()).map(str),
    st.dates(parse_as_of("1990-01-01").date(), parse_as_of("2026-10-01").date()).map(
        lambda day: f"{day:%Y-%m}"
    ),
    st.datetimes(parse_as_of("1990-01-01").replace(tzinfo=None), AS_OF.replace(tzinfo=None)).map(
        lambda moment: f"{moment:%Y-%m-%dT%H:%M}+09:00"
    ),
)


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Draw values that the field can have."""
    never = [st.just("never")] if field.never else []
    return st.one_of(_plain(field), *never)


def _plain(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "boolean":
        return st.booleans()
    if field.type == "number":
        assert field.range is not None
        step = field.step
        if step:
            steps = st.integers(math.ceil(field.range.low / step), int(field.range.high // step))
            return steps.map(lambda n: n * step)
        return st.floats(field.range.low, field.range.high)
    if field.type == "enum":
        return st.sampled_from(field.values)
    if field.type in ("date", "datetime"):
        return DATES
    return _compound(field)


def _compound(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "items":
        items = {i.id: st.sampled_from(i.points) for i in scoring_items(scale(field.scale or ""))}
        return st.fixed_dictionaries({}, optional=items)
    if field.type == "map":
        return st.fixed_dictionaries({}, optional={key: st.floats(1, 20) for key in field.keys})
    if field.entries is None:
        return st.lists(st.sampled_from(field.values), unique=True)
    names = st.sampled_from(field.values) if field.values else st.sampled_from(["aspirin", "x"])
    more = {key: DATES for key, kind in field.entries["also"].items() if kind == "date"}
    one = st.fixed_dictionaries({field.entries["name"]: names}, optional=more)
    return st.lists(one, max_size=3)


def dated(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw a value bare, or with a date and a source around it."""
    around = st.fixed_dictionaries({"value": values}, optional={"date": DATES})
    return st.one_of(values, around)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a case of possible values."""
    chosen = draw(st.lists(st.sampled_from(TYPED), unique_by=lambda f: f.id, max_size=12))
    return {field.id: draw(dated(values_of(field))) for field in chosen}


def read(data: Any) -> Case | None:
    """Read a case; None where its values, each possible, contradict each other."""
    try:
        return case_from_data(data, as_of=AS_OF)
    except CaseError as error:
        codes = {problem.code for problem in error.problems}
        if not codes <= CLASHES:
            raise
        return None


@given(cases())
@SLOW
def test_possible_values_are_read_the_same_from_text(data: dict[str, Any]) -> None:
    direct = read(data)
    if direct is not None and data:
        document = parse_document(json.dumps(data).encode(), "case.json")
        assert case_from_data(document, as_of=AS_OF).entries == direct.entries


@given(cases())
@SLOW
def test_what_was_read_can_be_replaced_by_itself(data: dict[str, Any]) -> None:
    direct = read(data)
    if direct is not None:
        assert direct.replace(**data).entries == direct.entries


@given(cases())
@SLOW
def test_every_answer_has_the_form_of_its_field(data: dict[str, Any]) -> None:
    case = read(data)
    if case is None:
        return
    for field in fields().values():
        answer = case.answer(field.id)
        assert answer.known is (answer.value is not None)
        assert answer.known or not (answer.derived and field.id in case.entries)
        if answer.known:
            assert _fits(field, answer.value), (field.id, answer)
        if answer.state == "stale" and not field.derived:
            assert field.id in case.entries or case.series(field.id)


def _fits(field: Field, value: Any) -> bool:
    if field.type == "boolean":
        return isinstance(value, bool)
    if field.type == "number":
        return isinstance(value, float | Span) and not isinstance(value, bool)
    if field.type == "enum":
        return value in field.values
    if field.type == "list":
        return isinstance(value, frozenset)
    if field.type in ("date", "datetime"):
        return isinstance(value, PartialDate) or (value is NEVER and field.never)
    return hasattr(value, "items")


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | DATES
    | st.sampled_from(["never", "unknown", "none", "UN", 10**400, -(10**30)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "date", "unit", "source", "1a", "drug", "A"]) | st.text(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from([*fields(), "as_of"]) | st.text(max_size=6) | st.integers() | st.none(),
        JUNK,
        max_size=6,
    )
)
@settings(SLOW, max_examples=300)
def test_junk_raises_nothing_but_a_case_error(data: dict[Any, Any]) -> None:
    with contextlib.suppress(CaseError):
        case = case_from_data(data, as_of=AS_OF)
        for name in fields():
            case.answer(name)


@given(JUNK)
@SLOW
def test_junk_at_the_top_raises_nothing_but_a_case_error(data: Any) -> None:
    with contextlib.suppress(CaseError):
        case_from_data(data, as_of=AS_OF)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@SLOW
def test_any_bytes_are_a_case_or_refused(content: bytes) -> None:
    with contextlib.suppress(CaseError, DocumentError):
        case_from_data(parse_document(content, "c.yaml"), as_of=AS_OF)
