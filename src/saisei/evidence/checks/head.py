"""Checks of a study's head: names, publication, times, design."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from saisei.base.dates import Span
from saisei.evidence.checks.draft import Draft
from saisei.evidence.model import Study
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.stages import stages_treated
from saisei.vocabulary import Design, Publication, Stage, stages_overlapping

__all__ = ["check_head"]

UNREAD = (Publication.PUBLISHED_UNREAD, Publication.FINISHED_UNPUBLISHED)
HALF_READ = ("effect",)


def check_head(draft: Draft) -> None:
    """Check everything that stands above the arms."""
    _name(draft)
    _publication(draft)
    _registry(draft)
    _delay(draft)
    if draft.study is not None:
        _placeholder(draft, draft.study)
        _stage(draft, draft.study)
        _design(draft, draft.study)
        _read(draft, draft.study)


def _name(draft: Draft) -> None:
    written = draft.text("id")
    if written is not None and written != draft.stem:
        draft.add(
            "id-and-file-name",
            ("id",),
            f"the id is `{written}` and the file is named `{draft.stem}`",
            "the same name",
            "Rename one of them",
        )
    overlaps = draft.header.get("overlaps")
    if isinstance(overlaps, list) and written in overlaps:
        draft.add("overlaps-itself", ("overlaps",), "the study overlaps itself", "other studies")


def _publication(draft: Draft) -> None:
    """Check what each state of publication asks for."""
    state = draft.text("publication")
    known = {each.value for each in Publication}
    if state not in known:
        return
    if state != Publication.READ and not draft.header.get("publication_note"):
        draft.add("note-missing", ("publication",), f"`{state}` without a note", "publication_note")
    if state in UNREAD:
        for name in ("people", "reported_direction"):
            if name not in draft.header:
                draft.add("missing-field", ("publication",), f"`{state}` without `{name}`", name)
        unsaid = draft.header.get("people") is None and "people" in draft.header
        if state == Publication.PUBLISHED_UNREAD and unsaid and not draft.header.get("placeholder"):
            draft.warn(
                "people-unknown",
                ("people",),
                "the number of people is not known",
                "everyone enrolled",
            )
        if draft.header.get("reported_direction") is None and "reported_direction" in draft.header:
            draft.add("missing-field", ("reported_direction",), "no direction", "unclear, if so")
    if state == Publication.READ and draft.header.get("year", 0) is None:
        draft.add("year-missing", ("year",), "a study that was read has no year", "a year")


def _registry(draft: Draft) -> None:
    numbers = draft.header.get("registry")
    for index, number in enumerate(numbers if isinstance(numbers, list) else []):
        if str(number).upper().startswith("NCT") and not re.fullmatch(r"NCT\d{8}", str(number)):
            draft.add("registry", ("registry", index), f"`{number}`", "NCT and eight digits")


def _delay(draft: Draft) -> None:
    delay = draft.header.get("onset_to_treatment")
    for name in ("range_days", "iqr_days"):
        pair = delay.get(name) if isinstance(delay, Mapping) else None
        if isinstance(pair, list) and len(pair) == 2 and _falls(pair):
            steps = ("onset_to_treatment", name)
            draft.add("reversed", steps, f"{pair[0]} stands before {pair[1]}", "the lower first")


def _falls(pair: list[object]) -> bool:
    low, high = pair
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def _stage(draft: Draft, study: Study) -> None:
    """Compare the word for the stage with the days of treatment."""
    delay = study.onset_to_treatment
    if delay is None or study.stage is None:
        return
    reached = stages_treated(study)
    if delay.range_days and study.stage not in reached:
        words = ", ".join(stage.value for stage in Stage if stage in reached)
        low, high = delay.range_days
        found = f"`{study.stage.value}` while people were treated on days {low:g} to {high:g}"
        draft.warn("stage-and-days", ("stage",), found, words)
    middle = delay.median_days if delay.median_days is not None else delay.mean_days
    typical = None if middle is None else stages_overlapping(Span(middle, middle))
    if typical and not delay.range_days and study.stage not in typical:
        draft.warn("stage-and-days", ("stage",), f"`{study.stage.value}` and day {middle:g}")


def _placeholder(draft: Draft, study: Study) -> None:
    if study.placeholder:
        if study.outcomes or study.publication is not Publication.PUBLISHED_UNREAD:
            expected = "published-unread, and no outcomes"
            draft.add("placeholder", ("placeholder",), "a placeholder that holds more", expected)
    elif study.design is None:
        draft.add("design-missing", ("design",), "no design", "one, or `placeholder: true`")


def _design(draft: Draft, study: Study) -> None:
    """Compare the design with the arms."""
    if not study.treatment_arms:
        draft.add("no-treatment-arm", ("arms",), "no arm was given cells", "one with `treatment`")
    controlled = study.design in (Design.RCT, Design.CONTROLLED)
    if study.design is Design.SINGLE_ARM and study.control_arms:
        draft.add(
            "design-and-arms", ("design",), "`single-arm` with a control arm", "rct, controlled"
        )
    if controlled and not study.control_arms:
        read = study.publication is Publication.READ
        add = draft.add if read else draft.warn
        add(
            "design-and-arms",
            ("design",),
            f"`{study.design}` without a control arm",
            "a control arm",
        )


def _read(draft: Draft, study: Study) -> None:
    """Hold `read` to its meaning: a primary endpoint or a clinical scale stands there by arm."""
    if study.publication is Publication.READ and not any(_shows(study)):
        draft.add(
            "read-without-rows",
            ("publication",),
            "`read` without a clinical scale or primary endpoint by arm",
            "such a row, not from a press release alone, or another state",
        )


def _shows(study: Study) -> Iterator[bool]:
    for row in study.outcomes:
        source = study.sources.get(row.source)
        printed = source is not None and source.kind != "press-release"
        counts = outcome_facts(row.outcome).clinical or row.prespecified is True
        yield printed and counts and row.kind not in HALF_READ
