"""A Ctrl-C is heard, even one that a library has dropped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from saisei.cli.progress import stoppable


@pytest.fixture(autouse=True)
def _interrupts_are_taken() -> Iterator[None]:
    """Take interrupts as a program in the foreground does; one in the background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_dropped_interrupt_is_heard_at_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    steps = []

    def run() -> None:
        with stoppable() as progress:
            progress("reading", 0, 1)
            with suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                steps.append("not reached")
            steps.append("dropped")
            progress("judging", 0, 1)
            steps.append("not reached")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert steps == ["dropped"]
    assert capsys.readouterr().err == "stopped; the same command goes on where it was\n"


def test_the_way_a_signal_is_taken_is_left_as_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_who_ignores_interrupts_goes_on_ignoring_them() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable() as progress:
            os.kill(os.getpid(), signal.SIGINT)
            progress("judging", 0, 1)
    finally:
        signal.signal(signal.SIGINT, before)
