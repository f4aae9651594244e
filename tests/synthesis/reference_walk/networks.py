"""``network.json``: networks, their inconsistency, node splits, contributions and components."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from saisei import synthesis as syn
from saisei.synthesis.networks.fit import solve
from saisei.synthesis.networks.pairs import model_of
from synthesis.reference_walk.ledger import Ledger, Path, Quantity
from synthesis.reference_walk.pairwise import CLOSED, COUNTS

Array = NDArray[np.float64]
COLUMNS = ("study", "treat1", "treat2", "te", "se")
AT_TAU2 = "at netmeta's own τ², everything else is a closed form"
DEPENDENT = (
    "netmeta's REML takes contrasts of one study with several arms for independent; this is the "
    "maximum of that likelihood, to metafor's stopping rule. Ours keeps their covariances and is "
    "another number, on purpose"
)

QUANTITIES = (
    Quantity("network, DL: τ², I², Q and its p value", 1e-9, "relative", CLOSED),
    Quantity("network, DL: all pairs, limits, prediction", 1e-9, "of the largest", CLOSED),
    Quantity("network, DL: direct evidence", 1e-9, "of the largest", CLOSED),
    Quantity("network, DL: P-scores", 1e-9, "absolute", CLOSED),
    Quantity("network, REML: τ² of netmeta's likelihood", 1e-5, "absolute", DEPENDENT),
    Quantity("network, REML: Q, its p value, I²", 1e-9, "relative", CLOSED),
    Quantity("network, REML: all pairs, limits, prediction", 1e-9, "of the largest", AT_TAU2),
    Quantity("network, REML: direct evidence", 1e-9, "of the largest", AT_TAU2),
    Quantity("network, REML: P-scores", 1e-9, "absolute", AT_TAU2),
    Quantity("Q within and between designs, interaction", 1e-9, "relative", CLOSED),
    Quantity("node splits", 1e-9, "of the largest", CLOSED),
    Quantity("node splits: p values, shares", 1e-9, "absolute", CLOSED),
    Quantity("contributions by shortest paths", 1e-9, "absolute", CLOSED),
    Quantity("components: Q, τ²", 1e-9, "relative", CLOSED),
    Quantity("components: effects, all pairs", 1e-9, "of the largest", CLOSED),
)


def walk_network(ledger: Ledger, at: Path) -> None:
    """One network under one estimator of tau2."""
    case = ledger.at(*at)
    columns: dict[str, Any] = ledger.take((*at, "contrasts"))
    columns = {name: columns[name] for name in COLUMNS}
    method = case["method_tau"]
    moments = syn.network(**columns, method="DL")
    if list(moments.treatments) != case["trts"]:
        raise AssertionError(f"{at}: the treatments stand in another order")
    for name, ours in (
        ("k", moments.k),
        ("m", moments.m),
        ("n", len(moments.treatments)),
        ("d", len(moments.designs)),
        ("df_Q", moments.q_df),
    ):
        ledger.compare(COUNTS, (*at, name), ours)
    result, heading = moments, "network, DL: τ², I², Q and its p value"
    if method == "DL":
        ledger.compare(heading, (*at, "tau2"), result.tau2)
    else:
        own = syn.network(**columns, method=method)
        if not own.converged:
            raise AssertionError(f"{at} did not converge")
        result, heading = at_tau2(own, case["tau2"]), "network, REML: Q, its p value, I²"
        ledger.compare(
            "network, REML: τ² of netmeta's likelihood", (*at, "tau2"), independent_reml(own)
        )
    parts = syn.network_inconsistency(moments)
    for name, number in (
        ("I2", moments.i2 / 100.0),
        ("Q", result.q),
        ("pval_Q", result.q_p),
        ("Q_heterogeneity", parts.within.q),
        ("Q_inconsistency", parts.between.q),
    ):
        ledger.compare(heading, (*at, name), number)
    pairs(ledger, at, result, method)
    if "decomp" in case:
        inconsistency(ledger, (*at, "decomp"), parts)
        splits(ledger, (*at, "netsplit"), syn.node_splits(result))
        contributions(ledger, (*at, "contribution_random"), result)
    if "netcomb" in case:
        parts_of = syn.network_components(**columns, method="DL")
        components(ledger, (*at, "netcomb"), parts_of)


def pairs(ledger: Ledger, at: Path, result: syn.NetworkResult, method: str) -> None:
    """Matrices of all pairs, and the scores."""
    name = f"network, {method}: all pairs, limits, prediction"
    for model in ("common", "random"):
        for column in ledger.at(*at, model):
            ledger.compare(name, (*at, model, column), getattr(getattr(result, model), column))
    low, high = result.prediction_interval()
    ledger.compare(name, (*at, "predict", "lower"), low)
    ledger.compare(name, (*at, "predict", "upper"), high)
    direct = result.direct()
    name = f"network, {method}: direct evidence"
    ledger.compare(name, (*at, "direct_random", "te"), direct.te)
    ledger.compare(name, (*at, "direct_random", "se"), direct.se)
    down, up = result.p_scores("desirable"), result.p_scores("undesirable")
    for word, scores in (("desirable", down), ("undesirable", up)):
        here = (*at, f"pscore_random_small_values_{word}")
        for treatment in ledger.at(*here):
            ledger.compare(f"network, {method}: P-scores", (*here, treatment), scores[treatment])


def at_tau2(result: syn.NetworkResult, tau2: float) -> syn.NetworkResult:
    """Return the same network with another tau2."""
    rows = result.rows
    model = model_of(solve(rows.x, rows.y, rows.v, tau2), tau2, result.level)
    return replace(result, tau2=tau2, random=model)


def inconsistency(ledger: Ledger, here: Path, parts: syn.InconsistencyResult) -> None:
    """Q taken apart."""
    tests = (parts.total, parts.within, parts.between)
    name = "Q within and between designs, interaction"
    ledger.compare(name, (*here, "Q_decomp", "Q"), [test.q for test in tests])
    ledger.compare(COUNTS, (*here, "Q_decomp", "df"), [test.df for test in tests])
    here = (*here, "Q_inc_random")
    ledger.compare(name, (*here, "Q"), parts.interaction.q)
    ledger.compare(COUNTS, (*here, "df"), parts.interaction.df)
    ledger.compare(name, (*here, "p"), parts.interaction.p)
    ledger.compare(name, (*here, "tau_within"), math.sqrt(parts.tau2_within))


def splits(ledger: Ledger, here: Path, found: syn.NodeSplits) -> None:
    """Direct against indirect; netmeta writes some pairs the other way round."""
    names = ledger.at(*here, "comparison")
    turned = np.array(
        [
            {":".join(pair): 1.0, ":".join(pair[::-1]): -1.0}[name]
            for pair, name in zip(found.pairs, names, strict=True)
        ]
    )
    ledger.compare(COUNTS, (*here, "k"), found.k)
    ledger.compare("node splits: p values, shares", (*here, "prop"), found.share)
    ledger.compare("node splits: p values, shares", (*here, "p"), found.p)
    for theirs, own in (("direct", "direct"), ("indirect", "indirect"), ("diff", "difference")):
        ledger.compare("node splits", (*here, theirs), turned * getattr(found, own))
        ledger.compare("node splits", (*here, f"{theirs}_se"), getattr(found, f"{own}_se"))


def contributions(ledger: Ledger, here: Path, result: syn.NetworkResult) -> None:
    """The share of each direct comparison in each estimate."""
    found, expected = syn.network_contributions(result, "shortest-path"), ledger.at(*here)
    rows = {":".join(pair): place for place, pair in enumerate(found.rows)}
    columns = {":".join(pair): place for place, pair in enumerate(found.columns)}
    order = np.ix_(
        [rows[name] for name in expected["rows"]], [columns[name] for name in expected["cols"]]
    )
    ledger.compare("contributions by shortest paths", (*here, "value"), found.value[order])


def components(ledger: Ledger, here: Path, result: syn.ComponentsResult) -> None:
    """The additive model."""
    if list(result.components) != ledger.at(*here, "comps"):
        raise AssertionError(f"{here}: the components stand in another order")
    ledger.compare("components: Q, τ²", (*here, "Q_additive"), result.q)
    ledger.compare(COUNTS, (*here, "df"), result.q_df)
    ledger.compare("components: Q, τ²", (*here, "tau2"), result.tau2)
    name = "components: effects, all pairs"
    for model in ("common", "random"):
        for column in ("te", "se"):
            ours = getattr(getattr(result, model), column)
            ledger.compare(name, (*here, f"components_{model}", column), ours)
    ledger.compare(name, (*here, "te_random"), result.random.pairs_te)


def independent_reml(result: syn.NetworkResult) -> float:
    """Return the maximum of REML's likelihood without the covariances within studies.

    Contrasts of a study stand against one of its arms, with tau2 / 2 between any two of them.
    Which arm that is matters here: the network's reference, or the last.
    """
    data, n = result.contrasts, len(result.treatments)
    reference = {"A"} & set(result.treatments)
    blocks = []
    for study in range(len(data.studies)):
        rows = np.flatnonzero(data.study == study)
        arms = {int(arm) for arm in (*data.i[rows], *data.j[rows])}
        named = {result.index(name) for name in reference} & arms
        base = named.pop() if named else max(arms)
        kept = [row for row in rows if base in (data.i[row], data.j[row])]
        signs = np.array([1.0 if data.j[row] == base else -1.0 for row in kept])
        x = np.zeros((len(kept), n))
        x[range(len(kept)), [int(data.i[row] + data.j[row] - base) for row in kept]] = 1.0
        x[:, base] = -1.0
        blocks.append((x[:, 1:], signs * data.te[kept], data.se[kept] ** 2))

    def loss(tau2: float) -> float:
        information, pull, value = np.zeros((n - 1, n - 1)), np.zeros(n - 1), 0.0
        for x, y, v in blocks:
            w = np.linalg.inv(np.diag(v + 0.5 * tau2) + 0.5 * tau2)
            information += x.T @ w @ x
            pull += x.T @ w @ y
            value += float(y @ w @ y - np.linalg.slogdet(w)[1])
        value -= float(pull @ np.linalg.solve(information, pull))
        return value + float(np.linalg.slogdet(information)[1])

    found = optimize.minimize_scalar(loss, bounds=(0.0, 2.0), options={"xatol": 1e-9})
    return float(found.x)
