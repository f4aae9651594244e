"""Describe the people of IST-1 on whom the model of the first days rests, as a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tools.ist1_fit import DEFICITS, Floats, People

STATES = ("dead", "dependent", "not recovered", "recovered")
NUMBERS = {
    "age_years": "age, years",
    "hours_since_stroke": "hours since onset",
    "systolic_bp_mmhg": "systolic pressure, mmHg",
}
Row = tuple[str, ...]


def people_table(people: People) -> str:
    """Write who they were: everybody, and by their state after half a year."""
    groups = [np.ones(len(people.state), dtype=bool), *(people.state == at for at in range(4))]
    head = ["", "everybody", *STATES]
    rows: list[Row] = [tuple(head), ("---",) * len(head)]
    rows.append(("people", *(f"{group.sum():,}" for group in groups)))
    rows += [_numbers(words, people.values[name], groups) for name, words in NUMBERS.items()]
    rows += [_shares(words, *part, groups) for words, part in _parts(people).items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _numbers(words: str, value: Floats, groups: list[NDArray[np.bool_]]) -> Row:
    cells = []
    for group in groups:
        low, middle, high = np.quantile(value[group], (0.25, 0.5, 0.75))
        cells.append(f"{middle:.0f} ({low:.0f} to {high:.0f})")
    return (f"{words}: median (quartiles)", *cells)


def _shares(
    words: str, has: NDArray[np.bool_], known: NDArray[np.bool_], groups: list[NDArray[np.bool_]]
) -> Row:
    return (words, *(f"{100 * has[group & known].mean():.0f} %" for group in groups))


def _parts(people: People) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Give, by words, who has something, and of whom it is known."""
    values, everybody = people.values, np.ones(len(people.state), dtype=bool)
    rhythm = values["atrial_fibrillation"]
    scanned = values["imaging"] != "no-scan"
    made = {
        "women": (values["sex"] == "female", everybody),
        "drowsy": (values["conscious_level"] == "drowsy", everybody),
        "unconscious": (values["conscious_level"] == "unconscious", everybody),
    }
    for name in DEFICITS:
        words = name.replace("_", " or ")
        made[f"deficit, {words}"] = (values[f"deficit_{name}"] == "present", everybody)
    for name in ("TACS", "PACS", "POCS", "LACS"):
        made[name] = (values["ocsp_class"] == name, everybody)
    made["atrial fibrillation (where recorded)"] = (rhythm == 1.0, ~np.isnan(rhythm))
    made["scanned before entry"] = (scanned, everybody)
    made["infarct seen (of those scanned)"] = (values["imaging"] == "infarct", scanned)
    return made
