"""A network meta-analysis as pictures: the network, every treatment against one, the ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from saisei.report.pictures.effects import show_p, show_short
from saisei.report.pictures.network_graph import NetworkGraph, network_graph
from saisei.report.pictures.ranks import RankPanel, RankPicture, rank_picture
from saisei.report.pictures.table_forest import ForestLine, ForestTable, forest_table
from saisei.report.pools import EffectScale, forest_in_words, pool_words
from saisei.synthesis import network_inconsistency

if TYPE_CHECKING:
    from saisei.base.texts import Catalogue, Language
    from saisei.synthesis import NetworkResult, RankingResult

__all__ = ["network_forest", "network_picture", "ranks_picture"]


def network_picture(
    net: NetworkResult, people: Mapping[str, float] | None = None, language: Language = "en"
) -> str:
    """Draw the network as an SVG file.

    Parameters
    ----------
    people
        How many people had each treatment; without it discs show numbers of studies.
    """
    say = pool_words(language)
    studies = _studies_of(net)
    edges = _edges(net)
    notes = {}
    if people is not None:
        notes = {
            name: say.say("network.people", count=f"{people[name]:g}") for name in net.treatments
        }
    sizes = dict(people) if people is not None else {k: float(v) for k, v in studies.items()}
    multi = _multi(net)
    names = "; ".join(f"{study} ({', '.join(arms)})" for study, arms in multi.items())
    key = "network.legend_people" if people is not None else "network.legend_studies"
    told = say.say("network.multi", studies=names) if multi else say.say("network.no_multi")
    graph = NetworkGraph(
        title=say.say("network.title", treatments=len(net.treatments), studies=net.k),
        description=_told(studies, edges, people, say),
        nodes={name: sizes[name] for name in net.treatments},
        notes=notes,
        edges=edges,
        designs=[design for design in net.designs if len(design) > 2],
        caption=[say.say(key), told],
    )
    return network_graph("network", graph)


def _edges(net: NetworkResult) -> dict[tuple[str, str], int]:
    counts = net.direct().k
    return {
        (net.treatments[i], net.treatments[j]): int(counts[i, j])
        for i, j in zip(*np.triu_indices(len(net.treatments), 1), strict=True)
        if counts[i, j]
    }


def _arms(net: NetworkResult) -> dict[str, tuple[str, ...]]:
    """Give the treatments of each study."""
    found: dict[str, set[int]] = {}
    data = net.contrasts
    for study, i, j in zip(data.study.tolist(), data.i.tolist(), data.j.tolist(), strict=True):
        found.setdefault(data.studies[study], set()).update((i, j))
    return {
        study: tuple(net.treatments[arm] for arm in sorted(arms)) for study, arms in found.items()
    }


def _multi(net: NetworkResult) -> dict[str, tuple[str, ...]]:
    return {study: arms for study, arms in _arms(net).items() if len(arms) > 2}


def _studies_of(net: NetworkResult) -> dict[str, int]:
    arms = list(_arms(net).values())
    return {name: sum(name in own for own in arms) for name in net.treatments}


def _told(
    studies: Mapping[str, int],
    edges: Mapping[tuple[str, str], int],
    people: Mapping[str, float] | None,
    say: Catalogue,
) -> str:
    nodes = [
        say.say("network.node_bare", name=name, studies=count)
        if people is None
        else say.say("network.node", name=name, studies=count, people=f"{people[name]:g}")
        for name, count in studies.items()
    ]
    lines = [
        say.say("network.edge", one=one, two=two, studies=count)
        for (one, two), count in edges.items()
    ]
    return say.say("network.desc", nodes=" ".join(nodes), edges=" ".join(lines))


def network_forest(
    net: NetworkResult, reference: str, scale: EffectScale, language: Language = "en"
) -> str:
    """Draw every treatment against one of them as an SVG file, the best first.

    Without a word on what is good (`scale.good`) the treatments stand in the order of the effect.

    Raises
    ------
    ValueError
        If there is no such treatment.
    """
    say = pool_words(language)
    lines = _against(net, net.index(reference), -1.0 if scale.good == "higher" else 1.0)
    level = f"{100 * net.level:g}"
    sides = EffectScale(
        scale.measure, scale.ratio, scale.good, say.say("treatment").lower(), reference
    )
    legend = "forest.legend_plain" if net.q_df < 1 else "forest.legend_predicted"
    plot = ForestTable(
        title=say.say("network.forest_title", reference=reference, measure=scale.name(say)),
        description=forest_in_words(lines, (), scale, say),
        heads=(
            say.say("network.against", reference=reference),
            say.say("network.direct"),
            say.say("interval", measure=scale.measure, level=level),
            "",
        ),
        lines=lines,
        summaries=(),
        axis_title=scale.axis_title(say),
        caption=[*_heterogeneity(net, scale, say), say.say(legend, level=level)],
        ratio=scale.ratio,
        sides=sides.sides(say),
    )
    return forest_table("network-forest", plot)


def _against(net: NetworkResult, at: int, sign: float) -> list[ForestLine]:
    """Give every treatment against one, small effects first (large ones for a sign of -1)."""
    direct = net.direct().k
    low, high = net.prediction_interval()
    others = [i for i in range(len(net.treatments)) if i != at]
    return [
        ForestLine(
            net.treatments[i],
            float(net.random.te[i, at]),
            float(net.random.lower[i, at]),
            float(net.random.upper[i, at]),
            cells=(str(int(direct[i, at])),),
            predicted=None if net.q_df < 1 else (float(low[i, at]), float(high[i, at])),
        )
        for i in sorted(others, key=lambda i: float(sign * net.random.te[i, at]))
    ]


def _heterogeneity(net: NetworkResult, scale: EffectScale, say: Catalogue) -> list[str]:
    if net.q_df < 1:
        return [say.say("network.no_heterogeneity", studies=net.k)]
    told = say.say(
        "network.heterogeneity",
        studies=net.k,
        method=net.method,
        tau2=show_short(net.tau2),
        i2=f"{net.i2:.1f}",
        df=net.q_df,
        q=f"{net.q:.2f}",
        p=show_p(net.q_p),
    )
    if scale.ratio:
        told = f"{told}. {say.say('forest.log_tau2')}"
    apart = network_inconsistency(net)
    if not apart.between.df:
        return [told]
    between = say.say(
        "network.between",
        df=apart.between.df,
        q=f"{apart.between.q:.2f}",
        p=show_p(apart.between.p),
        df_within=apart.within.df,
        q_within=f"{apart.within.q:.2f}",
        p_within=show_p(apart.within.p) if apart.within.df else "–",
    )
    return [told, between]


def ranks_picture(ranking: RankingResult, language: Language = "en") -> str:
    """Draw the probabilities of all ranks as an SVG file, the highest P-score first."""
    say = pool_words(language)
    order = np.argsort(-ranking.p_scores, kind="stable").tolist()
    panels, told = [], []
    for at in order:
        scores = {
            "score": f"{ranking.p_scores[at]:.2f}",
            "sucra": f"{ranking.sucra[at]:.2f}",
        }
        shown = " · ".join((say.say("ranks.score", **scores), say.say("ranks.sucra", **scores)))
        chances = tuple(ranking.rankogram[at].tolist())
        panels.append(RankPanel(ranking.treatments[at], shown, chances))
        first = f"{chances[0]:.2f}"
        told.append(say.say("ranks.row", name=ranking.treatments[at], first=first, **scores))
    good = "lower" if ranking.small_values == "desirable" else "higher"
    picture = RankPicture(
        title=say.say("ranks.title", count=len(order)),
        description=" ".join(told),
        panels=panels,
        across=say.say("ranks.rank"),
        up=say.say("ranks.probability"),
        caption=[say.say("ranks.legend", good=say.say(f"ranks.{good}"))],
    )
    return rank_picture("ranks", picture)
