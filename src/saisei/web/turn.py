"""One sending of the form: what came with it, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from saisei.base.errors import OptionError, Problem
from saisei.base.json_text import parse_json
from saisei.base.texts import LANGUAGES, Language
from saisei.cases import Case, fields
from saisei.web.answers import Strings, given, strings_of
from saisei.web.form_words import allowed, asking_words, label_of
from saisei.web.kept import AS_OF, Accepted, accept, stamped

__all__ = ["Mistake", "Posted", "Turn", "judged", "read_posted", "take"]

STEPS = 100
"""Nobody answers a hundred pages."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What the form sent.

    Parameters
    ----------
    said
        The answers so far, by field, written as in a case file.
    moment
        When they were given.
    step
        How many pages were sent before.
    typed
        What was typed for the questions that stood on the page, in their order.
    opened
        The questions to show again.
    actions
        The buttons that were pressed.
    language
        The language that was chosen with it, if any.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    moment: datetime | None = None
    step: int = 0
    typed: Mapping[str, Strings] = field(default_factory=dict)
    opened: tuple[str, ...] = ()
    actions: frozenset[str] = frozenset()
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one answer, in words; `line` where it stands in a file."""

    field: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """The answers that hold after a sending, and those that need a second look."""

    accepted: Accepted
    typed: Mapping[str, Strings]
    problems: tuple[Problem, ...] = ()

    @property
    def case(self) -> Case:
        """The case that the answers make."""
        return self.accepted.case

    @property
    def said(self) -> Mapping[str, Any]:
        """The answers that hold, as in a case file."""
        return self.accepted.said

    def strings(self, name: str) -> Strings:
        """Give what stands in the controls of a question."""
        if name in self.typed:
            return self.typed[name]
        return strings_of(fields()[name], self.said[name]) if name in self.said else {}

    def mistakes(self, language: Language) -> tuple[Mistake, ...]:
        """Tell what is wrong, in words."""
        return tuple(dict.fromkeys(_told(problem, language) for problem in self.problems))


def read_posted(pairs: Iterable[tuple[str, str]]) -> Posted:
    """Read what a browser sent.

    Raises
    ------
    DocumentError, OptionError
        The answers so far are not what the form had written.
    """
    single: dict[str, str] = {}
    shown, opened, actions = list[str](), list[str](), set[str]()
    parts: dict[str, dict[str, list[str]]] = {}
    for name, text in pairs:
        if name in ("shown", "open"):
            (shown if name == "shown" else opened).append(text)
        elif name == "do":
            actions.add(text)
        elif "." in name:
            of, _, part = name.partition(".")
            parts.setdefault(of, {}).setdefault(part, []).append(text)
        else:
            single[name] = text
    return Posted(
        said=_said(single.get("case", "")),
        moment=_moment(single.get("moment", "")),
        step=_step(single.get("step", "")),
        typed={name: parts.get(name, {}) for name in _known(shown)},
        opened=tuple(_known(opened)),
        actions=frozenset(actions),
        language=next((one for one in LANGUAGES if one == single.get("language")), None),
    )


def _known(names: Iterable[str]) -> Iterator[str]:
    """Leave out what is no question."""
    table = fields()
    return (name for name in dict.fromkeys(names) if name in table and not table[name].derived)


def _said(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    found = parse_json(text.encode("utf-8", "replace"), "case").data
    if not isinstance(found, dict):
        raise OptionError(Problem("not-a-case", "no answers", "answers by field", field="case"))
    return found


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _step(text: str) -> int:
    known = text.isascii() and text.isdigit() and len(text) < 4
    return min(int(text), STEPS) if known else 0


def take(posted: Posted, moment: datetime) -> Turn:
    """Put what was typed to the answers so far, and keep what can be true.

    An answer without a date that was given on an earlier day carries that day from now on.
    """
    said = dict(posted.said)
    if posted.moment and posted.moment.date() < moment.date() and AS_OF not in said:
        said = stamped(said, posted.moment)
    if "today" in posted.actions:
        said.pop(AS_OF, None)
    problems = list[Problem]()
    for name, typed in posted.typed.items():
        found = given(fields()[name], typed)
        if found.raw is not None:
            said[name] = found.raw
        else:
            said.pop(name, None)
        if found.mistake:
            problems.append(Problem(found.mistake, "two answers", field=name))
    return judged(said, moment, posted.typed, problems)


def judged(
    said: Mapping[str, Any],
    moment: datetime,
    typed: Mapping[str, Strings] | None = None,
    problems: Iterable[Problem] = (),
) -> Turn:
    """Keep the answers that can be true, and what stands in the controls of the others."""
    accepted = accept(said, moment)
    found = (*problems, *accepted.problems)
    wrong = dict.fromkeys(name for one in found for name in _known([one.field]))
    typed = typed or {}
    controls = {
        name: typed[name] if name in typed else strings_of(fields()[name], said[name])
        for name in wrong
        if name in typed or name in said
    }
    return Turn(accepted, controls, found)


def _told(problem: Problem, language: Language) -> Mistake:
    words, code = asking_words(language), problem.code
    known = fields().get(problem.field)
    other = problem.found.rpartition(" ")[2]
    line = problem.place.line if problem.place else None
    if code == "contradiction" and other in fields():
        text = words.say("mistake.contradiction_with", other=label_of(other, language))
        return Mistake(problem.field, text, line)
    key = f"mistake.{code}" if words.has(f"mistake.{code}") else "mistake.other"
    can_be = allowed(known, language) if known else ""
    text = words.say(key, allowed=can_be, name=problem.field)
    return Mistake(problem.field if known and not known.derived else "", text, line)
