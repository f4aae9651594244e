"""Closed lists of terms, as the study files, the programmes and the case fields write them."""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "ROUTE_KINDS",
    "Blinding",
    "CellType",
    "Condition",
    "Control",
    "Design",
    "Donor",
    "Outcome",
    "Publication",
    "Role",
    "Route",
    "RouteKind",
    "Stage",
    "StrokeType",
]


class Condition(StrEnum):
    """What a study, a therapy or a person is about.

    ``stroke`` is used by studies only: infarcts and haemorrhages together, or not told apart. It
    never equals one of them.
    """

    ISCHEMIC_STROKE = "ischemic-stroke"
    INTRACEREBRAL_HAEMORRHAGE = "intracerebral-haemorrhage"
    SUBARACHNOID_HAEMORRHAGE = "subarachnoid-haemorrhage"
    STROKE = "stroke"
    TBI = "tbi"
    MYOCARDIAL_INFARCTION = "myocardial-infarction"
    HEART = "heart"
    NONE = "none"


class StrokeType(StrEnum):
    """The kind of the index stroke, as a case states it."""

    ISCHEMIC = "ischemic"
    INTRACEREBRAL_HAEMORRHAGE = "intracerebral-haemorrhage"
    SUBARACHNOID_HAEMORRHAGE = "subarachnoid-haemorrhage"
    TIA = "tia"
    NONE = "none"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """Phase after the stroke, at the time of treatment."""

    ACUTE = "acute"
    SUBACUTE = "subacute"
    CHRONIC = "chronic"


class CellType(StrEnum):
    """Kind of cells."""

    BM_MSC = "BM-MSC"
    BMMNC = "BMMNC"
    MAPC = "MAPC"
    AD_MSC = "AD-MSC"
    UC_MSC = "UC-MSC"
    UCB = "UCB"
    NSC = "NSC"
    SB623 = "SB623"
    ALDHBR = "ALDHbr"
    PBSC = "PBSC"
    EPC = "EPC"
    MUSE = "MUSE"
    DP_MSC = "DP-MSC"
    OEC = "OEC"
    NT2N = "NT2N"
    IPSC = "iPSC"
    OTHER = "other"


class Donor(StrEnum):
    """Whose cells they are."""

    AUTOLOGOUS = "autologous"
    ALLOGENEIC = "allogeneic"
    XENOGENEIC = "xenogeneic"


class Route(StrEnum):
    """How the cells are given."""

    INTRAVENOUS = "intravenous"
    INTRA_ARTERIAL = "intra-arterial"
    INTRACEREBRAL = "intracerebral"
    INTRATHECAL = "intrathecal"
    INTRAVENTRICULAR = "intraventricular"
    INTRANASAL = "intranasal"


class RouteKind(StrEnum):
    """The two kinds of delivery that tiers tell apart, and what is neither."""

    VESSEL_OR_FLUID = "vessel-or-fluid"
    BRAIN = "brain"
    NOSE = "nose"


ROUTE_KINDS: dict[Route, RouteKind] = {
    Route.INTRAVENOUS: RouteKind.VESSEL_OR_FLUID,
    Route.INTRA_ARTERIAL: RouteKind.VESSEL_OR_FLUID,
    Route.INTRATHECAL: RouteKind.VESSEL_OR_FLUID,
    Route.INTRAVENTRICULAR: RouteKind.VESSEL_OR_FLUID,
    Route.INTRACEREBRAL: RouteKind.BRAIN,
    Route.INTRANASAL: RouteKind.NOSE,
}
"""Into a vessel or the spinal fluid, or into the brain; the nose is neither."""


class Design(StrEnum):
    """Design of a study. ``controlled`` is controlled and not randomised."""

    RCT = "rct"
    CONTROLLED = "controlled"
    SINGLE_ARM = "single-arm"


class Blinding(StrEnum):
    """Who did not know which arm a person was in."""

    DOUBLE = "double"
    ASSESSOR = "assessor"
    OPEN = "open"


class Role(StrEnum):
    """Role of an arm."""

    TREATMENT = "treatment"
    CONTROL = "control"


class Control(StrEnum):
    """What a control arm was given."""

    PLACEBO = "placebo"
    SHAM = "sham"
    STANDARD_CARE = "standard-care"


class Publication(StrEnum):
    """State of a study's report."""

    READ = "read"
    PUBLISHED_UNREAD = "published-unread"
    FINISHED_UNPUBLISHED = "finished-unpublished"
    RUNNING = "running"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What was measured or counted, as study files write it."""

    MRS = "mrs"
    NIHSS = "nihss"
    BARTHEL = "barthel"
    MBI = "mbi"
    FMA_UE = "fma-ue"
    FMA_LE = "fma-le"
    FMA_MOTOR = "fma-motor"
    FMA_TOTAL = "fma-total"
    ARAT = "arat"
    ESS = "ess"
    ESS_SCANDINAVIAN = "ess-scandinavian"
    FIM = "fim"
    SIS = "sis"
    EQ5D = "eq5d"
    GAIT_SPEED = "gait-speed"
    MOTRICITY = "motricity"
    LESION_VOLUME = "lesion-volume"
    EXCELLENT_OUTCOME = "excellent-outcome"
    DEATH = "death"
    SAE = "sae"
    AE = "ae"
    SEIZURE = "seizure"
    INFECTION = "infection"
