"""Texts, units, sources and the store."""

from __future__ import annotations

import pytest

from saisei.base.errors import DataError, InputError, Place, Problem
from saisei.base.sources import Source, read_sources
from saisei.base.store import data_digest, data_files, load_data, load_document
from saisei.base.texts import Catalogue, in_language
from saisei.base.units import convert, units_for


def test_a_problem_is_told_whole() -> None:
    problem = Problem("range", "97", "0 to 66", "Check it", Place("c.yaml", 3, 1), "fma_ue")
    assert str(problem) == "c.yaml:3:1: fma_ue: 97; expected 0 to 66. Check it"
    assert InputError(problem).problems == (problem,)


def test_units() -> None:
    assert convert(5.5, "mmol/L", "mmol/L") == 5.5
    assert convert(386.65, "mg/dL", "mmol/L", "ldl_mmol_l") == pytest.approx(10, rel=1e-5)
    with pytest.raises(ValueError, match="mg/dL"):
        convert(1, "furlong", "mmol/L", "ldl_mmol_l")
    assert units_for("kg")[0] == "kg"


def test_identifier_order() -> None:
    assert Source("a/b", "t", doi="10.1/x", pmid="1", registry="NCT1").identifier == "doi:10.1/x"
    assert Source("a/b", "t", pmid="1", registry="NCT1").identifier == "PubMed 1"
    assert Source("a/b", "t", registry="NCT1").identifier == "NCT1"
    assert Source("a/b", "t", url="https://x.org").identifier is None


def test_sources_of_a_table() -> None:
    table = {"a": "https://a.org", "b": {"url": None, "kind": "secondary", "pmid": 5}}
    found = read_sources("f", table, "File")
    assert found["f/a"].url == "https://a.org"
    assert found["f/b"].second_hand
    assert found["f/b"].pmid == "5"


def test_catalogue() -> None:
    texts = Catalogue("t", {"a": {"b": {"en": "of {n}", "ja": "{n}人"}}}, "ja")
    assert texts.say("a.b", n=3) == "3人"
    assert texts.has("a.b")
    assert not texts.has("a.c")
    with pytest.raises(DataError, match="no text"):
        texts.say("a.c")
    with pytest.raises(DataError, match="lacks"):
        texts.say("a.b")
    assert in_language({"en": "arm"}, "ja") == "arm"


def test_store_reads_every_packaged_file() -> None:
    files = data_files()
    assert "vocabulary/time.yaml" in files
    for path in files:
        if path.endswith(".yaml"):
            assert load_document(path).data is not None
    assert len(data_digest()) == 16
    with pytest.raises(DataError, match="no data file"):
        load_data("nowhere.yaml")
