"""Hold a hospital against every protocol; print the seconds and the peak in bytes.

A process of its own, so that the peak is that of one screening.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)


def main() -> None:
    """Screen the hospital whose folder is given."""
    hospital = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        from saisei.eligibility.population.omop import OmopFolder  # noqa: PLC0415 - timed with it
        from saisei.eligibility.population.screen import screen_population  # noqa: PLC0415
        from saisei.therapies.protocols import population_protocols  # noqa: PLC0415

        source, out = OmopFolder(hospital), Path(folder) / "out"
        screen_population(source, population_protocols(), AS_OF, out)
        took = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    main()
