"""A study file as far as it can be read: the sound parts, each with its place."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from saisei.base.documents import Document
from saisei.base.errors import Problem
from saisei.evidence.checks.shape import shape_problems
from saisei.evidence.model import Arm, Row, Study

__all__ = ["Draft", "read_draft"]

_M = TypeVar("_M", Arm, Row)


@dataclass(slots=True)
class Draft:
    """What could be read of a file.

    `arms` and `rows` hold the sound ones by their place in the file, so that one mistake does not
    hide the others; `study` is there when the whole file has the right shape.
    """

    document: Document
    header: Mapping[str, Any]
    arms: dict[int, Arm] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    study: Study | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return PurePath(self.document.name).stem

    @property
    def arm_ids(self) -> dict[str, Arm]:
        """The sound arms by id."""
        return {arm.id: arm for arm in self.arms.values()}

    @property
    def arm_names(self) -> list[str]:
        """The ids of all arms, also of those with a mistake."""
        arms = self.header.get("arms")
        listed = arms if isinstance(arms, list) else []
        given = [arm.get("id") for arm in listed if isinstance(arm, Mapping)]
        return [str(name) for name in given if name is not None]

    @property
    def source_kinds(self) -> dict[str, str]:
        """Kind of each source by its key."""
        table = self.header.get("sources")
        if not isinstance(table, Mapping):
            return {}
        return {
            str(key): str(entry.get("kind")) if isinstance(entry, Mapping) else ""
            for key, entry in table.items()
        }

    def text(self, name: str) -> str | None:
        """Give a field of the head where it is a text."""
        value = self.header.get(name)
        return value if isinstance(value, str) else None

    def add(
        self,
        code: str,
        steps: tuple[Hashable, ...],
        found: str,
        expected: str = "",
        next_step: str = "",
        *,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        """Note a problem at the place that `steps` lead to."""
        place = self.document.place(*steps)
        name = str(steps[-1]) if steps else ""
        self.problems.append(Problem(code, found, expected, next_step, place, name, severity))

    def warn(
        self,
        code: str,
        steps: tuple[Hashable, ...],
        found: str,
        expected: str = "",
        next_step: str = "",
    ) -> None:
        """Note something doubtful."""
        self.add(code, steps, found, expected, next_step, severity="warning")


def read_draft(document: Document) -> Draft:
    """Read what can be read, and note what has the wrong shape."""
    header = document.data if isinstance(document.data, Mapping) else {}
    draft = Draft(document, header)
    try:
        draft.study = Study.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        draft.problems += shape_problems(document, error)
    if draft.study is not None:
        draft.arms = dict(enumerate(draft.study.arms))
        draft.rows = dict(enumerate(draft.study.outcomes))
    else:
        draft.arms = _sound(header.get("arms"), Arm)
        draft.rows = _sound(header.get("outcomes"), Row)
    return draft


def _sound(items: object, model: type[_M]) -> dict[int, _M]:
    found: dict[int, _M] = {}
    for index, item in enumerate(items if isinstance(items, list) else []):
        try:
            found[index] = model.model_validate_json(json.dumps(item))
        except ValidationError:
            continue  # told already, from the whole file
    return found
