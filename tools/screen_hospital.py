"""Hold a made-up hospital against every protocol; print the seconds and the peak in bytes.

A process of its own, so that the peak is that of one screening. Making the hospital is not timed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

DAY = date(2026, 11, 20)


def main() -> None:
    """Make the hospital in a process before, screen it, print."""
    people = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        hospital = Path(folder) / "hospital"
        made = ["population", "simulate", "--people", people, "--seed", "1", "-o", str(hospital)]
        subprocess.run([sys.executable, "-m", "saisei", *made], check=True, capture_output=True)
        start = time.perf_counter()
        from saisei.eligibility.population.omop import OmopFolder  # noqa: PLC0415 - timed with it
        from saisei.eligibility.population.screen import screen_population  # noqa: PLC0415
        from saisei.therapies.protocols import population_protocols  # noqa: PLC0415

        as_of = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
        out = Path(folder) / "out"
        screen_population(OmopFolder(hospital), population_protocols(), as_of, out, memory="3GB")
        took = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    main()
