"""The API answers as the commands do, holds what its description says, and its examples run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from typer.testing import CliRunner

from saisei.cases import case_schema, fields
from saisei.cli import app as commands
from saisei.evidence import measures, pool_methods, pool_tests, studies
from saisei.forecast import contexts
from saisei.web.api_models import ANSWERS, BODIES, api_examples, api_schemas
from web.web_api_asking import AS_OF, EXAMPLES, asking, at, case_of, faults

API = asking()
POOLS = {
    "arms": "study,ai,n1i,ci,n2i\nA,4,40,9,41\nB,6,52,8,50\nC,0,10,0,11\n",
    "effects": "study,y,v\nA,0.1,0.02\nB,0.3,0.04\nC,,0.1\n",
}


def printed(*words: str) -> str:
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_decision_is_that_of_the_command_to_the_byte(path: Path) -> None:
    body = {"case": case_of(path), "as_of": AS_OF}
    answer = API.post("/api/v1/decide", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.text == printed("report", str(path), "--as-of", AS_OF, "--json")
    assert faults(answer.json(), "Decision") == []
    assert faults(body, "DecideRequest") == []


@pytest.mark.parametrize("path", EXAMPLES[:3], ids=lambda path: path.stem)
def test_a_screening_is_that_of_the_command_to_the_byte(path: Path) -> None:
    answer = API.post("/api/v1/screen", json={"case": case_of(path), "as_of": AS_OF})
    assert answer.status_code == 200, answer.text
    assert answer.text == printed("screen", str(path), "--as-of", AS_OF, "--json")
    assert faults(answer.json(), "Screening") == []


@pytest.mark.parametrize(("name", "measure"), [("arms", "OR"), ("effects", "GEN")])
def test_a_pool_is_that_of_the_command_to_the_byte(tmp_path: Path, name: str, measure: str) -> None:
    table = tmp_path / "table.csv"
    table.write_text(POOLS[name], encoding="utf-8")
    heads, *rows = (line.split(",") for line in POOLS[name].splitlines())
    given = [{head: _number(cell) for head, cell in zip(heads, row, strict=True)} for row in rows]
    answer = API.post("/api/v1/pool", json={"studies": given, "measure": measure})
    assert answer.text == printed("pool", str(table), "--measure", measure, "--json")
    assert faults(answer.json(), "Pool") == []


def _number(cell: str) -> Any:
    if not cell:
        return None
    return cell if cell.isalpha() else float(cell)


@pytest.mark.parametrize("example", api_examples(), ids=lambda one: one["name"])
def test_an_example_runs(example: dict[str, Any]) -> None:
    name = example["operation"]
    if name in BODIES:
        answer = API.post(f"/api/v1/{name}", json=example["body"])
    else:
        where = f"/{example['id']}" if name == "study" else ""
        answer = API.get(f"/api/v1/evidence{where}", params=example.get("query"))
    assert answer.status_code == example["status"], answer.text
    told = answer.json()
    for path, wanted in example["answer"].items():
        assert at(told, path) == wanted, path
    assert faults(told, ANSWERS[name] if example["status"] == 200 else "Problem") == []


def test_every_address_has_an_example_that_succeeds() -> None:
    shown = {one["operation"] for one in api_examples() if one["status"] == 200}
    assert shown == set(ANSWERS)


def test_every_study_is_there_and_true_to_its_schema() -> None:
    listed = API.get("/api/v1/evidence").json()
    assert faults(listed, "EvidenceList") == []
    assert [one["id"] for one in listed["studies"]] == [study.id for study in studies()]
    for one in listed["studies"]:
        told = API.get(one["address"])
        assert told.status_code == 200
        assert faults(told.json(), "StudyAnswer") == []


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"design": "rct"}, lambda study: study.design == "rct"),
        ({"condition": "tbi"}, lambda study: study.condition == "tbi"),
        ({"route": "intravenous"}, lambda s: any(a.route == "intravenous" for a in s.arms)),
        ({"registry": "NCT02448641"}, lambda study: "NCT02448641" in study.registry),
        ({"outcome": "fma-ue"}, lambda s: any(row.outcome == "fma-ue" for row in s.outcomes)),
    ],
    ids=lambda one: "".join(one) if isinstance(one, dict) else "",
)
def test_a_filter_keeps_what_has_it(query: dict[str, str], kept: Any) -> None:
    told = API.get("/api/v1/evidence", params=query).json()
    assert [one["id"] for one in told["studies"]] == [s.id for s in studies() if kept(s)]
    assert 0 < told["count"] < len(studies())


def test_the_description_is_whole() -> None:
    told = API.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    for name, schema in api_schemas().items():
        whole = {**schema, "components": {"schemas": dict(api_schemas())}}
        jsonschema_rs.validator_for(
            json.loads(json.dumps(whole))
        )  # raises where a $ref leads nowhere
        assert name in told["components"]["schemas"]
    text = json.dumps(told)
    assert "#/$defs/" not in text
    for path, methods in told["paths"].items():
        for asked in methods.values():
            assert asked["operationId"] in ANSWERS, path
            assert "422" in asked["responses"]
            assert "HTTPValidationError" not in json.dumps(asked)


def test_the_written_schemas_have_the_words_that_the_rooms_have() -> None:
    pool = api_schemas()["PoolRequest"]["properties"]
    assert pool["measure"]["enum"] == [*measures(), None]
    assert pool["method"]["enum"] == [*pool_methods(), None]
    assert pool["test"]["enum"] == [*pool_tests(), None]
    context = api_schemas()["DecideRequest"]["properties"]["context"]["enum"]
    assert context == [*contexts(), None]
    assert set(case_schema()["properties"]) == {"as_of"} | {
        one.id for one in fields().values() if not one.derived
    }


def test_the_schema_of_a_case_takes_the_examples_and_refuses_what_is_impossible() -> None:
    for path in EXAMPLES:
        assert faults(case_of(path), "Case") == [], path.name
    wrong: list[dict[str, Any]] = [
        {"fma_ue": 97},
        {"mrs_current": "three"},
        {"mrs_curent": 3},
        {"sex": "Yamada"},
        {"nihss_items": {"1a": 4}},
        {"birth_date": "14.5.1964"},
        {"mrs_current": {"value": 3, "seen": "2026"}},
    ]
    for case in wrong:
        assert faults(case, "Case") != [], case
        assert API.post("/api/v1/screen", json={"case": case}).status_code == 422


def test_language_and_context_change_the_answer() -> None:
    case = case_of(EXAMPLES[0])
    plain = API.post("/api/v1/decide", json={"case": case, "as_of": AS_OF}).json()
    other = API.post("/api/v1/decide", json={"case": case, "as_of": AS_OF, "language": "ja"}).json()
    assert (plain["language"], other["language"]) == ("en", "ja")
    assert plain["emergency"]["text"] != other["emergency"]["text"]
    texts = {
        API.post("/api/v1/decide", json={"case": case, "as_of": AS_OF, "context": name}).text
        for name in contexts()
    }
    assert len(texts) == len(contexts())


def test_a_moment_is_that_of_the_body_else_of_the_case_else_now() -> None:
    said = {"case": {"as_of": "2026-05-01"}, "as_of": "2026-06-01T08:00Z"}
    assert API.post("/api/v1/decide", json=said).json()["as_of"] == "2026-06-01T08:00:00+00:00"
    own = API.post("/api/v1/decide", json={"case": {"as_of": "2026-05-01"}}).json()
    assert own["as_of"] == "2026-05-01T12:00:00+00:00"
    assert API.post("/api/v1/decide", json={"case": {"sex": "male"}}).json()["as_of"] == (
        "2026-11-20T09:00:00+09:00"
    )
