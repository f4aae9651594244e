"""Registered trials as they come: records of ClinicalTrials.gov read into drafts for review.

``record`` takes a study over, ``splitting`` cuts its criteria text into items, ``reading`` reads
phrases by clear rules over the words of ``phrases.yaml``, ``drafting`` says how much of each item
was read, ``writing`` makes the draft of a trial file, and ``review`` what becomes of it.
"""

from saisei.therapies.ctgov.ages import age_conflicts, age_rule
from saisei.therapies.ctgov.drafting import Draft, Extent, draft_criteria
from saisei.therapies.ctgov.part import Part
from saisei.therapies.ctgov.reading import read_parts
from saisei.therapies.ctgov.record import Age, Arm, Registered, read_records, records_in
from saisei.therapies.ctgov.review import accepted_trial, check_review, is_draft, refuse_draft
from saisei.therapies.ctgov.splitting import Piece, split_criteria
from saisei.therapies.ctgov.writing import Measures, draft_text, draft_trial, measure, trial_text

__all__ = [
    "Age",
    "Arm",
    "Draft",
    "Extent",
    "Measures",
    "Part",
    "Piece",
    "Registered",
    "accepted_trial",
    "age_conflicts",
    "age_rule",
    "check_review",
    "draft_criteria",
    "draft_text",
    "draft_trial",
    "is_draft",
    "measure",
    "read_parts",
    "read_records",
    "records_in",
    "refuse_draft",
    "split_criteria",
    "trial_text",
]
