"""A registered study as the draft of a trial file: YAML for a person to review and to accept.

The draft belongs to whoever imports it; it quotes the registry. It says of each item what was
read and what was not, and it carries ``review: needed`` until somebody has decided.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from saisei.base.texts import Phrase
from saisei.eligibility import parse, sentence
from saisei.therapies.ctgov.ages import age_conflicts, age_rule
from saisei.therapies.ctgov.drafting import Draft, draft_criteria
from saisei.therapies.ctgov.record import Registered, our_status
from saisei.therapies.ctgov.words import fold, has, table

__all__ = ["Measures", "draft_text", "draft_trial", "measure", "trial_text"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
_HEAD = """\
# {id}: a draft, made by clear rules from the registry's record. Nobody has accepted it,
# and it is not screened. For each criterion: compare `text` with `when` (and `says`), mind
# `unread` and `notes`, correct `when`, then set `review: accepted` (or `left-out`, with a
# `reason`), `reviewed_by` and `reviewed_on`. Of one that was read `partly`, say in `remainder`
# what became of the words that were not read. Fill in programme, condition, phase_of_stroke.
# Then: saisei therapies accept-import {id}.yaml -o TRIAL.yaml
"""


@dataclass(frozen=True, slots=True)
class Measures:
    """How much of a record's criteria was read.

    `offered` are the partly read items for which an expression is offered; of the others only
    the parts.
    """

    items: int
    whole: int
    partly: int
    unread: int
    offered: int

    def __str__(self) -> str:
        return (
            f"{self.items} items: {self.whole} read whole, {self.partly} partly "
            f"({self.offered} with an expression), {self.unread} not read"
        )


def measure(drafts: Iterable[Draft]) -> Measures:
    """Count the items of a record by how much of them was read."""
    drafts = tuple(drafts)
    counts = Counter(draft.extent for draft in drafts)
    offered = sum(draft.extent == "partly" and draft.when is not None for draft in drafts)
    return Measures(len(drafts), counts["whole"], counts["partly"], counts["unread"], offered)


def draft_text(registered: Registered, read_on: date) -> str:
    """Write the draft of a trial file: the same record and day give the same text."""
    return _HEAD.format(id=registered.id) + trial_text(draft_trial(registered, read_on))


def trial_text(data: Mapping[str, Any]) -> str:
    """Write a trial's data as YAML that reads back as it was."""
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110,
        default_flow_style=False,
    )  # fmt: skip


def draft_trial(registered: Registered, read_on: date) -> dict[str, Any]:
    """Give the draft as data, in the shape of a trial file and more."""
    drafts = draft_criteria(registered.criteria)
    return {
        "definition": {"status": "draft"},
        "id": registered.id,
        "title": registered.title,
        "programme": "",
        "sponsor": registered.sponsor,
        "country": list(registered.countries),
        "phase": _phase(registered),
        "status": our_status(registered),
        "status_note": f"the registry says {registered.status}" if registered.status else "",
        "status_read": read_on.isoformat(),
        "status_as_of": registered.last_updated,
        "design": _design(registered),
        "start": registered.start,
        "results_posted": registered.results_posted,
        "condition": _conditions(registered),
        "phase_of_stroke": [],
        "criteria_complete": False,
        "criteria_missing": "imported by rules; not reviewed",
        "flags": list(age_conflicts(registered, drafts)),
        "sources": {
            "s1": {"url": f"https://clinicaltrials.gov/study/{registered.id}", "kind": "registry"}
        },
        "registry": _registry(registered),
        "criteria": [*_from_fields(registered), *_from_text(drafts)],
    }


def _phase(registered: Registered) -> str:
    names = (table()["phases"].get(phase, "") for phase in registered.phases)
    return "/".join(filter(None, names))


def _design(registered: Registered) -> str:
    words = (registered.study_type, registered.allocation, registered.masking)
    said = [word.lower().replace("_", " ") for word in words if word and word != "NONE"]
    if registered.enrolment is not None:
        kind = f" ({registered.enrolment_kind.lower()})" if registered.enrolment_kind else ""
        said.append(f"n={registered.enrolment}{kind}")
    return ", ".join(said)


def _conditions(registered: Registered) -> list[str]:
    said = fold("; ".join((*registered.conditions, registered.title)))
    return [name for name, terms in table()["conditions"].items() if has(terms, said)]


def _registry(registered: Registered) -> dict[str, Any]:
    ages = [
        age.printed if age else None for age in (registered.minimum_age, registered.maximum_age)
    ]
    return {
        "official_title": registered.official_title,
        "first_posted": registered.first_posted,
        "verified": registered.verified,
        "completion": registered.completion,
        "why_stopped": registered.why_stopped,
        "conditions": list(registered.conditions),
        "interventions": list(registered.interventions),
        "arms": [
            {"label": arm.label, "kind": arm.kind, "interventions": list(arm.interventions)}
            for arm in registered.arms
        ],
        "sites": registered.sites,
        "sex": registered.sex,
        "minimum_age": ages[0],
        "maximum_age": ages[1],
        "healthy_volunteers": registered.healthy_volunteers,
    }


def _from_fields(registered: Registered) -> Iterator[dict[str, Any]]:
    """Draft what the registry holds in fields of its own: age and sex."""
    age = age_rule(registered)
    if age:
        ages = (registered.minimum_age, registered.maximum_age)
        printed = " to ".join(a.printed if a else "no limit" for a in ages)
        yield _criterion("f1", "inclusion", f"age: {printed} (field of the registry)", age)
    if registered.sex in {"FEMALE", "MALE"}:
        when = f"sex == '{registered.sex.lower()}'"
        yield _criterion("f2", "inclusion", f"sex: {registered.sex} (field of the registry)", when)


def _criterion(name: str, kind: str, text: str, when: str) -> dict[str, Any]:
    says = sentence(parse(when))
    return {
        "id": name, "kind": kind, "text": text, "reading": "whole", "when": when, "says": says,
        "source": "s1", **_review(),
    }  # fmt: skip


def _review() -> dict[str, Any]:
    return {"review": "needed", "reviewed_by": None, "reviewed_on": None}


def _from_text(drafts: Iterable[Draft]) -> Iterator[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for draft in drafts:
        letter = draft.piece.side[0]
        counts[letter] += 1
        yield _entry(f"{letter}{counts[letter]}", draft)


def _entry(name: str, draft: Draft) -> dict[str, Any]:
    piece = draft.piece
    entry: dict[str, Any] = {
        "id": name,
        "kind": piece.side,
        "text": piece.text,
        "place": _Flow([piece.start, piece.end]),
        "under": piece.under,
        "reading": draft.extent,
        "when": draft.when,
        "says": draft.says,
        "judgement": draft.team,
        "read": [
            _FlowMap({
                "phrase": piece.text[part.start : part.end], "from": part.start, "to": part.end,
                "as": part.when,
            })
            for part in draft.parts
        ],
        "unread": draft.unread if draft.parts else "",
        "notes": list(draft.notes),
        "source": "s1",
        **_review(),
    }  # fmt: skip
    optional = ("under", "when", "says", "judgement", "read", "unread", "notes")
    return {key: value for key, value in entry.items() if value or key not in optional}


class _Flow(list[Any]):
    """A list written in one line."""


class _FlowMap(dict[str, Any]):
    """A mapping written in one line."""


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and every text in quotes that could be read as something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library asks of each value
        """Write each value out."""
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    plain = _PLAIN.match(value) and value.lower() not in _WORDS
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _in_line(dumper: _Dumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


def _map_in_line(dumper: _Dumper, value: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Phrase, _text)
_Dumper.add_representer(_Flow, _in_line)
_Dumper.add_representer(_FlowMap, _map_in_line)
