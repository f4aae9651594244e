"""Exact Bayesian random-effects network meta-analysis, without sampling.

The model of ``networks.estimates`` with a prior for tau, one for all comparisons, so that two
random effects of a study with several arms correlate by 1/2 (Lu and Ades 2004), and flat or normal
priors for the effects against a reference. Given tau all effects are jointly normal; integrating
them out leaves a density in tau alone, which is integrated by the quadrature of ``bayes_pool``.
Every pair of treatments is then a mixture of normals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import check_level, frozen, plain
from saisei.synthesis._numeric.result import Result
from saisei.synthesis.bayes.marginals import Mixture, TauMarginal, mixture, mixture_quantiles
from saisei.synthesis.bayes.network_model import contrast_model
from saisei.synthesis.bayes.network_ranks import BayesRanking, better_shares, rank
from saisei.synthesis.bayes.pooling import DEFAULT_TAU_PRIOR, line, summary
from saisei.synthesis.bayes.posterior import tau_posterior
from saisei.synthesis.networks.data import check_connected, independent_rows, read_contrasts
from saisei.synthesis.networks.pairs import sign_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from saisei.synthesis._numeric.arrays import FloatArray, IntArray
    from saisei.synthesis.bayes.priors import Normal, TauPrior
    from saisei.synthesis.networks.data import Rows
    from saisei.synthesis.networks.pairs import SmallValues

LARGEST_BLOCK = 2_000_000
"""Numbers held at once while quantiles of many pairs are sought."""


@dataclass(frozen=True, slots=True, eq=False)
class BayesPairs(Result):
    """All pairs of a network; ``[i, j]`` is treatment ``i`` minus ``j``, the diagonal is 0.

    Attributes
    ----------
    treatments
        The order of the matrices.
    median, mean, sd, lower, upper : array of shape (n, n)
        Of the mean effects, or of the true effects of a new setting; the interval is central.
    level
        Its probability.
    """

    treatments: tuple[str, ...]
    median: FloatArray
    mean: FloatArray
    sd: FloatArray
    lower: FloatArray
    upper: FloatArray
    level: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesNetwork:
    """The posterior of a network meta-analysis.

    Attributes
    ----------
    treatments : tuple of str
        In alphabetical order without regard to case: the order of every matrix.
    tau : TauMarginal
        The standard deviation of true effects, one for all comparisons.
    log_evidence : float or None
        Log marginal likelihood of the contrasts of each study with one of its arms (whichever);
        None where a prior is improper.
    reference : str
        The treatment that ``effect_prior`` compares the others with; without one it changes
        nothing but what is printed.
    k, m, designs
        Number of studies and of contrasts; the sets of treatments that studies compare.
    tau_prior, effect_prior
        The priors (``effect_prior`` None: flat).
    moments : int
        How many moments of tau exist (0, 1 or 2), and of effects with a flat prior.
    converged : bool
        Whether the quadrature reached its tolerance everywhere.
    notes : tuple of str
        Sentences on what is unusual.
    rows
        The data as independent rows.
    weights, tau_nodes, centres, roots
        Nodes in tau and their weights; given each, effects about their mean (N, n) and roots
        (N, n, n - 1) of their covariances.
    """

    treatments: tuple[str, ...]
    tau: TauMarginal
    log_evidence: float | None
    reference: str
    k: int
    m: int
    designs: tuple[tuple[str, ...], ...]
    tau_prior: TauPrior
    effect_prior: Normal | None
    moments: int
    converged: bool
    notes: tuple[str, ...]
    rows: Rows = field(hash=False)
    weights: FloatArray = field(hash=False)
    tau_nodes: FloatArray = field(hash=False)
    centres: FloatArray = field(hash=False)
    roots: FloatArray = field(hash=False)

    def effect(self, one: str, other: str) -> Mixture:
        """Return the mean effect of one treatment minus another."""
        centre, spread = self._pair(one, other)
        return mixture(self.weights, centre, spread, 2 if self.effect_prior else self.moments)

    def predictive(self, one: str, other: str) -> Mixture:
        """Return the true effect of one treatment minus another in a new setting."""
        centre, spread = self._pair(one, other)
        return mixture(self.weights, centre, np.hypot(spread, self.tau_nodes), self.moments)

    def pairs(self, level: float = 0.95, *, predictive: bool = False) -> BayesPairs:
        """Median, mean, SD and central interval of every pair.

        Parameters
        ----------
        level : float
            Probability of the interval.
        predictive : bool
            Whether true effects of a new setting are meant, instead of mean effects.
        """
        tail, n = 0.5 * (1.0 - check_level(level)), len(self.treatments)
        i, j = np.triu_indices(n, 1)
        centres, spreads = self._differences(i, j)
        if predictive:
            spreads = np.hypot(spreads, self.tau_nodes)
        moments = 2 if self.effect_prior and not predictive else self.moments
        mean = np.full(i.size, math.inf) if moments < 1 else centres @ self.weights
        sd = np.full(i.size, math.inf)
        if moments == 2:
            sd = np.sqrt((spreads**2 + (centres - mean[:, None]) ** 2) @ self.weights)
        p = np.array([0.5, tail, 1.0 - tail])
        cut = 1 + 3 * centres.size // LARGEST_BLOCK
        blocks = zip(np.array_split(centres, cut), np.array_split(spreads, cut), strict=True)
        rows = [mixture_quantiles(self.weights, *block, p) for block in blocks]
        median, low, high = np.concatenate(rows).T
        # The other way round an effect is its negative; a mean that does not exist stays infinite.
        whole = np.zeros((5, n, n))
        whole[:, i, j] = median, mean, sd, low, high
        whole[:, j, i] = -median, mean if moments < 1 else -mean, sd, -high, -low
        told = [frozen(part) for part in whole]
        return BayesPairs(self.treatments, told[0], told[1], told[2], told[3], told[4], level)

    def sucra(self, small_values: SmallValues = "desirable") -> dict[str, float]:
        """SUCRA of each treatment: the mean probability of being better than another one.

        A mean of distribution functions of pairs, exact as they are (Rücker and Schwarzer 2015
        for the identity): no simulation of ranks is needed.
        """
        shares = better_shares(self.weights, self.centres, self.roots, sign_of(small_values))
        return dict(zip(self.treatments, shares.tolist(), strict=True))

    def ranking(self, small_values: SmallValues = "desirable", *, shifts: int = 8) -> BayesRanking:
        """Probability of every rank; see ``BayesRanking`` for its accuracy.

        Parameters
        ----------
        small_values : {"desirable", "undesirable"}
            Whether a small effect is good or bad.
        shifts : int
            Of a lattice of 1021 points, at least 2: four times as many halve the error.
        """
        return rank(self.treatments, self.weights, self.centres, self.roots, small_values, shifts)

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        return {
            "treatments": list(self.treatments),
            "k": self.k,
            "m": self.m,
            "level": level,
            "tau_prior": repr(self.tau_prior),
            "effect_prior": repr(self.effect_prior) if self.effect_prior else "flat",
            "reference": self.reference,
            "tau": summary(self.tau, self.tau.mean, self.tau.sd, level),
            "effects": self.pairs(level).to_dict(),
            "predictive": self.pairs(level, predictive=True).to_dict(),
            "sucra": self.sucra(),
            "log_evidence": plain(self.log_evidence),
            "converged": self.converged,
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        priors = f"tau ~ {self.tau_prior}, effects ~ {self.effect_prior or 'flat'}"
        width, scores = max(map(len, self.treatments)), self.sucra()
        lines = [
            f"BayesNetwork: k = {self.k}, {len(self.treatments)} treatments, {priors}",
            f"  tau {line(self.tau)}",
            f"  against {self.reference} (SUCRA: small values desirable)",
        ]
        for name in self.treatments:
            if name != self.reference:
                told = line(self.effect(name, self.reference))
                lines.append(f"    {name:<{width}}  {told}, SUCRA {scores[name]:.4f}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])

    def _place(self, treatment: str) -> int:
        if treatment not in self.treatments:
            raise ValueError(
                f"there is no treatment {treatment!r}; there are {', '.join(self.treatments)}"
            )
        return self.treatments.index(treatment)

    def _pair(self, one: str, other: str) -> tuple[FloatArray, FloatArray]:
        i, j = self._place(one), self._place(other)
        if i == j:
            raise ValueError(f"{one} is compared with itself; name two treatments")
        centres, spreads = self._differences(np.array([i]), np.array([j]))
        return centres[0], spreads[0]

    def _differences(self, i: IntArray, j: IntArray) -> tuple[FloatArray, FloatArray]:
        """Centres and spreads, a row for each pair and a column for each tau."""
        centres = (self.centres[:, i] - self.centres[:, j]).T
        apart = self.roots[:, i] - self.roots[:, j]
        return np.ascontiguousarray(centres), np.sqrt(np.vecdot(apart, apart)).T.copy()


def bayes_network(  # noqa: PLR0913 - the five columns of a table, two priors, two options
    study: Iterable[object],
    treat1: Iterable[object],
    treat2: Iterable[object],
    te: ArrayLike,
    se: ArrayLike,
    tau_prior: TauPrior = DEFAULT_TAU_PRIOR,
    effect_prior: Normal | None = None,
    *,
    reference: object = None,
    tolerance: float = 0.01,
) -> BayesNetwork:
    """Compare all treatments of a connected network by exact Bayesian meta-analysis.

    Parameters
    ----------
    study, treat1, treat2 : iterable of labels
        The study of each contrast and what it compares. A study with several arms gives all
        pairs of them.
    te, se : array_like of shape (m,)
        Effect of ``treat1`` minus ``treat2`` (ratios as logarithms) and its standard error, as
        the study has it: what correlates the contrasts of one study is worked out here.
    tau_prior : TauPrior
        Prior for the standard deviation of true effects, the same for all comparisons.
    effect_prior : Normal or None
        Prior for the mean effect of every treatment minus the reference, each by itself; None is
        flat.
    reference : label, optional
        The treatment that the others are compared with; the first in alphabetical order.
    tolerance : float
        How far effects of a study may fail to add up, in standard errors; for rounded data.

    Returns
    -------
    BayesNetwork

    Raises
    ------
    ValueError
        If an argument is not as described, the network falls into parts, contrasts of a study
        cannot belong together, or the posterior would be improper.

    Examples
    --------
    >>> study, one, two = [1, 2, 3, 3, 3], "ABAAB", "BCBCC"
    >>> te, se = [-0.4, 0.3, -0.6, -0.1, 0.5], [0.2, 0.25, 0.3, 0.3, 0.3]
    >>> bayes_network(study, one, two, te, se, reference="C")
    BayesNetwork: k = 3, 3 treatments, tau ~ HalfNormal(scale=0.5), effects ~ flat
      tau median 0.1714, 95% 0.0076 to 0.7486
      against C (SUCRA: small values desirable)
        A  median -0.0922, 95% -0.7515 to 0.5595, SUCRA 0.7966
        B  median 0.3651, 95% -0.1766 to 0.9197, SUCRA 0.0546
    """
    if not 0.0 <= tolerance < math.inf:
        raise ValueError(f"tolerance is {tolerance:g}; expected a number not below 0")
    data = read_contrasts(study, treat1, treat2, te, se)
    check_connected(data)
    names = data.treatments
    base = names[0] if reference is None else str(reference)
    if base not in names:
        raise ValueError(f"reference is {base!r}; the treatments are {', '.join(names)}")
    rows = independent_rows(data, tolerance)
    model = contrast_model(rows, tau_prior, effect_prior, names.index(base))
    _check_proper(tau_prior, rows.y.size, len(names), model.power)
    posterior = tau_posterior(model)
    centres, roots = model.coefficients_given_tau(posterior.tau)
    proper = tau_prior.proper and effect_prior is not None
    return BayesNetwork(
        treatments=names,
        tau=posterior.marginal,
        log_evidence=posterior.log_total if proper else None,
        reference=base,
        k=len(data.studies),
        m=data.te.size,
        designs=tuple(tuple(names[t] for t in design) for design in rows.designs),
        tau_prior=tau_prior,
        effect_prior=effect_prior,
        moments=posterior.moments,
        converged=posterior.marginal.panels.converged,
        notes=rows.notes,
        rows=rows,
        weights=posterior.weights,
        tau_nodes=frozen(posterior.tau),
        centres=frozen(centres),
        roots=frozen(roots),
    )


def _check_proper(tau_prior: TauPrior, rows: int, treatments: int, power: float) -> None:
    """Refuse what leaves the posterior of tau improper, in the words of a network."""
    total = tau_prior.tail_power + power
    if not tau_prior.proper and total <= 1.0:
        raise ValueError(
            f"{treatments} treatments with {rows} independent contrasts do not make the posterior "
            f"proper under {tau_prior}: it takes {math.floor(1.0 - total) + 1} more; choose a "
            "proper prior such as HalfNormal"
        )
