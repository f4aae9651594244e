"""``bayes_pool`` against results as printed.

Every number of bayesmeta's is compared in ``test_synthesis_reference_walk``; that ours are the
closer ones is shown by a second integration in ``test_synthesis_bayes_quadrature``.
"""

from __future__ import annotations

from typing import Any

import pytest

from saisei import synthesis as syn
from synthesis.reference_walk import read

CASES: list[dict[str, Any]] = read("bayes.json")["cases"]


def test_crins_2014_as_published() -> None:
    """Acute rejection after liver transplantation in children, as bayesmeta prints it.

    Its intervals are the shortest, so their ends are checked by what lies between them, as far
    as its grid allows (3e-4 of probability for the mean effect).
    """
    case = next(c for c in CASES if c["dataset"] == "crins2014_acr")
    result = syn.bayes_pool(case["y"], case["sigma"])
    assert result.mu.median == pytest.approx(-1.583497, abs=2e-4)
    assert result.tau.median == pytest.approx(0.345403, abs=2e-5)
    assert result.mu.prob(above=-2.246409, below=-0.933893) == pytest.approx(0.95, abs=3e-4)
    assert result.tau.prob(below=0.862411) == pytest.approx(0.95, abs=1e-5)
    new = result.predictive.prob(above=-2.783275, below=-0.416673)
    assert new == pytest.approx(0.95, abs=5e-4)


def test_eight_schools_under_a_flat_prior() -> None:
    """Rubin (1981), as bayesmeta prints it; its grid is coarse where the tail is long."""
    case = next(c for c in CASES if c["dataset"] == "rubin1981")
    result = syn.bayes_pool(case["y"], case["sigma"], syn.Uniform())
    assert result.mu.mean == pytest.approx(8.0921375, abs=5e-3)
    assert result.mu.sd == pytest.approx(5.2466833, abs=2e-2)
    assert result.tau.median == pytest.approx(5.2277318, abs=1e-4)
    assert result.mu.prob(above=-2.176157, below=18.406330) == pytest.approx(0.95, abs=5e-4)
    assert result.log_evidence is None
