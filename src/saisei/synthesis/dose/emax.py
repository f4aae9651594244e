"""The Emax curve with an ED50 to be estimated, in two stages.

``f(d) = E d / (ED50 + d)`` (Hill 1910 with exponent 1). Each study is fitted by generalised least
squares in ``(E, log ED50)``; both are then pooled with their covariance between studies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, vector
from saisei.synthesis.dose.response import DoseMethod, DosePrediction
from saisei.synthesis.effects.measures import LeftOut
from saisei.synthesis.regression.mixed_blocks import common_fit, fit_blocks, stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.dose.contrasts import DoseStudy

REACH = math.log(100.0)
"""ED50 is sought from a hundredth of the lowest dose to a hundred times the highest."""

MAX_ITERATIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class EmaxResponse:
    """A pooled Emax curve.

    Attributes
    ----------
    emax, log_ed50, se, covariance
        Mean of E and of log ED50 over studies, their standard errors and covariance.
    psi
        Covariance of both between studies.
    study_coefficients, study_covariances
        The first stage (E, log ED50), one row and matrix per study used.
    included, left_out
        Places of the studies used, and those left out with the reason.
    k, method, level, converged, iterations, boundary
        What was used and how it was reached.
    """

    emax: float
    log_ed50: float
    se: tuple[float, float]
    covariance: FloatArray = field(hash=False)
    psi: FloatArray = field(hash=False)
    study_coefficients: FloatArray = field(hash=False)
    study_covariances: FloatArray = field(hash=False)
    included: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    k: int
    method: str
    level: float
    converged: bool
    iterations: int
    boundary: bool

    @property
    def ed50(self) -> float:
        """The dose of half the effect, at the mean of its logarithm."""
        return math.exp(self.log_ed50)

    def predict(self, dose: ArrayLike, reference: float = 0.0) -> DosePrediction:
        """Return the mean curve at ``dose`` minus that at ``reference`` (delta method)."""
        at = vector("dose", dose)
        base = np.array([float(reference)])
        estimate, slope = _curve(at, base, self.emax, self.log_ed50)
        se = np.sqrt(np.maximum(0.0, np.vecdot(slope @ self.covariance, slope)))
        half = float(special.ndtri(0.5 + 0.5 * self.level)) * se
        return DosePrediction(
            frozen(at),
            float(reference),
            frozen(estimate),
            frozen(se),
            frozen(estimate - half),
            frozen(estimate + half),
            self.level,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values that JSON can hold."""
        named = {name: getattr(self, name) for name in self.__slots__}
        named["left_out"] = [{"index": out.index, "reason": out.reason} for out in self.left_out]
        return {name: plain(value) for name, value in named.items()}


def emax_response(
    studies: Sequence[DoseStudy], *, method: DoseMethod = "REML", level: float = 0.95
) -> EmaxResponse:
    """Pool Emax curves whose ED50 is estimated in each study.

    Parameters
    ----------
    studies : sequence of DoseStudy
        From ``dose_ratios``, ``dose_means``, or built from contrasts; doses not below 0.
    method : {"REML", "ML", "EE"}
        Estimator of the covariance between studies.
    level : float
        Coverage of every interval (normal).

    Returns
    -------
    EmaxResponse

    Raises
    ------
    ValueError
        If a dose is below 0, or no study has an ED50 within reach of its doses.

    Examples
    --------
    >>> import numpy as np
    >>> from saisei.synthesis import DoseStudy
    >>> dose = np.array([1.0, 2.0, 5.0])
    >>> study = DoseStudy(dose, 3.0 * dose / (2.0 + dose), 0.1 * np.eye(3))
    >>> result = emax_response([study, study])
    >>> f"{result.emax:.4f} {result.ed50:.4f}"
    '3.0000 2.0000'
    """
    check_level(level)
    if method not in get_args(DoseMethod):
        raise ValueError(f"method is {method!r}; expected one of REML, ML, EE")
    blocks, included, left_out = [], [], []
    for i, study in enumerate(studies):
        found = _one(study, i)
        if isinstance(found, str):
            left_out.append(LeftOut(i, found))
            continue
        included.append(i)
        blocks.append((found[0], np.eye(2), found[1]))
    if not blocks:
        raise ValueError("no study has an ED50 within reach of its doses")
    converged, iterations, boundary, psi = True, 0, False, np.zeros((2, 2))
    if method == "EE" or len(blocks) == 1:
        beta, covariance, _ = common_fit(stack(blocks))
    else:
        fit = fit_blocks(stack(blocks), restricted=method == "REML")
        beta, covariance, psi = fit.beta, fit.covariance, fit.psi
        converged, iterations, boundary = fit.converged, fit.iterations, fit.boundary
    return EmaxResponse(
        emax=float(beta[0]),
        log_ed50=float(beta[1]),
        se=(math.sqrt(covariance[0, 0]), math.sqrt(covariance[1, 1])),
        covariance=frozen(covariance),
        psi=frozen(psi),
        study_coefficients=frozen(np.array([block[0] for block in blocks])),
        study_covariances=frozen(np.array([block[2] for block in blocks])),
        included=tuple(included),
        left_out=tuple(left_out),
        k=len(blocks),
        method=method,
        level=level,
        converged=converged,
        iterations=iterations,
        boundary=boundary,
    )


def _curve(
    dose: FloatArray, reference: FloatArray, emax: float, log_ed50: float
) -> tuple[FloatArray, FloatArray]:
    """Contrasts with the reference and their derivatives in (E, log ED50)."""
    half = math.exp(log_ed50)
    share = dose / (half + dose) - reference / (half + reference)
    bend = reference * half / (half + reference) ** 2 - dose * half / (half + dose) ** 2
    return emax * share, np.column_stack([share, emax * bend])


def _one(study: DoseStudy, place: int) -> tuple[FloatArray, FloatArray] | str:
    """Fit one study by Gauss-Newton from the best of a grid of ED50, or say why not."""
    base = np.array([study.reference])
    doses = np.append(study.dose, base)
    if doses.min() < 0:
        raise ValueError(f"studies[{place}]: dose {doses.min():g} is below 0")
    if np.unique(doses).size < 3:
        return "fewer than two doses besides the reference"
    weight = np.asarray(np.linalg.inv(study.covariance), dtype=np.float64)
    grid = np.linspace(math.log(doses[doses > 0].min()) - REACH, math.log(doses.max()) + REACH, 200)

    def conditional(log_ed50: float) -> tuple[float, float]:
        share, _ = _curve(study.dose, base, 1.0, log_ed50)
        emax = float(share @ weight @ study.y / (share @ weight @ share))
        residual = study.y - emax * share
        return float(residual @ weight @ residual), emax

    losses = [conditional(at)[0] for at in grid]
    best = int(np.argmin(losses))
    if best in {0, grid.size - 1}:
        return "the curve has no ED50 within reach of the doses"
    start = np.array([conditional(grid[best])[1], grid[best]])
    return _gauss_newton(study, base, weight, start)


def _gauss_newton(
    study: DoseStudy, base: FloatArray, weight: FloatArray, at: FloatArray
) -> tuple[FloatArray, FloatArray] | str:
    """Least squares in (E, log ED50) with halved steps; the estimate and its covariance."""

    def squares(where: FloatArray) -> float:
        residual = study.y - _curve(study.dose, base, where[0], where[1])[0]
        return float(residual @ weight @ residual)

    loss = squares(at)
    for _ in range(MAX_ITERATIONS):
        value, slope = _curve(study.dose, base, at[0], at[1])
        information = slope.T @ weight @ slope
        if np.linalg.cond(information) > 1e14:
            break
        step = np.linalg.solve(information, slope.T @ weight @ (study.y - value))
        for _ in range(60):
            if squares(at + step) <= loss * (1 + 1e-14) + 1e-300:
                break
            step = 0.5 * step
        at = at + step
        loss = squares(at)
        if np.abs(step).max() <= 1e-11 * (1.0 + np.abs(at).max()):
            return at, np.asarray(np.linalg.inv(information), dtype=np.float64)
    return "the doses do not tell the effect from its ED50"
