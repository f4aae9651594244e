"""What the tests of the web application share: a client, a moment, and a check against a schema."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
from starlette.testclient import TestClient

from saisei.base.dates import parse_as_of
from saisei.base.documents import read_document
from saisei.web import Limits, create_app
from saisei.web.api_models import api_schemas

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-20T09:00+09:00"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
MANY = Limits(burst=100_000, per_minute=6_000_000)
"""So much that no test is turned away for asking often."""


def moment() -> datetime:
    return parse_as_of(AS_OF)


def asking(limits: Limits = MANY) -> TestClient:
    """Give a client of a fresh application."""
    return TestClient(create_app(moment, limits))


def case_of(path: Path) -> Any:
    """Give an example's case as JSON has it."""
    return json.loads(json.dumps(read_document(path).data))


def faults(value: Any, name: str) -> list[str]:
    """Hold a value against a schema of the API."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": dict(api_schemas())}}
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(whole)))
    return [f"{one.instance_path}: {one.message[:200]}" for one in validator.iter_errors(value)]


def at(value: Any, path: str) -> Any:
    """Follow a path with dots."""
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
