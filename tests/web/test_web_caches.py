"""What is kept between requests does not grow with them: neither values of cases nor addresses."""

from __future__ import annotations

import functools
import gc
import json
import random
from typing import Any

from web.web_api_asking import EXAMPLES, asking, case_of

API = asking()
CASES = [case_of(path) for path in EXAMPLES if path.name[:2] in {"01", "03", "06", "07"}]
OF_TABLES = {
    "saisei.appraisal.answers._appraised",
    "saisei.appraisal.answers.findings_for",
    "saisei.decision.considered.ended_trials",
    "saisei.eligibility.asked._computed_from",
    "saisei.eligibility.filling.clashing_fields",
    "saisei.eligibility.filling.read_through",
    "saisei.eligibility.filling.touching_fields",
    "saisei.eligibility.words.field_name",
    "saisei.therapies.rules._stage_rule",
}
"""Caches by fields, rules, targets and questions: these come from our tables, so they end."""


def caches() -> dict[str, Any]:
    """Give every function of ours that keeps what it gave, without a limit."""
    found = {}
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("saisei"):
            kept: Any = one
            if kept.cache_info().maxsize is None:
                found[f"{kept.__module__}.{kept.__qualname__}"] = kept
    return found


def sizes() -> dict[str, int]:
    return {name: one.cache_info().currsize for name, one in caches().items()}


def another(case: Any, drawn: random.Random) -> Any:
    """Give the same case for another person."""
    changed = json.loads(json.dumps(case))
    changed["birth_date"] = f"19{drawn.randint(40, 79)}-{drawn.randint(1, 12):02d}-11"
    changed["hemoglobin_g_dl"] = round(drawn.uniform(9, 16), 3)
    changed["ldl_mmol_l"] = round(drawn.uniform(1, 6), 3)
    day = f"2026-11-{drawn.randint(1, 18):02d}"
    changed["fma_ue"] = {"value": drawn.randint(0, 66), "date": day, "source": str(drawn.random())}
    return changed


def session(seed: int) -> None:
    """Ask as readers do, each time with other values, names and addresses."""
    drawn = random.Random(seed)  # noqa: S311  # no secret
    for case in CASES:
        body = {"case": another(case, drawn), "as_of": f"2026-11-{drawn.randint(19, 28)}"}
        assert API.post("/api/v1/decide", json=body).status_code == 200
    assert API.post("/api/v1/screen", json=body).status_code == 200
    studies = [{"study": f"S{drawn.random()}", "y": drawn.gauss(0, 1), "v": 0.2} for _ in range(9)]
    pool = {"studies": studies, "level": drawn.uniform(0.5, 0.99)}
    assert API.post("/api/v1/pool", json=pool).status_code == 200
    odd = f"x{drawn.random()}"
    for path in ("/evidence/{}", "/therapies/{}", "/api/v1/evidence/{}", "/static/{}/{}", "/{}"):
        assert API.get(path.format(odd, odd)).status_code == 404
    for path in ("/", "/ask", "/evidence", "/therapies"):
        assert API.get(path, params={odd: odd, "q": odd, "stage": odd}).status_code < 500
    for path in ("/ask", "/report", "/language"):
        API.post(path, data={odd: odd, "sex": odd, "asked": odd, "turn": odd, "language": odd})


def test_nothing_kept_grows_with_the_requests() -> None:
    for seed in range(3):
        session(seed)
    before = sizes()
    for seed in range(3, 6):
        session(seed)
    grown = {name for name, size in sizes().items() if size > before.get(name, 0)}
    assert len(before) > 30
    assert grown - OF_TABLES == set()
