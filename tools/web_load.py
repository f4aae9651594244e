"""Ask the web application for a while, and show its memory and how long answers take.

The real command is started on a free port of this machine, asked for a mixture of pages, reports,
screenings, pools and bad bodies by one user and by eight at once, and ended by its own id::

    python tools/web_load.py --minutes 10

Memory is the resident set of the server at the start and after each minute (Linux). It is level
when the last minute is not above the first by more than `LEVEL`.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from saisei.base.documents import read_document

ROOT = Path(__file__).resolve().parent.parent
LEVEL = 1.10
"""Of the memory after the first minute."""
WAIT = 60
PAUSE = 0.11
"""Seconds between the requests of a user: the limit on one client stays out of the picture."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and the statuses that are right."""

    name: str
    method: str
    path: str
    body: bytes = b""
    right: tuple[int, ...] = (200,)


def mixture() -> list[Asked]:
    """Give the requests of one round; cases differ, so that nothing kept of one serves another."""
    asked = [
        Asked("page", "GET", "/"),
        Asked("page", "GET", "/ask"),
        Asked("evidence", "GET", "/evidence"),
        Asked("evidence", "GET", "/api/v1/evidence?stage=chronic"),
        Asked("bad", "POST", "/api/v1/decide", b'{"case": {"sex": ', (400,)),
        Asked("bad", "POST", "/api/v1/decide", b'{"case": {"fma_ue": 97}}', (422,)),
    ]
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        case = read_document(path).data
        for name in ("decide", "screen"):
            body = json.dumps({"case": case, "as_of": "2026-11-20T09:00+09:00"}).encode()
            asked.append(Asked(name, "POST", f"/api/v1/{name}", body))
    studies = [{"study": f"S{n}", "y": n / 10, "v": 0.1 + n / 50} for n in range(13)]
    asked.append(Asked("pool", "POST", "/api/v1/pool", json.dumps({"studies": studies}).encode()))
    return asked


@dataclass(slots=True)
class Times:
    """How long answers took, by kind; and what was not right."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, asked: Asked, status: int, taken: float) -> None:
        """Note one answer."""
        with self.lock:
            self.seconds.setdefault(asked.name, []).append(taken)
            if status not in asked.right:
                self.wrong.append(f"{asked.method} {asked.path}: {status}")


def changed(asked: Asked, number: int) -> Asked:
    """Give the same request for another person: another day of birth, another score."""
    if not asked.path.endswith(("/decide", "/screen")) or asked.right != (200,):
        return asked
    told = json.loads(asked.body)
    day = f"{1930 + number % 50}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    if "birth_date" in told["case"] and not str(told["case"]["birth_date"]).startswith("20"):
        told["case"]["birth_date"] = day
    return Asked(asked.name, asked.method, asked.path, json.dumps(told).encode(), asked.right)


def use(port: int, until: float, times: Times, start: int) -> None:
    """Ask as one user does, one request after the other."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
    everything = mixture()
    for number in itertools.count(start):
        if time.monotonic() > until:
            break
        asked = changed(everything[number % len(everything)], number)
        begun = time.perf_counter()
        status = 0
        try:
            line.request(
                asked.method, asked.path, asked.body or None, {"content-type": "application/json"}
            )
            answer = line.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            line.close()  # it is opened again with the next request
        times.add(asked, status, time.perf_counter() - begun)
        time.sleep(PAUSE)
    line.close()


def together(port: int, users: int, seconds: float, times: Times) -> None:
    """Let so many users ask at once for so long."""
    until = time.monotonic() + seconds
    rooms = [threading.Thread(target=use, args=(port, until, times, 5 * at)) for at in range(users)]
    for one in rooms:
        one.start()
    for one in rooms:
        one.join()


def resident(pid: int) -> float:
    """Give the memory of a process in megabytes; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    found = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(found.split()[1]) / 1024


def rows(times: Times, users: int) -> Iterator[str]:
    """Give the table's rows of one number of users."""
    for name, taken in sorted(times.seconds.items()):
        ordered = sorted(taken)
        last = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        middle = statistics.median(ordered)
        yield f"| {users} | {name} | {len(taken)} | {1e3 * middle:.0f} ms | {1e3 * last:.0f} ms |"


def started() -> tuple[subprocess.Popen[str], int]:
    """Start the command on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "saisei", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    out: IO[str] | None = process.stdout
    said = out.readline() if out is not None else ""
    return process, int(said.rsplit(":", 1)[1].split("/")[0])


def main(words: list[str] | None = None) -> int:
    """Run the load and print the tables; 1 where an answer was wrong or memory grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args(words).minutes
    process, port = started()
    try:
        together(port, 1, 1.0, Times())
        memory = [resident(process.pid)]
        lone, eight = Times(), Times()
        step = min(1.0, minutes / 2) * 60
        for at in range(max(2, round(minutes * 60 / step))):
            together(port, 1 if at % 2 else 8, step, lone if at % 2 else eight)
            memory.append(resident(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(WAIT)
    print("| users | what | answers | median | 99th percentile |\n|---|---|---|---|---|")
    print("\n".join((*rows(lone, 1), *rows(eight, 8))))
    shown = ", ".join(f"{one:.0f}" for one in memory)
    level = memory[-1] <= LEVEL * max(memory[1:3])
    print(f"\nmemory in MB, at the start and after each {step:g} s: {shown}")
    wrong = [*lone.wrong, *eight.wrong]
    print(f"level: {'yes' if level else 'NO'}; wrong answers: {len(wrong)}; ended with {code}")
    for one in sorted(set(wrong)):
        print(f"  {one}")
    return 0 if level and not wrong and code == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
