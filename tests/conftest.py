"""Property tests draw the same examples on every machine; `make test-deep` draws new ones.

A change is then judged by itself and not by luck, and the search for new counterexamples goes on
where it has time. Linear algebra runs on one core: the tests themselves run side by side, and its
threads would wait for each other.
"""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
