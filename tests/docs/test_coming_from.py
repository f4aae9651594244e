"""The page for users of other programs names only what exists here."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from saisei import synthesis as syn

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coming-from.md"
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ")
]
OURS = [code for row in ROWS for code in re.findall(r"`([^`]+)`", row[-1])]
ATTRIBUTES = {
    name
    for one in map(syn.__dict__.get, syn.__all__)
    if inspect.isclass(one)
    for name in (*dir(one), *getattr(one, "__slots__", ()))
}


def test_the_page_was_read() -> None:
    assert len(ROWS) > 90
    assert len(OURS) > 150


@pytest.mark.parametrize("code", sorted({code for code in OURS if re.match(r"\w+\(", code)}))
def test_functions_and_their_arguments_exist(code: str) -> None:
    name = code.split("(", maxsplit=1)[0]
    assert name in syn.__all__
    parameters = inspect.signature(getattr(syn, name)).parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        assert set(re.findall(r"(\w+)=", code)) <= set(parameters)


@pytest.mark.parametrize("code", sorted({code for code in OURS if code.startswith(".")}))
def test_fields_exist(code: str) -> None:
    for name in re.findall(r"\.([a-z_]\w*)", code):
        assert name in ATTRIBUTES
