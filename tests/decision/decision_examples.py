"""The example people, decided once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from saisei.base.dates import parse_as_of
from saisei.cases import read_case
from saisei.decision import Decision, decide

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
AS_OF = parse_as_of("2026-11-20T09:00+09:00")


@cache
def example(number: str) -> Decision:
    """Decide the example whose file name begins with a number."""
    (path,) = [path for path in EXAMPLES if path.name.startswith(f"{number}-")]
    return decide(read_case(path, as_of=AS_OF), AS_OF)


def words(decision: Decision) -> str:
    """Everything that the Decision says, in one text."""
    return repr(decision)
