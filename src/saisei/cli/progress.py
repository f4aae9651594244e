"""Progress of what takes long, and a Ctrl-C that is heard in the middle of it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Progress", "stoppable"]


class Progress:
    """Says on a terminal what is being done and how long it will take; stops when it was asked to.

    A library may lose the interrupt: one that arrives while compiled code imports a module is
    dropped there. So it is remembered, and heard at the next step at the latest.
    """

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.stopped = False

    def __call__(self, step: str, done: int, of: int) -> None:
        """Tell of a step, and how many parts of it are done."""
        if self.stopped:
            raise KeyboardInterrupt
        if sys.stderr.isatty():
            spent = time.monotonic() - self.begun
            left = f", about {spent / done * (of - done):.0f} s left" if done else ""
            sys.stderr.write(f"{step}: {done} of {of}{left}\n")

    def stop(self, *_: object) -> None:
        """Take a Ctrl-C."""
        self.stopped = True
        raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[Progress]:
    """Give the progress of something that goes on where it was when it is started again."""
    progress = Progress()
    before = signal.getsignal(signal.SIGINT)
    heard = before == signal.default_int_handler and (
        threading.current_thread() is threading.main_thread()
    )
    if heard:
        signal.signal(signal.SIGINT, progress.stop)
    try:
        yield progress
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on where it was\n")
        raise
    finally:
        if heard:
            signal.signal(signal.SIGINT, before)
