"""One word for a study's risk of bias, from the domains that its file judges."""

from __future__ import annotations

from saisei.base.store import load_data
from saisei.evidence.model import Study
from saisei.evidence.question import Bias

__all__ = ["overall_bias"]


def overall_bias(study: Study) -> Bias:
    """Give the worst judgement; ``low`` only when all five domains of RoB 2 are judged and low.

    A file that judges some domains, all low, leaves the study ``unjudged``: what nobody looked at
    is not known to be sound.
    """
    levels = {domain: found.judgement for domain, found in study.risk_of_bias.items()}
    if "high" in levels.values():
        return "high"
    if "some" in levels.values():
        return "some"
    judged = all(domain in levels for domain in load_data("evidence/reading.yaml")["bias_domains"])
    return "low" if judged else "unjudged"
