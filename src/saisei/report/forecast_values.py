"""A forecast by itself as plain values: what stands on its page and in its lines stands here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from saisei.decision.cited import all_sources
from saisei.decision.outlook import Outlook

__all__ = ["forecast_plain"]


def forecast_plain(outlook: Outlook) -> dict[str, Any]:
    """Give everything of a forecast as plain values: what stands on its page stands here."""
    decision = outlook.decision
    found: dict[str, Any] = {
        "kind": decision.kind.value,
        "title": decision.title,
        "as_of": decision.as_of,
        "language": decision.language,
        "data": decision.data_digest,
        "emergency": asdict(decision.emergency),
        "possible": bool(outlook.drawn),
        "why_none": [asdict(one) for one in outlook.why_none],
        "context": outlook.context,
        "notes": [asdict(one) for one in outlook.notes],
        "scales": [asdict(one) for one in decision.futures] if not outlook.why_none else [],
        "therapies": [
            {"id": one.id, "name": one.name, "said": [asdict(said) for said in told]}
            for one, told in outlook.tested
        ],
        "counts": [
            {"finding": one.id, "title": one.title, "tier": one.tier,
             "counts": [asdict(count) for count in counts]}
            for one, counts in outlook.counted
        ],
        "added": [asdict(one) for one in outlook.added],
        "changes": [asdict(one) for one in outlook.changes],
        "beside": [asdict(one) for one in outlook.beside],
        "another": None if outlook.another is None else asdict(outlook.another),
    }  # fmt: skip
    return {**found, "sources": [asdict(all_sources()[key]) for key in _keys(found)]}


def _keys(value: Any) -> list[str]:
    """Give every source key in plain values, each once, in order."""
    found: dict[str, None] = {}
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, dict):
            found |= dict.fromkeys(one.get("sources", ()))
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return list(found)
