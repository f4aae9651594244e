"""The cells of a flat table as expressions: what they say, since when, and what is not understood.

Every cell is text. Names and words of a mapping enter a query through `name_of` and `text` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from saisei.cases import Field
from saisei.cases.fields import table
from saisei.eligibility.columns import EVERY_BIT
from saisei.eligibility.population.calendar import DAY
from saisei.eligibility.population.events import seconds
from saisei.eligibility.population.flat.mapping import (
    Age,
    Ago,
    Constant,
    DateCell,
    Fill,
    Members,
    Number,
    Where,
    Words,
)
from saisei.eligibility.population.flat.parts import directives_of
from saisei.eligibility.population.spans import Ends, both, when

__all__ = ["Cells", "name_of", "text"]

MOMENT = Ends("moment_first", "moment_last")
"""The columns of when a row was true, in seconds."""
STEP = 1e-9
"""How far a score may lie from a whole step; the same as in a case."""


def text(words: str) -> str:
    """Write a text of a query.

    Examples
    --------
    >>> text("can't")
    "'can''t'"
    """
    return "'" + words.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """Write the name of a column."""
    return '"' + column.replace('"', '""') + '"'


def number(value: float) -> str:
    """Write a number to the last bit."""
    return f"'{value!r}'::DOUBLE"


def among(cell: str, words: Iterable[str]) -> str:
    """Write that a cell has one of some words; false where it is empty."""
    listed = ", ".join(map(text, words))
    return f"COALESCE({cell} IN ({listed}), FALSE)" if listed else "FALSE"


@dataclass(frozen=True, slots=True)
class Cells:
    """Writes cells as expressions.

    Parameters
    ----------
    columns
        What each column of the table is called in the query.
    as_of
        The moment that is asked about.
    decimal
        The sign before the decimals.
    """

    columns: Mapping[str, str]
    as_of: datetime
    decimal: str = "."

    def where(self, conditions: Iterable[Where]) -> str:
        """Write which rows something holds for."""
        parts = [among(self.columns[one.column], one.words) for one in conditions]
        return " AND ".join(parts) or "TRUE"

    def record(self, field: Field, fill: Fill) -> str:
        """Write the record that a row makes in one way: when it was so, and between what it lies.

        It is null where the row does not say it, or says it in a way that is not understood.
        """
        ends, stamp = self._ends(field, fill), self._stamp(fill)
        packed = (
            f"struct_pack(first := {stamp.low}, last := {stamp.high}, "
            f"low := {ends.low}, high := {ends.high})"
        )
        return when(
            f"{self.where(fill.where)} AND {ends.low} IS NOT NULL AND {stamp.low} IS NOT NULL",
            packed,
        )

    def not_understood(self, field: Field, fill: Fill) -> str:
        """Write whether something stands there that could not be made a record of."""
        ends, stamp = self._ends(field, fill), self._stamp(fill)
        undated = f"({ends.low} IS NOT NULL AND {stamp.low} IS NULL)"
        return f"{self.where(fill.where)} AND ({self._strange(fill, ends)} OR {undated})"

    def moment(self, cell: DateCell | None) -> Ends:
        """Give when a row was true: the moment asked about, unless a column says it.

        It is null where that cannot be: where it lies ahead, or longer ago than anybody lives.
        """
        if cell is None:
            return both(f"{seconds(self.as_of)}::BIGINT")
        ends = self._date(self._written(cell, ()), cell.written)
        fits = f"{ends.high} >= {self._oldest} AND {ends.low} <= {seconds(self.as_of)}"
        return Ends(f"({when(fits, ends.low)})", f"({when(fits, ends.high)})")

    @property
    def _oldest(self) -> int:
        return _year(self.as_of.year - table("meta")["oldest_date_years"])

    def _stamp(self, fill: Fill) -> Ends:
        return MOMENT if fill.dated is None else self.moment(fill.dated)

    def _cell(self, column: str, unknown: Iterable[str]) -> str:
        cell = self.columns[column]
        words = tuple(unknown)
        return when(f"NOT {among(cell, words)}", cell) if words else cell

    def _ends(self, field: Field, fill: Fill) -> Ends:
        """Give the stretch in which a value lies; null where it is not known or not possible."""
        match fill.cell:
            case Number() as cell:
                return self._number(field, cell, fill.unknown)
            case Age() as cell:
                return self._age(self._plain(cell.column, fill.unknown), self._stamp(fill))
            case Ago() as cell:
                return self._possible(field, self._ago(cell, fill.unknown, self._stamp(fill)))
            case DateCell() as cell:
                ends = self._date(self._written(cell, fill.unknown), cell.written)
                return self._possible(field, ends)
            case cell:
                return self._coded(cell, fill.unknown)

    def _coded(self, cell: Constant | Words | Members, unknown: Iterable[str]) -> Ends:
        """Give what the mapping itself says: a constant, a word's meaning, the bits of a list."""
        if isinstance(cell, Constant):
            return Ends(number(cell.value[0]), number(cell.value[1]))
        if isinstance(cell, Words):
            return self._words(cell, unknown)
        return self._members(cell, unknown)

    def _members(self, cell: Members, unknown: Iterable[str]) -> Ends:
        """Give what surely belongs to a list and what may; whole where every value is known."""
        told = [self._words(part, unknown).low for part in cell.parts]
        held, lacked = (
            " + ".join(
                f"CASE {one} WHEN {sign} THEN {bit} ELSE 0 END"
                for one, bit in zip(told, cell.bits, strict=True)
            )
            for sign in (1, 0)
        )
        every = " AND ".join(f"{one} IS NOT NULL" for one in told) if cell.whole else "FALSE"
        some = " OR ".join(f"{one} IS NOT NULL" for one in told)
        low = f"CAST({held} AS DOUBLE)"
        high = when(every, low, f"CAST({EVERY_BIT} - ({lacked}) AS DOUBLE)")
        return Ends(f"({when(some, low)})", f"({when(some, high)})")

    def _words(self, cell: Words, unknown: Iterable[str]) -> Ends:
        found = self._cell(cell.column, unknown)

        def choice(end: int) -> str:
            known = ((word, value) for word, value in cell.values.items() if value is not None)
            cases = " ".join(f"WHEN {text(word)} THEN {number(v[end])}" for word, v in known)
            return f"(CASE {found} {cases} END)" if cases else "NULL::DOUBLE"

        return Ends(choice(0), choice(1))

    def _plain(self, column: str, unknown: Iterable[str]) -> str:
        """Write a cell as a number; null where it is none."""
        cell = self._cell(column, unknown)
        pattern = r"[-+]?(\d+[.]?\d*|[.]\d+)([eE][-+]?\d+)?".replace(".]", f"{self.decimal}]")
        cast = f"TRY_CAST(REPLACE({cell}, {text(self.decimal)}, '.') AS DOUBLE)"
        finite = f"regexp_full_match({cell}, {text(pattern)}) AND isfinite({cast})"
        return f"({when(finite, cast)})"

    def _number(self, field: Field, cell: Number, unknown: Iterable[str]) -> Ends:
        factors = "".join(f" * {number(factor)}" for factor in cell.factors)
        value = f"({self._plain(cell.column, unknown)}{factors})"
        fits = [f"{value} IS NOT NULL"]
        if field.range is not None:
            fits.append(f"{value} BETWEEN {number(field.range.low)} AND {number(field.range.high)}")
        if field.step:
            steps = f"{value} / {number(field.step)}"
            fits.append(f"ABS({steps} - ROUND({steps})) <= {number(STEP)}")
        return both(f"({when(' AND '.join(fits), value)})")

    def _age(self, years: str, stamp: Ends) -> Ends:
        """Give the birth of somebody who has completed so many years: a stretch of one year."""
        most = table("meta")["oldest_date_years"]
        whole = when(f"{years} >= 0 AND {years} <= {most}", f"TRY_CAST(FLOOR({years}) AS INTEGER)")
        first, last = (
            f"CAST(make_timestamp({end} * 1000000) AS DATE)" for end in (stamp.low, stamp.high)
        )
        low = f"epoch({first} - to_years(({whole}) + 1) + INTERVAL 1 DAY)"
        return Ends(low, f"(epoch({last} - to_years({whole})) + {DAY - 1})")

    def _ago(self, cell: Ago, unknown: Iterable[str], stamp: Ends) -> Ends:
        """Give the moment so long before the row's own."""
        ago = self._plain(cell.column, unknown)
        longest = f"ROUND(({ago} + {number(cell.more)}) * {number(cell.seconds)})"
        least = f"GREATEST({ago} - {number(cell.less)}, 0)"
        shortest = f"ROUND({least} * {number(cell.seconds)})"
        possible = f"{ago} >= 0"
        return Ends(
            f"({when(possible, f'{stamp.low}::DOUBLE - {longest}')})",
            f"({when(possible, f'{stamp.high}::DOUBLE - {shortest}')})",
        )

    def _written(self, cell: DateCell, unknown: Iterable[str]) -> str:
        """Write a date as one text; of several columns, as far as they say it."""
        words = tuple(unknown)
        first, *rest = (self._cell(column, words) for column in cell.columns)
        if not rest:
            return first
        whole = [
            f"printf('%0{4 if i == 0 else 2}d', {_whole(c)})" for i, c in enumerate([first, *rest])
        ]
        texts = [" || '-' || ".join(whole[: i + 1]) for i in range(len(whole))]
        empty = [
            f"WHEN {c} IS NULL THEN {written}" for c, written in zip(rest, texts[:-1], strict=True)
        ]
        return f"(CASE {' '.join(empty)} ELSE {texts[-1]} END)"

    def _date(self, written: str, form: str | None) -> Ends:
        """Give the first and the last second of a date."""
        if form is None:
            return _iso(written)
        start = f"TRY_STRPTIME({written}, {text(form)})"
        used = directives_of(form)
        lengths = {"HI": 0, "dj": DAY}
        for directives, length in lengths.items():
            if used & set(directives):
                return Ends(_second(start), f"({_second(start)} + {max(length - 1, 0)})")
        unit = "MONTH" if used & set("mbB") else "YEAR"
        return Ends(_second(start), f"({_second(f'{start} + INTERVAL 1 {unit}')} - 1)")

    def _possible(self, field: Field, ends: Ends) -> Ends:
        """Leave out a date that no case could hold: too long ago, or ahead."""
        limits = [f"{ends.high} >= {self._oldest}"]
        limits.append(
            f"{ends.low} < {_year(self.as_of.year + 101)}"
            if field.future
            else f"{ends.low} <= {seconds(self.as_of)}"
        )
        fits = " AND ".join(limits)
        return Ends(
            f"({when(fits, f'{ends.low}::DOUBLE')})", f"({when(fits, f'{ends.high}::DOUBLE')})"
        )

    def _strange(self, fill: Fill, ends: Ends) -> str:
        """Write whether a cell holds something that the mapping makes nothing of."""
        match fill.cell:
            case Constant():
                return "FALSE"
            case Words():
                return self._strange_word(fill.cell, fill.unknown)
            case Members():
                parts = (self._strange_word(part, fill.unknown) for part in fill.cell.parts)
                return f"({' OR '.join(parts)})"
            case _:
                cells = (self._cell(column, fill.unknown) for column in fill.cell.columns)
                said = " OR ".join(f"{cell} IS NOT NULL" for cell in cells)
                return f"(({said}) AND {ends.low} IS NULL)"

    def _strange_word(self, cell: Words, unknown: Iterable[str]) -> str:
        found = self._cell(cell.column, unknown)
        return f"({found} IS NOT NULL AND NOT {among(found, cell.values)})"


def _whole(cell: str) -> str:
    return f"CASE WHEN regexp_full_match({cell}, '\\d{{1,4}}') THEN TRY_CAST({cell} AS INTEGER) END"


def _second(moment: str) -> str:
    return f"CAST(FLOOR(epoch({moment})) AS BIGINT)"


def _year(year: int) -> int:
    return seconds(datetime(year, 1, 1, tzinfo=UTC))


def _iso(written: str) -> Ends:
    """Give the stretch of a date in ISO 8601, as precise as it is written."""
    day = r"\d{4}-\d{2}-\d{2}"
    forms = (
        (r"\d{4}", "|| '-01-01'", "INTERVAL 1 YEAR", 1),
        (r"\d{4}-\d{2}", "|| '-01'", "INTERVAL 1 MONTH", 1),
        (day, "", "INTERVAL 1 DAY", 1),
        (day + r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?", "", "INTERVAL 0 DAY", 0),
    )
    lows, highs = [], []
    for pattern, rest, length, less in forms:
        start = f"TRY_CAST({written}{rest} AS TIMESTAMP)"
        matches = f"WHEN regexp_full_match({written}, {text(pattern)}) THEN"
        lows.append(f"{matches} {_second(start)}")
        highs.append(f"{matches} {_second(f'{start} + {length}')} - {less}")
    return Ends(f"(CASE {' '.join(lows)} END)", f"(CASE {' '.join(highs)} END)")
