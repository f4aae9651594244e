"""What OpenAPI says of each address: the schemas of bodies and answers, and the examples.

Schemas come from where the things themselves come from: a case's from the table of fields, a
Decision's and a screening's from their dataclasses, a study's from its model; what remains stands
in `api_schemas.yaml`. The examples of `api_examples.yaml` run as tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from saisei.base.store import load_data
from saisei.cases import case_schema
from saisei.evidence import Study
from saisei.report import decision_schema, screening_schema
from saisei.web.problems import PROBLEM_JSON

__all__ = ["api_examples", "api_schemas", "described", "openapi_of"]

SCHEMAS = "web/api_schemas.yaml"
EXAMPLES = "web/api_examples.yaml"
PARTS = "#/components/schemas/"
BODIES = {"decide": "DecideRequest", "screen": "ScreenRequest", "pool": "PoolRequest"}
ANSWERS = {
    "decide": "Decision",
    "screen": "Screening",
    "pool": "Pool",
    "evidence": "EvidenceList",
    "study": "StudyAnswer",
}
REFUSALS = {
    400: "No JSON, or JSON that is not well formed.",
    403: "Sent from a page of another site.",
    408: "The body did not come in time.",
    413: "The body is larger than a case can be.",
    415: "No application/json, or compressed.",
    421: "Asked for under another host name.",
    422: "Mistakes in what was sent, each with its path.",
    429: "Too many requests of one client.",
    503: "Too many requests at once.",
}
WITHOUT_BODY = (421, 422, 429, 503)


def described(name: str) -> dict[str, Any]:
    """Give what the router is told of an address: its name, bodies, answers and refusals."""
    with_body = name in BODIES
    statuses = list(REFUSALS) if with_body else list(WITHOUT_BODY)
    refusals = {status: _refusal(REFUSALS[status]) for status in statuses}
    if name == "study":
        refusals[404] = _refusal("There is no such study.")
    answer = {"description": "The answer.", "content": {"application/json": _ref(ANSWERS[name])}}
    told: dict[str, Any] = {"operation_id": name, "responses": {200: answer, **refusals}}
    if with_body:
        shown = {
            one["name"]: {"summary": one["summary"], "value": one["body"]}
            for one in api_examples()
            if one["operation"] == name and one["status"] == 200
        }
        content = {"application/json": {**_ref(BODIES[name]), "examples": shown}}
        told["openapi_extra"] = {"requestBody": {"required": True, "content": content}}
    return told


def api_examples() -> list[dict[str, Any]]:
    """Give the examples: a name, the operation, what is sent, and what comes back."""
    examples: list[dict[str, Any]] = load_data(EXAMPLES)["examples"]
    return examples


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI document of the application."""
    if app.openapi_schema is None:
        found = get_openapi(
            title="Saisei",
            version=app.version,
            summary="What is known about cell therapy after a stroke, for one person.",
            description="Not medical advice. No case is stored or logged; see docs/privacy.md.",
            license_info={"name": "Apache-2.0 AND CC-BY-4.0"},
            routes=app.routes,
        )
        found.setdefault("components", {})["schemas"] = dict(api_schemas())
        app.openapi_schema = found
    return app.openapi_schema


@cache
def api_schemas() -> Mapping[str, Any]:
    """Give every schema by its name in OpenAPI. Do not change what is given."""
    found: dict[str, Any] = dict(load_data(SCHEMAS))
    found |= _flattened("Case", case_schema())
    found |= _flattened("Decision", decision_schema())
    found |= _flattened("Screening", screening_schema())
    found |= _flattened("Study", Study.model_json_schema(mode="serialization"))
    return found


def _flattened(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Put the parts of a schema beside it, since OpenAPI keeps all of them in one place."""
    parts = schema.get("$defs", {})
    own = {key: one for key, one in schema.items() if key not in {"$defs", "$schema", "$id"}}
    whole = {name: own, **{f"{name}.{part}": one for part, one in parts.items()}}
    return {key: _led(one, f"{PARTS}{name}.") for key, one in whole.items()}


def _led(schema: Any, to: str) -> Any:
    if isinstance(schema, Mapping):
        return {
            key: one.replace("#/$defs/", to) if key == "$ref" else _led(one, to)
            for key, one in schema.items()
        }
    return [_led(one, to) for one in schema] if isinstance(schema, list) else schema


def _ref(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"{PARTS}{name}"}}


def _refusal(why: str) -> dict[str, Any]:
    return {"description": why, "content": {PROBLEM_JSON: _ref("Problem")}}
