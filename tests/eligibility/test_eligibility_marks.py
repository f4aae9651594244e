"""The marks of people by arrays and by a query: the same bits."""

from __future__ import annotations

from random import Random

import duckdb
import pyarrow as pa
import pytest

from saisei.eligibility.population.marks import marks_table
from saisei.eligibility.population.protocols import distinct_rules, marks_query
from saisei.therapies.protocols import population_protocols
from saisei.vocabulary import Truth

PROTOCOLS = population_protocols()
RULES = distinct_rules(PROTOCOLS)


def drawn(people: int, seed: int) -> pa.Table:
    """Give people whose rules are true, false and unknown at random."""
    random = Random(seed)  # noqa: S311 - what is tried, not a secret
    columns = {
        name: pa.array(random.choices((True, False, None), k=people), pa.bool_()) for name in RULES
    }
    return pa.table({"person": pa.array(range(people), pa.int64()), **columns})


@pytest.mark.parametrize("people", [0, 1, 7, 300])
def test_both_ways_give_the_same_marks(people: int) -> None:
    judged = drawn(people, seed=people)
    by_arrays = marks_table(PROTOCOLS, RULES, judged)
    with duckdb.connect() as connection:
        connection.register("judged", judged)
        sql = marks_query(PROTOCOLS, RULES, "judged")
        by_query = connection.sql(f"{sql} ORDER BY person_id").to_arrow_table()
    assert by_arrays.to_pydict() == by_query.to_pydict()


def test_rows_that_begin_within_a_larger_table() -> None:
    judged = drawn(40, seed=1)
    whole = marks_table(PROTOCOLS, RULES, judged)
    assert marks_table(PROTOCOLS, RULES, judged.slice(5, 11)).equals(whole.slice(5, 11))


def test_a_rule_holds_fails_or_is_unknown() -> None:
    """A bit never stands in both, and every rule that is true leaves none in its protocol."""
    for row in marks_table(PROTOCOLS, RULES, drawn(200, seed=2)).to_pylist():
        for one in PROTOCOLS:
            failing, unknown = row[f"{one.id} failing"], row[f"{one.id} unknown"]
            assert failing & unknown == 0
            assert (failing | unknown) >> len(one.counted) == 0


@pytest.mark.parametrize("truth", list(Truth))
def test_a_rule_that_is_the_same_for_everybody_needs_no_column(truth: Truth) -> None:
    judged = drawn(20, seed=3)
    chosen = list(RULES)[::3]
    value = truth is Truth.TRUE if truth.known else None
    whole = judged
    for name in chosen:
        column = pa.array([value] * 20, pa.bool_())
        whole = whole.set_column(whole.column_names.index(name), name, column)
    settled = dict.fromkeys(chosen, truth)
    found = marks_table(PROTOCOLS, RULES, judged.drop_columns(chosen), settled)
    assert found.equals(marks_table(PROTOCOLS, RULES, whole))
