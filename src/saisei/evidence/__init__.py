"""What trials found: study files, questions to them, and the comparisons that answer.

A number has a source; a study never vanishes silently; a gain without a control is never an
effect. `select` answers a `Question` with contrasts and with the reasons for all that gave none.

What computes (`select`, `within_arm_gains` and what belongs to them) is fetched at its first use,
so that reading and checking study files does not wait for NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from saisei.evidence.bias import overall_bias
from saisei.evidence.checking import check_studies
from saisei.evidence.loading import load_study, studies, study, study_sources
from saisei.evidence.model import (
    Arm,
    Entry,
    Limit,
    LimitPart,
    Row,
    Study,
    StudySource,
)
from saisei.evidence.outcomes import OutcomeFacts, limit_is_good, outcome_facts
from saisei.evidence.phrases import beside_text, flag_text
from saisei.evidence.question import (
    ArmSummary,
    Bias,
    Contrast,
    LeftOut,
    Measure,
    Question,
    QuestionKind,
    Selection,
    Unreported,
    Why,
    fitting_kind,
)
from saisei.evidence.stages import stages_treated
from saisei.evidence.tables import StudyTable, is_ratio, measures, read_table
from saisei.evidence.tiers import TIERS, Target, Tier, at_tier, tier

if TYPE_CHECKING:
    from saisei.evidence.gains import Gain, GainGroup, within_arm_gains
    from saisei.evidence.networks import NetworkTable, network_measures, read_network
    from saisei.evidence.pooled_tables import PooledTable, pool_methods, pool_table, pool_tests
    from saisei.evidence.selection import concerns, is_mixed, matching_arms, select

__all__ = [
    "TIERS",
    "Arm",
    "ArmSummary",
    "Bias",
    "Contrast",
    "Entry",
    "Gain",
    "GainGroup",
    "LeftOut",
    "Limit",
    "LimitPart",
    "Measure",
    "NetworkTable",
    "OutcomeFacts",
    "PooledTable",
    "Question",
    "QuestionKind",
    "Row",
    "Selection",
    "Study",
    "StudySource",
    "StudyTable",
    "Target",
    "Tier",
    "Unreported",
    "Why",
    "at_tier",
    "beside_text",
    "check_studies",
    "concerns",
    "fitting_kind",
    "flag_text",
    "is_mixed",
    "is_ratio",
    "limit_is_good",
    "load_study",
    "matching_arms",
    "measures",
    "network_measures",
    "outcome_facts",
    "overall_bias",
    "pool_methods",
    "pool_table",
    "pool_tests",
    "read_network",
    "read_table",
    "select",
    "stages_treated",
    "studies",
    "study",
    "study_sources",
    "tier",
    "within_arm_gains",
]

_LATE = {
    **dict.fromkeys(("NetworkTable", "network_measures", "read_network"), "networks"),
    **dict.fromkeys(("PooledTable", "pool_methods", "pool_table", "pool_tests"), "pooled_tables"),
    **dict.fromkeys(("Gain", "GainGroup", "within_arm_gains"), "gains"),
    **dict.fromkeys(("concerns", "is_mixed", "matching_arms", "select"), "selection"),
}


def __getattr__(name: str) -> Any:
    """Fetch one of the names that compute."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
    globals()[name] = value
    return value
