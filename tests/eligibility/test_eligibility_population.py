"""A population screened at once: every verdict is that of the person's own case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eligibility.test_eligibility_wide import AS_OF, EVENTS, KINDS, draw_case
from saisei.cases import Answer, Case
from saisei.eligibility import Lookup, Source, field_of, lookup_of
from saisei.eligibility.population import judging
from saisei.eligibility.population.answers import NOT_FROM_TABLES
from saisei.eligibility.population.events import code_of, events_of_case
from saisei.eligibility.population.read import Read
from saisei.eligibility.population.screen import PopulationResult, screen_population
from saisei.eligibility.population.small_counts import SmallCounts
from saisei.therapies import match_programme, match_trial, programmes, trials
from saisei.therapies.protocols import population_protocols

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PROTOCOLS = population_protocols()
WORDS = {"TRUE": "fits", "FALSE": "does-not-fit", "UNKNOWN": "undecided"}


class Cases:
    """Cases as a source of records."""

    def __init__(self, cases: Sequence[Case], digest: str = "cases") -> None:
        self.cases = cases
        self.digest = digest
        self.name = "cases"
        self.read = Read()
        self.loaded = 0

    def load(
        self, connection: DuckDBPyConnection, fields: Mapping[str, float], as_of: datetime
    ) -> None:
        assert as_of == AS_OF
        self.loaded += 1
        wanted = {code_of(name) for name in fields}
        events = [
            event._asdict()
            for person, case in enumerate(self.cases)
            for event in events_of_case(person, case)
            if event.field in wanted
        ]
        people = pa.table({"person": pa.array(range(len(self.cases)), pa.int64())})
        connection.register("people_rows", people)
        connection.register("event_rows", pa.Table.from_pylist(events, EVENTS))
        connection.execute("CREATE OR REPLACE TABLE people AS SELECT * FROM people_rows")
        connection.execute("CREATE OR REPLACE TABLE events AS SELECT * FROM event_rows")
        self.read = Read(people=len(self.cases), rows={"cases": len(events)})


CASES = [draw_case(Random(seed)) for seed in range(80)]  # noqa: S311 - what is tried, not a secret


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> tuple[PopulationResult, Path]:
    folder = tmp_path_factory.mktemp("screened")
    return screen_population(Cases(CASES), PROTOCOLS, AS_OF, folder), folder


def verdicts(folder: Path) -> dict[tuple[int, str], str]:
    rows = pq.read_table(folder / "verdicts.parquet").to_pylist()
    return {(row["person_id"], row["protocol"]): row["verdict"] for row in rows}


def test_every_verdict_is_that_of_the_case(screened: tuple[PopulationResult, Path]) -> None:
    """What tables cannot compute is held open in the case as well; all else has to agree."""
    found = verdicts(screened[1])
    assert len(found) == len(CASES) * len(PROTOCOLS)
    for person, case in enumerate(CASES):
        told = as_tables_tell(case)
        expected: dict[str, str] = {t.id: match_trial(t, case, told).word for t in trials()}
        expected |= {p.id: WORDS[match_programme(p, case, told).truth.name] for p in programmes()}
        assert {protocol: found[person, protocol] for protocol in expected} == expected


def as_tables_tell(case: Case) -> Lookup:
    answers = lookup_of(case)

    def lookup(source: Source) -> Answer:
        name = field_of(source)
        return Answer(name, "missing") if KINDS[name] in NOT_FROM_TABLES else answers(source)

    return lookup


def test_the_counts_are_those_of_the_verdicts(screened: tuple[PopulationResult, Path]) -> None:
    result, folder = screened
    found = Counter((protocol, word) for (_, protocol), word in verdicts(folder).items())
    for protocol, one in zip(PROTOCOLS, result.protocols, strict=True):
        counts = [found[one.protocol, word] for word in protocol.words]
        assert counts == [one.matches, one.undecided, one.does_not_match]
        for rule in one.rules:
            assert rule.met + rule.not_met + rule.unknown == result.people == len(CASES)
        assert one.rules[-1].left == one.matches + one.undecided
        assert [r.left for r in one.rules] == sorted((r.left for r in one.rules), reverse=True)


def test_the_file_of_criteria_holds_the_counts(screened: tuple[PopulationResult, Path]) -> None:
    result, folder = screened
    rows = pq.read_table(folder / "criteria.parquet").to_pylist()
    assert {"protocol", "criterion", "true", "false", "unknown", "only_failed"} <= set(rows[0])
    told = [(one.protocol, rule.rule, rule.met) for one in result.protocols for rule in one.rules]
    assert [(row["protocol"], row["criterion"], row["true"]) for row in rows] == told


def test_the_file_of_missing_items_holds_the_counts(
    screened: tuple[PopulationResult, Path],
) -> None:
    result, folder = screened
    rows = pq.read_table(folder / "missing.parquet").to_pylist()
    told = [
        {
            "protocol": one.protocol,
            "item": item.item,
            "people": item.alone,
            "waiting": item.waiting,
            "together": item.together,
        }
        for one in result.protocols
        for item in one.missing
    ]
    assert rows == told
    assert any(row["people"] for row in rows)
    for one in result.protocols:
        assert bool(one.missing) is bool(one.undecided)


def test_small_counts_are_written_as_none(tmp_path: Path) -> None:
    exact = screen_population(Cases(CASES[:20]), PROTOCOLS, AS_OF, tmp_path, small=SmallCounts(5))
    rows = pq.read_table(tmp_path / "criteria.parquet").to_pylist()
    rules = [rule for one in exact.protocols for rule in one.rules]
    for row, rule in zip(rows, rules, strict=True):
        assert row["left"] == (None if 0 < rule.left < 5 else rule.left // 5 * 5)
        assert row["true"] == (None if 0 < rule.met < 5 else rule.met // 5 * 5)
    shown = pq.read_table(tmp_path / "missing.parquet").to_pylist()
    assert {n % 5 for row in shown for n in row.values() if isinstance(n, int)} == {0}


def test_nothing_is_left_beside_the_results(screened: tuple[PopulationResult, Path]) -> None:
    names = sorted(path.name for path in screened[1].iterdir())
    assert names == ["criteria.parquet", "marks", "missing.parquet", "verdicts.parquet"]


def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PART", 2)
    source = Cases(CASES[:5])
    told: list[str] = []

    def stop(step: str, number: int, _: int) -> None:
        told.append(step)
        if step == "judging the people" and number == 1 and told.count(step) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        screen_population(source, PROTOCOLS, AS_OF, tmp_path, tell=stop)
    assert not list(tmp_path.glob("*.parquet"))
    result = screen_population(source, PROTOCOLS, AS_OF, tmp_path, tell=stop)
    assert (source.loaded, result.people) == (1, 5)
    other = Cases(CASES[5:9], "others")
    assert screen_population(other, PROTOCOLS, AS_OF, tmp_path).people == 4
