"""Pool a million sets of twenty studies in one batch; print the seconds and the peak in bytes.

A process of its own, so that the peak is that of Python, inputs (320 MB), chunks and results.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from saisei import synthesis as syn

SETS, STUDIES = 1_000_000, 20


def main() -> None:
    """Draw, pool, print."""
    random = np.random.default_rng(1)
    v = random.uniform(0.01, 0.4, (SETS, STUDIES))
    y = random.standard_normal((SETS, STUDIES))
    y *= 0.5
    start = time.perf_counter()
    batch = syn.pool_batch(y, v)
    took = time.perf_counter() - start
    if not batch.converged.all():
        raise SystemExit("some pools did not converge")
    unit = 1 if sys.platform == "darwin" else 1024
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


if __name__ == "__main__":
    main()
