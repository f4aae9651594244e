"""The example Decisions, line by line."""

from __future__ import annotations

import pytest

from decision.decision_examples import EXAMPLES
from decision.snapshots import FOLDER, snapshot


@pytest.mark.parametrize("number", [path.name.split("-")[0] for path in EXAMPLES])
def test_each_decision_is_as_it_was_reviewed(number: str) -> None:
    assert snapshot(number) == (FOLDER / f"{number}.json").read_text(encoding="utf-8")


def test_no_snapshot_is_left_over() -> None:
    numbers = {path.name.split("-")[0] for path in EXAMPLES}
    assert {path.stem for path in FOLDER.glob("*.json")} == numbers
