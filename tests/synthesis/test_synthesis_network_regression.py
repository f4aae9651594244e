"""``network_regress`` against dense generalised least squares, ``regress`` and ``network``.

Everything is a closed form at a given tau2, so that 1e-8 is asked of numbers around 1; tau2 by REML
is a root found to 1e-10 by both sides, through likelihoods that are flat to about 1e-7 of it.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from saisei import synthesis as syn

REFERENCE = json.loads((Path(__file__).parent / "reference" / "network.json").read_text("utf-8"))
SENN, SMOKING = (
    next(
        {name: case["contrasts"][name] for name in ("study", "treat1", "treat2", "te", "se")}
        for case in REFERENCE["cases"]
        if case["dataset"] == name
    )
    for name in ("senn2013", "smokingcessation")
)
COLUMNS = ("study", "treat1", "treat2", "te", "se")


def covariate(data: dict[str, Any], seed: int, columns: int = 1) -> np.ndarray[Any, Any]:
    """Make up covariates, the same for every contrast of a study."""
    rng = np.random.default_rng(seed)
    own = {study: rng.normal(50.0, 10.0, columns) for study in dict.fromkeys(data["study"])}
    return np.array([own[study] for study in data["study"]])


def dense(
    data: dict[str, Any], x: Any, reference: str, interaction: str, tau2: float
) -> tuple[Any, Any, float, float]:
    """Coefficients, covariance, Q and restricted likelihood with whole covariance matrices.

    Each study's contrasts against its first arm; effects of all treatments but the reference.
    """
    names = sorted({*data["treat1"], *data["treat2"]}, key=lambda n: (n.casefold(), n))
    others = [name for name in names if name != reference]
    table = np.array(x, dtype=float).reshape(len(data["te"]), -1)
    rows: list[Any] = []
    ys: list[float] = []
    blocks = []
    for study in dict.fromkeys(data["study"]):
        at = [i for i, s in enumerate(data["study"]) if s == study]
        arms = sorted({data[c][i] for i in at for c in ("treat1", "treat2")})
        te, v = {}, {}
        for i in at:
            one, two = data["treat1"][i], data["treat2"][i]
            te[one, two], te[two, one] = data["te"][i], -data["te"][i]
            v[one, two] = v[two, one] = data["se"][i] ** 2 + tau2
        first = arms[0]
        block = np.zeros((len(arms) - 1, len(arms) - 1))
        for (p, a), (q, b) in itertools.product(enumerate(arms[1:]), repeat=2):
            block[p, q] = 0.5 * (v[a, first] + v[b, first] - (v[a, b] if a != b else 0.0))
        for a in arms[1:]:
            effect = np.array([(a == t) - (first == t) for t in others], dtype=float)
            z = table[at[0]]
            shift = (
                np.outer(z, effect)
                if interaction == "independent"
                else (z[:, None] * (float(a != reference) - float(first != reference)))
            )
            rows.append([*effect, *shift.ravel()])
            ys.append(te[a, first])
        blocks.append(block)
    size = len(ys)
    covariance, start = np.zeros((size, size)), 0
    for block in blocks:
        covariance[start : start + len(block), start : start + len(block)] = block
        start += len(block)
    design, y = np.array(rows), np.array(ys)
    # Columns of unit length: the condition of the normal equations is that of their angles.
    unit = np.linalg.norm(design, axis=0)
    weight = np.linalg.inv(covariance)
    information = (design / unit).T @ weight @ (design / unit)
    b = np.linalg.solve(information, (design / unit).T @ weight @ y) / unit
    spread = np.linalg.inv(information) / np.outer(unit, unit)
    residual = y - design @ b
    squares = float(residual @ weight @ residual)
    likelihood = -0.5 * (np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1])
    return b, spread, squares, float(likelihood) - 0.5 * squares


@pytest.mark.parametrize(
    ("data", "interaction", "columns"),
    [(SENN, "common", 2), (SMOKING, "common", 2), (SMOKING, "independent", 1)],
    ids=["senn2013", "smoking", "smoking-independent"],
)
@pytest.mark.parametrize("method", ["REML", "ML", "DL", "EE"])
def test_dense_generalised_least_squares(
    data: dict[str, Any], interaction: Any, columns: int, method: Any
) -> None:
    x, reference = covariate(data, 1, columns), data["treat2"][0]
    result = syn.network_regress(
        **data, x=x, reference=reference, interaction=interaction, method=method
    )
    b, covariance, _, best = dense(data, x, reference, interaction, result.tau2)
    np.testing.assert_allclose(result.coefficients, b, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(result.se, np.sqrt(np.diagonal(covariance)), rtol=1e-7)
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-6, atol=1e-9)
    assert result.q == pytest.approx(dense(data, x, reference, interaction, 0.0)[2], rel=1e-8)
    p = len(result.names)
    assert result.q_df == len({*data["study"]}) + extra(data) - p
    inner = slice(len(result.treatments) - 1, p)
    own = b[inner] @ np.linalg.solve(covariance[inner, inner], b[inner])
    assert result.qm == pytest.approx(own, rel=1e-6)
    assert list(result.qm_df) == [p - len(result.treatments) + 1, math.inf]
    if method == "REML":
        grid = [*np.geomspace(1e-4, 3.0, 40), result.tau2 * 1.01, result.tau2 * 0.99]
        assert all(dense(data, x, reference, interaction, t)[3] <= best + 1e-9 for t in grid)


def extra(data: dict[str, Any]) -> int:
    """Independent contrasts beyond one for each study."""
    arms: dict[Any, set[str]] = {s: set() for s in data["study"]}
    for s, one, two in zip(data["study"], data["treat1"], data["treat2"], strict=True):
        arms[s] |= {one, two}
    return sum(len(own) - 2 for own in arms.values())


pairs = st.lists(
    st.tuples(st.floats(-2.0, 2.0), st.floats(0.1, 2.0), st.integers(-20, 20), st.booleans()),
    min_size=4,
    max_size=9,
)


@settings(max_examples=40)
@given(pairs, st.sampled_from(["REML", "ML", "DL", "EE"]), st.sampled_from(["z", "t", "knha"]))
def test_two_treatments_are_a_meta_regression(rows: list[Any], method: Any, test: Any) -> None:
    y, se, x, turned = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(x.tolist())) > 2)
    one = syn.regress(y, se**2, x, method=method, test=test, names=["age"])
    signs = np.where(turned, -1.0, 1.0)
    data: dict[str, Any] = {
        "study": list(range(y.size)),
        "treat1": ["A" if turn else "B" for turn in turned],
        "treat2": ["B" if turn else "A" for turn in turned],
        "te": signs * y,
        "se": se,
    }
    for interaction in ("common", "independent"):
        two = syn.network_regress(
            **data,
            x=x,
            reference="A",
            interaction=cast("Any", interaction),
            method=method,
            test=test,
            names=["age"],
        )
        assert two.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-8)
        np.testing.assert_allclose(two.coefficients, one.coefficients, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(two.se, one.se, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(two.ci, one.ci, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(two.p_values, one.p_values, rtol=1e-4, atol=1e-7)
        assert two.q == pytest.approx(one.qe, rel=1e-7, abs=1e-9)
        assert two.qm == pytest.approx(one.qm, rel=1e-4, abs=1e-6)
        assert two.qm_p == pytest.approx(one.qm_p, rel=1e-4, abs=1e-7)
        assert two.i2 == pytest.approx(one.i2, rel=1e-5, abs=1e-5)
        there, here = one.predict([3.5]), two.predict(3.5)
        assert here.te[1, 0] == pytest.approx(there.estimate[0], rel=1e-5, abs=1e-6)
        assert here.se[1, 0] == pytest.approx(there.se[0], rel=1e-5)
        assert here.lower[1, 0] == pytest.approx(there.ci[0, 0], rel=1e-5, abs=1e-6)
        if there.prediction_interval is not None:
            assert here.prediction_upper[1, 0] == pytest.approx(
                there.prediction_interval[0, 1], rel=1e-5, abs=1e-6
            )
        else:
            assert math.isnan(here.prediction_upper[1, 0])


@settings(max_examples=20)
@given(st.integers(0, 50), st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_where_a_covariate_counts_from(seed: int, shift: float, factor: float) -> None:
    """Centring changes main effects only, and the unit only the interaction, by the factor."""
    x = covariate(SMOKING, seed)
    one = syn.network_regress(**SMOKING, x=x, reference="A", interaction="independent")
    two = syn.network_regress(
        **SMOKING, x=factor * (x - shift), reference="A", interaction="independent"
    )
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-9)
    assert two.q == pytest.approx(one.q, rel=1e-7)
    assert two.qm == pytest.approx(one.qm, rel=1e-5)
    np.testing.assert_allclose(
        factor * two.coefficients[3:], one.coefficients[3:], rtol=1e-5, atol=1e-8
    )
    np.testing.assert_allclose(factor * two.se[3:], one.se[3:], rtol=1e-6)
    main = one.coefficients[:3] + shift * one.coefficients[3:]
    np.testing.assert_allclose(two.coefficients[:3], main, rtol=1e-5, atol=1e-5)
    there, here = one.predict(47.0), two.predict(factor * (47.0 - shift))
    np.testing.assert_allclose(here.te, there.te, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(here.se, there.se, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("interaction", ["common", "independent"])
def test_an_effect_of_the_covariate_is_found_again(interaction: Any) -> None:
    """Add what the model describes to every contrast: only these coefficients move, by as much."""
    x = covariate(SMOKING, 3)
    names = ("B", "C", "D")
    slope = dict(zip(names, (0.02, -0.01, 0.03), strict=True))
    if interaction == "common":
        slope = dict.fromkeys(names, 0.02)
    moved = [
        te + (slope.get(one, 0.0) - slope.get(two, 0.0)) * z
        for te, one, two, z in zip(
            SMOKING["te"], SMOKING["treat1"], SMOKING["treat2"], x[:, 0], strict=True
        )
    ]
    arguments = {"x": x, "reference": "A", "interaction": interaction}
    before = syn.network_regress(**SMOKING, **cast("Any", arguments))
    after = syn.network_regress(**{**SMOKING, "te": moved}, **cast("Any", arguments))
    change = after.coefficients - before.coefficients
    expected = [0.02] if interaction == "common" else list(slope.values())
    np.testing.assert_allclose(change, [0.0] * 3 + expected, atol=1e-8)
    assert after.tau2 == pytest.approx(before.tau2, rel=1e-7)
    assert after.q == pytest.approx(before.q, rel=1e-9)


def test_a_covariate_that_explains_nothing_leaves_the_network() -> None:
    """Predictions at the mean of an orthogonal covariate are the network: two copies, +1 and -1."""
    both = {name: [*SENN[name], *SENN[name]] for name in ("treat1", "treat2", "te", "se")} | {
        "study": [*(f"{s}+" for s in SENN["study"]), *(f"{s}-" for s in SENN["study"])]
    }
    x = np.repeat([1.0, -1.0], len(SENN["te"]))
    result = syn.network_regress(**cast("Any", both), x=x, reference="plac", method="EE")
    plain = syn.network(**cast("Any", both), method="EE")
    assert result.coefficients[-1] == pytest.approx(0.0, abs=1e-12)
    assert result.q == pytest.approx(plain.q, rel=1e-10)
    for value in (-1.0, 0.0, 7.0):
        np.testing.assert_allclose(result.predict(value).te, plain.common.te, atol=1e-10)
    np.testing.assert_allclose(result.predict(0.0).se, plain.common.se, rtol=1e-9)


def test_a_common_interaction_stands_still_between_the_others() -> None:
    result = syn.network_regress(**SENN, x=covariate(SENN, 5), reference="plac", names="age")
    assert result.names[-1] == "age"
    low, high = result.predict(40.0), result.predict(60.0)
    move = high.te - low.te
    at = result.treatments.index("plac")
    rest = np.arange(len(result.treatments)) != at
    np.testing.assert_allclose(move[np.ix_(rest, rest)], 0.0, atol=1e-12)
    np.testing.assert_allclose(move[rest, at], 20.0 * result.coefficients[-1], rtol=1e-9)
    kept = json.loads(json.dumps(result.to_dict()))
    assert kept["coefficients"][-1] == result.coefficients[-1]
    assert json.loads(json.dumps(low.to_dict()))["te"][0][1] == low.te[0, 1]
    assert "NetworkRegressionResult: k = 26, 10 treatments, common interaction" in repr(result)
    with pytest.raises(ValueError, match="x has 2 values; expected one each of age"):
        result.predict([1.0, 2.0])


LINE: dict[str, Any] = {
    "study": [1, 2, 3, 4],
    "treat1": ["B", "B", "C", "C"],
    "treat2": ["A", "A", "B", "B"],
    "te": [0.1, 0.3, 0.2, 0.5],
    "se": [0.1, 0.2, 0.1, 0.2],
}


def test_no_degree_of_freedom_is_said() -> None:
    arguments: dict[str, Any] = {"x": [1, 2, 3, 5], "reference": "A", "interaction": "independent"}
    result = syn.network_regress(**LINE, **arguments)
    assert math.isnan(result.tau2)
    assert "no degree of freedom" in result.notes[0]
    np.testing.assert_allclose(result.predict(1.0).te[1, 0], 0.1, atol=1e-12)
    with pytest.raises(ValueError, match="leave no degree of freedom beside 4 coefficients"):
        syn.network_regress(**LINE, **arguments, test="knha")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reference": "X"}, "reference is 'X'; the treatments are A, B, C"),
        ({"interaction": "both"}, "interaction is 'both'; expected one of common, independent"),
        ({"test": "F"}, "test is 'F'"),
        ({"method": "PM"}, "method is 'PM'"),
        ({"level": 2}, "level is 2"),
        ({"x": [1, 2, 3]}, "x has 3 rows; expected 4"),
        ({"x": [1, 2, 3, math.nan]}, r"x\[3, 0\] is nan"),
        ({"x": [7, 7, 7, 7]}, "x1 is 7 in every study"),
        (
            {"x": [1, 2, 4, 4], "interaction": "independent"},
            "the data do not tell C:x1 apart from C",
        ),
        ({"x": [4, 4, 1, 2], "interaction": "common"}, "the data do not tell x1 apart from B, C"),
        ({"x": [[1, 2], [2, 4], [3, 6], [5, 10]]}, "the data do not tell x1, x2"),
        ({"study": [1, 2, 3, 4], "treat2": ["A", "A", "D", "D"]}, "falls into 2 parts"),
        ({"names": ["a", "b"]}, "names has 2 entries"),
    ],
)
def test_bad_input_is_named(changes: dict[str, Any], words: str) -> None:
    good = {**LINE, "x": [1, 2, 3, 5], "reference": "A"}
    with pytest.raises(ValueError, match=words):
        syn.network_regress(**{**good, **changes})


def test_a_covariate_belongs_to_the_study() -> None:
    data = {**LINE, "study": [1, 1, 1, 2], "treat1": ["B", "C", "C", "C"], "se": [0.2] * 4}
    data |= {"treat2": ["A", "A", "B", "B"], "te": [0.1, 0.3, 0.2, 0.5]}
    with pytest.raises(ValueError, match="study 1 has age 1 in row 0 and 2 in row 1"):
        syn.network_regress(**data, x=[1, 2, 1, 5], reference="A", names=["age"])
