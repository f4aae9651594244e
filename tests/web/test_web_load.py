"""A short form of the load: several users at once, all answers right, a clean end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_eight_users_get_right_answers_and_the_server_ends() -> None:
    command = [sys.executable, str(ROOT / "tools" / "web_load.py"), "--minutes", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert "wrong answers: 0; ended with 0" in done.stdout, done.stdout + done.stderr
    assert done.stderr == ""
    counts = re.findall(r"^\| ([18]) \| [a-z]+ \| (\d+) \|", done.stdout, re.MULTILINE)
    assert {users for users, _ in counts} == {"1", "8"}
    assert sum(int(count) for _, count in counts) > 20
