"""Dose-response meta-analysis in one and two stages.

Every study gives contrasts with its own reference dose and their covariance (``DoseStudy``). A
curve is fitted within each study by generalised least squares and the coefficients are pooled
(two stages), or all contrasts are modelled at once with random coefficients (one stage; Crippa
and others 2019). Where every study can fit the whole curve both give the same answer; one stage
also uses studies with fewer doses than coefficients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from saisei.synthesis._numeric import special
from saisei.synthesis._numeric.arrays import check_level, frozen, plain, vector
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.dose.contrasts import DoseStudy
from saisei.synthesis.dose.shapes import DoseShape, Shape, make_shape
from saisei.synthesis.effects.measures import LeftOut
from saisei.synthesis.pairwise.heterogeneity import estimate_tau2
from saisei.synthesis.regression.mixed_blocks import (
    BlockFit,
    common_fit,
    fit_blocks,
    log_likelihood,
    stack,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray
    from saisei.synthesis.regression.mixed_blocks import Block

DoseMethod = Literal["REML", "ML", "EE"]


@dataclass(frozen=True, slots=True, eq=False)
class DosePrediction(Result):
    """The mean curve at some doses, against a reference dose, with intervals."""

    dose: FloatArray = field(hash=False)
    reference: float
    estimate: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    low: FloatArray = field(hash=False)
    high: FloatArray = field(hash=False)
    level: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DoseResponse:
    """A pooled dose-response curve.

    Attributes
    ----------
    shape : DoseShape
        The curve's form with its constants (knots and so on).
    coefficients, se, ci, covariance
        Mean coefficients, their standard errors, Wald intervals (p, 2) and covariance.
    psi
        Covariance of the studies' coefficients, (p, p); zero under ``EE``.
    wald, wald_p
        Test that the curve is flat, chi-squared with p degrees of freedom.
    nonlinearity, nonlinearity_p
        Test that all coefficients but the first are 0; NaN for shapes with one coefficient.
    q, q_df, q_p
        Residual heterogeneity about the common curve, of coefficients in two stages, of
        contrasts in one stage.
    study_coefficients, study_covariances
        The first stage: one row and one matrix per study that can fit the curve alone.
    included, left_out
        Places of the studies used, and those left out with the reason.
    k, stages, method, level, log_likelihood, converged, iterations, boundary, notes
        What was used and how it was reached; ``boundary``: psi is singular or zero.
    """

    shape: DoseShape
    coefficients: FloatArray = field(hash=False)
    se: FloatArray = field(hash=False)
    ci: FloatArray = field(hash=False)
    covariance: FloatArray = field(hash=False)
    psi: FloatArray = field(hash=False)
    wald: float
    wald_p: float
    nonlinearity: float
    nonlinearity_p: float
    q: float
    q_df: int
    q_p: float
    k: int
    stages: int
    method: str
    level: float
    log_likelihood: float
    converged: bool
    iterations: int
    boundary: bool
    notes: tuple[str, ...]
    included: tuple[int, ...]
    left_out: tuple[LeftOut, ...]
    study_coefficients: FloatArray = field(hash=False)
    study_covariances: FloatArray = field(hash=False)

    def predict(self, dose: ArrayLike, reference: float = 0.0) -> DosePrediction:
        """Return the mean curve at ``dose`` minus that at ``reference``, at the fit's level."""
        at = vector("dose", dose)
        x = self.shape.basis(at) - self.shape.basis(np.array([float(reference)]))
        estimate = x @ self.coefficients
        se = np.sqrt(np.maximum(0.0, np.vecdot(x @ self.covariance, x)))
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
        named["shape"] = {name: getattr(self.shape, name) for name in DoseShape.__slots__}
        return {name: plain(value) for name, value in named.items()}

    def __repr__(self) -> str:
        percent = f"{100 * self.level:g}%"
        stages = "2 stages" if self.stages == 2 else "1 stage"
        lines = [
            f"DoseResponse: k = {self.k}, {self.shape.name}, {stages}, method {self.method}",
            f"  Q({self.q_df}) = {self.q:.4f}, p = {self.q_p:.4g}",
        ]
        rows = zip(self.shape.terms, self.coefficients, self.se, self.ci, strict=True)
        lines += [
            f"  {term}: {b:.6g}   se {se:.4g}   {percent} CI {low:.6g} to {high:.6g}"
            for term, b, se, (low, high) in rows
        ]
        lines.append(f"  curve flat: p = {self.wald_p:.4g}")
        if not math.isnan(self.nonlinearity):
            lines.append(f"  curve straight: p = {self.nonlinearity_p:.4g}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def dose_response(
    studies: Sequence[DoseStudy],
    shape: Shape = "linear",
    *,
    stages: Literal[1, 2] = 2,
    method: DoseMethod = "REML",
    knots: int | Sequence[float] = 3,
    offset: float = 0.0,
    ed50: float | None = None,
    level: float = 0.95,
) -> DoseResponse:
    """Pool a dose-response curve over studies.

    Parameters
    ----------
    studies : sequence of DoseStudy
        From ``dose_ratios``, ``dose_means``, or built from contrasts and their covariance.
    shape : {"linear", "quadratic", "spline", "log", "emax"}
        The curve; see ``Shape``.
    stages : {1, 2}
        All contrasts at once, or each study's curve first.
    method : {"REML", "ML", "EE"}
        Estimator of the coefficients' covariance between studies; ``EE``: one curve for all.
    knots : int or sequence of float
        For ``spline``: their number (at Harrell's percentiles of all doses) or their places.
    offset : float
        For ``log``: what is added to each dose, needed where a dose is 0.
    ed50 : float
        For ``emax``: the dose of half the effect.
    level : float
        Coverage of every interval (normal).

    Returns
    -------
    DoseResponse

    Raises
    ------
    ValueError
        If an argument is not as described, or too few studies can fit the curve.

    Examples
    --------
    >>> from saisei.synthesis import dose_means
    >>> studies = [
    ...     dose_means([0, 1, 2], [5.0, 5.8, 6.4], [2.0, 2.1, 1.9], [20, 22, 21]),
    ...     dose_means([0, 2, 4], [4.0, 5.3, 6.2], [2.2, 2.0, 2.1], [30, 31, 30]),
    ...     dose_means([0, 4], [6.0, 6.4], [1.8, 1.9], [25, 25]),
    ... ]
    >>> dose_response(studies)
    DoseResponse: k = 3, linear, 2 stages, method REML
      Q(2) = 7.0702, p = 0.02916
      dose: 0.400257   se 0.1839   95% CI 0.0398329 to 0.760681
      curve flat: p = 0.02951
    """
    check_level(level)
    if stages not in {1, 2}:
        raise ValueError(f"stages is {stages}; expected 1 or 2")
    if method not in get_args(DoseMethod):
        raise ValueError(f"method is {method!r}; expected one of REML, ML, EE")
    if len(studies) == 0:
        raise ValueError("there is no study: studies is empty")
    doses = np.concatenate([[study.reference, *study.dose] for study in studies])
    curve = make_shape(shape, doses, knots, offset, ed50)
    blocks = [_block(study, curve) for study in studies]
    p = len(curve.terms)
    alone = [i for i, (_, x, _) in enumerate(blocks) if np.linalg.matrix_rank(x) == p]
    first = [_first_stage(blocks[i]) for i in alone]
    used = alone if stages == 2 else list(range(len(blocks)))
    reason = f"fewer doses than the {p} coefficients of the curve"
    left_out = tuple(LeftOut(i, reason) for i in range(len(blocks)) if i not in used)
    identity = np.eye(p)
    parts = [(b, identity, v) for b, v in first] if stages == 2 else blocks
    _enough(parts, p)
    found, q = _fit(parts, method)
    shared = {
        "k": len(used),
        "stages": stages,
        "method": method,
        "level": level,
        "included": tuple(used),
        "left_out": left_out,
        "study_coefficients": frozen(np.array([b for b, _ in first]).reshape(-1, p)),
        "study_covariances": frozen(np.array([v for _, v in first]).reshape(-1, p, p)),
    }
    return _result(curve, found, q, sum(y.size for y, _, _ in parts) - p, shared)


def _block(study: DoseStudy, curve: DoseShape) -> Block:
    """Contrasts, design and covariance of one study."""
    x = curve.basis(study.dose) - curve.basis(np.array([study.reference]))
    return study.y, x, study.covariance


def _first_stage(block: Block) -> tuple[FloatArray, FloatArray]:
    beta, covariance, _ = common_fit(stack([block]))
    return beta, covariance


def _enough(parts: Sequence[Block], p: int) -> None:
    """Refuse data that cannot tell the coefficients apart."""
    if not parts or np.linalg.matrix_rank(np.vstack([x for _, x, _ in parts])) < p:
        raise ValueError(f"no study has doses enough for the {p} coefficients of the curve")


def _fit(parts: Sequence[Block], method: DoseMethod) -> tuple[BlockFit, float]:
    """Fit all blocks; one coefficient goes through the univariate estimators, which are exact."""
    blocks = stack(parts)
    beta, covariance, q = common_fit(blocks)
    p = beta.size
    restricted = method == "REML"
    telling = [part for part in parts if part[1].any()]
    if method != "EE" and len(telling) > 1 and p > 1:
        return fit_blocks(blocks, restricted=restricted), q
    tau2, iterations, converged, boundary = 0.0, 0, True, False
    if method != "EE" and len(telling) > 1:
        first = [_first_stage(part) for part in telling]
        b, v = np.array([b[0] for b, _ in first]), np.array([v[0, 0] for _, v in first])
        fit = estimate_tau2(b, v, method)
        tau2, iterations, converged, boundary = (
            fit.tau2,
            fit.iterations,
            fit.converged,
            fit.boundary,
        )
        w = 1.0 / (v + tau2)
        beta = np.array([float(b[0] + w @ (b - b[0]) / w.sum())])
        covariance = np.eye(1) / w.sum()
    psi = tau2 * np.eye(p)
    value = log_likelihood(blocks, psi, restricted=restricted)
    return BlockFit(beta, covariance, psi, value, iterations, converged, boundary), q


def _result(
    curve: DoseShape, found: BlockFit, q: float, q_df: int, shared: dict[str, Any]
) -> DoseResponse:
    beta, covariance = found.beta, found.covariance
    se = np.sqrt(np.diag(covariance))
    half = float(special.ndtri(0.5 + 0.5 * shared["level"])) * se
    wald = float(beta @ np.linalg.solve(covariance, beta))
    bend = math.nan
    if beta.size > 1:
        bend = float(beta[1:] @ np.linalg.solve(covariance[1:, 1:], beta[1:]))
    notes = []
    if shared["k"] == 1:
        notes.append("one study: its own curve; nothing can be said of heterogeneity")
    if not found.converged:
        notes.append("the likelihood's maximum was not reached")
    return DoseResponse(
        shape=curve,
        coefficients=frozen(beta),
        se=frozen(se),
        ci=frozen(np.column_stack([beta - half, beta + half])),
        covariance=frozen(covariance),
        psi=frozen(found.psi),
        wald=wald,
        wald_p=float(special.chdtrc(beta.size, wald)),
        nonlinearity=bend,
        nonlinearity_p=float(special.chdtrc(beta.size - 1, bend)) if beta.size > 1 else math.nan,
        q=q,
        q_df=q_df,
        q_p=float(special.chdtrc(q_df, q)) if q_df > 0 else math.nan,
        log_likelihood=found.log_likelihood,
        converged=found.converged,
        iterations=found.iterations,
        boundary=found.boundary,
        notes=tuple(notes),
        **shared,
    )
