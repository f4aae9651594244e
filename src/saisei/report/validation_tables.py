"""The tables of a validation: errors, gains and coverage by stratum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from saisei.forecast.validation import ScaleValidation
from saisei.forecast.validation_figures import Coverage, Figures
from saisei.forecast.validation_rows import settings
from saisei.report.validation_words import (
    percent,
    ranged_share,
    stratum_words,
    validation_words,
)
from saisei.scales import scale

__all__ = ["Table", "coverage_table", "drawn_table", "gain_table", "rival_table"]

_Cells = Callable[[Figures], list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: rows of cells, of which those with one cell alone are headings."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def _rows(one: ScaleValidation, cells: _Cells) -> list[list[str]]:
    """Give a row for all forecasts, and one for each stratum under the heading of its kind."""
    say, kind = validation_words().say, ""
    rows = [[say("strata.all"), *cells(one.overall)]] if one.overall else []
    for stratum in one.strata:
        if stratum.kind != kind:
            kind = stratum.kind
            rows.append([say(f"strata.{kind}")])
        rows.append([stratum_words(stratum), *cells(stratum.figures)])
    return rows


def _heads(*names: str) -> list[str]:
    return [validation_words().say(f"table.{name}") for name in ("stratum", *names)]


def rival_table(one: ScaleValidation) -> Table:
    """Give bias, slope, CRPS and errors by stratum."""
    names = ("forecasts", "people", "bias", "slope", "crps", "crps_steady", "crps_group")
    heads = _heads(*names, "error", "error_steady", "error_group")
    return Table(_caption("errors", one), heads, _rows(one, _rival_cells))


def _rival_cells(of: Figures) -> list[str]:
    steady, group = of.steady, of.group
    return [
        f"{of.forecasts:,}",
        f"{of.people:,}",
        f"{of.bias.value:+.1f}".replace("-", "−"),
        f"{of.slope.value:.2f}".replace("-", "−") if of.slope else "–",
        f"{steady.own_crps:.2f}" if steady else "–",
        f"{steady.crps:.2f}" if steady else "–",
        f"{group.crps:.2f}" if group else "–",
        f"{steady.own_error:.1f}" if steady else "–",
        f"{steady.error:.1f}" if steady else "–",
        f"{group.error:.1f}" if group else "–",
    ]


def gain_table(one: ScaleValidation) -> Table:
    """Give what was expected and what came, by stratum."""
    heads = _heads("forecasts", "people", "expected", "came")
    return Table(_caption("gains", one), heads, _rows(one, _gain_cells))


def _gain_cells(of: Figures) -> list[str]:
    gains = of.gains
    if gains is None:
        return ["0", "0", "–", "–"]
    counts = [f"{gains.forecasts:,}", f"{gains.people:,}"]
    return [*counts, percent(gains.predicted), ranged_share(gains.observed)]


def coverage_table(one: ScaleValidation) -> Table:
    """Give the coverage of every level by stratum, what was promised, and the widest's width."""
    say = validation_words().say
    levels = [say("table.level", level=percent(level)) for level in settings()["levels"]]
    heads = [*_heads("forecasts", "people"), *levels, say("table.width")]
    return Table(_caption("coverage", one), heads, _rows(one, _coverage_cells))


def _coverage_cells(of: Figures) -> list[str]:
    counts = [f"{of.forecasts:,}", f"{of.people:,}"]
    return [*counts, *map(_covered, of.coverage), f"{of.coverage[-1].width:.1f}"]


def _covered(one: Coverage) -> str:
    return f"{ranged_share(one.share)}; {percent(one.promised)}"


def _caption(key: str, one: ScaleValidation) -> str:
    return validation_words().say(f"table.{key}_caption", scale=scale(one.scale_id).name)


def drawn_table(table: Table) -> list[str]:
    """Set a table in columns: the first to the left, the others to the right."""
    full = [row for row in (table.heads, *table.rows) if len(row) > 1]
    widths = [max(len(row[at]) for row in full) for at in range(len(table.heads))]
    rows = (f"  {row[0]}" if len(row) == 1 else _line(row, widths) for row in table.rows)
    return [table.caption, _line(table.heads, widths), *rows]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if not at else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "    " + "  ".join((first, *others))
