"""A null trial as lines, as pictures and as one page; the power of a controlled trial likewise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from markupsafe import Markup

from saisei.base.sources import Statement
from saisei.base.store import load_data
from saisei.base.texts import Catalogue
from saisei.evidence import study_sources
from saisei.forecast import NullTrial, forecast_sources, null_trial_sources
from saisei.forecast.null_studies import Discrete
from saisei.forecast.null_trial import PValues, Reached, Responders
from saisei.report.html import print_page
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.bars import BarPicture, Mark, bars_file
from saisei.report.standalone import Head
from saisei.scales import scale_sources

__all__ = ["months_words", "null_trial_files", "null_trial_text", "out_of", "words"]

CATALOGUE = "report/null_trials.yaml"
STEP = 0.5
"""Width of a bar of mean gains, in points."""


@cache
def words() -> Catalogue:
    """Give the catalogue of the page."""
    return Catalogue(CATALOGUE, load_data(CATALOGUE))


def out_of(share: float) -> str:
    """Say a share in whole people or studies: of 100, or of 1,000 where that says more.

    Examples
    --------
    >>> out_of(0.348), out_of(0.036), out_of(0.0001)
    ('35 of 100', 'about 36 of 1,000', 'fewer than 1 of 1,000')
    """
    thousand = 1000 * share
    if thousand < 0.5:
        return words().say("few")
    if thousand >= 999.5:
        return words().say("nearly_all")
    if 99.5 <= thousand < 900.5:
        return words().say("of_100", count=f"{100 * share:.0f}")
    return words().say("of_1000", count=f"{thousand:.0f}")


def null_trial_text(found: NullTrial) -> str:
    """Write a null trial as lines."""
    say = words().say
    lines = [
        say("title", people=found.people),
        *(f"  {line}" for line in _design(found)),
        say("reach.heading"),
        *(f"  {line}" for line in map(_reached, found.figures)),
        *(f"  {line}" for line in _by_spread(found)),
        *(f"  {line}" for line in found.reading),
        say("missing"),
        *(f"  {line}" for line in found.not_in_model),
        say("rests"),
        *(f"  {line}" for line in found.notes),
        f"  {_simulated(found)}",
    ]
    return "\n".join(lines) + "\n"


def _simulated(found: NullTrial) -> str:
    return words().say("simulated", trials=f"{found.trials:,}", seed=found.seed)


def _design(found: NullTrial) -> list[Statement]:
    say = words().say
    gain = found.mean_gain
    design = say(
        "design",
        people=found.people,
        since=months_words(found.months_since_stroke),
        months=months_words(found.months),
        context=found.context.context.title,
    )
    person = say(
        "person",
        mean=_points(found.mean),
        sd=f"{found.sd:.1f}",
        gain=out_of(found.share_gain_6),
        loss=out_of(found.share_loss_6),
    )
    mean = say("mean", mean=_points(gain.mean), low=_at(gain, 0.05), high=_at(gain, 0.95))
    return [
        Statement(design, found.context.source_keys),
        *([found.extrapolated] if found.extrapolated else []),
        Statement(person),
        Statement(mean),
        *(_counted(one, found.people) for one in found.responders),
        *(Statement(_tested(name, test)) for name, test in _tests(found)),
    ]


def months_words(months: float) -> str:
    """Say so many months."""
    say = words().say
    return say("months.one") if months == 1 else say("months.more", months=f"{months:g}")


def _tests(found: NullTrial) -> tuple[tuple[str, PValues], ...]:
    return ("t", found.t_test), ("wilcoxon", found.wilcoxon)


def _tested(name: str, test: PValues) -> str:
    say, shares = words().say, dict(test.below)
    five, one = out_of(shares[0.05]), out_of(shares[0.001])
    return say("p_value", test=say(f"tests.{name}"), five=five, one=one)


def _points(value: float) -> str:
    """Write points with one decimal, always, and a true minus sign."""
    return f"{value:.1f}".replace("-0.0", "0.0").replace("-", "−")


def _at(spread: Discrete, level: float) -> str:
    return _points(spread.quantile(level))


def _counted(one: Responders, people: int) -> Statement:
    low, high = (f"{one.count.quantile(level):g}" for level in (0.05, 0.95))
    told = words().say(
        "responders",
        gain=show_number(one.gain),
        whose=one.whose.text,
        share=out_of(one.share),
        low=low,
        high=high,
        people=people,
    )
    return Statement(told, one.whose.sources)


def _by_spread(found: NullTrial) -> list[Statement]:
    """Say how far the first figure's reach rests on how different studies are."""
    first = found.figures[0]
    if not first.by_spread:
        return []
    (half, few), (twice, many) = first.by_spread
    told = words().say(
        "reach.by_spread",
        study=first.figure.title,
        value=show_number(first.figure.value),
        spread=f"{found.spread:.2g}",
        half=f"{half:.2g}",
        twice=f"{twice:.2g}",
        few=out_of(few),
        many=out_of(many),
    )
    return [Statement(told)]


def _reached(one: Reached) -> str:
    say, figure = words().say, one.figure
    scale = say(f"scales.{figure.outcome.value}")
    told = [
        say(
            f"reach.{figure.kind}",
            study=figure.title,
            value=show_number(figure.value),
            events=figure.events,
            people=figure.people,
            gain=f"{figure.gain:g}",
            scale=scale,
            day=f"{figure.days:g}",
            share=out_of(one.share),
        )
    ]
    if figure.carried:
        told.append(say("reach.carried", arm=_points(figure.arm_value)))
    if figure.people is None:
        told.append(say("reach.people_unknown"))
    if one.own_size is not None:
        told.append(say("reach.own", people=figure.people, share=out_of(one.own_size)))
    if one.as_significant is not None and figure.t is not None:
        told.append(say("reach.t", t=f"{figure.t:.1f}", share=out_of(one.as_significant)))
    return " ".join(told)


def null_trial_files(found: NullTrial) -> dict[str, str]:
    """Draw a null trial: three pictures as SVG files, and a page that holds them."""
    pictures = {
        "mean-gain.svg": _mean_picture(found),
        "responders.svg": _responders_picture(found),
        "p-values.svg": _p_picture(found),
    }
    return {**pictures, "page.html": _page(found, pictures.values())}


def _mean_picture(found: NullTrial) -> str:
    say, spread = words().say, found.mean_gain
    place = np.round(spread.values / STEP).astype(int)
    counted = np.bincount(place - place.min(), spread.probabilities)
    shown = np.flatnonzero(counted > 5e-4)
    bars = [
        ((at + place.min() - 0.5) * STEP, (at + place.min() + 0.5) * STEP, 100 * counted[at])
        for at in range(shown[0], shown[-1] + 1)
    ]
    marks = [
        Mark(f.arm_value, f"{f.title}: {_points(f.arm_value)}{'*' if f.carried else ''}")
        for f in (one.figure for one in found.figures)
        if f.kind == "change"
    ]
    picture = BarPicture(
        title=say("pictures.mean_title", people=found.people),
        description=say(
            "pictures.mean_desc",
            low=_at(spread, 0.05),
            high=_at(spread, 0.95),
            marks="; ".join(mark.words for mark in marks),
        ),
        bars=bars,
        marks=marks,
        across=say("pictures.mean_across"),
        up=say("pictures.up"),
        caption=say("pictures.mean_caption"),
    )
    return bars_file("mean-gain", picture)


def _responders_picture(found: NullTrial) -> str:
    say, spread = words().say, found.responders[0].count
    low, high = (f"{spread.quantile(level):g}" for level in (0.05, 0.95))
    bars = [
        (value - 0.5, value + 0.5, 100 * chance)
        for value, chance in zip(spread.values, spread.probabilities, strict=True)
    ]
    picture = BarPicture(
        title=say("pictures.responders_title", people=found.people),
        description=say("pictures.responders_desc", low=low, high=high),
        bars=_thinned(bars),
        marks=(),
        across=say("pictures.responders_across"),
        up=say("pictures.up"),
        caption=say("pictures.responders_caption"),
    )
    return bars_file("responders", picture)


def _thinned(bars: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Leave out what nobody would see at both ends."""
    tall = [at for at, bar in enumerate(bars) if bar[2] > 0.02]
    return list(bars[tall[0] : tall[-1] + 1])


def _p_picture(found: NullTrial) -> str:
    say, steps = words().say, found.t_test.steps
    wide = 1 / len(steps)
    five = out_of(dict(found.t_test.below)[0.05])
    picture = BarPicture(
        title=say("pictures.p_title"),
        description=say("pictures.p_desc", five=five),
        bars=[(at * wide, (at + 1) * wide, 100 * share) for at, share in enumerate(steps)],
        marks=(),
        across=say("pictures.p_across"),
        up=say("pictures.up"),
        caption=say("pictures.p_caption"),
    )
    return bars_file("p-values", picture)


def _page(found: NullTrial, pictures: Iterable[str]) -> str:
    say = words().say
    known = {**study_sources(), **scale_sources(), **forecast_sources(), **null_trial_sources()}
    head = Head(say("title", people=found.people), "saisei-null-trial/1", tuple(known.values()))
    reached = [Statement(_reached(one), one.figure.source_keys) for one in found.figures]
    return print_page(
        "null-trial",
        {
            "page": Page(head),
            "decision": head,
            "say": say,
            "design": _design(found),
            "reached": [*reached, *_by_spread(found)],
            "reading": found.reading,
            "missing": found.not_in_model,
            "notes": [*found.notes, Statement(_simulated(found))],
            "pictures": [Markup(one) for one in pictures],  # noqa: S704 - our own pictures, escaped
        },
        "null-trial.css",
    )
