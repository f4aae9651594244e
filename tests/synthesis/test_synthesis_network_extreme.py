"""Networks whose variances differ by factors up to 1e12, against exact rational arithmetic.

The numbers handed in are floats, hence rationals; generalised least squares with whole covariance
matrices is done on them in fractions, without any rounding. What may be lost is what rounding of
the effects alone costs, a few units of 2^-52 max|te| / min se in standard errors; nothing else
depends on the factor.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from saisei import synthesis as syn

Matrix = list[list[Fraction]]
Study = tuple[list[int], dict[tuple[int, int], Fraction], dict[tuple[int, int], Fraction]]
TREATMENTS = 5


def inverse(a: Matrix) -> Matrix:
    size = len(a)
    m = [[*row, *(Fraction(int(i == j)) for j in range(size))] for i, row in enumerate(a)]
    for c in range(size):
        pivot = max(range(c, size), key=lambda r: abs(m[r][c]))
        m[c], m[pivot] = m[pivot], m[c]
        m[c] = [x / m[c][c] for x in m[c]]
        for r in range(size):
            if r != c:
                m[r] = [x - m[r][c] * y for x, y in zip(m[r], m[c], strict=True)]
    return [row[size:] for row in m]


def product(a: Matrix, b: Matrix) -> Matrix:
    columns = list(zip(*b, strict=True))
    return [
        [sum((x * y for x, y in zip(r, c, strict=True)), Fraction(0)) for c in columns] for r in a
    ]


def trace(a: Matrix) -> Fraction:
    return sum((a[i][i] for i in range(len(a))), Fraction(0))


def exact(studies: list[Study]) -> tuple[list[Fraction], Matrix, Fraction, Fraction]:
    """Effects against the first treatment, their covariance, Q, and DerSimonian-Laird's tau2."""
    n = TREATMENTS - 1
    information: Matrix = [[Fraction(0)] * n for _ in range(n)]
    pull: Matrix = [[Fraction(0)] for _ in range(n)]
    parts, df = [], -n
    for arms, te, v in studies:
        first, rest = arms[0], arms[1:]
        spread = [
            [(v[a, first] + v[b, first] - (v[a, b] if a != b else 0)) / 2 for b in rest]
            for a in rest
        ]
        half = [[Fraction(1) if a == b else Fraction(1, 2) for b in rest] for a in rest]
        x = [[Fraction((a == t) - (first == t)) for t in range(1, n + 1)] for a in rest]
        w, y = inverse(spread), [[te[a, first]] for a in rest]
        turned = [list(column) for column in zip(*x, strict=True)]
        xw = product(turned, w)
        for total, more in ((information, product(xw, x)), (pull, product(xw, y))):
            for row, own in zip(total, more, strict=True):
                row[:] = [p + q for p, q in zip(row, own, strict=True)]
        parts.append((x, y, w, half, xw))
        df += len(rest)
    covariance = inverse(information)
    b = product(covariance, pull)
    q = slope = Fraction(0)
    for x, y, w, half, xw in parts:
        left = [[p[0] - r[0]] for p, r in zip(y, product(x, b), strict=True)]
        q += trace(product([[row[0] for row in left]], product(w, left)))
        wx = [list(column) for column in zip(*xw, strict=True)]
        slope += trace(product(w, half)) - trace(
            product(covariance, product(product(xw, half), wx))
        )
    return [Fraction(0), *(row[0] for row in b)], covariance, q, max(Fraction(0), (q - df) / slope)


def made(seed: int, factor: float, sizes: tuple[int, ...], *, conflict: bool) -> Any:
    """Studies with arm variances of 1 or 1/factor, or anything between; effects fit each other."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: [] for name in ("study", "treat1", "treat2", "te", "se")}
    theta = [Fraction(int(rng.integers(-(3 << 20), 3 << 20)), 1 << 20) for _ in range(TREATMENTS)]
    studies: list[Study] = []
    for number, size in enumerate(sizes):
        arms = rng.permutation(TREATMENTS)[:size].tolist()
        if number < TREATMENTS - 1:
            others = number + 1 + rng.permutation(TREATMENTS - number - 1)
            arms = [number, *others[: size - 1].tolist()]
        ends = rng.random() < 0.5
        v = {a: factor ** -(round(rng.random()) if ends else rng.random()) for a in arms}
        mean = {}
        for a in arms:
            noise = 1.0 if conflict else math.sqrt(v[a])
            mean[a] = theta[a] + Fraction(round(rng.normal(0.0, noise) * 2**46), 2**46)
        te, spread = {}, {}
        for a, b in itertools.permutations(arms, 2):
            te[a, b], spread[a, b] = mean[a] - mean[b], Fraction(math.sqrt(v[a] + v[b])) ** 2
        for a, b in itertools.combinations(arms, 2):
            gap, se = float(mean[a] - mean[b]), math.sqrt(v[a] + v[b])
            for name, value in zip(columns, (f"s{number}", f"t{a}", f"t{b}", gap, se), strict=True):
                columns[name].append(value)
        studies.append((arms, te, spread))
    return columns, studies


@pytest.mark.parametrize("factor", [1.0, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("sizes", [(2, 2, 2, 2, 3, 3, 4), (3, 3, 3, 3, 3), (5, 4, 3, 2)])
def test_extreme_variances(factor: float, sizes: tuple[int, ...]) -> None:
    for seed in range(6):
        columns, studies = made(seed, factor, sizes, conflict=False)
        net = syn.network(**columns, method="DL")
        theta, covariance, q, tau2 = exact(studies)
        unit = max(map(abs, columns["te"])) / min(columns["se"]) * 2.0**-52
        for i, j in itertools.combinations(range(TREATMENTS), 2):
            own = [covariance[a - 1][b - 1] if a and b else 0 for a, b in ((i, i), (j, j), (i, j))]
            variance = own[0] + own[1] - 2 * own[2]
            at = net.index(f"t{i}"), net.index(f"t{j}")
            assert float(Fraction(float(net.common.se[at])) ** 2 / variance) == pytest.approx(
                1.0, rel=1e-12
            )
            gap = Fraction(float(net.common.te[at])) - (theta[i] - theta[j])
            assert abs(float(gap)) / math.sqrt(variance) < 100.0 * unit + 1e-12
        assert net.q == pytest.approx(float(q), rel=1e-11 + 100.0 * unit)
        assert net.tau2 == pytest.approx(float(tau2), rel=1e-9 + 1e3 * unit, abs=1e-9 * unit)


def test_effects_that_contradict_each_other() -> None:
    """Off by a million standard errors: Q is of that size, and the standard errors stay exact."""
    for seed in range(6):
        columns, studies = made(seed, 1e12, (2, 2, 3, 3, 4, 5), conflict=True)
        net = syn.network(**columns, method="DL")
        theta, covariance, q, tau2 = exact(studies)
        assert float(q) > 1e4
        assert net.q == pytest.approx(float(q), rel=1e-9)
        assert net.tau2 == pytest.approx(float(tau2), rel=1e-8)
        at = net.index("t1"), net.index("t0")
        assert net.common.se[at] == pytest.approx(math.sqrt(covariance[0][0]), rel=1e-12)
        gap = abs(float(Fraction(float(net.common.te[at])) - theta[1]))
        assert gap < 1e-5 * net.common.se[at]


@pytest.mark.parametrize("small", [1e-3, 1e-6, 1e-9])
def test_one_precise_arm(small: float) -> None:
    """By hand: with one study of three arms every contrast is what the study has."""
    v = np.array([small**2, 1.0, 4.0])
    pairs = [(0, 1), (0, 2), (1, 2)]
    se = [math.sqrt(v[a] + v[b]) for a, b in pairs]
    net = syn.network(["x"] * 3, "AAB", "BCC", [0.25, -0.5, -0.75], se, method="EE")
    np.testing.assert_allclose([net.common.te[p] for p in pairs], [0.25, -0.5, -0.75], rtol=1e-14)
    np.testing.assert_allclose([net.common.se[p] for p in pairs], se, rtol=1e-14)


def test_two_precise_arms() -> None:
    """The difference of two arms that are 1e10 times as precise as the third: nothing is lost."""
    small = 1e-10
    se = [small * math.sqrt(2.0), math.hypot(1.0, small), math.hypot(1.0, small)]
    net = syn.network(["x"] * 3, "AAB", "BCC", [small, 1.0 + small, 1.0], se, method="EE")
    assert net.common.se[0, 1] == pytest.approx(se[0], rel=1e-14)
    assert net.common.te[0, 1] == pytest.approx(small, rel=1e-5)
    assert net.common.te[0, 2] == pytest.approx(1.0, rel=1e-9)


def test_what_the_input_does_not_hold_is_refused() -> None:
    pairs = list(itertools.combinations("ABCD", 2))
    one, two = zip(*pairs, strict=True)
    # Two pairs of arms, each a millionth apart, and 1 from each other: how they go together is
    # in the thirteenth digit of the others.
    se = [1e-6 if pair in {("A", "B"), ("C", "D")} else 1.0 for pair in pairs]
    with pytest.raises(ValueError, match="study x: its standard errors reach from 1e-06 to 1; how"):
        syn.network(["x"] * 6, one, two, [0.0] * 6, se)
    milder = [1e-4 if value < 1.0 else value for value in se]
    net = syn.network(["x"] * 6, one, two, [0.0] * 6, milder, method="EE")
    assert net.common.se[0, 1] == pytest.approx(1e-4, rel=1e-12)
    far = [1e-12, 1.0, 1.0]
    with pytest.raises(ValueError, match="how B against A and C against A go together"):
        syn.network(["x"] * 3, "AAB", "BCC", [0.0] * 3, far)
