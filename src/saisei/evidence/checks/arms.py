"""Checks of arms: names, roles, sizes, ages and doses."""

from __future__ import annotations

from saisei.base.store import load_data
from saisei.evidence.checks.draft import Draft
from saisei.evidence.model import Age, Arm
from saisei.vocabulary import Role

__all__ = ["check_arms"]

GIVEN = ("cell_type", "donor", "tissue", "route", "dose_cells", "dose_per_kg", "administrations")
"""What an arm with cells says of them, be it null."""


def check_arms(draft: Draft) -> None:
    """Check each sound arm."""
    seen: set[str] = set()
    for index, arm in draft.arms.items():
        if arm.id in seen:
            draft.add(
                "repeated-arm", ("arms", index, "id"), f"a second arm `{arm.id}`", "its own id"
            )
        seen.add(arm.id)
        _role(draft, index, arm)
        _sizes(draft, index, arm)
        _dose(draft, index, arm)
        if arm.age is not None:
            _age(draft, index, arm, arm.age)


def _role(draft: Draft, index: int, arm: Arm) -> None:
    steps = ("arms", index)
    if arm.role is Role.CONTROL:
        if arm.control is None:
            expected = "placebo, sham, standard-care"
            draft.add("control-missing", (*steps, "control"), "a control arm of no kind", expected)
        for name in GIVEN:
            if getattr(arm, name) is not None:
                draft.add(
                    "cells-in-control", (*steps, name), f"a control arm with `{name}`", "none"
                )
        return
    if arm.control is not None:
        draft.add("control-on-cells", (*steps, "control"), "an arm with cells as a control", "null")
    for name in GIVEN:
        if name not in arm.model_fields_set:
            draft.add("missing-field", steps, f"`{name}` is missing", "it, or null if not stated")


def _sizes(draft: Draft, index: int, arm: Arm) -> None:
    steps, randomised, analysed = ("arms", index), arm.n_randomised, arm.n_analysed
    if randomised is not None and analysed is not None and analysed > randomised:
        found = f"{analysed} analysed of {randomised} randomised"
        draft.add("more-than-randomised", (*steps, "n_analysed"), found, "no more than randomised")
    largest = max((size for size in (randomised, analysed) if size is not None), default=None)
    if arm.female is not None and largest is not None and arm.female > largest:
        draft.add("more-than-n", (*steps, "female"), f"{arm.female} women of {largest} people")


def _dose(draft: Draft, index: int, arm: Arm) -> None:
    limits = load_data("evidence/reading.yaml")["dose"]
    for name, key in (("dose_cells", "cells"), ("dose_per_kg", "per_kg")):
        dose = getattr(arm, name)
        low, high = limits[key]
        if dose is not None and not low <= dose <= high:
            found = f"{dose:g} cells" + (" per kg" if key == "per_kg" else "")
            expected = f"{low:g} to {high:g}"
            hint = "Is it a dose per kg, or a slip of the exponent?"
            draft.warn("unusual-dose", ("arms", index, name), found, expected, hint)


def _age(draft: Draft, index: int, arm: Arm, age: Age) -> None:
    steps, rule = ("arms", index, "age"), load_data("evidence/reading.yaml")["small_spread"]
    for name in ("mean", "median"):
        value = getattr(age, name)
        if value is not None and not 0 <= value <= rule["age_range"] + 20:
            draft.add("out-of-range", (*steps, name), f"an age of {value:g}", "years")
    least = rule["age_range"] / rule["divisor"]
    if age.sd is not None and age.sd < least and (arm.people or 0) >= rule["people"]:
        found = f"an SD of {age.sd:g} years in {arm.people} people"
        draft.warn(
            "sd-or-se", (*steps, "sd"), found, f"{least:g} or more", "Is it a standard error?"
        )
