"""Nothing near what is right makes the application fail.

`make test-deep` draws more, and new ones every time.
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saisei.cases import fields
from web.web_api_asking import AS_OF, EXAMPLES, asking, case_of, faults

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "random"
MORE = settings(
    max_examples=2_000 if DEEP else 60, suppress_health_check=list(HealthCheck), deadline=None
)
API = asking()
CASES = [case_of(path) for path in EXAMPLES]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 100),
    st.sampled_from([10**17, 1e308, -1e-320, -0.0, 0.5]),
    st.sampled_from(["", "never", "none", "unknown", "UN", "yes", " ", "\u0000", "'\"<b>", "💡"]),
    st.sampled_from(["2026", "2026-11", "2026-11-20", "1000-01-01", "2026-11-20T09:00+09:00"]),
    st.sampled_from([[], {}, [[]], [{}], {"value": None}, {"value": []}, [{"value": 1}] * 2]),
    st.builds(lambda one, when: {"value": one, "date": when}, st.integers(0, 9), st.text("20-6")),
)
NAMES = [*fields(), "as_of", "resourceType", "", "x"]


@st.composite
def near_cases(draw: st.DrawFn) -> Any:
    """Draw a case that is an example but for a few things."""
    case = json.loads(json.dumps(draw(st.sampled_from(CASES))))
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(NAMES) | st.sampled_from(sorted(case) or NAMES))
        if draw(st.booleans()):
            case[name] = draw(ODD)
        else:
            case.pop(name, None)
    return case


@settings(MORE, max_examples=500 if DEEP else 15)
@given(near_cases(), st.sampled_from(["decide", "screen"]), st.sampled_from(["en", "ja"]))
def test_cases_near_the_examples_get_an_answer_or_words(
    case: Any, where: str, language: str
) -> None:
    body = {"case": case, "as_of": AS_OF, "language": language}
    answer = API.post(f"/api/v1/{where}", json=body)
    assert answer.status_code in {200, 422}, answer.text
    if answer.status_code == 422:
        assert faults(answer.json(), "Problem") == []


NUMBER = st.one_of(
    st.none(),
    st.integers(-2, 60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, 1e-300, 1e300, 1e-9, 5e-324, "NA", "1,5", "inf", "x"]),
)
COLUMNS = {
    "GEN": ("y", "v"),
    "HR": ("y", "se"),
    "OR": ("events1", "n1", "events2", "n2"),
    "PETO": ("events1", "n1", "events2", "n2"),
    "AS": ("events1", "n1", "events2", "n2"),
    "SMD": ("mean1", "sd1", "n1", "mean2", "sd2", "n2"),
    "ROM": ("mean1", "sd1", "n1", "mean2", "sd2", "n2"),
    "CVR": ("mean1", "sd1", "n1", "mean2", "sd2", "n2"),
    "IRR": ("events1", "time1", "events2", "time2"),
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a table of studies with numbers that are often possible."""
    measure = draw(st.sampled_from(sorted(COLUMNS)))
    cell = st.integers(1, 40) | st.floats(0.01, 5) | NUMBER
    row = st.fixed_dictionaries(dict.fromkeys(COLUMNS[measure], cell))
    return {
        "measure": measure,
        "method": draw(st.sampled_from(["EE", "DL", "HE", "SJ", "ML", "REML", "PM", "EB", "HSk"])),
        "test": draw(st.sampled_from(["z", "t", "knha", "knha-safeguarded"])),
        "level": draw(st.sampled_from([0.95, 0.5, 1e-300, 1 - 1e-16, 0.999999])),
        "studies": draw(st.lists(row, min_size=1, max_size=6)),
    }


@settings(MORE, max_examples=5_000 if DEEP else 200)
@given(tables())
def test_tables_get_a_pool_or_words(table: dict[str, Any]) -> None:
    answer = API.post("/api/v1/pool", json=table)
    assert answer.status_code in {200, 422}, answer.text
    assert faults(answer.json(), "Pool" if answer.status_code == 200 else "Problem") == []


@MORE
@given(st.sampled_from(["decide", "screen", "pool"]), st.binary(max_size=300))
def test_any_bytes_get_words(where: str, content: bytes) -> None:
    kind = {"content-type": "application/json"}
    answer = API.post(f"/api/v1/{where}", content=content, headers=kind)
    assert answer.status_code in {400, 422}


@MORE
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_address_gets_words(path: str, query: str) -> None:
    answer = API.get("/api/v1/evidence/x", params={"stage": query, query: path})
    assert answer.status_code in {200, 404, 422}
