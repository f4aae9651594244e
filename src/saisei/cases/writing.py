"""A case file with further answers: what stood in it stays, down to its comments where possible."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from saisei.base.documents import parse_document
from saisei.base.errors import DocumentError
from saisei.cases.case import Case
from saisei.cases.entries import WRAPPER
from saisei.cases.fields import fields

__all__ = ["extended_case"]

ENDLESS = 1_000_000
"""A line is never broken."""


def extended_case(text: str, case: Case, answers: Mapping[str, Any]) -> str:
    r"""Give the text of a case file with further answers.

    An answer that can grow old is written with the moment of the case. It stands beside dated
    values of its field, and in the place of one without a date.

    Parameters
    ----------
    text
        The case file, YAML or JSON.
    case
        What was read from it.
    answers
        By field, written as in a case file.

    Examples
    --------
    >>> from saisei.cases import case_from_data
    >>> case = case_from_data({"as_of": "2026-11-20T09:00+09:00", "sex": "male"})
    >>> print(extended_case("sex: male  # stated\n", case, {"mrs_current": 3}))
    sex: male  # stated
    <BLANKLINE>
    # Answered at 2026-11-20T09:00+09:00
    mrs_current: {value: 3, date: '2026-11-20T09:00+09:00'}
    <BLANKLINE>
    """
    content: dict[str, Any] = parse_document(text.encode(), case.name).data
    written = {name: _joined(name, raw, content, case) for name, raw in answers.items()}
    merged = content | written
    if text.lstrip("\ufeff \r\n\t").startswith("{"):
        return json.dumps(merged, indent=2, ensure_ascii=False) + "\n"
    edited = _edited(text, written, _moment(case))
    return edited if _says(edited, merged) else _dumped(merged, flow=False)


def _joined(name: str, raw: Any, content: Mapping[str, Any], case: Case) -> Any:
    """Give what stands under a field: the answer, beside what was stated with a date."""
    stated = case.entries.get(name, ())
    beside = bool(stated) and stated[-1].dated
    if isinstance(raw, Mapping) and "value" in raw and set(raw) <= set(WRAPPER):
        answer: Any = {"date": _moment(case)} | dict(raw) if beside else raw
    elif beside or fields()[name].valid_for is not None:
        answer = {"value": raw, "date": _moment(case)}
    else:
        answer = raw
    if not beside:
        return answer
    earlier = content[name]
    return [*(earlier if isinstance(earlier, list) else [earlier]), answer]


def _moment(case: Case) -> str:
    return case.as_of.isoformat(timespec="minutes")


def _edited(text: str, written: Mapping[str, Any], moment: str) -> str:
    """Write each answer in the place of its field, and those without a place at the end."""
    lines = text.splitlines()
    further = []
    for name, value in written.items():
        new = f"{name}: {_dumped(value, flow=True)}"
        start = next((i for i, line in enumerate(lines) if re.match(rf"{name}\s*:", line)), None)
        if start is None:
            further.append(new)
        else:
            lines[start : _end(lines, start)] = [new]
    if further:
        lines += ["", f"# Answered at {moment}", *further]
    return "\n".join(lines) + "\n"


def _end(lines: list[str], start: int) -> int:
    """Give the line after the value that begins on a line: comments before the next field stay."""
    after = range(start + 1, len(lines))
    end = next((i for i in after if re.match(r"[^\s#-]", lines[i])), len(lines))
    while end > start + 1 and re.match(r"\s*$|#", lines[end - 1]):
        end -= 1
    return end


def _dumped(value: Any, *, flow: bool) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=ENDLESS
    )
    return text.removesuffix("...\n").strip() if flow else text


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        found: Any = parse_document(text.encode(), "case").data
    except DocumentError:
        return False
    return bool(found == wanted)
