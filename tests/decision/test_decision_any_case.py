"""Whatever a case says, it leads to one Decision that holds together and to one page."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from saisei.base.dates import parse_as_of
from saisei.base.errors import InputError
from saisei.cases import Field, case_from_data, fields
from saisei.decision import Kind, decide
from saisei.report import to_html, to_json

AS_OF = parse_as_of("2026-11-20T09:00+09:00")
DATES = st.sampled_from(
    ["2026-11-19", "2026-11", "2026-08-01", "2026", "2025-12-01", "2024-09-18", "2024", "2011-05"]
)
LEADING = ("condition", "stroke_type", "onset_datetime", "birth_date", "in_hospital", "respondent",
           "fma_ue", "barthel_total", "mrs_current", "prior_cell_therapy")  # fmt: skip


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Draw a value that the field's own table allows."""
    if field.type == "boolean":
        return st.booleans()
    if field.type == "number" and field.range is not None:
        low, high = int(field.range.low), int(field.range.high)
        step = getattr(field, "step", None) or 1
        return st.integers(low // step, high // step).map(lambda n: float(n * step))
    if field.type == "enum":
        return st.sampled_from(sorted(field.values))
    if field.type == "list" and field.values:
        return st.lists(st.sampled_from(sorted(field.values)), unique=True, max_size=3)
    if field.type in ("date", "datetime"):
        return DATES
    return st.nothing()


def drawable() -> list[str]:
    return [
        name
        for name, field in fields().items()
        if not field.derived and not values_of(field).is_empty
    ]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(LEADING), unique=True))
    names += draw(st.lists(st.sampled_from(drawable()), unique=True, max_size=6))
    case = {name: draw(values_of(fields()[name])) for name in dict.fromkeys(names)}
    if "birth_date" in case:
        case["birth_date"] = draw(st.sampled_from(["1964-05-14", "1950", "2015-08-09", "2008"]))
    return case


@given(cases())
@settings(max_examples=150)
@example({"condition": "tia"})
@example({"condition": "heart", "birth_date": "1950"})
@example({"condition": "subarachnoid-haemorrhage", "onset_datetime": "2024-09-18"})
@example({"stroke_type": "tia", "onset_datetime": "2024-09-18"})
@example({})
def test_any_case_leads_to_one_page_that_holds_together(given_case: dict[str, Any]) -> None:
    try:
        case = case_from_data(given_case, as_of=AS_OF)
    except InputError:
        reject()
    decision = decide(case, AS_OF)
    page, said = to_html(decision), to_json(decision)
    assert decision.emergency.text[:40] in page
    assert page.endswith("</html>\n")
    for leftover in ("{{", "{%", "{you}", "{therapy}", " inf ", "nan ", "None,", "Statement("):
        assert leftover not in page, leftover
    assert '"schema": "saisei-decision/1"' in said
    if decision.kind is Kind.EMERGENCY:
        assert not decision.therapies
        assert "NCT" not in page
    if decision.kind is Kind.FULL:
        assert decision.answer
        assert decision.options
        assert all(not future.with_therapy for future in decision.futures)
