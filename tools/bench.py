"""Measure against the budgets, in one run: ``make bench``.

Every figure is the median of several runs after a warm-up, with the spread beside it. Machines are
noisy, so the start of an empty Python is timed in the same run: read the ratios first.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from saisei import synthesis as syn
from saisei.base.dates import parse_as_of
from saisei.cases import read_case
from saisei.decision import decide
from saisei.forecast import (
    Scored,
    another_assessment,
    context,
    forecast_arm,
    forecast_many,
    simulate_people,
)
from saisei.report import to_html
from saisei.therapies import screen

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2026-11-20T09:00+09:00"
CASE = ROOT / "examples" / "01-chronic-arm.yaml"
METHODS: tuple[Literal["DL", "REML"], ...] = ("DL", "REML")
NETWORKS = ROOT / "tests" / "synthesis" / "reference" / "network.json"


def seconds(action: Callable[[], object], runs: int) -> list[float]:
    """Time an action `runs` times after one warm-up."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return times


def command(*words: str) -> Callable[[], object]:
    """Give an action that runs a Python command as a process of its own, its bytecode kept."""
    full = [sys.executable, *words]
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return lambda: subprocess.run(full, check=True, capture_output=True, cwd=ROOT, env=kept)


BOUNDS = {
    "`import saisei`": "the start of Python",
    "`import saisei.synthesis`": "NumPy's own import, nearly half of it, and a hundred modules",
    "`saisei report CASE` cold, HTML": "imports and reading the data files",
    "the same walk and page, warm": "filling 0.8 MB of page",
    "one case, all protocols, explained": "547 rules in plain Python",
    "one forecast of the arm, two": "passes over 20,000 combinations of group, start and pace",
    "one forecast of the arm, a late": "putting words to it; the numbers are in a table after once",
    "what another assessment": "one forecast for each of the scores that it may give",
    "10,000 forecasts": "passes over the combinations: once a score and once a month ahead",
    "one pool": "NumPy's cost per call, some hundred on 13 numbers; half is the slope on the grid",
    "exact Bayesian pool": "passes over the nodes of τ: halving panels, then roots for quantiles",
    "one of 10,000 pools": "passes over memory at each point of the grid of slopes",
    "network senn2013": "one decomposition of the rows, and studies taken apart one by one",
    "network linde2016": "studies of several arms taken apart one by one, one decomposition",
    "a million pools": "as for 10,000, in chunks that stay in the cache",
    "10,000 made-up": "imports and writing the queries",
    "100,000 made-up": "gathering each person's newest records into one row",
    "1,000,000 made-up": "gathering each person's newest records, and writing 54 million verdicts",
}
"""What bounds each figure, by how its name begins."""


HOSPITALS = (10_000, 100_000, 1_000_000)
"""People of the made-up hospitals that are screened."""


def line(name: str, times: list[float], budget: float, base: float) -> str:
    """Write one row of the table."""
    middle = statistics.median(times)
    unit, factor = ("s", 1.0) if budget >= 0.1 else ("ms", 1e3) if budget >= 1e-4 else ("us", 1e6)
    spread = f"{min(times) * factor:.3g}-{max(times) * factor:.3g}"
    verdict = "yes" if middle < budget else "NO"
    bound = next(text for start, text in BOUNDS.items() if name.startswith(start))
    return (
        f"| {name} | {middle * factor:.3g} {unit} | {spread} | {budget * factor:g} {unit} "
        f"| {verdict} | {middle / base:.2g} | {bound} |"
    )


Row = tuple[str, list[float], float]
"""What is measured, the seconds of each run, and the budget."""


def main() -> None:
    """Print the table of the budgets that this version has."""
    empty = statistics.median(seconds(command("-c", "pass"), 9))
    millions = [_million() for _ in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        made = {people: _made_up(people, Path(folder)) for people in HOSPITALS}
        hospitals = {
            people: [_apart("screen_hospital.py", made[people]) for _ in range(3)]
            for people in HOSPITALS
        }
        peers = _one_rule(made[HOSPITALS[-1]])
    rows = [
        *_walk_rows(),
        *_forecast_rows(),
        *_pool_rows(),
        *_network_rows(),
        ("a million pools of 20 studies in a batch", [took for took, _ in millions], 30.0),
        *(
            (
                f"{people:,} made-up people, 50 measurements each, all protocols",
                [took for took, _ in runs],
                20.0,
            )
            for people, runs in hospitals.items()
        ),
    ]
    print(f"Python {platform.python_version()}, {platform.machine()}, NumPy {np.__version__};")
    print(f"an empty Python starts in {empty * 1e3:.0f} ms (`ratio` is to that)\n")
    print("| what | median | range | budget | held | ratio | what bounds it |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, times, budget in rows:
        print(line(name, times, budget, empty))
    peak = max(peak for _, peak in millions) / 2**30
    print(f"\nThe million pools took {peak:.2f} GiB at most, inputs and results and all (2 GiB).")
    peak = max(peak for runs in hospitals.values() for _, peak in runs) / 2**30
    print(f"The largest hospital took {peak:.2f} GiB at most (4 GiB).\n")
    print("| one rule over the largest hospital | time | ratio | meet it | do not | unknown |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, (took, *counts) in peers.items():
        told = " | ".join([*(f"{count:,}" for count in counts), *[""] * (3 - len(counts))])
        print(f"| {name} | {took:.2f} s | {took / peers[BY_HAND][0]:.2g} | {told} |")


def _walk_rows() -> list[Row]:
    as_of = parse_as_of(AS_OF)
    case = read_case(CASE, as_of=as_of)
    page = str(Path(tempfile.mkdtemp()) / "report.html")
    report = command("-m", "saisei", "report", str(CASE), "--as-of", AS_OF, "-o", page)
    return [
        ("`import saisei`", seconds(command("-c", "import saisei"), 9), 0.3),
        ("`import saisei.synthesis`", seconds(command("-c", "import saisei.synthesis"), 9), 0.3),
        ("`saisei report CASE` cold, HTML", seconds(report, 5), 2.0),
        (
            "the same walk and page, warm",
            seconds(lambda: to_html(decide(read_case(CASE, as_of=as_of), as_of)), 9),
            0.15,
        ),
        ("one case, all protocols, explained", seconds(lambda: screen(case), 25), 0.010),
    ]


def _forecast_rows() -> list[Row]:
    going_on = context(None)
    early = [Scored(7, 20, 14), Scored(21, 30, 0)]
    late = [Scored(800, 30, 0)]
    people = _scored_people(10_000)
    return [
        (
            "one forecast of the arm, two scores of the first weeks, 13 months",
            seconds(lambda: forecast_arm(early, going_on), 25),
            0.050,
        ),
        (
            "one forecast of the arm, a late score, 13 months",
            seconds(lambda: forecast_arm(late, going_on), 25),
            0.050,
        ),
        (
            "what another assessment would tell, first weeks",
            seconds(lambda: another_assessment(early, 21, going_on, 365), 9),
            0.5,
        ),
        (
            "10,000 forecasts of the arm in a batch, 1 to 4 scores, 13 months, quantiles",
            seconds(lambda: forecast_many(people, going_on).quantiles(), 3),
            20.0,
        ),
    ]


def _scored_people(count: int) -> list[list[tuple[float, float]]]:
    """Make people with one to four scores; a quarter have their last one more than a year on."""
    random = np.random.default_rng(1)
    scores = simulate_people(count, [14, 60, 140, 182], seed=1).scores
    days = random.uniform((1, 31, 91, 366), (30, 90, 179, 2000), (count, 4))
    return [
        list(zip(days[at, : 1 + at % 4].tolist(), scores[at, : 1 + at % 4].tolist(), strict=True))
        for at in range(count)
    ]


def _pool_rows() -> list[Row]:
    random = np.random.default_rng(1)
    v = random.uniform(0.01, 0.4, 13)
    y = random.normal(0.3, np.sqrt(v + 0.05))
    many_y = random.normal(0.3, np.sqrt(v + 0.05), (10_000, 13))
    return [
        (
            "one pool: REML, Knapp-Hartung, prediction interval, 13 studies",
            [t / 200 for t in seconds(lambda: [syn.pool(y, v) for _ in range(200)], 9)],
            0.0003,
        ),
        (
            "exact Bayesian pool, 13 studies, all marginals",
            [
                t / 20
                for t in seconds(
                    lambda: [_marginals(syn.bayes_pool(y, np.sqrt(v))) for _ in range(20)], 9
                )
            ],
            0.003,
        ),
        (
            "one of 10,000 pools in a batch: REML, Knapp-Hartung, 13 studies",
            [t / 10_000 for t in seconds(lambda: syn.pool_batch(many_y, v), 5)],
            0.000030,
        ),
    ]


def _network_rows() -> list[Row]:
    networks = {
        reference["dataset"]: reference["contrasts"]
        for reference in json.loads(NETWORKS.read_text("utf-8"))["cases"]
    }
    return [
        *(
            (
                f"network {name}, {method}: all pairs, P-scores",
                seconds(partial(_network, networks[name], method), 25),
                budget,
            )
            for name, budget in (("senn2013", 0.005), ("linde2016", 0.015))
            for method in METHODS
        ),
        (
            "network senn2013, REML: node splitting of every pair",
            seconds(partial(_node_splits, networks["senn2013"]), 25),
            0.005,
        ),
    ]


PEERS = ROOT / ".venv-peers" / "bin" / "python"
BY_HAND = "SQL written by hand"


def _made_up(people: int, folder: Path) -> Path:
    """Make a hospital, which is not timed."""
    path = folder / str(people)
    words = ["population", "simulate", "--people", str(people), "--seed", "1", "-o", str(path)]
    subprocess.run([sys.executable, "-m", "saisei", *words], check=True, capture_output=True)
    return path


def _one_rule(hospital: Path) -> dict[str, list[float]]:
    """Give the seconds and the counts of one rule by each way; PhenEx where it is installed."""
    ours = json.loads(_printed(sys.executable, "peers/one_rule.py", hospital))
    found = {"Saisei": ours["saisei"], BY_HAND: ours["by hand"]}
    if PEERS.exists():
        found["PhenEx 0.1.0"] = json.loads(
            _printed(str(PEERS), "peers/one_rule_phenex.py", hospital)
        )
    if len({counts[1] for counts in found.values()}) > 1:
        raise SystemExit(f"the ways do not agree: {found}")
    return found


def _printed(python: str, script: str, *words: object) -> str:
    """Run a script in a process of its own; give what it prints."""
    full = [python, str(ROOT / "tools" / script), *map(str, words)]
    return subprocess.run(full, check=True, capture_output=True, text=True).stdout


def _million() -> tuple[float, float]:
    """Seconds, and the peak in bytes, of a million pools."""
    return _apart("million_pools.py")


def _apart(script: str, *words: object) -> tuple[float, float]:
    """Run a script in a process of its own; give its seconds and its peak in bytes."""
    took, peak = _printed(sys.executable, script, *words).split()
    return float(took), float(peak)


def _node_splits(contrasts: dict[str, Any]) -> object:
    study, treat1, treat2 = contrasts["study"], contrasts["treat1"], contrasts["treat2"]
    net = syn.network(study, treat1, treat2, contrasts["te"], contrasts["se"], method="REML")
    return syn.node_splits(net).p


def _marginals(result: syn.BayesResult) -> list[tuple[float, float]]:
    return [part.interval(0.95) for part in (result.mu, result.tau, result.predictive)]


def _network(contrasts: dict[str, Any], method: Literal["DL", "REML"]) -> object:
    study, treat1, treat2 = contrasts["study"], contrasts["treat1"], contrasts["treat2"]
    result = syn.network(study, treat1, treat2, contrasts["te"], contrasts["se"], method=method)
    return result.random.lower, result.random.upper, result.p_scores()


if __name__ == "__main__":
    main()
