"""After a whole session nothing of the case is anywhere: no log, no file, no cookie, no address."""

from __future__ import annotations

import json
import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.formparsers import MultiPartParser
from starlette.testclient import TestClient

from saisei.web import Limits, create_app
from web.web_api_asking import AS_OF, MANY, moment
from web.web_serving import Served, raw, serving

WORDS = ("Yamamurasaki", "Tarozaemon", "kuroshio-clinic")
"""Names that stand nowhere else."""
NUMBERS = ("27.31", "13.97", "3.0713")
DAYS = ("1911-03-07", "2023-07-19", "2026-10-23")
MARKS = (*WORDS, *NUMBERS, *DAYS)
CASE: dict[str, Any] = {
    "respondent": "self",
    "birth_date": "1941-03-07",
    "sex": {"value": "male", "source": "Yamamurasaki Tarozaemon, kuroshio-clinic"},
    "stroke_type": "ischemic",
    "onset_datetime": "2023-07-19",
    "in_hospital": False,
    "mrs_current": {"value": 3, "date": "2026-10-23", "source": "kuroshio-clinic"},
    "ldl_mmol_l": {"value": 3.0713, "date": "2026-10-23"},
    "hemoglobin_g_dl": 13.97,
}
WRONG: dict[str, Any] = {
    "birth_date": "1911-03-07T99",
    "sex": "Yamamurasaki",
    "fma_ue": 270.31,
    "Tarozaemon": 1,
    "mrs_current": {"value": 27.31, "Tarozaemon": "kuroshio-clinic"},
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def bodies() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Give what a session sends: cases that are right, wrong, broken off, and in forms."""
    as_json = {"content-type": "application/json"}
    for where in ("decide", "screen"):
        for case in (CASE, WRONG):
            sent = json.dumps({"case": case, "as_of": AS_OF}).encode()
            yield f"/api/v1/{where}", sent, as_json
            yield f"/api/v1/{where}", sent[:-9], as_json
            yield f"/api/v1/{where}", sent, {"content-type": "text/plain"}
    rows = [{"study": WORDS[0], "y": 27.31, "v": 1}, {"study": WORDS[1], "y": 13.97, "v": 0}]
    yield "/api/v1/pool", json.dumps({"studies": rows}).encode(), as_json
    typed = "&".join(f"{name}={MARKS[0]}" for name in ("sex", "birth_date", "mrs_current"))
    yield "/ask", typed.encode(), FORM
    yield "/report", typed.encode(), FORM
    yield "/language", f"language={WORDS[0]}&back=/{WORDS[1]}".encode(), FORM
    part = f"--x\r\nContent-Disposition: form-data; name=file; filename={WORDS[2]}\r\n\r\n"
    whole = part.encode() + json.dumps(CASE).encode() + b"\r\n--x--\r\n"
    for address in ("/ask", "/ask/file", "/report", "/case.yaml"):
        yield address, whole, {"content-type": "multipart/form-data; boundary=x"}


PAGES = ("/", "/ask", "/privacy", "/evidence", "/therapies", "/api/v1/evidence", "/nothing")


def found_in(text: str) -> list[str]:
    return [mark for mark in MARKS if mark in text]


def files_below(*folders: Path) -> dict[str, str]:
    """Read every file, by its path."""
    every = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes().decode("utf-8", "replace") for path in every}


class Kept(logging.Handler):
    """Keeps every record whole, with what was filled in and with errors."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(pathname)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record) + repr(record.args))


@pytest.fixture
def logs() -> Iterator[Kept]:
    kept, root, before = Kept(), logging.getLogger(), logging.getLogger().level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.setLevel(before)
    root.removeHandler(kept)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Work in an empty folder, with another one for what is temporary."""
    own, temporary = tmp_path / "work", tmp_path / "temporary"
    own.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(own)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return own, temporary


def test_nothing_of_a_case_is_left_anywhere(
    logs: Kept, folders: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    statuses: set[int] = set()
    decided = ""
    with TestClient(create_app(moment, MANY)) as client:
        for address, content, kind in bodies():
            answer = client.post(address, content=content, headers=kind, follow_redirects=False)
            statuses.add(answer.status_code)
            decided = decided or answer.text
            told = "\n".join(f"{name}: {one}" for name, one in answer.headers.items())
            assert found_in(told) == [], address
            if answer.headers["content-type"] == "application/problem+json":
                where = [mark for mark in found_in(answer.text) if mark != "Tarozaemon"]
                assert where == [], address  # only the name of an unknown field is said again
        for address in PAGES:
            statuses.add(client.get(address).status_code)
        assert not {name for name, _ in client.cookies.items()} - {"language"}
        logging.getLogger().debug("the session is over: %s", len(logs.told))
    assert json.loads(decided)["kind"] == "full"
    assert {200, 400, 415, 422} <= statuses
    assert not {one for one in statuses if one >= 500}
    assert logs.told, "the session's end at least was logged"
    assert found_in("\n".join(logs.told)) == []
    printed = capfd.readouterr()
    assert found_in(printed.out + printed.err) == []
    assert files_below(*folders) == {}


def test_a_form_never_reaches_the_disk() -> None:
    # a part of a form beyond this would be put into a temporary file
    assert Limits().body_bytes < MultiPartParser.spool_max_size


@pytest.fixture
def served(folders: tuple[Path, Path]) -> Iterator[Served]:
    own, temporary = folders
    kept = {"TMPDIR": str(temporary), "HOME": str(own), "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(cwd=own, env=kept) as one:
        yield one


def test_the_command_writes_nothing_and_prints_nothing_of_a_case(
    served: Served, folders: tuple[Path, Path]
) -> None:
    first = b""
    for address, content, kind in bodies():
        head = f"POST {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "".join(f"{name}: {one}\r\n" for name, one in kind.items())
        head += f"Content-Length: {len(content)}\r\n\r\n"
        first = first or raw(served.port, head.encode() + content)
        raw(served.port, head.encode() + content)
    assert first.startswith(b"HTTP/1.1 200")
    broken_off = (
        f"POST /api/v1/decide HTTP/1.1\r\nHost: localhost\r\nX: {MARKS[0]}\r\nbad {MARKS[1]}"
    )
    raw(served.port, broken_off.encode() + b"\r\n\r\n")
    opened = open_files(served.process.pid)
    code, out, err = served.end()
    assert code == 0
    assert found_in(out + err) == []
    assert files_below(*folders) == {}
    below = tuple(str(folder) for folder in folders)
    assert [name for name in opened if name.startswith(below) or "(deleted)" in name] == []


def open_files(pid: int) -> list[str]:
    """Give the names of the files that a process holds open, where the system lists them."""
    listed = Path(f"/proc/{pid}/fd")
    if not sys.platform.startswith("linux") or not listed.is_dir():
        return []
    return [str(one.readlink()) for one in listed.iterdir() if one.is_symlink()]


def test_no_page_loads_anything_from_elsewhere_or_holds_a_value_in_an_address() -> None:
    with TestClient(create_app(moment, MANY)) as client:
        for address in PAGES:
            page = client.get(address).text
            loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"([^\"]+)\"", page)
            assert all(one.startswith("/") and not one.startswith("//") for one in loaded), loaded
            for form in re.findall(r"<form[^>]*>", page):
                post = 'method="post"' in form
                assert post or 'action="/evidence' in form or 'action="/therapies' in form, form
