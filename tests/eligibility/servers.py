"""A PostgreSQL server of one's own for a test: made in a folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")


def program(name: str) -> str | None:
    """Find a program of PostgreSQL: on the path, or where Debian puts it."""
    found = shutil.which(name)
    beside = (str(p) for place in PLACES for p in sorted(Path(place).glob(f"**/bin/{name}")))
    return found or next(beside, None)


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server on loopback; give the words with which to connect to it.

    It runs as the user that Debian's package makes when the tests run as root, because
    PostgreSQL refuses to.
    """
    initdb, server = program("initdb"), program("postgres")
    assert initdb
    assert server
    user = "postgres" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="saisei-postgres-", ignore_cleanup_errors=True) as folder:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        with served(Path(folder) / "data", initdb, server, user) as where:
            yield where


@contextmanager
def served(data: Path, initdb: str, server: str, user: str | None) -> Iterator[str]:
    subprocess.run(
        [initdb, "-D", data, "-U", "saisei", "-A", "trust", "--no-sync", "-E", "UTF8"],
        check=True,
        user=user,
        cwd="/",
        capture_output=True,
    )
    port = free_port()
    running = subprocess.Popen(
        [server, "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"],
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    where = f"host=127.0.0.1 port={port} user=saisei dbname=postgres"
    try:
        wait_for(where, running)
        yield where
    finally:
        running.terminate()
        running.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(where: str, running: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert running.poll() is None, "the server ended at once"
        with suppress(psycopg.OperationalError), psycopg.connect(where):
            return
        time.sleep(0.1)
    raise TimeoutError("the server does not answer")
