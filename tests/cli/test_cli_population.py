"""`saisei screen-population` and `saisei population simulate`, as a hospital would use them."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cli.test_cli import saisei as run
from saisei.cli.population import _name_of
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
        "report.html",
        "verdicts.parquet",
    ]
    verdicts = pq.read_table(out / "verdicts.parquet")
    people = verdicts.column("person_id").unique()
    assert f"{len(people)} people" in done.stdout
    assert done.stdout.count(" · ") == 2 * (len(population_protocols()) + 2)
    page = (out / "report.html").read_text("utf-8")
    assert f"Whom of {len(people)} people" in page
    assert "People of hospital, as of 20 November 2026" in page
    assert str(hospital.parent) not in page


def test_one_protocol(hospital: Path, tmp_path: Path) -> None:
    chosen = ("--protocol", "NCT00875654", "-o", str(tmp_path))
    done = run("screen-population", str(hospital), *AS_OF, *chosen)
    assert done.returncode == 0
    found = pq.read_table(tmp_path / "verdicts.parquet").column("protocol").unique().to_pylist()
    assert found == ["NCT00875654"]


def test_no_small_count_is_printed_or_written(hospital: Path, tmp_path: Path) -> None:
    chosen = ("--protocol", "NCT00875654", "--smallest-count", "10", "-o", str(tmp_path))
    done = run("screen-population", str(hospital), *AS_OF, *chosen)
    assert done.returncode == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Counts of 1 to 9 people are shown as &lt;10" in page
    for name in ("criteria", "missing"):
        for row in pq.read_table(tmp_path / f"{name}.parquet").to_pylist():
            assert {count % 10 for count in row.values() if isinstance(count, int)} <= {0}
    (line,) = (line for line in done.stdout.splitlines() if "NCT00875654 " in line)
    counts = line.split()[1:6:2]
    assert len(counts) == 3
    assert all(count == "<10" or int(count) % 10 == 0 for count in counts)


def test_the_page_can_be_left_out(hospital: Path, tmp_path: Path) -> None:
    chosen = ("--protocol", "NCT00875654", "--no-report", "-o", str(tmp_path))
    done = run("screen-population", str(hospital), *AS_OF, *chosen)
    assert done.returncode == 0
    assert "report.html" not in done.stdout
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("some/folder/hospital", "hospital"),
        ("hospital.duckdb", "hospital.duckdb"),
        ("postgresql://someone:word@server:5432/cdm?schema=s", "cdm"),
    ],
)
def test_the_page_names_no_folder_no_server_and_no_user(source: str, name: str) -> None:
    assert _name_of(source) == name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("no-such-folder",), "no such file"),
        (("{hospital}", "--protocol", "NCT1"), "there is no 'NCT1'"),
        (("{hospital}", "--memory", "lots"), "--memory"),
        (("{hospital}", "--as-of", "soon"), "--as-of"),
        (("{hospital}", "-o", "/dev/null/here"), "/dev/null/here"),
        (("{hospital}", "--smallest-count", "-1"), "--smallest-count"),
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
