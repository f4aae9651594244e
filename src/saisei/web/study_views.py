"""One study as its page shows it: every number with its source, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

from saisei.appraisal import Asked, Narrowed, asked_questions
from saisei.base.store import load_data
from saisei.evidence import (
    Contrast,
    Entry,
    Gain,
    Row,
    Study,
    beside_text,
    flag_text,
    is_ratio,
    outcome_facts,
    select,
    studies,
    within_arm_gains,
)
from saisei.report.pictures.effects import EffectWords
from saisei.therapies import trials
from saisei.web.evidence_words import Speech

__all__ = [
    "NUMBER_HEADS",
    "GainLine",
    "NumberLine",
    "Taken",
    "arm_dose",
    "contrast_notes",
    "delay_words",
    "effect_words",
    "gain_line",
    "number_lines",
    "registry_link",
    "study_gains",
    "taken_from",
    "trial_of",
    "when_said",
]

Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class NumberLine:
    """One printed number of one group: what, in whom, and where it was read."""

    row: Row
    arm: str
    result: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What one question takes from a study."""

    asked: Asked
    contrast: Contrast
    effect: str
    notes: tuple[str, ...]
    beside: str


@dataclass(frozen=True, slots=True)
class GainLine:
    """A change within one group, in words."""

    gain: Gain
    what: str
    value: str
    notes: tuple[str, ...]


def number_lines(study: Study, words: Speech) -> list[tuple[Row, list[NumberLine]]]:
    """Give every result of a study, one line a group, by result."""
    found = []
    for row in study.outcomes:
        flags = tuple(_row_flags(study, row, words))
        lines = [
            NumberLine(row, _arm_label(study, arm, entry, words), _said(row, entry, words), flags)
            for arm, entry in row.data.items()
        ]
        found.append((row, lines))
    return found


def _arm_label(study: Study, arm_id: str, entry: Entry, words: Speech) -> str:
    if entry.of is not None and entry.versus is not None:
        return words.tell("study.versus", one=entry.of, two=entry.versus)
    return next((arm.label for arm in study.arms if arm.id == arm_id), arm_id)


def _row_flags(study: Study, row: Row, words: Speech) -> Iterator[str]:
    kind = study.sources[row.source].kind
    if row.prespecified is False:
        yield words.tell("study.post_hoc")
    if row.prespecified == "unclear":
        yield words.tell("study.prespecified_unclear")
    if kind == "press-release":
        yield words.tell("study.press")
    if kind == "secondary":
        yield words.tell("study.second_hand")
    if row.analysis is not None:
        yield words.term("analysis", row.analysis)


def when_said(row: Row, words: Speech) -> str:
    """Say when something was measured."""
    if row.time_days is None:
        return words.tell("study.day_unknown")
    if row.time_days == 0:
        return words.tell("study.before")
    key = "day" if row.time_exact else "day_about"
    return words.tell(f"study.{key}", day=f"{row.time_days:g}")


def _said(row: Row, entry: Entry, words: Speech) -> str:
    """Write one group's numbers as they are printed."""
    parts = [
        *_counted(row, entry, words), *_measured(entry, words), *_effect(entry, words),
        *_spread(row, entry, words),
    ]  # fmt: skip
    if entry.n is not None and entry.events is None and entry.percent is None:
        parts.append(words.tell("study.n", n=entry.n))
    return words.joined(parts)


def _counted(row: Row, entry: Entry, words: Speech) -> Iterator[str]:
    if entry.counts is not None:
        span = outcome_facts(row.outcome).range
        low = "0" if span is None else f"{span.low:g}"
        yield words.tell("study.counts", low=low, counts=", ".join(map(str, entry.counts)))
    if entry.events is not None:
        key = "events_bare" if entry.n is None else "events"
        yield words.tell(f"study.{key}", events=entry.events, n=entry.n)
    if entry.percent is not None:
        key = "percent_bare" if entry.n is None else "percent"
        yield words.tell(f"study.{key}", percent=_number(entry.percent), n=entry.n)


def _measured(entry: Entry, words: Speech) -> Iterator[str]:
    if entry.mean is not None:
        yield words.tell("study.mean", mean=_number(entry.mean))
    if entry.median is not None:
        yield words.tell("study.median", median=_number(entry.median))
    if entry.values is not None:
        yield words.tell("study.values", values=", ".join(map(_number, entry.values)))


def _effect(entry: Entry, words: Speech) -> Iterator[str]:
    if entry.estimate is not None:
        yield f"{words.term('measure', entry.measure)} {_number(entry.estimate)}"
        if entry.adjusted:
            yield words.tell("study.adjusted")


def _spread(row: Row, entry: Entry, words: Speech) -> Iterator[str]:
    for name in ("sd", "se"):
        if (value := getattr(entry, name)) is not None:
            yield words.tell(f"study.{name}", **{name: _number(value)})
    for key, pair in (("ci", entry.ci95), ("iqr", entry.iqr), ("range", entry.range)):
        if pair is not None:
            low, high = map(_number, pair)
            yield words.tell(f"study.{key}", low=low, high=high)
    spread = (entry.sd, entry.se, entry.ci95, entry.iqr, entry.range)
    bare = all(one is None for one in spread)
    if bare and row.kind in ("mean", "change", "median", "effect"):
        yield words.tell("study.no_spread")


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def delay_words(study: Study, words: Speech) -> str:
    """Say how long after the stroke people were treated, as far as it is printed."""
    delay = study.onset_to_treatment
    if delay is None:
        return words.tell("lists.unknown")
    said = []
    for key, days in (("median", delay.median_days), ("mean", delay.mean_days)):
        if days is not None:
            said.append(words.tell(f"study.delay_{key}", days=_number(days)))
    if delay.range_days is not None:
        low, high = map(_number, delay.range_days)
        said.append(words.tell("study.delay_range", low=low, high=high))
    return words.joined(said)


def arm_dose(arm: Any, words: Speech) -> str:
    """Write an arm's dose."""
    parts = []
    if arm.dose_cells is not None:
        parts.append(words.tell("study.dose_cells", dose=amount(arm.dose_cells)))
    if arm.dose_per_kg is not None:
        parts.append(words.tell("study.dose_kg", dose=amount(arm.dose_per_kg)))
    if arm.administrations is not None and arm.administrations > 1:
        parts.append(words.tell("study.times", count=arm.administrations))
    return words.joined(parts)


def amount(cells: float) -> str:
    """Write a number of cells with its thousands apart.

    Examples
    --------
    >>> amount(2.5e6)
    '2,500,000'
    """
    return f"{cells:,.0f}"


def effect_words(contrast: Contrast, words: Speech) -> str:
    """Write a comparison with its 95 % interval, ratios as ratios."""
    half = Z * contrast.se
    show = EffectWords([half], ratio=is_ratio(contrast.measure))
    middle, low, high = map(show.show, (contrast.y, contrast.y - half, contrast.y + half))
    return words.tell("pictures.interval", estimate=middle, low=low, high=high)


def contrast_notes(contrast: Contrast, words: Speech) -> tuple[str, ...]:
    """Say how a comparison came about and what it lacks."""
    said = [flag_text(flag, words.language) for flag in contrast.flags]
    if contrast.prespecified is False:
        said.append(words.tell("study.post_hoc"))
    if contrast.prespecified == "unclear":
        said.append(words.tell("study.prespecified_unclear"))
    if contrast.press_release:
        said.append(words.tell("study.press"))
    if contrast.second_hand:
        said.append(words.tell("study.second_hand"))
    return tuple(dict.fromkeys(said))


def taken_from(study: Study, words: Speech) -> list[Taken]:
    """Give what each question of the table takes from a study."""
    return [_taken(asked, contrast, words) for asked, contrast in _contrasts(study.id)]


@lru_cache(maxsize=256)
def _contrasts(study_id: str) -> tuple[tuple[Asked, Contrast], ...]:
    study = next(one for one in studies() if one.id == study_id)
    found = []
    for asked in asked_questions():
        narrowed = Narrowed(asked, condition=study.condition, controlled=True)
        selection = select(narrowed.question, [study])
        found += [(asked, c) for c in (*selection.contrasts, *selection.beside)]
    return tuple(found)


def _taken(asked: Asked, contrast: Contrast, words: Speech) -> Taken:
    why = contrast.why_beside
    return Taken(
        asked,
        contrast,
        f"{words.term('measure', contrast.measure)} {effect_words(contrast, words)}",
        contrast_notes(contrast, words),
        beside_text(why, words.language) if why else "",
    )


def study_gains(study: Study, words: Speech) -> list[GainLine]:
    """Give the changes within the groups of a study; none of them is an effect."""
    return [gain_line(g, words) for g in within_arm_gains(study.condition, studies=[study])]


def gain_line(gain: Gain, words: Speech) -> GainLine:
    """Put a change within a group into words."""
    share = gain.kind == "responders"
    if share:
        value = words.tell("question.gain_share", share=f"{100 * gain.value:.0f}")
    else:
        value = _short(gain.value)
    if gain.low is not None and gain.high is not None:
        low, high = (_short(100 * e if share else e) for e in (gain.low, gain.high))
        value = words.tell("pictures.interval", estimate=value, low=low, high=high)
    said = [flag_text(flag, words.language) for flag in gain.flags]
    said += [words.tell("study.press")] if gain.press_release else []
    said += [words.tell("study.second_hand")] if gain.second_hand else []
    when = words.tell("study.day" if gain.time_exact else "study.day_about", day=f"{gain.days:g}")
    what = words.joined((words.term("outcome", gain.outcome), str(gain.event or ""), when))
    return GainLine(gain, what, value, tuple(said))


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def registry_link(number: str) -> str:
    """Give the address of a registry's entry; empty for a registry without a known one."""
    table: dict[str, dict[str, str]] = load_data("web/registries.yaml")["registries"]
    for entry in table.values():
        if number.startswith(entry["begins"]):
            return entry["address"].replace("{number}", number.removeprefix(entry.get("drop", "")))
    return ""


def trial_of(number: str) -> str:
    """Give the id of the coded trial of this number; empty where its rules were not coded."""
    return number if any(trial.id == number for trial in trials()) else ""


NUMBER_HEADS = (
    "study", "outcome", "time_days", "time_exact", "kind", "event", "good", "analysis",
    "prespecified", "arm", "of", "versus", "events", "percent", "n", "counts", "mean", "sd", "se",
    "ci95_low", "ci95_high", "median", "iqr_low", "iqr_high", "range_low", "range_high", "values",
    "measure", "estimate", "adjusted", "definition", "source_key", "source_kind", "source_url",
    "where", "note",
)  # fmt: skip


def number_rows(study: Study) -> list[tuple[object, ...]]:
    """Give every number of a study as rows of data, one a group."""
    return [
        _data_row(study, row, arm, entry)
        for row in study.outcomes
        for arm, entry in row.data.items()
    ]


def _data_row(study: Study, row: Row, arm: str, entry: Entry) -> tuple[object, ...]:
    def ends(pair: tuple[float, float] | None) -> tuple[float | None, float | None]:
        return (None, None) if pair is None else pair

    def listed(values: tuple[float, ...] | None) -> str:
        return "" if values is None else " ".join(f"{value:g}" for value in values)

    source = study.sources[row.source]
    return (
        study.id, row.outcome.value, row.time_days, row.time_exact, row.kind,
        str(row.event) if row.event else "", row.good, row.analysis, row.prespecified, arm,
        entry.of, entry.versus, entry.events, entry.percent, entry.n, listed(entry.counts),
        entry.mean, entry.sd, entry.se, *ends(entry.ci95), entry.median, *ends(entry.iqr),
        *ends(entry.range), listed(entry.values), entry.measure, entry.estimate, entry.adjusted,
        row.definition, f"{study.id}/{row.source}", source.kind, source.url, row.where, row.note,
    )  # fmt: skip
