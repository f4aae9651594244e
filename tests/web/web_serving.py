"""The real command on a free port, asked over its socket and ended by its own id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Served", "raw", "serving"]


@dataclass(slots=True)
class Served:
    process: subprocess.Popen[str]
    port: int
    said: str

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str, str]:
        """End it; give its exit code and what it wrote."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, self.said + out, err


@contextmanager
def serving(
    *options: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> Iterator[Served]:
    command = [sys.executable, "-m", "saisei", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
    )
    try:
        assert process.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            said += line
        port = int(said.rsplit(":", 1)[1].split("/")[0])
        yield Served(process, port, said)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def raw(port: int, *pieces: bytes, pause: float = 0.0, host: str = "127.0.0.1") -> bytes:
    """Send bytes as they are, and read until the connection ends or nothing comes for a while."""
    found = b""
    with socket.create_connection((host, port), timeout=15) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while more := line.recv(65536):
                found += more
        except (TimeoutError, ConnectionError):
            pass
    return found
