"""From dated records to a table of people: what a case would answer, for everybody at once.

The steps are those of a case. A record counts while it is valid; of those that count the newest is
the answer; where nothing was stated, another answer may settle it; and derived fields are computed
from the others. Two records of the same moment that differ leave a number between them and anything
else unknown. Some derived fields need more than a table holds (`NOT_FROM_TABLES`): they stay
unknown, which is never wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from saisei.cases import Field, fields
from saisei.cases.fields import table as case_table
from saisei.eligibility.columns import Column
from saisei.eligibility.population.answers import UNKNOWN, Answers
from saisei.eligibility.population.events import code_of, seconds
from saisei.eligibility.population.needed import FOREVER, ONSETS, base_fields, inputs_of
from saisei.eligibility.population.newest import KEY_STEP
from saisei.eligibility.population.spans import (
    NEVER,
    Ends,
    Times,
    both,
    day_of,
    known,
    when,
)
from saisei.eligibility.population.years import year_steps
from saisei.eligibility.tree import Elapsed, Source, Window

__all__ = ["counting_query", "newest_columns", "wide_query"]


def counting_query(as_of: datetime, *, events: str = "events") -> str:
    """Write the query that gives the records that still count; `wide_query` tells what it reads."""
    steps = _Steps()
    _add_counting(steps, seconds(as_of), events)
    return f"{steps}\nSELECT person, field, first, last, low, high FROM counting"


def newest_columns(
    sources: Iterable[Source], recorded: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Name the columns of the newest records: of each field the ends that are needed."""
    moments = _moments_needed()
    return {
        name: ("low", "high", "first", "last") if name in moments else ("low", "high")
        for name in base_fields(sources)
        if name in recorded
    }


def wide_query(
    sources: Iterable[Source],
    as_of: datetime,
    recorded: Collection[str] | None = None,
    *,
    people: str = "people",
    events: str = "events",
    records: str | None = None,
) -> str:
    """Write the query that makes the table of people.

    It reads a table of people (one row a person, with the column ``person``), a table of records
    (as `events` describes them, at most of `base_fields(sources)`) and the table ``rules`` (the
    rows of `rules_of`).

    Parameters
    ----------
    sources
        What the expressions look up.
    as_of
        The moment; its clock is that of the events.
    recorded
        The fields that have any records; all when left out. The fewer, the faster.
    people, events
        The names of the tables.
    records
        A table of everybody that has the newest records already (see `newest_columns`), and is
        read in the place of `people`; they are looked for when it is left out.
    """
    wanted = tuple(dict.fromkeys(sources))
    moment = seconds(as_of)
    base = base_fields(wanted)
    known = frozenset(base if recorded is None else recorded)
    steps = _Steps()
    if records is None:
        _add_counting(steps, moment, events)
        steps.add("newest", _newest("counting"))
        steps.add("records", _pivoted(newest_columns(wanted, known)))
    everybody = records or f"{people} AS p LEFT JOIN records AS r ON p.person = r.recorded"
    windows = [source for source in wanted if isinstance(source, Window)]
    steps.add("base", _beside_windows(steps, everybody, windows, moment, events))
    stated = {name: ends for name in base if (ends := _answer(fields()[name], known)) != UNKNOWN}
    steps.add("answers", _plus("base", _answer_columns(stated)))
    last = "answers"
    for i, step in enumerate(_years(wanted, stated, moment)):
        steps.add(f"years_{i}", _plus(last, step))
        last = f"years_{i}"
    answers = Answers(Times(str(moment)), frozenset(stated), known)
    made: dict[str, str] = {}
    for source in wanted:
        made |= answers.columns(Column.of(source))
    chosen = ",\n  ".join(f"{sql} AS {name}" for name, sql in made.items())
    return f"{steps}\nSELECT person,\n  {chosen}\nFROM {last}"


class _Steps:
    """The steps of a query, each with its name."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}

    def add(self, name: str, query: str) -> None:
        self.steps[name] = query

    def __str__(self) -> str:
        return "WITH " + ",\n".join(f"{name} AS (\n{sql}\n)" for name, sql in self.steps.items())


def _plus(table: str, columns: Mapping[str, str]) -> str:
    """Write a step that adds columns."""
    added = "".join(f",\n  {sql} AS {name}" for name, sql in columns.items())
    return f"SELECT *{added}\nFROM {table}"


def _add_onsets(steps: _Steps) -> None:
    """Add when the stroke began, or the brain injury where there is no stroke."""
    codes = [code_of(name) for name in ONSETS]
    among = ", ".join(map(str, codes))
    steps.add("dated", f"SELECT * FROM past WHERE field IN ({among}) AND low > {NEVER}")
    steps.add("dated_newest", _newest("dated"))
    ends = {
        name: f"COALESCE({', '.join(_of_field(f'MAX({end})', code) for code in codes)})"
        for name, end in (("onset_first", "low"), ("onset_last", "high"))
    }
    chosen = ", ".join(f"{sql} AS {name}" for name, sql in ends.items())
    steps.add("onsets", f"SELECT person, {chosen}\nFROM dated_newest GROUP BY person")


def _of_field(aggregate: str, code: int) -> str:
    return f"{aggregate} FILTER (WHERE field = {code})"


def _add_counting(steps: _Steps, moment: int, events: str) -> None:
    """Add the records that still count at the moment."""
    steps.add("past", f"SELECT * FROM {events} WHERE first <= {moment}")
    _add_onsets(steps)
    age = Times(str(moment)).days("e.first", "e.last").high
    absent = f"(e.low = 0 OR e.low = {NEVER})"
    to_day = case_table("meta")["acute_subacute_to_day"]
    chronic = f"{day_of('e.first')} - {day_of('o.onset_last')} > {to_day}"
    by_answer, by_phase = (
        when(absent, "r.absent", "r.present"),
        when(chronic, "r.chronic", "r.acute"),
    )
    expires = f"LEAST({by_answer}, {by_phase}) < {FOREVER!r}"
    before = f"(r.after_onset AND e.last < o.onset_first AND {expires})"
    steps.add(
        "counting",
        "SELECT e.* FROM past e JOIN rules r ON e.field = r.field\n"
        "LEFT JOIN onsets o ON e.person = o.person\n"
        f"WHERE {age} <= LEAST({by_answer}, {by_phase})\n"
        f"  AND NOT COALESCE({before}, FALSE)",
    )


def _newest(table: str) -> str:
    """Write the newest record of each field of each person, as the stretch that it leaves."""
    key = f"last * {KEY_STEP} - (last - first)"
    return (
        "SELECT person, field, MAX(first) AS first, MAX(last) AS last, "
        "MIN(low) AS low, MAX(high) AS high\n"
        f"FROM (SELECT *, {key} AS key, MAX({key}) OVER (PARTITION BY person, field) AS top"
        f" FROM {table}) AS keyed\n"
        "WHERE key = top GROUP BY person, field"
    )


def _pivoted(columns: Mapping[str, Sequence[str]]) -> str:
    """Write one row a person from the newest records: gathered into a map, then taken out."""
    cells = "".join(
        f",\n  found[{code_of(name)}].{end} AS {name}__{end}"
        for name, ends in columns.items()
        for end in ends
    )
    gathered = (
        "SELECT person, map_from_entries(list(struct_pack(key := field, value := "
        "struct_pack(low := low, high := high, first := first, last := last)))) AS found "
        "FROM newest GROUP BY person"
    )
    return f"SELECT person AS recorded{cells}\nFROM ({gathered})"


def _moments_needed() -> frozenset[str]:
    """Name the fields that a mean takes only when they were measured together."""
    ways = (field.compute or {} for field in fields().values())
    return frozenset(n for how in ways if how.get("kind") == "weighted_mean" for n in how["of"])


def _beside_windows(
    steps: _Steps, everybody: str, windows: Sequence[Window], moment: int, events: str
) -> str:
    """Write the table with everybody, beside their newest records and those within windows."""
    if not windows:
        return f"SELECT * FROM {everybody}"
    days = Times(str(moment)).days("first", "last")
    codes = ", ".join(str(code) for code in sorted({code_of(w.field) for w in windows}))
    steps.add(
        "aged",
        f"SELECT *, {days.low} AS least, {days.high} AS most FROM {events} "
        f"WHERE first <= {moment} AND field IN ({codes})",
    )
    edges = {w: f"edge_{i}" for i, w in enumerate(windows) if w.pick in ("latest", "earliest")}
    steps.add("edged", _plus("aged", {name: _edge(window) for window, name in edges.items()}))
    cells = ",\n  ".join(_picked(window, edges.get(window)) for window in windows)
    steps.add("windows", f"SELECT person AS windowed,\n  {cells}\nFROM edged GROUP BY person")
    return f"SELECT * FROM {everybody} LEFT JOIN windows ON person = windowed"


def _within(window: Window) -> tuple[str, str]:
    """Say which rows are surely, and which perhaps, in a window."""
    here = f"field = {code_of(window.field)}"
    return f"{here} AND most <= {window.days!r}", f"{here} AND least <= {window.days!r}"


def _edge(window: Window) -> str:
    """Write the moment beyond which no record is certainly newer, or older, than those sure."""
    sure, _ = _within(window)
    edge = "MAX(first)" if window.pick == "latest" else "MIN(last)"
    return f"{edge} FILTER (WHERE {sure}) OVER (PARTITION BY person)"


def _picked(window: Window, edge: str | None) -> str:
    """Write the stretch in which the record asked for lies; null unless one is surely there."""
    sure, inside = _within(window)
    if edge is not None:
        inside += f" AND last >= {edge}" if window.pick == "latest" else f" AND first <= {edge}"
    low = f"MAX(low) FILTER (WHERE {sure})" if window.pick == "highest" else ""
    high = f"MIN(high) FILTER (WHERE {sure})" if window.pick == "lowest" else ""
    low = low or f"MIN(low) FILTER (WHERE {inside})"
    high = high or f"MAX(high) FILTER (WHERE {inside})"
    some = f"BOOL_OR({sure})"
    low_name, high_name = Column.of(window).names
    return f"{when(some, low)} AS {low_name},\n  {when(some, high)} AS {high_name}"


def _answer_columns(stated: Mapping[str, Ends]) -> dict[str, str]:
    """Write what a case would answer about each field that is stated, not computed."""
    columns: dict[str, str] = {}
    for name, ends in stated.items():
        columns |= {f"{name}__answer__low": ends.low, f"{name}__answer__high": ends.high}
    return columns


def _answer(field: Field, known: Collection[str]) -> Ends:
    """Give the newest record, or what another answer settles where there is none."""
    rules = [rule for rule in field.follows if rule["from"] in known]
    found = [_newest_of(field)] if field.id in known else []
    found += [_implied(field, rule) for rule in rules]
    if field.if_male is not None and "sex" in known:
        male = float(fields()["sex"].values.index("male"))
        said = f"{_newest_of(fields()['sex']).low} = {male!r}"
        found.append(both(when(said, repr(float(field.if_male)))))
    if len(found) < 2:
        return found[0] if found else UNKNOWN
    low, high = (", ".join(getattr(ends, end) for ends in found) for end in ("low", "high"))
    return Ends(f"COALESCE({low})", f"COALESCE({high})")


def _newest_of(field: Field) -> Ends:
    ends = Ends(f"{field.id}__low", f"{field.id}__high")
    if field.type == "list":
        return _agreeing(ends)
    return ends if field.type in ("number", "date", "datetime") else both(known(ends))


def _agreeing(masks: Ends) -> Ends:
    """Give the masks of a list; null where two lists of one moment contradict each other."""
    low, high = (f"CAST({mask} AS BIGINT)" for mask in (masks.low, masks.high))
    agree = f"({low} & {high}) = {low}"
    return Ends(when(agree, masks.low), when(agree, masks.high))


def _implied(field: Field, rule: Mapping[str, Any]) -> Ends:
    other = fields()[rule["from"]]
    low, high = _newest_of(other).low, _newest_of(other).high
    if "values" in rule:
        cases = " ".join(
            f"WHEN {low} = {float(other.values.index(value))!r} THEN {_encoded(field, given)}"
            for value, given in rule["values"].items()
        )
        return both(f"CASE {cases} END")
    nothing = NEVER if other.type in ("date", "datetime") else "0.0"
    said = f"{high} = {nothing}" if rule["when"] == "absent" else f"{low} <> {nothing}"
    return both(when(said, _encoded(field, rule["gives"])))


def _encoded(field: Field, given: Any) -> str:
    """Give what a rule settles as it stands in a table of events."""
    if given == "never":
        return NEVER
    if isinstance(given, list):
        return "0.0"
    return repr(float(field.values.index(given) if isinstance(given, str) else given))


def _years(
    sources: Iterable[Source], stated: Collection[str], moment: int
) -> Iterator[dict[str, str]]:
    """Give the steps that count years, for all dates together."""
    dates = [name for name in _dates_in_years(sources) if name in stated]
    names = [f"{name}__answer__{end}" for name in dates for end in ("low", "high")]
    for step in zip(*(year_steps(name, moment) for name in names), strict=True):
        yield {name: sql for columns in step for name, sql in columns.items()}


def _dates_in_years(sources: Iterable[Source]) -> tuple[str, ...]:
    """Name the dates from which years are counted."""
    found: list[str] = []
    for source in sources:
        match source:
            case Elapsed("a", start, None):
                found.append(start)
            case str() if (field := fields()[source]).unit == "a" and field.derived:
                found += [n for n in inputs_of(field) if fields()[n].type in ("date", "datetime")]
    return tuple(dict.fromkeys(found))
