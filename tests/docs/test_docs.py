"""The README and the documents tell the truth about the package."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from saisei.evidence import studies
from saisei.therapies import programmes, trials
from saisei.vocabulary import Publication

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_counts_of_the_readme_are_those_of_the_data() -> None:
    assert f"**{len(studies())} study files**" in README
    assert f"**{len(programmes())} programmes and {len(trials())} registered trials**" in README
    limits = (ROOT / "docs" / "limitations.md").read_text(encoding="utf-8")
    unread = sum(one.publication is Publication.PUBLISHED_UNREAD for one in studies())
    assert f"Of the {len(studies())} studies, {unread} have a report" in limits


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", path.read_text(encoding="utf-8"))
    for link in (first or second for first, second in links):
        if not link.startswith("http"):
            assert (path.parent / link).exists(), link


PAGES_WITH_PYTHON = [path for path in DOCUMENTS if "```python" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", PAGES_WITH_PYTHON, ids=lambda path: path.name)
def test_the_python_of_a_page_runs_from_top_to_bottom(path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_commands_of_the_readme_exist() -> None:
    for line in re.findall(r"^\.venv/bin/saisei (\S+(?: [a-z][a-z-]*)?)", README, re.MULTILINE):
        words = [word for word in line.split() if word not in ("me", "me.yaml")]
        done = subprocess.run(
            [sys.executable, "-m", "saisei", *words, "--help"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, line


def test_the_rooms_of_the_architecture_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    there = {
        path.name
        for path in (ROOT / "src" / "saisei").iterdir()
        if path.is_dir() and not path.name.startswith("_")
    }
    assert named == there


def test_no_file_names_a_machine_or_an_index() -> None:
    bad = re.compile("|".join(("index" + "-url[ =]h", "/ho" + "me/", "files.python" + "hosted")))
    folders = ("src", "tests", "docs", "requirements", "tools", "examples", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != "report.html"]
    texts = [path for path in files if path.suffix not in {".png", ".pyc"}]
    assert len(texts) > 300
    for path in texts:
        assert not bad.search(path.read_text(encoding="utf-8", errors="ignore")), path
