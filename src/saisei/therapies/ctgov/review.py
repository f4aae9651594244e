"""What a draft still lacks, and the trial file that a reviewed draft becomes.

A draft is never screened (`saisei.therapies.drafts` keeps it away), and it becomes a trial only
when a person has decided on each of its criteria.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from saisei.base.dates import PartialDate
from saisei.base.documents import Document
from saisei.base.errors import CriterionError, DocumentError, Problem
from saisei.eligibility import read_criterion
from saisei.therapies.drafts import is_draft, refuse_draft

__all__ = ["accepted_trial", "check_review", "is_draft", "refuse_draft"]

_REVIEWS = ("needed", "accepted", "left-out")
_KINDS = ("inclusion", "exclusion")
_CRITERION = ("id", "kind", "text", "when", "judgement", "source")
_NOT_OF_A_TRIAL = ("flags", "registry", "definition")
_FILL = ("programme", "condition", "phase_of_stroke")


def _rules(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rules = data.get("criteria")
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def check_review(document: Document) -> tuple[Problem, ...]:
    """List what keeps a draft from becoming a trial: nothing when it is empty."""
    data = document.data
    if not isinstance(data, Mapping) or not _rules(data):
        expected = "a draft of `saisei therapies import-ctgov`"
        return (Problem("not-a-draft", "no criteria stand here", expected, "", document.place()),)
    return (*_unfilled(document, data), *_undecided(document, data))


def _unfilled(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    for name in _FILL:
        if not data.get(name):
            expected = "what the trial tests, and in whom"
            yield Problem("not-filled", "is empty", expected, "", document.place(name), name)


def _undecided(document: Document, data: Mapping[str, Any]) -> Iterator[Problem]:
    for at, rule in enumerate(data["criteria"]):
        place = document.place("criteria", at)
        name = str(rule.get("id", at)) if isinstance(rule, Mapping) else str(at)
        for code, found, expected in _lacking(rule) if isinstance(rule, Mapping) else ():
            yield Problem(code, found, expected, "", place, name)


def _lacking(rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    review = rule.get("review", "accepted")
    if review not in _REVIEWS:
        yield "review", f"`review: {review}`", f"one of {', '.join(_REVIEWS)}"
    if review == "needed":
        yield "not-reviewed", "nobody has decided on it", "`review: accepted` or `left-out`"
        return
    if "review" in rule and (not rule.get("reviewed_by") or not _dated(rule.get("reviewed_on"))):
        yield "by-whom", "who decided, and when, is missing", "`reviewed_by` and `reviewed_on`"
    if review == "left-out" and not rule.get("reason"):
        yield "no-reason", "left out without a reason", "`reason`"
    if review == "accepted":
        yield from _of_accepted(rule)


def _of_accepted(rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if rule.get("kind") not in _KINDS:
        yield "kind", f"`kind: {rule.get('kind')}`", f"one of {', '.join(_KINDS)}"
    if not rule.get("when"):
        yield "no-expression", "accepted without an expression", "`when`, or `review: left-out`"
    if rule.get("reading") == "partly" and not rule.get("remainder"):
        expected = "`remainder`: what became of the words that were not read"
        yield "remainder", "read partly, and accepted as the whole rule", expected


def _dated(value: object) -> bool:
    try:
        return PartialDate.parse(value).precision is not None
    except ValueError:
        return False


def accepted_trial(document: Document) -> dict[str, Any]:
    """Turn a draft whose criteria have all been decided into the data of a trial file.

    Raises
    ------
    DocumentError
        Something is undecided, missing, or no expression.
    """
    problems = check_review(document)
    if problems:
        raise DocumentError(problems)
    data = {key: value for key, value in document.data.items() if key not in _NOT_OF_A_TRIAL}
    rules = [
        {key: rule[key] for key in _CRITERION if rule.get(key)}
        for rule in document.data["criteria"]
        if rule.get("review", "accepted") == "accepted"
    ]
    left = len(document.data["criteria"]) - len(rules)
    note = f"{left} items of the registry's list were left out on review" if left else ""
    trial = {**data, "criteria_complete": not left, "criteria_missing": note, "criteria": rules}
    _must_be_a_trial(document, trial)
    return trial


def _must_be_a_trial(document: Document, trial: Mapping[str, Any]) -> None:
    from saisei.therapies.models import Trial  # noqa: PLC0415 - the loader of trials imports this

    places = [document.place("criteria", at) for at in range(len(trial["criteria"]))]
    try:
        rules = tuple(
            read_criterion(rule, place, f"programmes/{trial['id']}")
            for rule, place in zip(trial["criteria"], places, strict=True)
        )
        Trial.model_validate({**trial, "criteria": rules})
    except CriterionError as error:
        raise DocumentError(error.problems) from None
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        )
        problem = Problem("not-a-trial", found, "the form of a trial", "", document.place())
        raise DocumentError(problem) from None
