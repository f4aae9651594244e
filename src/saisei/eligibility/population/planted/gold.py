"""The gold beside a hospital's tables: written by the generator, read by whoever scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from saisei.base.documents import read_document
from saisei.base.errors import OptionError, Place, Problem
from saisei.eligibility.population.planted.reading import (
    PlantedCriterion,
    planted_criteria,
    reasons,
)
from saisei.eligibility.population.planted.tables import WORLD

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["CRITERIA", "TRUTH", "Gold", "write_gold"]

TRUTH, CRITERIA = "gold/truth.parquet", "gold/criteria.yaml"


@dataclass(frozen=True, slots=True)
class Gold:
    """What stands beside the truth of each person.

    Parameters
    ----------
    day
        The day at which everything is judged, at noon.
    criteria
        The rules.
    reasons
        Why something is unknown, each in a sentence.
    """

    day: date
    criteria: tuple[PlantedCriterion, ...]
    reasons: Mapping[str, str]

    @classmethod
    def read(cls, hospital: Path) -> Gold:
        """Read the gold of a hospital.

        Raises
        ------
        OptionError
            There is none.
        """
        for name in (TRUTH, CRITERIA):
            if not (hospital / name).is_file():
                expected = "a folder that `saisei population simulate` wrote"
                problem = Problem(
                    "missing", f"there is no {name}", expected, "", Place(str(hospital))
                )
                raise OptionError(problem)
        data = read_document(hospital / CRITERIA).data
        rules = tuple(PlantedCriterion(**row) for row in data["criteria"])
        return cls(date.fromisoformat(data["day"]), rules, data["reasons"])


def write_gold(connection: DuckDBPyConnection, folder: Path, day: date) -> None:
    """Write what is true of planted people: ``gold/truth.parquet`` and ``gold/criteria.yaml``.

    Parameters
    ----------
    connection
        Where the tables were prepared (see `Planting`).
    folder
        Where the tables of the hospital are written.
    day
        The day at which everything is judged.
    """
    (folder / TRUTH).parent.mkdir()
    path = str(folder / TRUTH).replace("'", "''")
    draw = f"u(p.person, {WORLD} - s.topic)"
    connection.execute(
        "COPY (SELECT p.person AS person_id, l.criterion, l.recorded, l.reason, "
        f"CASE WHEN l.share >= 0 THEN {draw} < l.share ELSE {draw} >= 1 + l.share END AS world, "
        "s.name AS situation FROM picks p JOIN plant_labels l USING (situation) "
        "JOIN plant_situations s USING (situation) "
        f"ORDER BY p.person, l.number) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    (folder / CRITERIA).write_text(_text(day), encoding="utf-8", newline="\n")


def _text(day: date) -> str:
    """Write the criteria for readers of other systems."""
    lines = ["# Criteria whose answers are planted, and why records leave something unknown."]
    lines += [f'day: "{day.isoformat()}"  # judged at noon, UTC', "criteria:"]
    for one in planted_criteria():
        told = {"id": one.id, "when": one.when, "tests": one.tests}
        lines.append("  - " + json.dumps(told, ensure_ascii=False))
    lines.append("reasons:")
    lines += [f"  {name}: {json.dumps(said)}" for name, said in reasons().items()]
    return "\n".join(lines) + "\n"
