"""A million pools of twenty studies stay under 2 GiB, inputs and results and all.

``make test-deep`` runs it, in a process of its own: some 15 seconds. The quick run holds the same
bound on 50,000 pools (``test_synthesis_batch``).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "million_pools.py"


@pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "random", reason="15 seconds: `make test-deep` runs it"
)
def test_a_million_pools_stay_under_two_gibibytes() -> None:
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, check=True, text=True)
    took, peak = (float(word) for word in done.stdout.split())
    assert peak < 2 * 2**30, f"{peak / 2**30:.2f} GiB"
    assert peak > 2**28, "less than the inputs: not measured"
    assert took > 0.0
