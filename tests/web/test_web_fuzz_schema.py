"""Schemathesis over the API's own description finds no failure of the server.

A case has some two hundred fields, and drawing one takes the tool minutes; so the description that
it draws from has a few fields of every kind. The others are drawn in `test_web_fuzz.py`.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from saisei.cases import fields
from web.web_api_asking import asking

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "random"
EACH = 2
"""Fields of each kind."""
API = asking()


def smaller() -> dict[str, Any]:
    """Give the description with a few fields of a case, and without the schemas of answers."""
    told: dict[str, Any] = API.get("/api/v1/openapi.json").json()
    schemas = told["components"]["schemas"]
    kinds: dict[str, list[str]] = {}
    for one in fields().values():
        if not one.derived:
            kinds.setdefault(one.type, []).append(one.id)
    kept = {"as_of", *(name for names in kinds.values() for name in names[:EACH])}
    case = schemas["Case"]
    case["properties"] = {name: one for name, one in case["properties"].items() if name in kept}
    text = json.dumps(case)
    for path in told["paths"].values():
        for asked in path.values():
            asked["responses"] = {"200": {"description": "the answer"}}
    wanted = (
        "DecideRequest",
        "ScreenRequest",
        "CaseOrRecord",
        "Case",
        "Bundle",
        "AsOf",
        "Language",
    )
    told["components"]["schemas"] = {
        name: one
        for name, one in schemas.items()
        if name in {*wanted, "PoolRequest", "StudyNumbers"} or f'schemas/{name}"' in text
    }
    return told


schema = schemathesis.openapi.from_dict(smaller())
schema.app = API.app


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@schema.parametrize()
@settings(max_examples=100 if DEEP else 5, suppress_health_check=list(HealthCheck), deadline=None)
def test_what_the_description_allows_never_fails(case: schemathesis.Case[Any]) -> None:
    answer = case.call()
    case.validate_response(answer, checks=[not_a_server_error])
    assert answer.status_code < 500
