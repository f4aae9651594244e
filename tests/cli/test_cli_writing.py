"""A file is written whole or not at all, wherever it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from saisei.base.errors import OptionError
from saisei.cli.output import write_whole


def test_a_link_keeps_leading_where_it_leads(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.txt", tmp_path / "link.txt"
    kept.write_text("old", "utf-8")
    link.symlink_to(kept)
    write_whole(link, "new")
    assert (link.is_symlink(), kept.read_text("utf-8")) == (True, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.txt", "link.txt"]


def test_what_is_no_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "said")
        assert os.read(reader, 99) == b"said"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_full_device_is_told(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("this machine has no /dev/full")
    link = tmp_path / "link"
    link.symlink_to(full)
    with pytest.raises(OptionError, match="no space left on device"):
        write_whole(link, "x")
    assert link.is_char_device()
