"""A pool or a network of one's own table as pictures: SVG files that stand alone.

What is drawn comes from the results of `saisei.synthesis` and from nothing else; the words are data
(`report/pools.yaml`). Which side of no difference is good is said only when the caller says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, cast

from saisei import synthesis as syn
from saisei.base.store import load_data
from saisei.base.texts import Catalogue, Language
from saisei.report.pictures.effects import EffectWords, show_p, show_short
from saisei.report.pictures.funnel import FunnelWords, funnel_file
from saisei.report.pictures.table_forest import (
    ForestLine,
    ForestSummary,
    ForestTable,
    forest_table,
)

if TYPE_CHECKING:
    from saisei.synthesis import FunnelData, PoolResult
    from saisei.synthesis.pairwise.heterogeneity import Method

__all__ = ["EffectScale", "forest_in_words", "pool_forest", "pool_funnel", "pool_words"]

Good = Literal["lower", "higher"]
FEWEST_FOR_EGGER = 10
"""Studies below which a test of asymmetry is left out (Sterne and others 2011)."""


def pool_words(language: Language = "en") -> Catalogue:
    """Give the words of these pictures."""
    return Catalogue("report/pools.yaml", load_data("report/pools.yaml"), language)


@dataclass(frozen=True, slots=True)
class EffectScale:
    """What the effects are, and between whom.

    Parameters
    ----------
    measure
        ``OR``, ``MD`` …; a word of one's own stands as it is.
    ratio
        Whether effects are logarithms of ratios.
    good
        Which effects are good for the person; without it no side is named.
    treatment, control
        Whose effect it is, against whom.
    """

    measure: str
    ratio: bool
    good: Good | None = None
    treatment: str = "treatment"
    control: str = "control"

    def name(self, say: Catalogue) -> str:
        """Give the measure in words."""
        key = f"measures.{self.measure}"
        return say.say(key) if say.has(key) else self.measure

    def sides(self, say: Catalogue) -> tuple[str, str] | None:
        """Say what lies left and right of no difference, if it is known which side is good."""
        if self.good is None:
            return None
        treatment = say.say("favours", name=self.treatment)
        control = say.say("favours", name=self.control)
        return (treatment, control) if self.good == "lower" else (control, treatment)

    def axis_title(self, say: Catalogue) -> str:
        """Give the words under the axis."""
        name = self.name(say)
        return say.say("log_axis", measure=name) if self.ratio else name


def pool_forest(
    pooled: PoolResult,
    labels: Sequence[str],
    scale: EffectScale,
    columns: Sequence[tuple[str, Sequence[str]]] = (),
    left_out: Sequence[str] = (),
    language: Language = "en",
) -> str:
    """Draw the forest plot of a pool as an SVG file.

    Parameters
    ----------
    labels
        Names of the studies in the order of the pool.
    columns
        Further columns beside the names: their heads and one cell for each study.
    left_out
        Studies that gave no effect, named in the caption.

    Raises
    ------
    ValueError
        If there is not one label, and one cell of each column, for each study.
    """
    _fits(pooled, ("labels", labels), *columns)
    say = pool_words(language)
    lines = _lines(pooled, labels, [cells for _, cells in columns])
    summaries = _summaries(pooled, say)
    heads = (
        say.say("study"),
        *(head for head, _ in columns),
        say.say("interval", measure=scale.measure, level=_level(pooled)),
        say.say("weight"),
    )
    key = "forest.title_one" if pooled.k == 1 else "forest.title"
    plot = ForestTable(
        title=say.say(key, measure=scale.name(say), count=pooled.k),
        description=forest_in_words(lines, summaries, scale, say),
        heads=heads,
        lines=lines,
        summaries=summaries,
        axis_title=scale.axis_title(say),
        caption=_caption(pooled, scale, left_out, say),
        ratio=scale.ratio,
        sides=scale.sides(say),
    )
    return forest_table("forest", plot)


def _fits(pooled: PoolResult, *columns: tuple[str, Sequence[str]]) -> None:
    """Refuse a column that has not one entry for each study."""
    for name, given in columns:
        if len(given) != pooled.k:
            raise ValueError(f"{name} has {len(given)} entries; expected {pooled.k}, one a study")


def _level(pooled: PoolResult) -> str:
    return f"{100 * pooled.level:g}"


def _lines(
    pooled: PoolResult, labels: Sequence[str], columns: Sequence[Sequence[str]]
) -> list[ForestLine]:
    """Give each study its own normal interval, at the level of the pool."""
    quantile = NormalDist().inv_cdf(0.5 + 0.5 * pooled.level)
    rows = zip(labels, pooled.y, pooled.v, pooled.weights, strict=True)
    lines = []
    for at, (label, y, v, weight) in enumerate(rows):
        half = quantile * math.sqrt(v)
        cells = tuple(column[at] for column in columns)
        lines.append(ForestLine(label, float(y), y - half, y + half, float(weight), cells))
    return lines


def _summaries(pooled: PoolResult, say: Catalogue) -> list[ForestSummary]:
    test = say.say(f"tests.{pooled.test.replace('-', '_')}")
    key = "one" if pooled.k == 1 else "common" if pooled.method == "EE" else "random"
    label = say.say(f"forest.{key}", method=pooled.method, test=test)
    found = [ForestSummary(label, *pooled.ci, pooled.estimate)]
    if pooled.prediction_interval is not None:
        new = say.say("forest.new_setting", level=_level(pooled))
        found.append(ForestSummary(new, *pooled.prediction_interval))
    return found


def forest_in_words(
    lines: Sequence[ForestLine],
    summaries: Sequence[ForestSummary],
    scale: EffectScale,
    say: Catalogue,
) -> str:
    """Say the whole picture in words, for who cannot see it."""
    words = EffectWords((0.5 * (row.high - row.low) for row in lines), ratio=scale.ratio)

    def spoken(row: ForestLine | ForestSummary) -> str:
        interval = words.interval(row.low, row.high)
        return interval if row.estimate is None else f"{words.show(row.estimate)} ({interval})"

    told = [
        say.say("forest.row_bare", label=row.label, interval=spoken(row))
        if row.weight is None
        else say.say(
            "forest.row",
            label=row.label,
            interval=spoken(row),
            weight=f"{100 * row.weight:.1f}",
        )
        for row in lines
    ]
    for row in summaries:
        key = "forest.predicted" if row.estimate is None else "forest.pooled"
        told.append(say.say(key, interval=spoken(row)))
    return " ".join(told)


def _caption(
    pooled: PoolResult, scale: EffectScale, left_out: Sequence[str], say: Catalogue
) -> list[str]:
    told = []
    if pooled.k > 1:
        low, high = pooled.tau2_ci
        common = pooled.method == "EE"
        told.append(
            say.say(
                "forest.heterogeneity_common" if common else "forest.heterogeneity",
                tau2=show_short(pooled.tau2),
                level=_level(pooled),
                low=show_short(low),
                high=show_short(high),
                i2=f"{pooled.i2:.1f}",
                df=pooled.q_df,
                q=f"{pooled.q:.2f}",
                p=show_p(pooled.q_p),
            )
        )
        if scale.ratio and not common:
            told[-1] += ". " + say.say("forest.log_tau2")
    told.append(say.say("forest.overall", statistic=_statistic(pooled), p=show_p(pooled.p)))
    told += [f"{note[0].upper()}{note[1:]}." for note in pooled.notes]
    if left_out:
        told.append(say.say("forest.left_out", studies="; ".join(left_out)))
    told.append(say.say("forest.legend", level=_level(pooled)))
    return told


def _statistic(pooled: PoolResult) -> str:
    name = "z" if pooled.test == "z" else f"t({pooled.k - 1})"
    if pooled.se == 0.0:
        return f"{name} = {'0' if pooled.estimate == 0.0 else '∞'}"
    return f"{name} = {pooled.estimate / pooled.se:.2f}".replace("-", "−")


def pool_funnel(
    pooled: PoolResult, labels: Sequence[str], scale: EffectScale, language: Language = "en"
) -> str:
    """Draw the contour-enhanced funnel plot of a pool as an SVG file.

    Egger's test stands in the caption from ten studies on.

    Raises
    ------
    ValueError
        If there is not one label for each study.
    """
    _fits(pooled, ("labels", labels))
    say = pool_words(language)
    method = cast("Method", pooled.method)
    data = syn.funnel(pooled.y, pooled.v, method=method, level=pooled.level)
    ps = [f"{1 - level:.3g}" for level in data.levels]
    zones = [say.say("funnel.label_in", high=ps[0])]
    zones += [say.say("funnel.label_between", low=low, high=high) for high, low in pairwise(ps)]
    zones.append(say.say("funnel.label_out", low=ps[-1]))
    words = FunnelWords(
        title=say.say("funnel.title", measure=scale.name(say), count=pooled.k),
        description=_funnel_told(data, ps, scale, say),
        zones=tuple(zones),
        across=scale.axis_title(say),
        up=say.say("funnel.se"),
        caption=[_egger(pooled, say), say.say("funnel.legend", level=_level(pooled))],
    )
    return funnel_file("funnel", data, labels, words, ratio=scale.ratio)


def _funnel_told(data: FunnelData, ps: Sequence[str], scale: EffectScale, say: Catalogue) -> str:
    counts = [int((data.zone == zone).sum()) for zone in range(len(ps) + 1)]
    told = [say.say("funnel.zone_in", count=counts[0], high=ps[0])]
    told += [
        say.say("funnel.zone_between", count=count, low=low, high=high)
        for count, (high, low) in zip(counts[1:], pairwise(ps), strict=False)
    ]
    told.append(say.say("funnel.zone_out", count=counts[-1], low=ps[-1]))
    centre = EffectWords(data.se, ratio=scale.ratio).show(data.centre)
    return say.say("funnel.desc", zones=" ".join(told), centre=centre)


def _egger(pooled: PoolResult, say: Catalogue) -> str:
    if pooled.k < FEWEST_FOR_EGGER:
        return say.say("funnel.egger_few", least=FEWEST_FOR_EGGER)
    try:
        test = syn.egger(pooled.y, pooled.v)
    except ValueError:
        return say.say("funnel.egger_none")
    return say.say(
        "funnel.egger",
        slope=show_short(test.slope),
        df=f"{test.df:g}",
        t=show_short(test.statistic),
        p=show_p(test.p),
    )
