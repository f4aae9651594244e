"""``network_counts``: what has to hold for any network, what it can do, and mistakes by name."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saisei import synthesis as syn
from saisei.synthesis.networks.counts import CountsMethod

REFERENCE = json.loads(
    (Path(__file__).parent / "reference" / "network_counts.json").read_text("utf-8")
)
METHODS: tuple[CountsMethod, ...] = ("MH", "NCH", "likelihood")
COLUMNS = ("study", "treat", "events", "n")


def columns(arms: list[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS, zip(*arms, strict=True), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_names_order_and_what_counts_as_an_event(method: CountsMethod) -> None:
    arms = [arm for arm in REFERENCE["smoking"]["arms"] if arm[0] != "19"]
    before = syn.network_counts(**columns(arms), method=method)
    other = [
        (f"no. {s}", {"No contact": "Z", "Self-help": "B"}.get(t, t), r, n) for s, t, r, n in arms
    ]
    order = np.random.default_rng(20261120).permutation(len(other))
    after = syn.network_counts(**columns([other[i] for i in order]), method=method)
    back = [{"No contact": "Z", "Self-help": "B"}.get(name, name) for name in before.treatments]
    place = [after.index(name) for name in back]
    at = np.ix_(place, place)
    np.testing.assert_allclose(after.te[at], before.te, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(after.se[at], before.se, rtol=1e-7)
    assert after.tau2 == pytest.approx(before.tau2, rel=1e-7)
    without = syn.network_counts(
        **columns([(s, t, n - r, n) for s, t, r, n in arms]), method=method
    )
    np.testing.assert_allclose(without.te, -before.te, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(without.se, before.se, rtol=1e-7)


def test_all_people_and_no_event_in_studies_add_nothing() -> None:
    arms = [("1", "A", 3, 20), ("1", "B", 6, 20), ("2", "A", 1, 30), ("2", "B", 4, 31)]
    more = [*arms, ("3", "A", 0, 50), ("3", "B", 0, 50), ("4", "A", 9, 9), ("4", "B", 8, 8)]
    for method in METHODS:
        one, two = (syn.network_counts(**columns(own), method=method) for own in (arms, more))
        assert (one.te == two.te).all()
        assert (one.se == two.se).all()
        assert [left.index for left in two.left_out] == [4, 5, 6, 7]
        assert two.left_out[-1].reason == "study 4 has an event in everyone of all arms"


def test_an_arm_without_events_leaves_its_design_only() -> None:
    """B has no event in the study of A, B and C, which then counts for A against C."""
    arms = [("1", "A", 2, 50), ("1", "B", 6, 52), ("2", "B", 5, 60), ("2", "C", 9, 61)]
    whole = [*arms, ("3", "A", 1, 40), ("3", "B", 0, 41), ("3", "C", 4, 42)]
    result = syn.network_counts(**columns(whole))
    assert [one.reason for one in result.left_out] == [
        "the studies of just A and B and C have no finite Mantel-Haenszel odds ratio of B"
    ]
    fewer = syn.network_counts(**columns([*arms, whole[4], whole[6]]))
    assert (result.te == fewer.te).all()
    assert syn.network_counts(**columns(whole), method="NCH").m == 7


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        (
            [("1", "A", 1, 9), ("1", "B", 2, 9), ("2", "C", 1, 9), ("2", "D", 2, 9)],
            "falls into 2 parts without a study between them: A, B; C, D",
        ),
        (
            [
                *(("1", "A", 1, 9), ("1", "B", 2, 9), ("2", "B", 0, 9), ("2", "C", 0, 9)),
                *(("3", "C", 1, 9), ("3", "D", 2, 9)),
            ],
            "2 parts .* A, B; C, D. .* Left out before: study 2 has no event in any arm",
        ),
        ([("1", "A", 0, 9), ("1", "B", 0, 9)], "no study is left .* study 1 has no event"),
        ([("1", "A", 1, 9), ("1", "A", 2, 9)], "study 1 has A in rows 0 and 1"),
        ([("1", "A", 1.5, 9), ("1", "B", 2, 9)], r"events\[0\] is 1.5; expected a whole number"),
        ([("1", "A", 10, 9), ("1", "B", 2, 9)], r"events\[0\] is 10; expected no more than n"),
        ([("1", "A", -1, 9), ("1", "B", 2, 9)], r"events\[0\] is -1"),
        ([("1", "A", 0, 0), ("1", "B", 2, 9)], r"n\[0\] is 0; expected a whole number, 1 or more"),
        ([("1", "A", math.inf, 9), ("1", "B", 2, 9)], r"events\[0\] is inf"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_bad_input_is_named(method: CountsMethod, arms: list[Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        syn.network_counts(**columns(arms), method=method)


@pytest.mark.parametrize("method", ["NCH", "likelihood"])
def test_no_finite_estimate_is_named(method: CountsMethod) -> None:
    """All have events and people without, yet nobody tells how much worse C is."""
    arms = [("1", "A", 2, 9), ("1", "B", 1, 9), ("2", "B", 0, 9), ("2", "C", 4, 9)]
    with pytest.raises(ValueError, match=r"odds ratios of .* have no finite estimate"):
        syn.network_counts(**columns(arms), method=method)
    with pytest.raises(ValueError, match=r"falls into|no design|no finite"):
        syn.network_counts(**columns([*arms, ("3", "C", 2, 9), ("3", "D", 3, 9)]))


def test_treatments_that_are_numbers_stand_by_size() -> None:
    arms = [("1", 2, 1, 9), ("1", 10, 2, 9), ("2", 1, 2, 9), ("2", 10, 1, 9)]
    assert syn.network_counts(**columns(arms)).treatments == ("1", "2", "10")


def test_settings_and_columns() -> None:
    good = columns([("1", "A", 1, 9), ("1", "B", 2, 9)])
    for wrong, words in (
        ({"method": "XX"}, "method is 'XX'"),
        ({"level": 95}, "level is 95"),
        ({"points": 2}, "points is 2"),
        ({"n": [9]}, "lengths are study 2, treat 2, events 2, n 1"),
        ({name: [] for name in COLUMNS}, "there is no arm"),
    ):
        with pytest.raises(ValueError, match=words):
            syn.network_counts(**{**good, **wrong})
    missing = columns([("1", "A", 1, 9), ("1", "B", 2, 9), ("1", "C", None, 9), ("2", "A", 1, 9)])
    result = syn.network_counts(**missing)
    assert [one.reason for one in result.left_out] == [
        "events is missing",
        "study 2 has no other arm to compare with",
    ]
    assert result.notes == ("treatment C is left out altogether; see left_out",)


def test_what_a_result_can_do() -> None:
    result = syn.network_counts(**columns(REFERENCE["smoking"]["arms"]), method="likelihood")
    names = ["No contact", "Self-help"]
    (_, above), (below, _) = result.league(names)
    one, two = (result.index(name) for name in names)
    direct = result.direct()
    assert direct.k[one, two] == 3
    assert above.startswith(f"{direct.te[one, two]:.2f} (")
    assert below.startswith(f"{result.te[two, one]:.2f} (")
    scores = result.p_scores("undesirable")
    assert max(scores, key=scores.__getitem__) == "Group counselling"
    assert sum(scores.values()) == pytest.approx(2.0)
    ranks = syn.network_ranking(result, "undesirable", points=1024)
    np.testing.assert_allclose(ranks.p_scores, list(scores.values()))
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["tau2"] == result.tau2
    assert kept["random"]["te"][0][1] == result.te[0, 1]
    assert "NetworkCountsResult: k = 24, 4 treatments, m = 50, 8 designs" in repr(result)
    with pytest.raises(ValueError, match="no treatment 'x'"):
        result.index("x")
