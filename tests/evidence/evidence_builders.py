"""Small studies for tests: a sound file as text, and studies made from a few numbers."""

from __future__ import annotations

import json
from typing import Any

from saisei.evidence import Study

SOUND = """\
id: good-2020
title: GOOD
registry: [NCT01234567]
doi: 10.1000/good
pmid: "12345678"
year: 2020
countries: [JP]
design: rct
blinding: double
phase: "2"
condition: ischemic-stroke
stage: chronic
onset_to_treatment: {range_days: [200, 900]}
follow_up_days: [90, 180]
primary_endpoint: {text: "Fugl-Meyer motor at day 180", met: false}
funding: public
publication: read
publication_note: "read whole"
sources:
  main: {url: "https://example.org/paper", kind: article}
  news: {url: "https://example.org/news", kind: press-release}
arms:
  - id: low
    role: treatment
    label: "low dose"
    control: null
    cell_type: BM-MSC
    donor: autologous
    tissue: bone-marrow
    route: intravenous
    dose_cells: 1.0e+8
    dose_per_kg: null
    administrations: 1
    n_randomised: 30
    n_analysed: 28
    age: {mean: 60.1, sd: 11.2, median: null, iqr: null}
    female: 12
  - id: sham
    role: control
    label: "sham"
    control: sham
    n_randomised: 30
    n_analysed: 29
outcomes:
  - outcome: mrs
    time_days: 90
    kind: counts
    prespecified: true
    data:
      low: {counts: [1, 4, 6, 8, 6, 2, 1]}
      sham: {counts: [1, 3, 6, 9, 6, 3, 1]}
    source: main
    where: "Table 2"
  - outcome: fma-motor
    time_days: 180
    kind: change
    prespecified: true
    data:
      low: {mean: 5.5, sd: 9.1, n: 28}
      sham: {mean: 4.1, se: 1.7, ci95: [0.6, 7.6], n: 29}
    source: main
    where: "Table 3"
  - outcome: fma-motor
    time_days: 180
    kind: events
    event: {gain_at_least: 10}
    good: true
    prespecified: unclear
    data:
      low: {events: 7, n: 28}
      sham: {percent: 20.7, n: 29}
    source: main
    where: "Table 3"
  - outcome: barthel
    time_days: 180
    kind: effect
    prespecified: unclear
    data:
      contrast: {measure: MD, estimate: 2.0, ci95: [-3, 7], adjusted: true, of: low, versus: sham}
    source: main
    where: "Table 3"
  - outcome: nihss
    time_days: 180
    kind: median
    prespecified: unclear
    data:
      low: {median: 4, iqr: [2, 7], n: 28}
      sham: {median: 5, iqr: [2, 8], n: 29}
    source: main
    where: "Table 4"
  - outcome: death
    time_days: 180
    kind: events
    good: false
    prespecified: unclear
    data:
      low: {events: 1, n: 30}
      sham: {events: 2, n: 30}
    source: main
    where: "Table 5"
notes: "a made-up study"
risk_of_bias:
  randomisation: {judgement: low, why: "made up"}
extraction: {by: A, confidence: high, missing: "nothing"}
"""
"""A file that every check is content with."""


def arm(name: str, role: str, **more: Any) -> dict[str, Any]:
    """One arm: cells into a vein, or placebo."""
    given: dict[str, Any] = {
        "cell_type": "BM-MSC",
        "donor": "autologous",
        "tissue": None,
        "route": "intravenous",
    }
    given |= {"dose_cells": None, "dose_per_kg": None, "administrations": 1}
    common = {"id": name, "role": role, "label": name}
    control = "placebo" if role == "control" else None
    return common | {"control": control} | (given if role == "treatment" else {}) | more


def row(outcome: str, kind: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One row at day 90 of the article."""
    common: dict[str, Any] = {"outcome": outcome, "time_days": 90, "kind": kind, "data": data}
    return common | {"prespecified": True, "source": "main", "where": "Table 1"} | more


def made(study_id: str, rows: list[dict[str, Any]], **more: Any) -> Study:
    """Make a study with two arms with cells, `one` and `two`, and a control, `none`."""
    head: dict[str, Any] = {
        "id": study_id,
        "title": study_id.upper(),
        "registry": [],
        "year": 2020,
        "countries": ["JP"],
        "design": "rct",
        "blinding": "double",
        "condition": "ischemic-stroke",
        "stage": "chronic",
        "follow_up_days": [90],
        "primary_endpoint": {"text": "mRS", "met": None},
        "funding": "public",
        "publication": "read",
        "sources": {
            kind: {"url": "https://example.org", "kind": kind}
            for kind in ("registry", "press-release", "secondary")
        }
        | {"main": {"url": "https://example.org", "kind": "article"}},
        "arms": [arm("one", "treatment"), arm("two", "treatment"), arm("none", "control")],
        "outcomes": rows,
        "notes": "made up",
        "extraction": {"by": "A", "confidence": "high", "missing": ""},
    }
    return Study.model_validate_json(json.dumps(head | more))
