"""The packaged studies: sound, complete, sourced and quick to load."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import PurePath

import pytest

from saisei.base.errors import OptionError
from saisei.evidence import (
    check_studies,
    load_study,
    outcome_facts,
    stages_treated,
    studies,
    study,
    study_sources,
)
from saisei.scales import scale_of_outcome
from saisei.vocabulary import Outcome, Publication, Stage

KNOWN_WARNINGS = {
    ("ghali-2016", "sd-or-se"),
    ("hammadi-2017", "time-missing"),
    ("kondziolka-2000", "time-missing"),
    ("laskowitz-2018-cobis1", "sd-or-se"),
    ("law-2021", "people-unknown"),
    ("li-2013", "sd-or-se"),
    ("nct04953663-it-hmsc", "design-and-arms"),
}
"""What the checker doubts in the packaged files, looked at: each is as the source prints it."""


def test_the_packaged_studies_have_no_error_and_only_known_doubts() -> None:
    found = check_studies()
    assert [str(problem) for problem in found if problem.severity == "error"] == []
    doubted = {(PurePath(p.place.file).stem, p.code) for p in found if p.place is not None}
    assert doubted == KNOWN_WARNINGS


def test_every_file_is_loaded_under_its_name() -> None:
    folder = resources.files("saisei").joinpath("evidence/studies")
    names = sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if ".yaml" in f.name)
    assert [each.id for each in studies()] == names
    assert len(names) >= 81
    assert [study(name) for name in names] == list(studies())


def test_a_packaged_file_loads_as_any_other(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = resources.files("saisei").joinpath("evidence/studies")
    path = tmp_path_factory.mktemp("studies") / "houkin-2024-treasure.yaml"
    path.write_bytes(folder.joinpath(path.name).read_bytes())
    assert load_study(path) == study("houkin-2024-treasure")


def test_an_unknown_study_names_the_nearest() -> None:
    with pytest.raises(OptionError, match="houkin-2024-treasure"):
        study("houkin-2024-tresure")


def test_every_row_leads_to_a_source() -> None:
    sources = study_sources()
    for each in studies():
        for row in each.outcomes:
            source = sources[f"{each.id}/{row.source}"]
            assert source.url
            assert each.title in source.title
            assert source.title.endswith(f"— {row.source}")


def test_sources_carry_lasting_identifiers() -> None:
    sources = study_sources()
    assert sources["houkin-2024-treasure/table2"].identifier == "doi:10.1001/jamaneurol.2023.5200"
    assert sources["houkin-2024-treasure/table2"].title == "TREASURE 2024 — table2"
    assert sources["houkin-2024-treasure/press"].doi is None  # another document
    assert sources["sanbio-2020-actissima/registry"].identifier == "NCT02448641"
    assert sources["sanbio-2020-actissima/counts"].second_hand
    assert sources["kawabori-2021-stemtra/final"].doi == "10.1212/WNL.0000000000209797"
    assert sources["kawabori-2021-stemtra/aans"].doi is None


def test_no_study_file_speaks_of_anything_but_its_study() -> None:
    folder = resources.files("saisei").joinpath("evidence/studies")
    for file in folder.iterdir():
        text = file.read_text("utf-8")
        assert text.startswith("# ")
        assert not re.search(r"facts/|/work/|claims\.yaml", text), file.name


def test_states_that_are_not_read_say_why() -> None:
    for each in studies():
        if each.publication is not Publication.READ:
            assert each.publication_note
        if each.publication is Publication.PUBLISHED_UNREAD:
            assert each.reported_direction is not None


def test_outcomes_agree_with_the_scales() -> None:
    for outcome in Outcome:
        facts, scale = outcome_facts(outcome), scale_of_outcome(outcome)
        assert (facts.better is not None) == (facts.kind == "scale")
        assert (facts.good is not None) == (facts.kind != "scale")
        if scale is not None:
            assert (facts.better, facts.range) == (scale.direction, scale.range)
    assert outcome_facts(Outcome.MRS).categories == 7


def test_the_excellent_outcome_is_what_the_studies_count() -> None:
    counted = {
        str(row.event)
        for each in studies()
        for row in each.outcomes
        if row.outcome is Outcome.EXCELLENT_OUTCOME and row.kind == "events"
    }
    assert counted == {str(outcome_facts(Outcome.EXCELLENT_OUTCOME).event)}


@pytest.mark.parametrize(
    ("study_id", "stages"),
    [
        ("houkin-2024-treasure", {Stage.ACUTE}),  # days 0.75 to 1.5
        ("prasad-2014-invest", {Stage.SUBACUTE}),  # days 7 to 30 touch the border only
        ("de-celis-ruiz-2022-amascis", {Stage.ACUTE, Stage.SUBACUTE}),  # 0 to 14
        ("sanbio-2020-actissima", {Stage.CHRONIC}),  # 180 to 2700, six months being 180 there
        ("nct04811651-umsis", {Stage.ACUTE, Stage.SUBACUTE}),  # 0 to 180
        ("muir-2020-pisces-2", {Stage.SUBACUTE, Stage.CHRONIC}),  # 60 to 390
        ("chung-2021-starting-2", {Stage.SUBACUTE}),  # no days: the word
        ("hu-2013-ucmsc", set()),  # neither
    ],
)
def test_the_days_of_treatment_give_the_stages(study_id: str, stages: set[Stage]) -> None:
    assert stages_treated(study(study_id)) == stages
