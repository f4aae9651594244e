"""Conversion of a value into the unit that its field is kept in. The factors are data."""

from __future__ import annotations

from saisei.base.store import load_data

__all__ = ["convert", "units_for"]


def convert(value: float, given: str, kept: str, analyte: str = "") -> float:
    """Convert a value between two units (UCUM codes).

    Parameters
    ----------
    value, given
        The number and the unit that it was given in.
    kept
        The unit wanted.
    analyte
        The field's id, where amount and substance (mg/dL, mmol/L) convert by molar mass.

    Raises
    ------
    ValueError
        No conversion is known; the message names the units that are.

    Examples
    --------
    >>> convert(180.156, "mg/dL", "mmol/L", "blood_glucose_mmol_l")  # doctest: +ELLIPSIS
    9.99...
    """
    if given == kept:
        return value
    for row in _rows(analyte):
        if row["from"] == given and row["to"] == kept:
            return value * float(row["factor"])
    raise ValueError(f"one of {', '.join(units_for(kept, analyte))}")


def units_for(kept: str, analyte: str = "") -> tuple[str, ...]:
    """List the units that convert to `kept`, itself first."""
    return (kept, *(row["from"] for row in _rows(analyte) if row["to"] == kept))


def _rows(analyte: str) -> list[dict[str, str]]:
    table = load_data("base/units.yaml")
    return [*table["general"], *table["analytes"].get(analyte, [])]
