"""``saisei evidence pool``: a question to our own study files, with nobody left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from saisei.cli.output import console, must_be_known
from saisei.cli.pictures import Out, scale_of, told, write_pool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum
    from pathlib import Path

    from saisei import synthesis as syn
    from saisei.evidence import Contrast, Question, Selection

__all__ = ["pool"]

LIMITS = ("at_most", "at_least", "gain_at_least", "fall_at_least")


def pool(
    outcome: Annotated[str, typer.Option(help="What was measured: mrs, death, fma-motor …")],
    kind: Annotated[
        str | None,
        typer.Option(help="events, ordinal or mean; what fits the outcome when left out."),
    ] = None,
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
    out: Out = None,
) -> None:
    """Put one question to the study files: what is pooled, what stands beside, what is left out.

    Example: saisei evidence pool --outcome mrs --event at_most:2 --stage acute --out figures
    """
    from saisei.evidence import select

    question = _question(
        outcome=outcome, kind=kind, event=event, measure=measure, condition=condition,
        stage=stage, cells=cells, route=route, near=near, longest=longest,
    )  # fmt: skip
    found = select(question)
    if out is not None:
        _write(out, found)
    _print(found)
    if out is not None:
        told(out, ("forest.svg", "funnel.svg", "result.json"))


def _question(**asked: Any) -> Question:
    from saisei.evidence import Question, fitting_kind
    from saisei.vocabulary import CellType, Condition, Outcome, Route, Stage

    words: dict[str, type[StrEnum]] = {
        "outcome": Outcome, "condition": Condition, "stage": Stage, "cells": CellType,
        "route": Route,
    }  # fmt: skip
    known = {name: _word(asked[name], kind, f"--{name}") for name, kind in words.items()}
    if asked["kind"] is not None:
        must_be_known(asked["kind"], ["events", "ordinal", "mean"], "--kind")
    if asked["measure"] is not None:
        must_be_known(asked["measure"], ["OR", "RR", "RD", "COR", "MD", "SMD"], "--measure")
    event = _limit(asked["event"])
    return Question(
        outcome=known["outcome"],
        kind=asked["kind"] or fitting_kind(known["outcome"], asked["measure"], event),
        event=event,
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


def _pooled(found: Selection) -> syn.PoolResult:
    from saisei import synthesis as syn

    return syn.pool([one.y for one in found.contrasts], [one.v for one in found.contrasts])


def _write(folder: Path, found: Selection) -> None:
    """Write the pictures of a pool; trials without a number are named under them."""
    from saisei.base.errors import OptionError, Problem

    if not found.contrasts:
        expected = "a question that a controlled comparison answers"
        raise OptionError(Problem("no-data", "there is nothing to draw", expected, field="--out"))
    first = found.contrasts[0]
    good = "higher" if first.benefit > 0 else "lower"
    pooled = _pooled(found)
    columns = [
        ("Cells", [str(one.treated) for one in found.contrasts]),
        ("Control", [str(one.control) for one in found.contrasts]),
    ]
    beside = [f"{one.label} ({one.why_beside or 'beside the pool'})" for one in found.beside]
    unread = [f"{one.title} ({one.state})" for one in found.unreported]
    scale = scale_of(first.measure, good, "cells", "control")
    labels = [one.label for one in found.contrasts]
    write_pool(folder, pooled, labels, scale, columns, [*beside, *unread], _plain(found, pooled))


def _plain(found: Selection, pooled: syn.PoolResult) -> dict[str, Any]:
    """Give the answer as plain values; ratios are logarithms."""
    from saisei.evidence import is_ratio

    return {
        "outcome": found.question.outcome.value,
        "measure": found.question.wanted_measure,
        "logarithm": is_ratio(found.question.wanted_measure),
        "studies": [
            {
                "study": one.study_id, "title": one.label, "y": one.y, "se": one.se,
                "treated": str(one.treated), "control": str(one.control), "days": one.days,
                "bias": one.bias, "sources": list(one.source_keys), "flags": list(one.flags),
            }
            for one in found.contrasts
        ],
        "beside": [{"study": one.study_id, "reason": one.why_beside} for one in found.beside],
        "left_out": [{"study": one.study_id, "reason": one.reason} for one in found.left_out],
        "unreported": [
            {"study": one.study_id, "state": one.state.value, "people": one.people,
             "direction": one.direction}
            for one in found.unreported
        ],
        "good": "higher" if found.contrasts[0].benefit > 0 else "lower",
        "pool": pooled.to_dict(),
    }  # fmt: skip


def _print(found: Selection) -> None:
    out = console()
    _rows(found.contrasts, "pooled")
    _rows(found.beside, "beside, not pooled")
    if found.contrasts:
        result = _pooled(found)
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
