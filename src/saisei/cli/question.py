"""``saisei evidence pool``: a question to our own study files, with nobody left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.cli.output import console, must_be_known

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

    from saisei.evidence import Contrast, Question, Selection

__all__ = ["pool"]

LIMITS = ("at_most", "at_least", "gain_at_least", "fall_at_least")


def pool(
    outcome: Annotated[str, typer.Option(help="What was measured: mrs, death, fma-motor …")],
    kind: Annotated[str, typer.Option(help="events, ordinal or mean.")] = "events",
    event: Annotated[
        str | None, typer.Option(help="Who is counted on a scale: at_most:2, gain_at_least:10.")
    ] = None,
    measure: Annotated[str | None, typer.Option(help="OR, RR, RD; COR; MD, SMD.")] = None,
    condition: Annotated[str | None, typer.Option(help="Of whom: ischemic-stroke …")] = None,
    stage: Annotated[str | None, typer.Option(help="acute, subacute or chronic.")] = None,
    cells: Annotated[str | None, typer.Option(help="Only these cells: BM-MSC …")] = None,
    route: Annotated[str | None, typer.Option(help="Only this route: intravenous …")] = None,
    near: Annotated[float | None, typer.Option(help="The day after treatment wanted.")] = None,
    longest: Annotated[
        bool, typer.Option("--longest", help="Results at the longest follow-up instead.")
    ] = False,
) -> None:
    """Put one question to the study files: what is pooled, what stands beside, what is left out.

    Example: saisei evidence pool --outcome mrs --event at_most:2 --stage acute
    """
    from saisei.evidence import select

    question = _question(
        outcome=outcome, kind=kind, event=event, measure=measure, condition=condition,
        stage=stage, cells=cells, route=route, near=near, longest=longest,
    )  # fmt: skip
    _print(select(question))


def _question(**asked: Any) -> Question:
    from saisei.evidence import Question
    from saisei.vocabulary import CellType, Condition, Outcome, Route, Stage

    words: dict[str, type[StrEnum]] = {
        "outcome": Outcome, "condition": Condition, "stage": Stage, "cells": CellType,
        "route": Route,
    }  # fmt: skip
    known = {name: _word(asked[name], kind, f"--{name}") for name, kind in words.items()}
    must_be_known(asked["kind"], ["events", "ordinal", "mean"], "--kind")
    if asked["measure"] is not None:
        must_be_known(asked["measure"], ["OR", "RR", "RD", "COR", "MD", "SMD"], "--measure")
    return Question(
        outcome=known["outcome"],
        kind=asked["kind"],
        event=_limit(asked["event"]),
        measure=asked["measure"],
        condition=known["condition"],
        stage=known["stage"],
        cells=None if known["cells"] is None else frozenset({known["cells"]}),
        routes=None if known["route"] is None else frozenset({known["route"]}),
        near=asked["near"],
        longest=asked["longest"],
    )


def _word(written: str | None, kind: type[StrEnum], name: str) -> Any:
    if written is None:
        return None
    must_be_known(written, [word.value for word in kind], name)
    return kind(written)


def _limit(written: str | None) -> Any:
    from saisei.base.errors import OptionError, Problem
    from saisei.evidence import Limit

    if written is None:
        return None
    name, _, value = written.partition(":")
    must_be_known(name, list(LIMITS), "--event")
    try:
        return Limit.model_validate({name: float(value)})
    except ValueError:
        raise OptionError(
            Problem("event", f"{written!r} has no number", "such as at_most:2", field="--event")
        ) from None


def _print(found: Selection) -> None:
    from saisei import synthesis as syn

    out = console()
    _rows(found.contrasts, "pooled")
    _rows(found.beside, "beside, not pooled")
    if found.contrasts:
        result = syn.pool([one.y for one in found.contrasts], [one.v for one in found.contrasts])
        out.print(repr(result), markup=False)
        side = "higher is better" if found.contrasts[0].benefit > 0 else "lower is better"
        out.print(f"  ({side} for the person; ratios are logarithms)", markup=False)
    else:
        out.print("no data: no controlled comparison answers this question", markup=False)
    if found.unreported:
        out.print("trials whose numbers could not be read or were never published")
    for trial in found.unreported:
        people = "?" if trial.people is None else trial.people
        told = f"{trial.title}: {trial.state}, {people} people, reported {trial.direction}"
        out.print(f"  {told}", markup=False)
    if found.left_out:
        out.print("left out")
    for study in found.left_out:
        out.print(f"  {study.title}: {study.reason}", markup=False)


def _rows(contrasts: Iterable[Contrast], title: str) -> None:
    from saisei.evidence import flag_text

    out, shown = console(), list(contrasts)
    if shown:
        out.print(title, style="bold")
    for one in shown:
        notes = "; ".join(filter(None, (one.why_beside, *map(flag_text, one.flags))))
        counts = f"{one.treated} against {one.control}, day {one.days:g}"
        estimate = f"{one.measure} {one.y:.4f} (se {one.se:.4f})"
        bias = f"bias {one.bias}"
        out.print(f"  {one.title}: {counts}; {estimate}; {bias}; {notes}", markup=False)
        out.print(f"      read in {', '.join(one.source_keys)}", markup=False)
