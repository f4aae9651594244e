"""A validation as pictures and as one page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from saisei.forecast import forecast_sources
from saisei.forecast.validation import ScaleValidation, Validation, validation_sources
from saisei.forecast.validation_clusters import CurvePoint, Estimate
from saisei.forecast.validation_figures import Coverage, Gains
from saisei.report.html import print_page
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.bars import BarPicture, bars_file
from saisei.report.pictures.coverages import CoveragePicture, CoverageRow, coverage_file
from saisei.report.pictures.plots import Plot, calibration_file, decision_file
from saisei.report.standalone import Head
from saisei.report.validation_tables import coverage_table, gain_table, rival_table
from saisei.report.validation_text import (
    about_scale,
    heights_of,
    how_it_was_done,
    intervals_of,
    title_of,
)
from saisei.report.validation_words import percent, ranged, stratum_words, validation_words
from saisei.scales import scale

__all__ = ["validation_files"]

LOWEST = -0.05
"""Of the picture of net benefit: what lies below is not drawn."""


def validation_files(found: Validation) -> dict[str, str]:
    """Draw a validation: SVG files for each scale, and a page that holds them."""
    pictures = {
        one.scale_id: dict(_pictures(one)) for one in found.scales if one.overall is not None
    }
    files = {
        f"{name}-{kind}.svg": drawn for name, of in pictures.items() for kind, drawn in of.items()
    }
    return {**files, "page.html": _page(found, pictures)}


def _pictures(one: ScaleValidation) -> Iterable[tuple[str, str]]:
    yield "coverage", _coverage_picture(one)
    yield "calibration", _calibration_picture(one)
    yield "pit", _pit_picture(one)
    if one.overall and one.overall.gains:
        yield "decision", _decision_picture(one, one.overall.gains)


def _page(found: Validation, pictures: dict[str, dict[str, str]]) -> str:
    say = validation_words().say
    known = {**forecast_sources(), **validation_sources()}
    head = Head(title_of(found), "saisei-validation/1", tuple(known.values()))
    parts = [
        {
            "id": one.scale_id,
            "name": scale(one.scale_id).name,
            "about": about_scale(one),
            "tables": [
                table(one) for table in (coverage_table, rival_table, gain_table) if one.overall
            ],
            "pictures": [
                Markup(drawn)  # noqa: S704 - our own pictures, escaped
                for drawn in pictures.get(one.scale_id, {}).values()
            ],
        }
        for one in found.scales
    ]
    return print_page(
        "validation",
        {
            "page": Page(head),
            "decision": head,
            "say": say,
            "short": _short(found),
            "how": how_it_was_done(found),
            "parts": parts,
            "intervals": intervals_of(found),
            "sources": tuple(known),
        },
        "null-trial.css",
        "validation.css",
    )


def _short(found: Validation) -> list[str]:
    """Say in one sentence a scale how often the widest intervals held."""
    said = []
    for one in found.scales:
        if one.overall is None:
            continue
        widest = one.overall.coverage[-1]
        words = validation_words().say(
            "coverage.short",
            scale=scale(one.scale_id).name,
            level=percent(widest.level),
            forecasts=f"{one.overall.forecasts:,}",
            share=percent(widest.share.value),
            low=percent(widest.share.low or 0.0),
            high=percent(1.0 if widest.share.high is None else widest.share.high),
            promised=percent(widest.promised),
        )
        said.append(words)
    return said


def _coverage_picture(one: ScaleValidation) -> str:
    say, overall = validation_words().say, one.overall
    coverage = overall.coverage if overall else ()
    rows = [CoverageRow(say("strata.all"), [_shares(of) for of in coverage])]
    kind, told = "", []
    for stratum in one.strata:
        if stratum.kind != kind:
            kind = stratum.kind
            rows.append(CoverageRow(say(f"strata.{kind}")))
        words = stratum_words(stratum)
        rows.append(CoverageRow(words, [_shares(of) for of in stratum.figures.coverage]))
        told.append(f"{words} {percent(stratum.figures.coverage[-1].share.value)}")
    shares = ", ".join(percent(of.share.value) for of in coverage)
    name = scale(one.scale_id).name
    return coverage_file(
        CoveragePicture(
            name=f"{one.scale_id}-coverage",
            title=say("pictures.coverage.title", scale=name),
            description=say("pictures.coverage.desc", shares=shares, strata="; ".join(told)),
            levels=[100 * of.level for of in coverage],
            rows=rows,
            across=say("pictures.coverage.across"),
            caption=say("pictures.coverage.caption"),
        )
    )


def _shares(of: Coverage) -> tuple[float, float, float, float]:
    low, high = _ends(of.share)
    return 100 * of.share.value, 100 * low, 100 * high, 100 * of.promised


def _ends(one: Estimate) -> tuple[float, float]:
    """Give the ends of an interval; the value itself where there is none."""
    return (
        one.value if one.low is None else one.low,
        one.value if one.high is None else one.high,
    )


def _plot(one: ScaleValidation, kind: str, **filling: object) -> Plot:
    say = validation_words().say
    return Plot(
        f"{one.scale_id}-{kind}",
        say(f"pictures.{kind}.title", scale=scale(one.scale_id).name),
        say(f"pictures.{kind}.desc", **filling),
        say(f"pictures.{kind}.across"),
        say(f"pictures.{kind}.up"),
        say(f"pictures.{kind}.caption"),
    )


def _calibration_picture(one: ScaleValidation) -> str:
    of, measured, made = one.overall, one.measured, one.made.forecasts
    if of is None or measured is None or made is None:
        raise ValueError("a picture needs forecasts")
    ends = (float(made.values[0]), float(made.values[-1]))
    places = Counter(
        (round(float(x)), float(y)) for x, y in zip(measured.mean, measured.observed, strict=True)
    )
    plot = _plot(
        one,
        "calibration",
        forecasts=f"{of.forecasts:,}",
        intercept=ranged(of.intercept) if of.intercept else "–",
        slope=ranged(of.slope, digits=2) if of.slope else "–",
        first=_point(of.curve[:1]),
        last=_point(of.curve[-1:]),
    )
    points = [(float(x), y, count) for (x, y), count in sorted(places.items())]
    curve = [(at.expected, *_within(at.came, ends)) for at in of.curve]
    return calibration_file(plot, ends, points, curve, of.prediction_counts)


def _within(one: Estimate, ends: tuple[float, float]) -> tuple[float, float, float]:
    """Give a point of the smoothed line and its interval, cut at the ends of the scale."""
    low, high = _ends(one)
    value, low, high = (min(max(at, ends[0]), ends[1]) for at in (one.value, low, high))
    return value, low, high


def _point(curve: Sequence[CurvePoint]) -> str:
    if not curve:
        return "–"
    words = {"x": show_number(curve[0].expected), "y": show_number(curve[0].came.value)}
    return validation_words().say("calibration.point", **words)


def _pit_picture(one: ScaleValidation) -> str:
    say, of = validation_words().say, one.overall
    heights = of.pit if of else ()
    wide = 1 / max(len(heights), 1)
    picture = BarPicture(
        title=say("pictures.pit.title", scale=scale(one.scale_id).name),
        description=say("pictures.pit.desc", heights=heights_of(of) if of else ""),
        bars=[(at * wide, (at + 1) * wide, height) for at, height in enumerate(heights)],
        marks=(),
        across=say("pictures.pit.across"),
        up=say("pictures.pit.up"),
        caption=say("pictures.pit.caption"),
        level=1.0,
    )
    return bars_file(f"{one.scale_id}-pit", picture)


def _decision_picture(one: ScaleValidation, of: Gains) -> str:
    say = validation_words().say
    points = "; ".join(
        say(
            "gains.point",
            threshold=percent(at.threshold),
            forecast=show_number(100 * at.forecast),
            everybody=show_number(100 * at.everybody),
        )
        for at in of.decision
    )
    lines = [(100 * at.threshold, 100 * at.forecast, 100 * at.everybody) for at in of.decision]
    return decision_file(_plot(one, "decision", points=points), lines, 100 * LOWEST)
