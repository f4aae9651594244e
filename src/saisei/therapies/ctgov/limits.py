"""Limits as expressions of the language of criteria, in the units that the record prints."""

from __future__ import annotations

from collections.abc import Mapping

from saisei.base.units import convert
from saisei.cases import fields
from saisei.therapies.ctgov.amounts import Amount, number_text

__all__ = ["limit"]

_PER_LITRE = "10*9/L"


def limit(field: str | Mapping[str, str], amount: Amount) -> str:
    """Write a limit as an expression; empty where it cannot be said.

    Parameters
    ----------
    field
        The field, or by the unit of a time the field (or the function) that is in this unit.
    amount
        What was read. A number in a unit other than the field's is written with `quantity`.

    Examples
    --------
    >>> limit("nihss_total", Amount(0, 4, low=7, high=20))
    '7 <= nihss_total <= 20'
    >>> limit("serum_creatinine_mg_dl", Amount(0, 4, low=200, low_open=True, low_unit="umol/L"))
    "serum_creatinine_mg_dl > quantity(200, 'umol/L')"
    """
    if amount.values:
        if not isinstance(field, str) or not all(_fits(field, v, "") for v in amount.values):
            return ""
        return f"{field} in {{{', '.join(number_text(value) for value in amount.values)}}}"
    low = _side(field, amount.low, amount.low_unit)
    high = _side(field, amount.high, amount.unit)
    if low == ("", "") or high == ("", ""):
        return ""
    return _written(low, high, amount)


def _side(field: str | Mapping[str, str], value: float | None, unit: str) -> tuple[str, str] | None:
    """Give the field and the number of one end; both empty where it does not fit."""
    if value is None:
        return None
    if not isinstance(field, str):
        name = field.get(unit, "")
        return (name, number_text(value)) if name else ("", "")
    if unit == _PER_LITRE:
        value, unit = (value / 1e9, "") if value >= 1e6 else (value, "?")
    if not _fits(field, value, unit):
        return "", ""
    kept = fields()[field].unit
    written = number_text(value)
    return field, written if unit in {"", kept} else f"quantity({written}, '{unit}')"


def _fits(field: str, value: float, unit: str) -> bool:
    """Tell whether a number can be one of the field's."""
    row = fields()[field]
    try:
        kept = convert(value, unit or row.unit or "", row.unit or "", field)
    except ValueError:
        return False
    return row.range is None or row.range.low <= kept <= row.range.high


def _written(low: tuple[str, str] | None, high: tuple[str, str] | None, amount: Amount) -> str:
    below, above = "<" if amount.low_open else "<=", "<" if amount.high_open else "<="
    if low and high and low[0] == high[0] and "quantity" not in low[1] + high[1]:
        return f"{low[1]} {below} {low[0]} {above} {high[1]}"
    ends = [f"{low[0]} {'>' if amount.low_open else '>='} {low[1]}"] if low else []
    ends += [f"{high[0]} {above} {high[1]}"] if high else []
    return " and ".join(ends)
