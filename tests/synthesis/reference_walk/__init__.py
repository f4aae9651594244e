"""Every number of the reference files, set against what ``saisei.synthesis`` makes of the input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthesis.reference_walk import (
    counts,
    networks,
    pairwise,
    posteriors,
    regressions,
    reviews,
)
from synthesis.reference_walk.ledger import Ledger

FOLDER = Path(__file__).parents[1] / "reference"
MODULES = (pairwise, regressions, counts, networks, posteriors, reviews)
QUANTITIES = {one.name: one for module in MODULES for one in module.QUANTITIES}
FILES = {
    "pairwise.json": (
        pairwise.walk_effects,
        pairwise.walk_fits,
        pairwise.walk_q_profile,
        regressions.walk_small_studies,
        regressions.walk_single_studies,
        counts.walk_counts,
        counts.walk_selection,
    ),
    "network.json": (networks.walk_network,),
    "bayes.json": (posteriors.walk_posterior,),
    "ordinal.json": (posteriors.walk_ordinal,),
    "cochrane.json": (reviews.walk_review,),
}


def read(file: str) -> Any:
    """Return a reference file as it stands."""
    return json.loads((FOLDER / file).read_text("utf-8"))


def walk(file: str) -> Ledger:
    """Compare one file from its first number to its last."""
    ledger = Ledger(file, read(file), QUANTITIES)
    part = "analyses" if "analyses" in ledger.document else "cases"
    cases = ledger.at(part)
    for key in cases if isinstance(cases, dict) else range(len(cases)):
        for step in FILES[file]:
            step(ledger, (part, key))
    for number in range(len(ledger.document.get("meta_regression", ()))):
        regressions.walk_regression(ledger, ("meta_regression", number))
    return ledger
