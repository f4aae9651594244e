"""A null trial as lines, as pictures and as one page; the power of a controlled trial likewise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from markupsafe import Markup

from saisei import __version__
from saisei.base.sources import Source, Statement
from saisei.base.store import data_digest, load_data
from saisei.base.texts import Catalogue, Language
from saisei.decision import emergency_words
from saisei.decision.model import Emergency
from saisei.decision.views import TherapyView
from saisei.evidence import study_sources
from saisei.forecast import NullTrial, forecast_sources, null_trial_sources
from saisei.forecast.null_studies import Discrete
from saisei.forecast.null_trial import Reached, Responders
from saisei.report.html import print_page
from saisei.report.page import Page
from saisei.report.pictures.axis import show_number
from saisei.report.pictures.bars import BarPicture, Mark, bars_file

__all__ = ["null_trial_files", "null_trial_text", "of_100", "words"]

CATALOGUE = "report/null_trials.yaml"
STEP = 0.5
"""Width of a bar of mean gains, in points."""


@cache
def words() -> Catalogue:
    """Give the catalogue of the page."""
    return Catalogue(CATALOGUE, load_data(CATALOGUE))


def of_100(share: float) -> str:
    """Say how many of 100, with one decimal where it is few or nearly all.

    Examples
    --------
    >>> of_100(0.348), of_100(0.0278), of_100(0.00001)
    ('35', '2.8', 'fewer than 0.1')
    """
    percent = 100 * share
    if percent < 0.05:
        return words().say("none")
    if percent > 99.95:
        return words().say("all")
    return f"{percent:.1f}" if percent < 9.95 or percent > 90.05 else f"{percent:.0f}"


def null_trial_text(found: NullTrial) -> str:
    """Write a null trial as lines."""
    say = words().say
    lines = [
        say("title", people=found.people),
        *(f"  {line}" for line in _design(found)),
        say("reach.heading"),
        *(f"  {line}" for line in map(_reached, found.figures)),
        say("missing"),
        *(f"  {line}" for line in found.not_in_model),
        say("rests"),
        *(f"  {line}" for line in found.notes),
        f"  {say('simulated', trials=f'{found.trials:,}', seed=found.seed)}",
    ]
    return "\n".join(lines) + "\n"


def _design(found: NullTrial) -> list[str]:
    say = words().say
    gain = found.mean_gain
    lines = [
        say(
            "design",
            people=found.people,
            since=f"{found.months_since_stroke:g}",
            months=f"{found.months:g}",
            context=found.context.context.title,
        ),
        say(
            "person",
            mean=show_number(found.mean),
            sd=f"{found.sd:.1f}",
            gain=of_100(found.share_gain_6),
            loss=of_100(found.share_loss_6),
        ),
        say("mean", mean=show_number(gain.mean), low=_at(gain, 0.05), high=_at(gain, 0.95)),
    ]
    lines += [_counted(one, found.people) for one in found.responders]
    for name, test in (("t", found.t_test), ("wilcoxon", found.wilcoxon)):
        shares = dict(test.below)
        five, one = of_100(shares[0.05]), of_100(shares[0.001])
        lines.append(say("p_value", test=say(f"tests.{name}"), five=five, one=one))
    return lines


def _at(spread: Discrete, level: float) -> str:
    return show_number(spread.quantile(level))


def _counted(one: Responders, people: int) -> str:
    return words().say(
        "responders",
        gain=show_number(one.gain),
        share=of_100(one.share),
        low=_at(one.count, 0.05),
        high=_at(one.count, 0.95),
        people=people,
    )


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
            share=of_100(one.share),
        )
    ]
    if figure.carried:
        told.append(say("reach.carried", arm=show_number(figure.arm_value)))
    if one.own_size is not None:
        told.append(say("reach.own", people=figure.people, share=of_100(one.own_size)))
    if one.as_significant is not None:
        told.append(say("reach.t", share=of_100(one.as_significant)))
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
        Mark(f.arm_value, f"{f.title}: {show_number(f.arm_value)}{'*' if f.carried else ''}")
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
    bars = [
        (value - 0.5, value + 0.5, 100 * chance)
        for value, chance in zip(spread.values, spread.probabilities, strict=True)
    ]
    picture = BarPicture(
        title=say("pictures.responders_title", people=found.people),
        description=say("pictures.responders_desc", low=_at(spread, 0.05), high=_at(spread, 0.95)),
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
    five = of_100(dict(found.t_test.below)[0.05])
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


@dataclass(frozen=True, slots=True)
class _Head:
    """What the frame of every page asks for."""

    title: str
    emergency: Emergency
    sources: tuple[Source, ...]
    as_of: str = ""
    language: Language = "en"
    audience: str = "clinician"
    schema: str = "saisei-null-trial/1"
    version: str = __version__
    data_digest: str = field(default_factory=data_digest)
    therapies: tuple[TherapyView, ...] = ()


def _page(found: NullTrial, pictures: Iterable[str]) -> str:
    say = words().say
    known = {**study_sources(), **forecast_sources(), **null_trial_sources()}
    head = _Head(say("title", people=found.people), emergency_words("en"), tuple(known.values()))
    reached = [Statement(_reached(one), one.figure.source_keys) for one in found.figures]
    design = [Statement(line) for line in _design(found)]
    design[0] = Statement(design[0].text, found.context.source_keys)
    simulated = say("simulated", trials=f"{found.trials:,}", seed=found.seed)
    return print_page(
        "null-trial",
        {
            "page": Page(head),
            "decision": head,
            "say": say,
            "design": design,
            "reached": reached,
            "missing": found.not_in_model,
            "notes": [*found.notes, Statement(simulated)],
            "pictures": [Markup(one) for one in pictures],  # noqa: S704 - our own pictures, escaped
        },
        "null-trial.css",
    )
