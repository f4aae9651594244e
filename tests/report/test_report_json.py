"""The decision as JSON: whole, finite, and true to the schema that comes from the same types."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from report.report_builders import emergency_decision, full_decision, short_decision
from report.report_reading import hostile
from saisei.base.errors import DataError
from saisei.decision.model import SCHEMA, Decision
from saisei.report import decision_schema, to_json

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def problems(value: Any, schema: dict[str, Any], path: str = "$") -> list[str]:
    """Check a value against the part of JSON Schema that `decision_schema` uses."""
    if "$ref" in schema:
        schema = decision_schema()["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        tried = [problems(value, option, path) for option in schema["anyOf"]]
        return [] if [] in tried else [f"{path}: none of the forms"]
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return [] if value in allowed else [f"{path}: not one of {allowed}"]
    right = isinstance(value, TYPES[schema["type"]])
    if not right or (isinstance(value, bool) and schema["type"] != "boolean"):
        return [f"{path}: not a {schema['type']}"]
    if schema["type"] == "array":
        return _array(value, schema, path)
    return _object(value, schema, path) if schema["type"] == "object" else []


def _array(value: list[Any], schema: dict[str, Any], path: str) -> list[str]:
    if "prefixItems" not in schema:
        every = [problems(v, schema["items"], f"{path}[{i}]") for i, v in enumerate(value)]
        return [fault for faults in every for fault in faults]
    if len(value) != schema["minItems"]:
        return [f"{path}: not {schema['minItems']} items"]
    pairs = zip(value, schema["prefixItems"], strict=True)
    return [fault for v, s in pairs for fault in problems(v, s, path)]


def _object(value: dict[str, Any], schema: dict[str, Any], path: str) -> list[str]:
    faults = [f"{path}: lacks {name}" for name in schema["required"] if name not in value]
    faults += [f"{path}: has {name}" for name in value if name not in schema["properties"]]
    for name in value.keys() & schema["properties"].keys():
        faults += problems(value[name], schema["properties"][name], f"{path}.{name}")
    return faults


DECISIONS = {
    "full": full_decision(),
    "hostile": hostile(full_decision()),
    "short": short_decision(),
    "emergency": emergency_decision(),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_json_is_true_to_its_schema(name: str) -> None:
    assert problems(json.loads(to_json(DECISIONS[name])), decision_schema()) == []


def _lack(plain: dict[str, Any]) -> None:
    del plain["title"]


def _more(plain: dict[str, Any]) -> None:
    plain["futures"][0]["colour"] = "red"


def _text_for_number(plain: dict[str, Any]) -> None:
    plain["findings"][0]["rows"][0]["estimate"] = "0.94"


def _true_for_number(plain: dict[str, Any]) -> None:
    plain["harms"][0]["events"] = True


def _short_pair(plain: dict[str, Any]) -> None:
    plain["findings"][0]["worthwhile"] = [0.8]


def _other_kind(plain: dict[str, Any]) -> None:
    plain["kind"] = "cat"


def _other_schema(plain: dict[str, Any]) -> None:
    plain["schema"] = "saisei-decision/0"


@pytest.mark.parametrize(
    "spoil",
    [_lack, _more, _text_for_number, _true_for_number, _short_pair, _other_kind, _other_schema],
)
def test_the_schema_notices_a_spoiled_decision(spoil: Any) -> None:
    plain = json.loads(to_json(full_decision()))
    spoil(plain)
    assert len(problems(plain, decision_schema())) == 1


def test_the_order_of_fields_is_that_of_the_model() -> None:
    plain = json.loads(to_json(full_decision()))
    assert list(plain) == [field.name for field in fields(Decision)]
    assert plain["schema"] == SCHEMA
    assert plain["kind"] == "full"
    assert plain["findings"][0]["rows"][0]["low"] == 0.30
    assert plain["sources"][2]["pmid"] == "23918585"


def test_every_named_form_is_used_and_every_form_is_an_object_or_a_list_of_words() -> None:
    schema = decision_schema()
    named = set(re.findall(r"#/\$defs/(\w+)", json.dumps(schema)))
    assert named == set(schema["$defs"])
    assert all(form.get("type") == "object" or form["enum"] for form in schema["$defs"].values())


def test_letters_stay_letters() -> None:
    decision = replace(short_decision(), title="再生 — “1 ± 2”")
    assert "再生 — “1 ± 2”" in to_json(decision)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    full = full_decision()
    spoiled = replace(full.futures[0], score_high=value)
    with pytest.raises(DataError, match="finite"):
        to_json(replace(full, futures=(spoiled,)))
