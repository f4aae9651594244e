"""The pages of the evidence: what they show, where addresses lead, and wrong addresses."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import quote, urldefrag, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saisei import __version__
from saisei.appraisal import Asked, Narrowed, asked_questions, finding_of, pool_of
from saisei.base.store import data_digest
from saisei.evidence import flag_text, studies, study
from saisei.therapies import programmes, trials
from saisei.vocabulary import Condition, Design, Stage
from web.web_evidence_reading import ask, browser

PAGES = (
    "/evidence",
    "/evidence?stage=chronic&route=brain",
    "/evidence/studies/prasad-2014-invest",
    "/evidence/studies/honmou-2011",
    "/evidence/questions",
    "/evidence/questions/death",
    "/evidence/questions/nihss-longest?design=controlled&method=DL",
    "/sources?q=treasure",
    "/therapies",
    "/therapies/ad-msc-intravenous-asrm",
    "/therapies/nr1-intracerebral",
    "/trials/NCT02448641",
    "/evidence/studies/nothing",
    "/evidence?stage=late",
)

HONMOU, DEATH = "/evidence/studies/honmou-2011", "/evidence/questions/death"


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_can_be_read_by_everyone(address: str, language: str) -> None:
    page = ask(address, language)
    assert page.language == language
    assert page.headings.count(1) == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps)
    assert set(page.controls) <= set(page.labels)
    assert page.tables == page.captions
    assert set(page.pictures) <= {"img"}
    assert page.described == len(page.pictures)
    assert len(page.ids) == len(set(page.ids))
    assert page.inline == []


def test_every_link_leads_somewhere() -> None:
    """Walk through the pages, through every fourth study and trial only."""
    skipped = {f"/evidence/studies/{one.id}" for at, one in enumerate(studies()) if at % 4}
    skipped |= {f"/trials/{one.id}" for at, one in enumerate(trials()) if at % 4}
    seen: dict[str, set[str]] = {}
    todo = ["/evidence", "/evidence/questions", "/therapies", "/sources"]
    wanted: list[tuple[str, str, str]] = []
    while todo:
        address = todo.pop()
        if address in seen or address in skipped:
            continue
        page = ask(address)
        assert page.status == 200, address
        seen[address] = set(page.ids)
        for link in page.links:
            path, fragment = urldefrag(link)
            target = path or address
            if target.startswith(("/evidence", "/therapies", "/trials", "/sources")):
                wanted.append((address, target, fragment))
                if "?" not in target and "." not in target:
                    todo.append(target)
    assert len(seen) > len(studies()) // 4 + len(trials()) // 4 + len(programmes())
    for address, target, fragment in wanted:
        if fragment and target in seen:
            assert fragment in seen[target], f"{address} leads to {target}#{fragment}"
    files = {target for _, target, _ in wanted if target not in seen and "/sources?" not in target}
    for target in sorted(files)[::7]:
        assert browser().get(target).status_code == 200, target


def test_the_list_counts_what_it_leaves_out() -> None:
    page = ask("/evidence?design=rct&condition=tbi")
    fitting = [s for s in studies() if s.design is Design.RCT and s.condition is Condition.TBI]
    assert f"{len(fitting)} of {len(studies())} studies" in page.text
    others = sum(s.condition is not Condition.TBI for s in studies())
    unstated = sum(s.design is None for s in studies())
    designs = sum(s.design is not Design.RCT for s in studies())
    assert f"Condition: {others} do not fit" in page.text
    assert f"Design: {designs} do not fit, {unstated} of them because it is not stated" in page.text
    assert page.chosen == {"design": "rct", "condition": "tbi"}


def test_a_study_shows_every_number_with_its_source() -> None:
    one = study("prasad-2014-invest")
    page = ask(f"/evidence/studies/{one.id}")
    for row in one.outcomes:
        assert f"#source-{row.source}" in page.links
    assert {f"source-{key}" for key in one.sources} <= set(page.ids)
    for number in ("mean 63.1", "8 of 60", "−0.24486", "SE 0.183257"):
        assert number in page.text
    assert "https://clinicaltrials.gov/study/NCT01501773" in page.links
    assert "/trials/NCT01501773" in page.links


def test_a_study_without_control_says_so() -> None:
    alone = next(s for s in studies() if s.design is Design.SINGLE_ARM)
    assert "This study has no control group." in ask(f"/evidence/studies/{alone.id}").text
    assert "対照群がありません" in ask(f"/evidence/studies/{alone.id}", "ja").text
    sound = next(s for s in studies() if s.design is Design.RCT)
    assert "has no control group" not in ask(f"/evidence/studies/{sound.id}").text


def test_conversions_are_said() -> None:
    flagged = [
        (asked, contrast)
        for asked in asked_questions()
        for contrast in pool_of(Narrowed(asked)).held
        if contrast.flags
    ]
    assert flagged
    for asked, contrast in flagged[:5]:
        for address in (
            f"/evidence/questions/{asked.id}",
            f"/evidence/studies/{contrast.study_id}",
        ):
            text = ask(address).text
            assert all(flag_text(flag).split(" (")[0] in text for flag in contrast.flags)


@pytest.mark.parametrize("asked", asked_questions(), ids=lambda asked: asked.id)
def test_a_question_shows_its_pool_and_who_is_not_in_it(asked: Asked) -> None:
    page = ask(f"/evidence/questions/{asked.id}")
    pooled, finding = pool_of(Narrowed(asked)), finding_of(Narrowed(asked))
    assert finding.verdict.word in page.text
    named = [one.study_id for one in pooled.held]
    named += [one.study_id for one in pooled.selection.unreported]
    named += [one.study_id for one in pooled.selection.left_out]
    assert {f"/evidence/studies/{name}" for name in named} <= set(page.links)
    drawn = 0 if pooled.pool is None else 2  # the forest and the curve are always there
    assert len(page.pictures) >= drawn
    if pooled.pool is not None:
        assert f"{pooled.pool.k} comparisons" in page.text or "One comparison" in page.text


def test_filters_change_the_pool_and_not_the_rule() -> None:
    asked = next(a for a in asked_questions() if a.id == "nihss-longest")
    other = (
        browser()
        .get(f"/evidence/questions/{asked.id}/pool.json?method=EE&design=controlled&stage=subacute")
        .json()
    )
    rule = browser().get(f"/evidence/questions/{asked.id}/pool.json?stage=subacute").json()
    assert other["pool"]["method"] == "EE"
    assert other["designs"] == ["rct", "controlled"]
    assert other["by_rule"] == rule["by_rule"]
    narrowed = pool_of(Narrowed(asked, stage=Stage.SUBACUTE))
    assert narrowed.pool is not None
    assert rule["pool"]["estimate"] == pytest.approx(narrowed.pool.estimate, abs=0)
    assert rule["version"] == __version__
    assert rule["data_digest"] == data_digest()


def test_uncontrolled_gains_stand_apart() -> None:
    text = ask("/evidence/questions/fma-motor?stage=chronic").text
    place = text.index("Gains without a comparison")
    assert "cells, NO control group" in text[place:]
    assert "cells, NO control group" not in text[:place]


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("/evidence/studies.csv?design=rct", "text/csv", "studies.csv"),
        ("/evidence/studies.json", "application/json", "studies.json"),
        (f"{HONMOU}/study.json", "application/json", "study-honmou-2011.json"),
        (f"{HONMOU}/numbers.csv", "text/csv", "study-honmou-2011-numbers.csv"),
        (f"{DEATH}/pool.json", "application/json", "pool-death-ischemic-stroke-rct-OR-REML.json"),
        (
            f"{DEATH}/comparisons.csv",
            "text/csv",
            "comparisons-death-ischemic-stroke-rct-OR-REML.csv",
        ),
        (
            f"{DEATH}/forest.svg?stage=acute",
            "image/svg+xml",
            "forest-death-ischemic-stroke-acute-rct-OR-REML.svg",
        ),
        (f"{DEATH}/network.svg", "image/svg+xml", "network-death-ischemic-stroke-rct-OR-REML.svg"),
        ("/sources.csv?q=treasure", "text/csv", "sources.csv"),
        (
            "/therapies/nr1-intracerebral/therapy.json",
            "application/json",
            "therapy-nr1-intracerebral.json",
        ),
        ("/trials/NCT02448641/trial.json", "application/json", "trial-NCT02448641.json"),
    ],
)
def test_a_file_says_what_it_is(address: str, kind: str, name: str) -> None:
    answer = browser().get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert f'filename="saisei-{name}"' in answer.headers["content-disposition"]
    assert __version__ in answer.text
    assert data_digest() in answer.text
    if kind == "text/csv":
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) > 1
    if kind == "application/json":
        assert json.loads(answer.text)["schema"].startswith("saisei-")


def test_numbers_of_a_study_as_rows_are_those_of_its_file() -> None:
    one = study("prasad-2014-invest")
    answer = browser().get(f"/evidence/studies/{one.id}/numbers.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == sum(len(row.data) for row in one.outcomes)
    death = [row for row in rows if row["outcome"] == "death"]
    assert [(row["arm"], row["events"], row["n"]) for row in death] == [
        ("bmmnc", "8", "60"),
        ("control", "5", "60"),
    ]
    assert {row["source_key"] for row in death} == {"prasad-2014-invest/svn_table"}


def test_a_cell_is_no_formula() -> None:
    answer = browser().get("/evidence/studies.csv")
    for row in csv.reader(io.StringIO(answer.text)):
        assert not any(re.match(r"[=+@\t\r]", cell) for cell in row)


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/evidence/studies/prasad-2014", "/evidence/studies/prasad-2014-invest"),
        ("/evidence/studies/TREASURE", "/evidence/studies/houkin-2024-treasure"),
        ("/evidence/questions/deaths", "/evidence/questions/death"),
        ("/evidence/questions/death/forest.png", "/evidence/questions/death/forest.svg"),
        ("/therapies/nr1", "/therapies/nr1-intracerebral"),
        ("/trials/NCT0244864", "/trials/NCT02448641"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(address: str, near: str) -> None:
    page = ask(address)
    assert page.status == 404
    assert near in page.links


def test_a_number_that_was_looked_for_says_what_is_known() -> None:
    page = ask("/trials/NCT03570450")
    assert page.status == 404
    assert "its product was not verified" in page.text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/evidence?stage=late", "acute, subacute, chronic"),
        ("/evidence?phase=late", "There is no filter “phase”"),
        ("/evidence?stage=acute&stage=chronic", "is given twice"),
        ("/evidence/questions/death?method=magic", "REML, PM, DL, EE"),
        ("/evidence/questions/death?measure=MD", "OR, RR, RD"),
        ("/sources?q=" + "x" * 200, "is too long"),
    ],
)
def test_a_wrong_filter_is_told_in_words(address: str, said: str) -> None:
    page = ask(address)
    assert page.status == 422
    assert said in page.text


def test_markup_in_an_address_stays_text() -> None:
    page = ask("/evidence?stage=" + quote("<script>alert(1)</script>"))
    assert page.status == 422
    assert "<script>alert" not in page.text


anything = st.text(max_size=40)
names = st.sampled_from(
    ["stage", "route", "cells", "design", "measure", "method", "condition", "outcome", "q", "kind"]
)
paths = st.sampled_from(
    [
        "/evidence", "/evidence/questions", "/evidence/questions/death", "/sources", "/sources.csv",
        "/evidence/questions/mrs-shift/forest.svg", "/evidence/studies.csv", "/therapies",
        "/evidence/questions/sae/pool.json", "/evidence/studies/honmou-2011", "/evidence/studies",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(paths, st.lists(st.tuples(names | anything, anything), max_size=3))
def test_no_query_breaks_anything(path: str, query: list[tuple[str, str]]) -> None:
    told = urlencode(
        [(n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in query]
    )
    assert browser().get(f"{path}?{told}").status_code < 500


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["/evidence/studies/{}", "/evidence/questions/{}", "/evidence/questions/death/{}",
         "/therapies/{}", "/trials/{}", "/evidence/studies/{}/study.json", "/evidence/{}"]
    ),
    anything,
)  # fmt: skip
def test_no_name_breaks_anything(path: str, name: str) -> None:
    written = quote(name.encode("utf-8", "replace"), safe="")
    assert browser().get(path.format(written)).status_code < 500


known = {
    "condition": [c.value for c in (Condition.ISCHEMIC_STROKE, Condition.STROKE, Condition.TBI)],
    "stage": ["", "acute", "subacute", "chronic"],
    "route": ["", "brain", "vessel-or-fluid", "intravenous", "intracerebral"],
    "cells": ["", "MAPC", "BMMNC", "SB623"],
    "design": ["rct", "controlled"],
    "method": ["REML", "PM", "DL", "EE"],
}


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(asked_questions()),
    st.fixed_dictionaries({name: st.sampled_from(values) for name, values in known.items()}),
    st.sampled_from(["en", "ja"]),
)
def test_every_choice_has_a_page(asked: Asked, chosen: dict[str, str], language: str) -> None:
    page = ask(f"/evidence/questions/{asked.id}?{urlencode(chosen)}", language)
    assert page.status == 200
    assert {name: value for name, value in chosen.items() if value}.items() <= page.chosen.items()
