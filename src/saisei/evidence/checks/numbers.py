"""Checks of the numbers in a row: what its kind asks for, sizes, ranges, intervals and spreads."""

from __future__ import annotations

import math
from collections.abc import Hashable

from saisei.base.store import load_data
from saisei.evidence.checks.draft import Draft
from saisei.evidence.model import Entry, Row
from saisei.evidence.outcomes import outcome_facts
from saisei.evidence.words import listed, nearest
from saisei.vocabulary import Role

__all__ = ["check_entries"]

Steps = tuple[Hashable, ...]

FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "counts": (frozenset({"counts"}), frozenset({"n"})),
    "events": (frozenset({"n"}), frozenset({"events", "percent"})),
    "mean": (frozenset({"mean"}), frozenset({"sd", "se", "ci95", "n"})),
    "change": (frozenset({"mean"}), frozenset({"sd", "se", "ci95", "n"})),
    "median": (frozenset({"median"}), frozenset({"iqr", "range", "n"})),
    "individual": (frozenset({"values"}), frozenset({"n"})),
    "effect": (
        frozenset({"measure", "estimate", "adjusted", "of", "versus"}),
        frozenset({"ci95", "se"}),
    ),
}
"""By kind: what an entry must hold, and what it may."""
RATIOS = ("OR", "RR", "HR")
SE_WIDTHS = (2 * 1.6, 2 * 3.2)
"""A 95 % interval is 3.9 standard errors wide, and wider by t in a handful of people: between
these widths a printed SE and a printed interval agree, rounding included."""


def check_entries(draft: Draft, steps: Steps, row: Row) -> None:
    """Check each entry of a row, then the arms against one another."""
    for name, entry in row.data.items():
        place = (*steps, "data", name)
        _fields(draft, place, row.kind, entry)
        _pairs(draft, place, entry)
        if row.kind == "effect":
            _effect(draft, place, entry)
            continue
        _size(draft, place, name, entry)
        _events(draft, place, entry)
        _counts(draft, place, row, entry)
        _scores(draft, place, row, entry)
        _interval_and_se(draft, place, entry)
        _spread(draft, place, row, entry)
    _far_apart(draft, steps, row)


def _fields(draft: Draft, place: Steps, kind: str, entry: Entry) -> None:
    needed, allowed = FIELDS[kind]
    given = {name for name in entry.model_fields_set if getattr(entry, name) is not None}
    for name in sorted(needed - given):
        draft.add("entry-missing", place, f"`{name}` is missing in a row of {kind}", name)
    for name in sorted(given - needed - allowed):
        known = sorted(needed | allowed)
        draft.add("entry-misplaced", (*place, name), f"`{name}` in a row of {kind}", listed(known))
    if kind == "events" and ("events" in given) == ("percent" in given):
        draft.add("entry-missing", place, "an events entry", "either `events` or `percent`")
    if kind == "effect" and not given & {"ci95", "se"}:
        draft.add("entry-missing", place, "an effect without its uncertainty", "ci95 or se")


def _pairs(draft: Draft, place: Steps, entry: Entry) -> None:
    """Check that intervals run upwards and hold what they are about."""
    middle = entry.estimate if entry.estimate is not None else entry.mean
    for name, inside in (("ci95", middle), ("iqr", entry.median), ("range", entry.median)):
        pair = getattr(entry, name)
        if pair is None:
            continue
        low, high = pair
        if low > high:
            draft.add(
                "reversed", (*place, name), f"{low:g} stands before {high:g}", "the lower first"
            )
        elif inside is not None and not low <= inside <= high:
            found = f"{low:g} to {high:g} does not hold {inside:g}"
            draft.add("outside-interval", (*place, name), found, "an interval around its estimate")


def _size(draft: Draft, place: Steps, name: str, entry: Entry) -> None:
    """Hold the people of an entry to the people of its arm."""
    arm = draft.arm_ids.get(name)
    known = [] if arm is None else [arm.n_randomised, arm.n_analysed]
    largest = max((size for size in known if size is not None), default=None)
    for what, size in (("n", entry.n), ("counts", sum(entry.counts or ()) or None)):
        if size is not None and largest is not None and size > largest:
            found = f"{size} people in an arm of {largest}"
            draft.add("more-than-n", (*place, what), found, f"at most {largest}")
    if entry.n == 0:
        draft.add("nobody", (*place, "n"), "n is 0", "at least one person")


def _events(draft: Draft, place: Steps, entry: Entry) -> None:
    if entry.events is not None and entry.n is not None and entry.events > entry.n:
        found = f"{entry.events} events in {entry.n} people"
        draft.add("more-than-n", (*place, "events"), found, f"at most {entry.n}")
    if entry.percent is None:
        return
    if not 0 <= entry.percent <= 100:
        draft.add("percent", (*place, "percent"), f"{entry.percent:g} %", "0 to 100")
    elif entry.n:
        _percent(draft, place, entry.percent, entry.n)


def _percent(draft: Draft, place: Steps, percent: float, n: int) -> None:
    """Say when no whole number of people gives a printed percentage, its rounding allowed for."""
    decimals = len(f"{percent:.6f}".rstrip("0").split(".")[1])
    nearest_percent = 100 * round(percent * n / 100) / n
    if abs(nearest_percent - percent) > 0.5 * 10**-decimals + 1e-9:
        found = f"{percent:g} % of {n} is no whole number of people"
        hint = "Is n the right number, or was another one the denominator?"
        draft.warn("percent-and-n", (*place, "percent"), found, f"{nearest_percent:.2f} %", hint)


def _counts(draft: Draft, place: Steps, row: Row, entry: Entry) -> None:
    if entry.counts is None:
        return
    categories = outcome_facts(row.outcome).categories
    if categories is None:
        draft.add("counts", (*place, "counts"), f"counts of {row.outcome.value}", "a short scale")
    elif len(entry.counts) != categories:
        found = f"{len(entry.counts)} categories of {row.outcome.value}"
        draft.add("counts", (*place, "counts"), found, str(categories))
    if entry.n is not None and sum(entry.counts) != entry.n:
        found = f"the counts add up to {sum(entry.counts)} and n is {entry.n}"
        draft.add("counts-and-n", (*place, "counts"), found, "the same number")


def _scores(draft: Draft, place: Steps, row: Row, entry: Entry) -> None:
    """Hold scores to their scale's range; a change may be as long as the range either way."""
    reach = outcome_facts(row.outcome).range
    if reach is None or row.kind not in ("mean", "median", "change", "individual"):
        return
    low, high = (reach.low, reach.high)
    if row.kind == "change":
        low, high = low - high, high - low
    values = {"mean": entry.mean, "median": entry.median}
    for name, value in values.items():
        if value is not None and not low <= value <= high:
            found = f"{value:g} on {row.outcome.value}"
            draft.add("out-of-range", (*place, name), found, f"{low:g} to {high:g}")
    if any(not low <= value <= high for value in entry.values or ()):
        draft.add(
            "out-of-range", (*place, "values"), "a value off the scale", f"{low:g} to {high:g}"
        )


def _interval_and_se(draft: Draft, place: Steps, entry: Entry) -> None:
    if entry.ci95 is None or not entry.se:
        return
    width = (entry.ci95[1] - entry.ci95[0]) / entry.se
    if not SE_WIDTHS[0] <= width <= SE_WIDTHS[1]:
        found = f"the interval is {width:.1f} standard errors wide"
        draft.warn("interval-and-se", (*place, "ci95"), found, "about 4", "Is the SE an SD?")


def _spread(draft: Draft, place: Steps, row: Row, entry: Entry) -> None:
    """Doubt an SD that is small for the scale, or smaller than the change it is about.

    See `small_spread` and `large_difference` in evidence/reading.yaml.
    """
    rule = load_data("evidence/reading.yaml")
    reach, small = outcome_facts(row.outcome).range, rule["small_spread"]
    arm = draft.arm_ids.get(str(place[-1]))
    n = entry.n or (None if arm is None else arm.people)
    if entry.sd is None or n is None or n < small["people"]:
        return
    place = (*place, "sd")
    least = 0.0 if reach is None else (reach.high - reach.low) / small["divisor"]
    if entry.sd < least:
        found = f"an SD of {entry.sd:g} on {row.outcome.value} in {n} people"
        draft.warn("sd-or-se", place, found, f"{least:g} or more", "Is it a standard error?")
    elif row.kind == "change" and abs(entry.mean or 0) > rule["large_difference"] * entry.sd:
        found = f"a change of {entry.mean:g} with an SD of {entry.sd:g} in {n} people"
        draft.warn("sd-or-se", place, found, "a wider spread", "Is it a standard error?")


def _far_apart(draft: Draft, steps: Steps, row: Row) -> None:
    """Doubt two arms that are many standard deviations apart."""
    most = load_data("evidence/reading.yaml")["large_difference"]
    arms = draft.arm_ids
    sides: dict[Role, list[Entry]] = {role: [] for role in Role}
    for name, entry in row.data.items():
        if name in arms and entry.mean is not None and entry.sd:
            sides[arms[name].role].append(entry)
    for one in sides[Role.TREATMENT]:
        for two in sides[Role.CONTROL]:
            sd = math.sqrt(((one.sd or 0) ** 2 + (two.sd or 0) ** 2) / 2)
            apart = abs((one.mean or 0) - (two.mean or 0)) / sd
            if apart > most:
                found = f"the arms are {apart:.1f} standard deviations apart"
                hint = "Are the SDs standard errors?"
                draft.warn("sd-or-se", (*steps, "data"), found, f"up to {most}", hint)


def _effect(draft: Draft, place: Steps, entry: Entry) -> None:
    """Check a printed effect: its arms, its scale, its interval."""
    arms, names = draft.arm_ids, draft.arm_names
    for name, role in (("of", Role.TREATMENT), ("versus", Role.CONTROL)):
        arm = getattr(entry, name)
        if arm is not None and arm not in names:
            found, hint = f"unknown arm `{arm}`", nearest(arm, names)
            draft.add("unknown-arm", (*place, name), found, listed(names), hint)
        elif arm in arms and arms[arm].role is not role:
            draft.add("arm-role", (*place, name), f"`{arm}` is no {role.value} arm", role.value)
    ends = [value for value in (entry.estimate, *(entry.ci95 or ())) if value is not None]
    if entry.measure in RATIOS and any(value <= 0 for value in ends):
        draft.add("ratio", place, f"an {entry.measure} of 0 or less", "a ratio on its own scale")
    elif entry.ci95 is not None and entry.estimate is not None:
        _lopsided(draft, place, entry, ends)


def _lopsided(draft: Draft, place: Steps, entry: Entry, ends: list[float]) -> None:
    """Doubt an interval whose middle is far from its estimate (on the log scale for ratios)."""
    value, low, high = (math.log(end) for end in ends) if entry.measure in RATIOS else ends
    half = (high - low) / 2
    if half > 0 and abs((low + high) / 2 - value) > 0.3 * half:
        draft.warn(
            "lopsided", (*place, "ci95"), "the estimate is far from the middle", "the middle"
        )
