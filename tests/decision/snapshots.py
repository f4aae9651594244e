"""Snapshots of the example Decisions: the JSON form, cut to what a reviewer reads line by line.

Left out: the version and the digest (they change with every data file), the sources (each is
checked elsewhere), the entry rules one by one (``saisei screen`` and their own tests), and of each
source list only the number of keys. ``python -m decision.snapshots`` in ``tests`` writes them anew;
a change is then reviewed as a difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from decision.decision_examples import EXAMPLES, example
from saisei.report import to_json

FOLDER = Path(__file__).with_name("snapshots")
CUT = {"version", "data_digest", "criteria", "claims"}


def snapshot(number: str) -> str:
    """Give the snapshot of one example as text."""
    said = json.loads(to_json(example(number)))
    said["sources"] = len(said["sources"])
    return json.dumps(_cut(said), indent=1, ensure_ascii=False) + "\n"


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"text", "sources"}:
            cited = len(value["sources"])
            return f"{value['text']} [{cited}]" if cited else value["text"]
        return {key: _cut(part) for key, part in value.items() if key not in CUT and part != []}
    if isinstance(value, list):
        if value and all(isinstance(part, dict) and "reason" in part for part in value):
            return [f"{part['study']}: {part['reason']}" for part in value]
        return [_cut(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    """Write every snapshot anew."""
    FOLDER.mkdir(exist_ok=True)
    for path in EXAMPLES:
        number = path.name.split("-")[0]
        (FOLDER / f"{number}.json").write_text(snapshot(number), encoding="utf-8")


if __name__ == "__main__":
    main()
