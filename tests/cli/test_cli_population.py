"""`saisei screen-population` and `saisei population simulate`, as a hospital would use them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.test_cli import saisei as run
from saisei.therapies.protocols import population_protocols

AS_OF = ("--as-of", "2026-11-20")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "hospital"
    done = run("population", "simulate", "--people", "60", "--seed", "3", "-o", str(folder))
    assert done.returncode == 0
    assert "60 people who do not exist" in done.stdout
    return folder


def test_a_hospital_is_screened(hospital: Path, tmp_path: Path) -> None:
    out = tmp_path / "screening"
    done = run("screen-population", str(hospital), *AS_OF, "-o", str(out))
    assert done.returncode == 0
    assert "NCT00875654" in done.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        "criteria.parquet",
        "marks",
        "missing.parquet",
        "verdicts.parquet",
    ]
    verdicts = pq.read_table(out / "verdicts.parquet")
    people = verdicts.column("person_id").unique()
    assert f"{len(people)} people" in done.stdout
    assert len(done.stdout.splitlines()) == len(population_protocols()) + 3


def test_one_protocol(hospital: Path, tmp_path: Path) -> None:
    chosen = ("--protocol", "NCT00875654", "-o", str(tmp_path))
    done = run("screen-population", str(hospital), *AS_OF, *chosen)
    assert done.returncode == 0
    found = pq.read_table(tmp_path / "verdicts.parquet").column("protocol").unique().to_pylist()
    assert found == ["NCT00875654"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("no-such-folder",), "no such file"),
        (("{hospital}", "--protocol", "NCT1"), "there is no 'NCT1'"),
        (("{hospital}", "--memory", "lots"), "--memory"),
        (("{hospital}", "--as-of", "soon"), "--as-of"),
        (("{hospital}", "-o", "/dev/null/here"), "/dev/null/here"),
        (("{empty}",), "there is no table `person`"),
    ],
)
def test_mistakes_end_with_one_message(
    hospital: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    places = {"hospital": str(hospital), "empty": str(tmp_path)}
    given = [option.format(**places) for option in options]
    target = [] if "-o" in given else ["-o", str(tmp_path / "out")]
    done = run("screen-population", *given, *target)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("**/*.parquet"))


def test_a_simulation_never_writes_over_anything(hospital: Path) -> None:
    before = sorted(path.name for path in hospital.iterdir())
    done = run("population", "simulate", "--people", "5", "-o", str(hospital))
    assert done.returncode == 2
    assert "empty folder" in done.stderr
    assert sorted(path.name for path in hospital.iterdir()) == before


def test_a_day_that_is_none(tmp_path: Path) -> None:
    out = str(tmp_path / "new")
    done = run("population", "simulate", "--people", "5", "--day", "someday", "-o", out)
    assert (done.returncode, (tmp_path / "new").exists()) == (2, False)
