"""The error tree, and the one form in which a mistake is told.

Tree::

    SaiseiError
    ├── InputError            the user's mistake: shown as one message, exit code 2
    │   ├── DocumentError     a file that cannot be read as YAML or JSON
    │   ├── CaseError         a case file that says something impossible
    │   ├── StudyError        a study file that breaks the study format
    │   ├── CriterionError    a criterion that cannot be understood
    │   └── OptionError       an option of a command or a function that makes no sense
    └── DataError             one of our own data files is broken: our defect

A `Problem` says what was read and where, what was found, what was expected, and what to do next.
No personal value appears in it beyond the name of the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "CaseError",
    "CriterionError",
    "DataError",
    "DocumentError",
    "InputError",
    "OptionError",
    "Place",
    "Problem",
    "SaiseiError",
    "StudyError",
]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file, a line and column (both from 1), and the path inside."""

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        """Give ``file:line:column``, as editors and compilers print it."""
        parts = [self.file]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, told whole.

    Parameters
    ----------
    code
        Stable short name of the kind of mistake (``unknown-field``).
    found, expected
        What stands there, and what would be right. `found` never holds a personal value.
    next_step
        What to do about it.
    place, field
        Where it stands, and the name of the field it is about.
    severity
        A warning does not stop anything.
    """

    code: str
    found: str
    expected: str = ""
    next_step: str = ""
    place: Place | None = None
    field: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """Render as one message: where, field, found, expected, next step."""
        where = f"{self.place}: " if self.place else ""
        what = f"{self.field}: " if self.field else ""
        text = f"{where}{what}{self.found}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.next_step:
            text += f". {self.next_step}"
        return text


class SaiseiError(Exception):
    """Anything that Saisei raises on purpose."""


class InputError(SaiseiError):
    """The user's mistake. Carries every problem found, at least one."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DocumentError(InputError):
    """A file that cannot be read as YAML or JSON."""


class CaseError(InputError):
    """A case file that says something impossible."""


class StudyError(InputError):
    """A study file that breaks the study format."""


class CriterionError(InputError):
    """A criterion that cannot be understood."""


class OptionError(InputError):
    """An option of a command or a function that makes no sense."""


class DataError(SaiseiError):
    """One of our own data files is broken: our defect, not the user's."""
