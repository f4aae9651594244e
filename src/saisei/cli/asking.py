"""``saisei screen --ask``: one question after the other, and what each answer settled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saisei.base.errors import CaseError, DocumentError, OptionError, Place, Problem
from saisei.cli.output import write_whole
from saisei.cli.said import texts, typed
from saisei.cli.typing_in import allowed, read_answer

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.base.texts import Language
    from saisei.cases import Case, Field
    from saisei.therapies import OpenTrials, Question

__all__ = ["Asked", "ask_all", "keep", "must_be_new"]


@dataclass(slots=True)
class Asked:
    """The case with what was answered, and the answers by field as in a case file."""

    case: Case
    language: Language = "en"
    answers: dict[str, Any] = field(default_factory=dict)


class _StoppedError(Exception):
    """Nobody wants to answer any more, or nobody is there."""


def must_be_new(path: Path) -> None:
    """Refuse to write over a file.

    Raises
    ------
    OptionError
        There is one.
    """
    if path.exists():
        problem = Problem(
            "exists",
            "there is a file of this name already",
            "the name of a new file",
            "Nothing is overwritten",
            Place(str(path)),
            "--save",
        )
        raise OptionError(problem)


def keep(out: Console, path: Path, source: Path, before: Case, asked: Asked) -> None:
    """Write the case file with the answers, whole or not at all; nothing where there are none.

    Raises
    ------
    OptionError
        There is a file of this name, or it cannot be written.
    """
    from saisei.cases import extended_case

    say = texts(asked.language).say
    if not asked.answers:
        out.print(say("asking.no_answers"), markup=False)
        return
    must_be_new(path)
    text = source.read_text(encoding="utf-8-sig")
    write_whole(path, extended_case(text, before, asked.answers))
    key = "asking.kept_one" if len(asked.answers) == 1 else "asking.kept"
    out.print(say(key, count=len(asked.answers), path=path), markup=False)


def ask_all(out: Console, case: Case, language: Language = "en") -> Asked:
    """Ask until nothing is left to settle, the answers end, or a page comes before all else."""
    asked, say = Asked(case, language), texts(language).say
    skipped: frozenset[str] = frozenset()
    count = 0
    out.print(f"\n{say('asking.title')}", style="bold", markup=False)
    out.print(f"  {say('asking.how')}", markup=False)
    try:
        while (trials := _open(asked.case, skipped)) and (question := _next(trials, language)):
            count += 1
            before = asked.case
            _ask(out, count, question, asked)
            skipped |= {question.field}
            if asked.case is not before:
                out.print(f"   {_settled(before, asked.case, language)}", markup=False)
            if _comes_first(asked.case):
                return asked
        out.print(f"\n{say('asking.nothing_left')}", markup=False)
    except _StoppedError:
        out.print(f"\n{say('asking.stopped')}", markup=False)
    return asked


def _open(case: Case, skipped: frozenset[str]) -> OpenTrials | None:
    from saisei.therapies import OpenTrials, screen

    trials = OpenTrials(case, screen(case).trials, skipped)
    return trials if trials.open else None


def _next(trials: OpenTrials, language: Language) -> Question | None:
    order = trials.order(1)
    return trials.question(order.asked[0], language) if order.asked else None


def _comes_first(case: Case) -> bool:
    """Whether the case now leads to a page on which no trial stands."""
    from saisei.decision import Kind, pass_gates

    return pass_gates(case).kind in (Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY)


def _ask(out: Console, count: int, question: Question, asked: Asked) -> None:
    """Ask one question until its answer can be read, is not known, or nobody answers."""
    from saisei.cases import fields

    wanted, say = fields()[question.field], texts(asked.language).say
    line = say(
        "asking.line",
        allowed=allowed(wanted, asked.language),
        effort=say(f"asking.effort.{question.effort}"),
        settles=say("asking.settles", trials=_counted(len(question.settles), asked.language)),
    )
    out.print(f"\n{count}. {question.text}", markup=False)
    out.print(f"   {line}", markup=False)
    while True:
        out.print("   > ", end="", markup=False)
        said = _line(out)
        if said.casefold() in typed("unknown"):
            return
        try:
            raw = read_answer(wanted, said)
            case = asked.case.answered(**{wanted.id: raw})
        except (CaseError, DocumentError) as error:
            told = _told(error, wanted, asked.language)
            out.print(f"   {say('asking.not_taken', told=told)}", markup=False)
            continue
        if case.answer(wanted.id) != asked.case.answer(wanted.id):
            asked.case = case
            asked.answers[wanted.id] = raw
        return


def _line(out: Console) -> str:
    """Read a line.

    Raises
    ------
    _StoppedError
        It says to stop, or there is none.
    """
    out.file.flush()
    line = sys.stdin.readline()
    if not sys.stdin.isatty():
        out.print()
    if not line or line.strip().casefold() in typed("stop"):
        raise _StoppedError
    return line.strip()


def _told(error: CaseError | DocumentError, wanted: Field, language: Language) -> str:
    """Say in one line what is wrong with an answer, without repeating it."""
    say, expected = texts(language).say, allowed(wanted, language)
    if isinstance(error, DocumentError):
        return say("asking.unreadable", allowed=expected)
    told = str(error.problems[0]).removeprefix(f"{wanted.id}: ")
    return say("asking.refused", told=told, allowed=expected)


def _settled(before: Case, after: Case, language: Language) -> str:
    """Say what an answer settled."""
    from saisei.therapies import screen

    say = texts(language).say
    was = {match.trial.id: match.word for match in screen(before).trials}
    words = [match.word for match in screen(after).trials if was[match.trial.id] == "undecided"]
    left = words.count("undecided")
    settled = len(words) - left
    if not settled:
        return say("asking.settled_none", trials=_counted(left, language))
    ended, fits = words.count("does-not-match"), words.count("matches")
    parts = say("asking.comma").join(_parts(ended, fits, language))
    return say("asking.settled", trials=_counted(settled, language), parts=parts, left=left)


def _parts(ended: int, fits: int, language: Language) -> Iterator[str]:
    say = texts(language).say
    for key, count in (("ended", ended), ("fits", fits)):
        if count:
            yield say(f"asking.{key}_one" if count == 1 else f"asking.{key}", count=count)


def _counted(trials: int, language: Language) -> str:
    say = texts(language).say
    return say("asking.trial") if trials == 1 else say("asking.trials", count=trials)
