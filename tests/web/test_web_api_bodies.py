"""What nobody should send: every bad body gets words and a 4xx, and the server goes on."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from saisei.web import Limits
from saisei.web.api import MOST_STUDIES
from saisei.web.problems import MOST
from web.web_api_asking import AS_OF, MANY, asking, faults

API = asking()
JSON = "application/json"
MARKUP = "<script>alert(1)</script>{{7*7}}${7*7}<img src=x onerror=alert(1)>"


def sent(content: bytes, kind: str | None = JSON, where: str = "decide", **headers: str) -> Any:
    told = {**({"content-type": kind} if kind else {}), **headers}
    return API.post(f"/api/v1/{where}", content=content, headers=told)


def case(text: str) -> bytes:
    return f'{{"as_of": "{AS_OF}", "case": {text}}}'.encode()


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "truncated": (case('{"sex": "male"')[:-1], 400),
    "latin-1": (case('{"sex": "mâle"}').decode().encode("latin-1"), 400),
    "utf-16": (case("{}").decode().encode("utf-16"), 400),
    "a mark": (b"\xef\xbb\xbf" + case("{}"), 400),
    "yaml": (b"case:\n  sex: male\n", 400),
    "deep": (case("[" * 50_000), 400),
    "deep and closed": (case('{"x":' * 300 + "1" + "}" * 300), 400),
    "nan": (case('{"fma_ue": NaN}'), 400),
    "infinite": (case('{"fma_ue": 1e999}'), 400),
    "twice": (case('{"sex": "male", "sex": "female"}'), 400),
    "half a pair": (case('{"sex": "\\ud800"}'), 400),
    "a list": (b"[]", 422),
    "a text": (b'"case"', 422),
    "null": (b"null", 422),
    "no case": (b"{}", 422),
    "a case of null": (b'{"case": null}', 422),
    "a case of a list": (b'{"case": [1]}', 422),
    "an unknown name": (b'{"case": {}, "cases": {}}', 422),
    "a language": (b'{"case": {}, "language": "fr"}', 422),
    "a language of a list": (b'{"case": {}, "language": ["en"]}', 422),
    "a context": (b'{"case": {}, "context": "../../etc/passwd"}', 422),
    "a moment": (b'{"case": {}, "as_of": "yesterday"}', 422),
    "a moment far away": (b'{"case": {}, "as_of": "9999-12-31T23:59-14:00"}', 422),
    "the first moment": (b'{"case": {}, "as_of": "0001-01-01T00:00+14:00"}', 422),
    "a moment in the case": (
        case('{"as_of": {"a": 1}}').replace(AS_OF.encode(), b"2026-11-20"),
        422,
    ),
    "an unknown field": (case('{"name": "Yamada"}'), 422),
    "markup as a field": (case(json.dumps({MARKUP: MARKUP})), 422),
    "markup as a value": (case(json.dumps({"sex": MARKUP})), 422),
    "out of range": (case('{"fma_ue": 97}'), 422),
    "a computed field": (case('{"age_years": 61}'), 422),
    "an object for a number": (case('{"fma_ue": {"a": {"b": 1}}}'), 422),
    "an object for an item": (case('{"nihss_items": {"1a": {"a": 1}}}'), 422),
    "a list for an item": (case('{"nihss_items": {"1a": [1]}}'), 422),
    "an object in a list": (case('{"antithrombotics": [{"drug": {"a": 1}}]}'), 422),
    "a unit of a list": (case('{"ldl_mmol_l": {"value": 3, "unit": ["mmol/L"]}}'), 422),
    "a date of a list": (case('{"sex": {"value": "male", "date": [1]}}'), 422),
    "an impossible date": (case('{"birth_date": "1964-02-30"}'), 422),
    "a date before all": (case('{"birth_date": "0000-01-01"}'), 422),
    "a record of nothing": (case('{"resourceType": "Bundle"}'), 422),
    "a record of another kind": (case('{"resourceType": "Patient", "id": "1"}'), 422),
    "a record of nonsense": (
        case(
            '{"resourceType": "Bundle", "type": "collection", "entry": [1, null, {"resource": 1}]}'
        ),
        422,
    ),
}


@pytest.mark.parametrize("where", ["decide", "screen"])
@pytest.mark.parametrize(("content", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_gets_words(content: bytes, status: int, where: str) -> None:
    answer = sent(content, where=where)
    context_of_screen = b'"context"' in content and where == "screen"
    assert answer.status_code == (422 if context_of_screen else status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert faults(told, "Problem") == []
    assert told["problems"]
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/yaml",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/json/",
    ],
)
def test_another_kind_of_content_is_415(kind: str | None) -> None:
    answer = sent(case("{}"), kind)
    assert answer.status_code == 415
    assert faults(answer.json(), "Problem") == []


@pytest.mark.parametrize("kind", [JSON, "Application/JSON", 'application/json; charset="UTF-8"'])
def test_json_by_other_spellings_is_taken(kind: str) -> None:
    assert sent(case("{}"), kind).status_code == 200


def test_a_compressed_body_is_415_and_never_unpacked() -> None:
    packed = gzip.compress(b"0" * 100_000_000)
    answer = sent(packed, **{"content-encoding": "gzip"})
    assert answer.status_code == 415


def test_what_is_huge_is_413() -> None:
    answer = sent(case(json.dumps({"sex": "m" * 1_000_000})))
    assert answer.status_code == 413


def test_many_mistakes_are_told_up_to_a_number() -> None:
    answer = sent(case(json.dumps({f"field{number}": number for number in range(5000)})))
    told = answer.json()
    assert answer.status_code == 422
    assert len(told["problems"]) == MOST
    assert told["problems_left_out"] == 5000 - MOST


def test_every_mistake_has_its_path_and_no_value() -> None:
    given = {
        "sex": "Yamada Taro",
        "fma_ue": 97.25,
        "birth_date": "1911-13-31",
        "nihss_items": {"1a": 77},
        "ldl_mmol_l": {"value": 4.25, "unit": "furlong", "date": "2026-11-01"},
    }
    answer = sent(case(json.dumps(given)))
    told = answer.json()["problems"]
    assert {one["path"] for one in told} == {
        "case.sex",
        "case.fma_ue",
        "case.birth_date",
        "case.nihss_items.1a",
        "case.ldl_mmol_l.value",
    }
    for value in ("Yamada", "97.25", "1911", "77", "4.25", "furlong"):
        assert value not in answer.text


POOLS: dict[str, Any] = {
    "no studies": {},
    "none": {"studies": []},
    "an object": {"studies": {"y": [1], "v": [1]}},
    "a number": {"studies": [1]},
    "a list in a list": {"studies": [[0.1, 0.2]]},
    "an object in a cell": {"studies": [{"y": {"a": 1}, "v": 1}]},
    "a truth in a cell": {"studies": [{"y": True, "v": 1}]},
    "a long word": {"studies": [{"study": "x" * 300, "y": 1, "v": 1}]},
    "a long name": {"studies": [{"x" * 300: 1, "y": 1, "v": 1}]},
    "no numbers": {"studies": [{"study": "A"}]},
    "no variance": {"studies": [{"y": 1}]},
    "all missing": {"studies": [{"y": None, "v": None}]},
    "a variance of 0": {"studies": [{"y": 1, "v": 0}]},
    "negative": {"studies": [{"y": 1, "v": -1}]},
    "a word for a number": {"studies": [{"y": "one", "v": 1}]},
    "infinite in words": {"studies": [{"y": "inf", "v": 1}]},
    "both names": {"studies": [{"y": 1, "yi": 1, "v": 1}]},
    "more events than people": {
        "measure": "OR",
        "studies": [{"ai": 9, "n1i": 3, "ci": 1, "n2i": 5}],
    },
    "a measure": {"measure": "XX", "studies": [{"y": 1, "v": 1}]},
    "a measure of a list": {"measure": ["OR"], "studies": [{"y": 1, "v": 1}]},
    "a method": {"method": "XX", "studies": [{"y": 1, "v": 1}]},
    "a test": {"test": "XX", "studies": [{"y": 1, "v": 1}]},
    "a level of 1": {"level": 1, "studies": [{"y": 1, "v": 1}]},
    "a level in words": {"level": "0.95", "studies": [{"y": 1, "v": 1}]},
    "a level that is true": {"level": True, "studies": [{"y": 1, "v": 1}]},
    "too many": {"studies": [{"y": 1, "v": 1}] * (MOST_STUDIES + 1)},
    "many columns": {"studies": [{f"c{n}": 1 for n in range(60)} | {"y": 1, "v": 1}]},
    "beyond floats together": {"studies": [{"y": 1e300, "v": 1e-300}, {"y": -1e300, "v": 1e-300}]},
    "tiny": {"studies": [{"y": 1, "v": 1e-320}, {"y": 2, "v": 1e-320}]},
}


@pytest.mark.parametrize("body", POOLS.values(), ids=POOLS.keys())
def test_a_bad_table_gets_words(body: Any) -> None:
    answer = API.post("/api/v1/pool", json=body)
    assert answer.status_code == 422, answer.text
    assert faults(answer.json(), "Problem") == []
    assert answer.json()["problems"]
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/evidence/..%2f..%2fetc%2fpasswd",
        "/api/v1/evidence/%00",
        "/api/v1/evidence/" + "a" * 5000,
        "/api/v1/evidence/%ff%fe",
        "/api/v1/evidence/<script>",
        "/api/v2/decide",
        "/api/",
        "//api/v1/evidence",
        "/api/v1/../../pyproject.toml",
    ],
)
def test_an_address_that_is_none_is_404(path: str) -> None:
    answer = API.get(path)
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_the_server_goes_on_beside_bad_bodies() -> None:
    with TestClient(API.app) as client:
        for content, _ in BODIES.values():
            client.post("/api/v1/decide", content=content, headers={"content-type": JSON})
            assert client.get("/api/v1/evidence/nobody").status_code == 404
    assert MANY.body_bytes == Limits().body_bytes


def test_the_longest_pool_takes_no_long_time() -> None:
    studies = [{"y": (n % 17) / 10, "v": 0.01 + (n % 13) / 50} for n in range(MOST_STUDIES)]
    for method in ("REML", "PM", "EB", "HSk"):
        answer = API.post("/api/v1/pool", json={"studies": studies, "method": method})
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() < 20
