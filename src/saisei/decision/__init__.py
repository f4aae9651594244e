"""The walk from a case to a Decision, and its gates."""

from saisei.decision.emergency import emergency_words
from saisei.decision.gates import Gate, Reason, pass_gates
from saisei.decision.model import SCHEMA, Decision, Kind
from saisei.decision.outlook import Outlook, look_ahead
from saisei.decision.screened import COMES_FIRST, screen_behind_gates
from saisei.decision.walk import Options, decide

__all__ = [
    "COMES_FIRST",
    "SCHEMA",
    "Decision",
    "Gate",
    "Kind",
    "Options",
    "Outlook",
    "Reason",
    "decide",
    "emergency_words",
    "look_ahead",
    "pass_gates",
    "screen_behind_gates",
]
