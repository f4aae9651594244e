"""``saisei screen --ask``: one question after the other, and what each answer settled."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saisei.base.errors import CaseError, DocumentError, OptionError, Place, Problem
from saisei.cli.output import write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from saisei.cases import Case, Field
    from saisei.therapies import OpenTrials, Question

__all__ = ["Asked", "ask_all", "keep", "must_be_new"]

STOP = "q"
NOT_KNOWN = ("", "unknown", "?")
YES_OR_NO = {"y": True, "yes": True, "n": False, "no": False}
EFFORTS = {
    "ask": "a question",
    "chart": "a look into the record",
    "exam": "an examination",
    "scan": "a scan",
    "lab": "a blood test",
}


@dataclass(slots=True)
class Asked:
    """The case with what was answered, and the answers by field as in a case file."""

    case: Case
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

    if not asked.answers:
        out.print("No answers, so nothing was written.", markup=False)
        return
    must_be_new(path)
    text = source.read_text(encoding="utf-8-sig")
    write_whole(path, extended_case(text, before, asked.answers))
    more = "1 more answer" if len(asked.answers) == 1 else f"{len(asked.answers)} more answers"
    out.print(f"The case with {more}: {path}", markup=False)


def ask_all(out: Console, case: Case) -> Asked:
    """Ask until nothing is left to settle, the answers end, or a page comes before all else."""
    asked = Asked(case)
    skipped: frozenset[str] = frozenset()
    count = 0
    out.print("\nQuestions, the one that settles most first", style="bold")
    out.print("  Enter or `unknown`: not known. `q`: stop.", markup=False)
    try:
        while (trials := _open(asked.case, skipped)) and (question := _next(trials)):
            count += 1
            before = asked.case
            _ask(out, count, question, asked)
            skipped |= {question.field}
            if asked.case is not before:
                out.print(f"   {_settled(before, asked.case)}", markup=False)
            if _comes_first(asked.case):
                return asked
        out.print("\nNothing is left that a question could settle.", markup=False)
    except _StoppedError:
        out.print("\nStopped.", markup=False)
    return asked


def _open(case: Case, skipped: frozenset[str]) -> OpenTrials | None:
    from saisei.therapies import OpenTrials, screen

    trials = OpenTrials(case, screen(case).trials, skipped)
    return trials if trials.open else None


def _next(trials: OpenTrials) -> Question | None:
    order = trials.order(1)
    return trials.question(order.asked[0]) if order.asked else None


def _comes_first(case: Case) -> bool:
    """Whether the case now leads to a page on which no trial stands."""
    from saisei.decision import Kind, pass_gates

    return pass_gates(case).kind in (Kind.EMERGENCY, Kind.CHILD, Kind.PREGNANCY)


def _ask(out: Console, count: int, question: Question, asked: Asked) -> None:
    """Ask one question until its answer can be read, is not known, or nobody answers."""
    from saisei.cases import fields

    wanted = fields()[question.field]
    trials = f"could settle {_counted(len(question.settles))}"
    out.print(f"\n{count}. {question.text}", markup=False)
    out.print(f"   {_allowed(wanted)} · {EFFORTS[question.effort]} · {trials}", markup=False)
    while True:
        out.print("   > ", end="", markup=False)
        said = _line(out)
        if said in NOT_KNOWN:
            return
        try:
            raw = _read(wanted, said)
            case = asked.case.answered(**{wanted.id: raw})
        except (CaseError, DocumentError) as error:
            out.print(f"   Not taken: {_told(error, wanted)}", markup=False)
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
    if not line or line.strip().casefold() == STOP:
        raise _StoppedError
    return line.strip()


def _allowed(wanted: Field) -> str:
    from saisei.cases import expected_of

    if wanted.type == "boolean":
        return "yes or no" + (", or never" if wanted.never else "")
    return expected_of(wanted) + (", or none" if wanted.type == "list" else "")


def _read(wanted: Field, said: str) -> Any:
    """Read an answer as the value of a case file: brackets may be left out, a unit may follow."""
    from saisei.base.documents import parse_document

    if wanted.type == "boolean" and said.casefold() in YES_OR_NO:
        return YES_OR_NO[said.casefold()]
    number = re.fullmatch(r"([-+]?[0-9.]+)\s*([^\s0-9.].*)", said)
    if wanted.type == "number" and number:
        return {"value": _value(number[1]), "unit": number[2]}
    if wanted.type == "list" and said[0] not in "[{" and said.casefold() not in ("none", "never"):
        said = f"[{said}]"
    if wanted.type in ("map", "items") and said[0] != "{":
        said = f"{{{said}}}"
    content: Mapping[str, Any] = parse_document(f"answer: {said}".encode(), "answer").data
    return content["answer"]


def _value(said: str) -> Any:
    from saisei.base.documents import parse_document

    return parse_document(f"answer: {said}".encode(), "answer").data["answer"]


def _told(error: CaseError | DocumentError, wanted: Field) -> str:
    """Say in one line what is wrong with an answer, without repeating it."""
    if isinstance(error, DocumentError):
        return f"this cannot be read; expected {_allowed(wanted)}"
    return str(error.problems[0]).removeprefix(f"{wanted.id}: ")


def _settled(before: Case, after: Case) -> str:
    """Say what an answer settled."""
    from saisei.therapies import screen

    was = {match.trial.id: match.word for match in screen(before).trials}
    words = [match.word for match in screen(after).trials if was[match.trial.id] == "undecided"]
    left = words.count("undecided")
    settled = len(words) - left
    if not settled:
        return f"settles no trial yet; {_counted(left)} still undecided"
    parts = ", ".join(_parts(words.count("does-not-match"), words.count("matches")))
    return f"settles {_counted(settled)}: {parts}; {left} still undecided"


def _parts(ended: int, fits: int) -> Iterator[str]:
    if ended:
        yield f"{ended} no longer {'fits' if ended == 1 else 'fit'}"
    if fits:
        yield f"{fits} {'fits' if fits == 1 else 'fit'} as far as the record says"


def _counted(trials: int) -> str:
    return f"{trials} trial" if trials == 1 else f"{trials} trials"
