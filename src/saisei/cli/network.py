"""``saisei network``: a reviewer's own network of treatments."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from saisei.cli.output import must_be_known, write_folder
from saisei.cli.pictures import Good, Out, as_json, scale_of, told
from saisei.cli.pool import AsJson, Level, check_level

if TYPE_CHECKING:
    from saisei import synthesis as syn
    from saisei.evidence import NetworkTable

__all__ = ["network"]

FILES = ("network.svg", "ranks.svg", "forest.svg", "result.json")


def network(
    table: Annotated[
        Path, typer.Argument(help="A CSV file, a contrast or an arm a line.", metavar="FILE")
    ],
    measure: Annotated[
        str,
        typer.Option(
            help="What arms are turned into: OR, RR, RD, MD, SMD, ROM. What contrasts are: any of "
            "these, HR or RATIO (logarithms), GEN."
        ),
    ] = "GEN",
    method: Annotated[str, typer.Option(help="Estimator of tau2: REML, DL, ML, EE.")] = "REML",
    level: Level = 0.95,
    reference: Annotated[
        str | None,
        typer.Option(help="Whom the forest plot compares with; else the one most tried."),
    ] = None,
    good: Good = None,
    as_json_: AsJson = False,
    out: Out = None,
) -> None:
    """Compare all treatments of a network: contrasts as for netmeta, or arms with their numbers.

    Example: saisei network arms.csv --measure OR --good lower --reference placebo --out figures
    """
    from saisei import synthesis as syn
    from saisei.base.errors import DocumentError, Place, Problem
    from saisei.evidence import network_measures, read_network
    from saisei.synthesis.networks.fit import NETWORK_METHODS

    must_be_known(measure, [*network_measures(), "GEN", "HR", "RATIO"], "--measure")
    must_be_known(method, list(NETWORK_METHODS), "--method")
    check_level(level)
    if good is not None:
        must_be_known(good, ["lower", "higher"], "--good")
    read = read_network(table, measure)
    try:
        how = cast("Any", method)
        net = syn.network(
            read.studies, read.treat1, read.treat2, read.te, read.se, method=how, level=level
        )
    except ValueError as error:
        at = Place(str(table))
        problem = Problem("network", str(error), "a network that can be estimated", place=at)
        raise DocumentError(problem) from None
    against = _reference(net, reference)
    result = _plain(net, read, measure, good)
    if out is not None:
        _write(out, net, read, measure, good, against, result)
    if as_json_:
        sys.stdout.write(as_json("network", result))
        return
    sys.stdout.write(_text(net, read, measure, good))
    if out is not None:
        told(out, FILES)


def _reference(net: syn.NetworkResult, wanted: str | None) -> str:
    """Take the treatment that was asked for, or the one that most studies tried."""
    if wanted is not None:
        must_be_known(wanted, list(net.treatments), "--reference")
        return wanted
    tried = net.direct().k.sum(axis=1)
    return net.treatments[int(tried.argmax())]


def _small(good: str | None) -> Any:
    return "undesirable" if good == "higher" else "desirable"


def _write(
    folder: Path,
    net: syn.NetworkResult,
    read: NetworkTable,
    measure: str,
    good: str | None,
    reference: str,
    result: dict[str, Any],
) -> None:
    from saisei import synthesis as syn
    from saisei.report import network_forest, network_picture, ranks_picture

    ranking = syn.network_ranking(net, _small(good), level=net.level)
    drawn = (
        network_picture(net, read.people),
        ranks_picture(ranking),
        network_forest(net, reference, scale_of(measure, good)),
        as_json("network", {**result, "ranking": ranking.to_dict()}),
    )
    write_folder(folder, dict(zip(FILES, drawn, strict=True)))


def _plain(
    net: syn.NetworkResult, read: NetworkTable, measure: str, good: str | None
) -> dict[str, Any]:
    """Give everything as plain values; ratios are logarithms."""
    from saisei import synthesis as syn
    from saisei.evidence import is_ratio

    rows = zip(read.studies, read.treat1, read.treat2, read.te, read.se, strict=True)
    names = ("study", "treat1", "treat2", "te", "se")
    return {
        "measure": measure,
        "formula": read.formula,
        "logarithm": is_ratio(measure),
        "contrasts": [dict(zip(names, row, strict=True)) for row in rows],
        "people": None if read.people is None else dict(read.people),
        "left_out": [{"study": study, "reason": reason} for study, reason in read.left_out],
        "network": {**net.to_dict(), "p_scores": net.p_scores(_small(good))},
        "good": good or "lower, as nothing was said",
        "inconsistency": syn.network_inconsistency(net).to_dict(),
        "node_splits": syn.node_splits(net).to_dict(),
    }


def _text(net: syn.NetworkResult, read: NetworkTable, measure: str, good: str | None) -> str:
    """Print size, heterogeneity, inconsistency, P-scores and the league table."""
    from saisei import synthesis as syn
    from saisei.evidence import is_ratio

    size = f"{net.k} studies, {len(net.treatments)} treatments, {net.m} contrasts"
    lines = [f"{measure}, {read.formula}", f"{size}, {len(net.designs)} designs, {net.method}"]
    lines += [f"  left out: {study}: {reason}" for study, reason in read.left_out]
    if net.q_df:
        lines.append(f"  tau2 {net.tau2:.4f}   I2 {net.i2:.2f}%")
        apart = syn.network_inconsistency(net)
        tests = {"total": apart.total, "within designs": apart.within,
                 "between designs": apart.between}  # fmt: skip
        lines += [
            f"  Q {name:<15} {test.q:9.4f}  df {test.df:<3d}  p {test.p:.4g}"
            for name, test in tests.items()
            if test.df
        ]
    scores = net.p_scores(_small(good))
    order = sorted(scores, key=lambda name: -scores[name])
    side = good or "lower"
    doubt = "" if good else "; say --good higher if they are not"
    lines.append(f"P-scores ({side} values are taken as better{doubt})")
    lines += _aligned([(name, f"{scores[name]:.4f}") for name in order])
    lines.append("League: row against column; network below the diagonal, direct above")
    lines += _aligned(_league(net, order, ratio=is_ratio(measure)))
    lines += [f"  note: {note}" for note in net.notes]
    return "\n".join(lines) + "\n"


def _league(net: syn.NetworkResult, order: list[str], *, ratio: bool) -> list[tuple[str, ...]]:
    """Give the league table, ratios on their natural scale."""
    import numpy as np

    show: Callable[[float], str] = (lambda x: f"{np.exp(x):.2f}") if ratio else lambda x: f"{x:.2f}"
    direct, model, place = net.direct(), net.random, [net.index(name) for name in order]
    half = (model.upper - model.te) / np.where(model.se > 0, model.se, 1.0)
    z = float(half.max())

    def cell(row: int, column: int) -> str:
        if row == column:
            return order[row]
        at = place[row], place[column]
        te, se = (model.te[at], model.se[at]) if row > column else (direct.te[at], direct.se[at])
        if np.isnan(se):
            return "."
        return f"{show(te)} ({show(te - z * se)} to {show(te + z * se)})"

    with np.errstate(over="ignore"):
        size = range(len(order))
        return [tuple(cell(row, column) for column in size) for row in size]


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Set cells in columns; letters of double width count twice."""
    wide = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(
            cell + " " * (room - _width(cell)) for cell, room in zip(row, wide, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(words: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)
