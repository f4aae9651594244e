"""Property tests draw the same examples on every machine; `make test-deep` draws new ones.

A change is then judged by itself and not by luck, and the search for new counterexamples goes on
where it has time.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
