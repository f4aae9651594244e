"""Tables of networks: contrasts as they are, arms made into contrasts that add up."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from saisei import synthesis as syn
from saisei.base.errors import DocumentError, OptionError
from saisei.evidence import NetworkTable, network_measures, read_network

REFERENCE = Path(__file__).parent / "reference" / "smoking.tsv"
"""Counselling to stop smoking, 24 studies (Hasselblad 1998), as NICE DSU TSD 2 gives it to WinBUGS
and the R package multinma carries it (data-raw/smoking/smoking.txt, commit c839d7b)."""
NETMETA = Path(__file__).parents[1] / "synthesis" / "reference" / "network.json"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "network.csv"
    path.write_text(text, encoding="utf-8")
    return path


def contrasts(found: NetworkTable) -> dict[tuple[str, str, str], tuple[float, float]]:
    rows = zip(found.studies, found.treat1, found.treat2, found.te, found.se, strict=True)
    return {(study, one, two): (te, se) for study, one, two, te, se in rows}


def fit(found: NetworkTable) -> syn.NetworkResult:
    return syn.network(found.studies, found.treat1, found.treat2, found.te, found.se)


def test_the_contrasts_of_netmeta_are_made_from_the_same_arms() -> None:
    """Closed forms, multi-arm studies and empty cells among them; netmeta prints twelve digits."""
    found = contrasts(read_network(REFERENCE, "OR"))
    cases: list[dict[str, Any]] = json.loads(NETMETA.read_text("utf-8"))["cases"]
    oracle = next(c for c in cases if c["dataset"] == "smokingcessation")["contrasts"]
    letters = dict(zip("1234", "ABCD", strict=True))
    ours = {
        (study.removeprefix("study "), letters[one], letters[two]): pair
        for (study, one, two), pair in found.items()
    }
    names = zip(oracle["study"], oracle["treat1"], oracle["treat2"], strict=True)
    for (study, one, two), te, se in zip(names, oracle["te"], oracle["se"], strict=True):
        pairs = ((one, two, 1.0), (two, one, -1.0))
        sign, (own, own_se) = next(
            (sign, ours[study, a, b]) for a, b, sign in pairs if (study, a, b) in ours
        )
        assert sign * own == pytest.approx(te, rel=1e-9)
        assert own_se == pytest.approx(se, rel=1e-9)
    assert len(ours) == len(oracle["te"]) == 28


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "MD", "SMD", "ROM"])
def test_two_arms_give_what_the_library_gives(measure: Any) -> None:
    counts = {"events": [4, 11], "n": [123, 139]}
    means = {"mean": [12.0, 10.5], "sd": [3.0, 2.5], "n": [20, 25]}
    numbers: dict[str, list[float]] = counts if measure in ("OR", "RR", "RD") else means  # type: ignore[assignment]
    found = read_network({"study": ["S", "S"], "treat": ["A", "B"], **numbers}, measure)
    raw: dict[str, Any] = {
        f"{name}{arm + 1}": [cells[arm]] for name, cells in numbers.items() for arm in (0, 1)
    }
    expected = syn.effect(measure, **raw)
    assert found.te == pytest.approx(expected.y, rel=1e-12)
    assert found.se == pytest.approx(expected.se, rel=1e-12)
    assert found.people == {"A": numbers["n"][0], "B": numbers["n"][1]}


arms = some.lists(
    some.tuples(some.floats(1, 50), some.floats(0.5, 20), some.integers(2, 300)),
    min_size=3,
    max_size=5,
)


@given(arms, some.sampled_from(["MD", "SMD", "ROM"]))
def test_means_of_several_arms_add_up_and_can_belong_together(
    own: list[tuple[float, float, int]], measure: str
) -> None:
    mean, sd, n = zip(*own, strict=True)
    names = [f"T{at}" for at in range(len(own))]
    found = read_network(
        {"study": ["S"] * len(own), "treat": names, "mean": mean, "sd": sd, "n": n}, measure
    )
    _adds_up(found)


@given(
    some.lists(
        some.integers(1, 60).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))),
        min_size=3,
        max_size=5,
    ),
    some.sampled_from(["OR", "RR", "RD"]),
)
def test_counts_of_several_arms_add_up_whatever_is_empty(
    own: list[tuple[int, int]], measure: str
) -> None:
    events, n = zip(*own, strict=True)
    names = [f"T{at}" for at in range(len(own))]
    columns = {"study": ["S"] * len(own), "treat": names, "events": events, "n": n}
    nobody, everybody = not any(events), all(e == m for e, m in own)
    if measure != "RD" and (nobody or everybody):
        with pytest.raises(DocumentError, match="no study gives a contrast"):
            read_network(columns, measure)
        return
    _adds_up(read_network(columns, measure))


def _adds_up(found: NetworkTable) -> None:
    """The library refuses contrasts that do not add up or that no arms can have."""
    net = fit(found)
    size = len(net.treatments)
    assert len(found.te) == size * (size - 1) // 2
    rows = contrasts(found)
    for (_, one, two), (te, se) in rows.items():
        i, j = net.index(one), net.index(two)
        assert net.common.te[i, j] == pytest.approx(te, abs=1e-7 + 1e-7 * abs(te))
        assert net.common.se[i, j] == pytest.approx(se, rel=1e-6)


def test_the_standard_deviation_of_all_arms_standardises() -> None:
    """By hand: s^2 = (9*4 + 19*9 + 29*16)/57, J = 1 - 3/(4*57 - 1) to 1e-4, N = 60."""
    found = read_network(
        {"study": "SSS", "treat": "ABC", "mean": [1, 2, 4], "sd": [2, 3, 4], "n": [10, 20, 30]},
        "SMD",
    )
    s = math.sqrt((9 * 4 + 19 * 9 + 29 * 16) / 57)
    g = (1 - 3 / (4 * 57 - 1)) * np.array([-1.0, -3.0, -2.0]) / s
    assert found.te == pytest.approx(g, rel=1e-4)
    v = np.array([1 / 10 + 1 / 20, 1 / 10 + 1 / 30, 1 / 20 + 1 / 30]) + g**2 / 120
    assert np.square(found.se) == pytest.approx(v, rel=1e-4)


WIDE = "study,treat1,event1,n1,treat2,event2,n2\nS,A,4,50,B,6,60\nS,A,4,50,C,9,70\nT,B,1,9,C,2,9\n"


def test_the_rows_of_a_study_may_repeat_its_arms(tmp_path: Path) -> None:
    found = read_network(table(tmp_path, WIDE), "OR")
    assert list(zip(found.studies, found.treat1, found.treat2, strict=True)) == [
        ("S", "A", "B"), ("S", "A", "C"), ("S", "B", "C"), ("T", "B", "C")]  # fmt: skip
    assert found.people == {"A": 50, "B": 69, "C": 79}


def test_contrasts_are_taken_as_they_are(tmp_path: Path) -> None:
    text = (
        "studlab;treat1;treat2;TE;seTE;n1;n2\nS;A;B;-0,5;0,2;10;12\nT;B;C;;0,3;5;5\nT;A;C;1;2;7;9\n"
    )
    found = read_network(table(tmp_path, text))
    assert found.te == (-0.5, 1.0)
    assert found.se == pytest.approx((0.2, 2.0))
    assert found.left_out == (("T", "a number is missing"),)
    assert found.people == {"A": 17, "B": 12, "C": 9}
    assert [place.line for place in found.places] == [2, 4]


def test_an_arm_without_numbers_is_left_out_and_named() -> None:
    found = read_network(
        {
            "study": ["S", "S", "S", "T", "T"],
            "treat": ["A", "B", "C", "A", "B"],
            "events": [1, 2, None, 3, None],
            "n": [10, 10, 10, 10, 10],
        },
        "OR",
    )
    assert found.studies == ("S",)
    assert found.left_out == (
        ("S, C", "events is missing"),
        ("T, B", "events is missing"),
        ("T", "fewer than two arms with numbers"),
    )


def test_a_study_where_nobody_had_the_event_is_left_out_and_named() -> None:
    found = read_network(
        {"study": "SSTT", "treat": "ABAB", "events": [0, 0, 1, 2], "n": [9, 9, 9, 9]}, "RR"
    )
    assert found.left_out == (("S", "no event in either arm"),)


@pytest.mark.parametrize(
    ("text", "measure", "told"),
    [
        ("study,treat,events,n\nS,A,1,9\nS,A,2,9\n", "OR", ":3: study S has the treatment A twice"),
        ("study,treat,events,n\nS,A,12,9\nS,B,2,9\n", "OR", ":2: study S, A: events is 12"),
        ("study,treat,events,n\nS,A,-1,9\nS,B,2,9\n", "OR", "not below 0"),
        ("study,treat,mean,sd,n\nS,A,1,0,9\nS,B,2,1,9\n", "MD", ":2: study S, A: sd is 0"),
        ("study,treat,mean,sd,n\nS,A,1,1,1\nS,B,2,1,9\n", "MD", "two people at least"),
        ("study,treat,mean,sd,n\nS,A,-1,1,5\nS,B,2,1,9\n", "ROM", ":2: study S: mean"),
        ("study,treat,events,n\nS,A,1,9\nS,,2,9\n", "OR", ":3: a treatment without a name"),
        ("study,treat,events,n\nS,A,1,9\n", "OR", "no study gives a contrast"),
        ("study,treat,events,n\nS,A,1,9\nS,B,1,9\n", "GEN", "--measure OR"),
        ("study,treat,events\nS,A,1\n", "OR", "also n"),
        ("treat,events,n\nA,1,9\nB,2,9\n", "OR", r"also label \(or studlab"),
        ("studlab,treat1,treat2,TE\nS,A,B,1\n", "GEN", "also v"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,,1,1\n", "GEN", ":2: a treatment without a name"),
        ("studlab,treat1,treat2,TE,varTE,v\nS,A,B,1,1,-1\n", "GEN", ":2:11: v is -1"),
        ("studlab,treat1,treat2,TE,seTE\nS,A,B,,1\n", "GEN", "no contrast has its numbers"),
        ("study,a,b\nS,1,2\n", "OR", "also treat1"),
        (WIDE.replace("S,A,4,50,C", "S,A,5,50,C"), "OR", ":3: study S: A has other numbers .* 2"),
        ("study,treat1,event1,n1,treat2,event2,n2\nS,A,1,9,A,2,9\n", "OR", ":2: .*A twice"),
        ("study,treat1,event1,n1,treat2,event2,n2,treat3\nS,A,1,9,B,2,9,C\n", "OR", "events3"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_with_its_place(
    tmp_path: Path, text: str, measure: str, told: str
) -> None:
    with pytest.raises(DocumentError, match=told) as caught:
        read_network(table(tmp_path, text), measure)
    assert "network.csv" in str(caught.value)


def test_an_unknown_measure_names_the_known_ones() -> None:
    with pytest.raises(OptionError, match="HR"):
        read_network({"a": [1]}, "PETO")
    assert network_measures() == ("OR", "RR", "RD", "MD", "SMD", "ROM")
