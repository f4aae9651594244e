"""One rule over one hospital, by Saisei and by SQL written by hand; prints seconds and counts.

The rule: a platelet count below 100 in the last year, of those who are alive. Two codes and three
units say it. Each way reads the same Parquet files; the first also tells who is unknown and why,
and writes a verdict on each person.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from saisei.eligibility import Criterion, parse
from saisei.eligibility.population.omop import OmopFolder
from saisei.eligibility.population.protocols import Protocol
from saisei.eligibility.population.screen import screen_population

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULE = Criterion(
    "platelets",
    "inclusion",
    "a platelet count below 100 in the last year",
    parse("lowest(platelet_count_10e9_l, days=365) < 100"),
)
BY_HAND = """
WITH living AS (
  SELECT person_id FROM '{0}/person.parquet'
  WHERE person_id NOT IN (
    SELECT person_id FROM '{0}/death.parquet' WHERE death_date <= DATE '2026-11-20')
), factors AS (
  SELECT concept_id AS unit, CASE concept_code WHEN '/uL' THEN 0.001 ELSE 1.0 END AS factor
  FROM '{0}/concept.parquet'
  WHERE vocabulary_id = 'UCUM' AND concept_code IN ('/uL', '10*3/uL', '10*9/L')
), counts AS (
  SELECT person_id, value_as_number * factor AS platelets
  FROM '{0}/measurement.parquet' JOIN factors ON unit = unit_concept_id
  WHERE measurement_concept_id IN (3024929, 3007461)
    AND measurement_date BETWEEN DATE '2026-11-20' - 365 AND DATE '2026-11-20'
    AND value_as_number * factor BETWEEN 1 AND 2000
), lowest AS (
  SELECT person_id, MIN(platelets) < 100 AS low FROM counts GROUP BY person_id
)
SELECT
  COUNT(*) FILTER (low), COUNT(*) FILTER (NOT low), COUNT(*) FILTER (low IS NULL)
FROM living LEFT JOIN lowest USING (person_id)
"""


def by_saisei(hospital: Path) -> list[int]:
    """Screen the hospital for a protocol of this rule alone."""
    with tempfile.TemporaryDirectory() as folder:
        source = OmopFolder(hospital)
        result = screen_population(source, [Protocol("one", (RULE,))], AS_OF, Path(folder) / "out")
    (counts,) = result.protocols[0].rules
    return [counts.met, counts.not_met, counts.unknown]


def by_hand(hospital: Path) -> list[int]:
    """Ask the files by a query of one's own."""
    with duckdb.connect() as connection:
        return list(connection.execute(BY_HAND.format(hospital)).fetchone() or ())


def timed(way: Callable[[Path], list[int]], hospital: Path) -> list[float]:
    """Run a way once to warm up, then time it."""
    way(hospital)
    start = time.perf_counter()
    counts = way(hospital)
    return [time.perf_counter() - start, *counts]


def main() -> None:
    """Print, for each way, its seconds, and how many meet the rule, do not, and are unknown."""
    hospital = Path(sys.argv[1])
    ways = {"saisei": by_saisei, "by hand": by_hand}
    print(json.dumps({name: timed(way, hospital) for name, way in ways.items()}))


if __name__ == "__main__":
    main()
