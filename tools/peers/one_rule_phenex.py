"""The rule of `one_rule` by PhenEx, in an environment of its own; prints seconds and who meets it.

PhenEx wants its units made alike before it begins; that is part of what is timed. It says who meets
a rule, and keeps no difference between who does not and who is unknown.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta

import ibis
from phenex.codelists import Codelist
from phenex.filters.date_range_filter import DateRangeFilter
from phenex.filters.value import GreaterThanOrEqualTo, LessThan
from phenex.filters.value_filter import ValueFilter
from phenex.phenotypes.measurement_phenotype import MeasurementPhenotype

TODAY = date(2026, 11, 20)
ALIKE = """
SELECT person_id AS "PERSON_ID", measurement_date AS "EVENT_DATE",
  measurement_concept_id AS "CODE",
  value_as_number * CASE u.concept_code WHEN '/uL' THEN 0.001 ELSE 1.0 END AS "VALUE"
FROM '{0}/measurement.parquet' JOIN '{0}/concept.parquet' u ON u.concept_id = unit_concept_id
WHERE u.vocabulary_id = 'UCUM' AND u.concept_code IN ('/uL', '10*3/uL', '10*9/L')
  AND person_id NOT IN (
    SELECT person_id FROM '{0}/death.parquet' WHERE death_date <= DATE '2026-11-20')
"""


def met(hospital: str) -> int:
    """Count who meets the rule."""
    connection = ibis.duckdb.connect()
    low = MeasurementPhenotype(
        domain="measurement",
        codelist=Codelist({"": [3024929, 3007461]}, name="platelets"),
        use_code_type=False,
        date_range=DateRangeFilter(TODAY - timedelta(days=365), TODAY),
        value_filter=ValueFilter(min=GreaterThanOrEqualTo(1), max=LessThan(100)),
    )
    people = low.execute({"measurement": connection.sql(ALIKE.format(hospital))})
    return int(people.PERSON_ID.nunique().execute())


def main() -> None:
    """Run once to warm up, then print the seconds and the count."""
    met(sys.argv[1])
    start = time.perf_counter()
    count = met(sys.argv[1])
    print(json.dumps([time.perf_counter() - start, count]))


if __name__ == "__main__":
    main()
