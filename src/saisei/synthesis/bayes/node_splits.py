"""Direct against indirect evidence in an exact Bayesian network meta-analysis.

For each pair that some studies compare and that the other studies connect (van Valkenhoef and
others 2016), the studies that compare it may differ from the rest of the network by one more
effect (Dias and others 2010); with more than two arms it moves both of the pair by half (White
2015). Given tau all is normal as before, so that direct and indirect effect, their difference and
tau have exact posteriors, and with a prior for the difference there is a Bayes factor.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saisei.synthesis._numeric.arrays import plain
from saisei.synthesis.bayes.marginals import Mixture, TauMarginal, mixture
from saisei.synthesis.bayes.network_model import split_model
from saisei.synthesis.bayes.pooling import summary
from saisei.synthesis.bayes.posterior import tau_posterior

if TYPE_CHECKING:
    from saisei.synthesis.bayes.network import BayesNetwork
    from saisei.synthesis.bayes.priors import Normal
    from saisei.synthesis.networks.data import Rows


@dataclass(frozen=True, slots=True, eq=False)
class BayesNodeSplit:
    """One pair of treatments, direct against indirect evidence.

    Attributes
    ----------
    pair : tuple of str
        Effects are the first minus the second.
    k : int
        Number of studies that compare the two.
    direct, indirect, difference : Mixture
        Of those studies, of all others, and direct minus indirect.
    tau : TauMarginal
        The standard deviation of true effects once the two may differ.
    log_consistent : float or None
        Logarithm of the Bayes factor of consistency (above 0 the data speak for it); None where a
        prior is improper.
    converged : bool
        Whether the quadrature reached its tolerance everywhere.
    """

    pair: tuple[str, str]
    k: int
    direct: Mixture
    indirect: Mixture
    difference: Mixture
    tau: TauMarginal
    log_consistent: float | None
    converged: bool

    @property
    def p(self) -> float:
        """Twice the posterior probability of the less likely sign of the difference."""
        return 2.0 * min(self.difference.prob(below=0.0), self.difference.prob(above=0.0))

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        named = {"direct": self.direct, "indirect": self.indirect, "difference": self.difference}
        told = {name: summary(one, one.mean, one.sd, level) for name, one in named.items()}
        return {
            "pair": list(self.pair),
            "k": self.k,
            **told,
            "tau": summary(self.tau, self.tau.mean, self.tau.sd, level),
            "p": self.p,
            "log_consistent": plain(self.log_consistent),
            "converged": self.converged,
        }


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BayesNodeSplits:
    """Every pair of a network that can be split; ``splits["A", "B"]`` is one of them.

    ``left_out`` holds the other pairs that studies compare: nothing else in the network connects
    the two.
    """

    splits: tuple[BayesNodeSplit, ...]
    left_out: tuple[tuple[str, str], ...]

    def __getitem__(self, pair: tuple[str, str]) -> BayesNodeSplit:
        for one in self.splits:
            if one.pair == pair:
                return one
        shown = ", ".join(f"{a}:{b}" for a, b in (one.pair for one in self.splits))
        raise ValueError(f"{':'.join(pair)} was not split; the pairs are {shown or 'none'}")

    def to_dict(self, level: float = 0.95) -> dict[str, Any]:
        """Summaries as plain values that JSON can hold."""
        return {
            "splits": [one.to_dict(level) for one in self.splits],
            "left_out": [list(pair) for pair in self.left_out],
        }

    def __repr__(self) -> str:
        lines = ["BayesNodeSplits: median (95%) of direct minus indirect"]
        for one in self.splits:
            low, high = one.difference.interval()
            lines.append(
                f"  {':'.join(one.pair)}  k = {one.k}  direct {one.direct.median:.4f}, indirect "
                f"{one.indirect.median:.4f}, difference {one.difference.median:.4f} "
                f"({low:.4f} to {high:.4f}), p = {one.p:.3f}"
            )
        return "\n".join(lines)


def bayes_node_splits(net: BayesNetwork, difference_prior: Normal | None = None) -> BayesNodeSplits:
    """Set direct against indirect evidence, pair by pair, under the priors of the network.

    Parameters
    ----------
    net : BayesNetwork
    difference_prior : Normal or None
        Prior for direct minus indirect; None is flat, and then there is no Bayes factor.

    Returns
    -------
    BayesNodeSplits
        In the order of the treatments.

    Raises
    ------
    ValueError
        If the posterior of tau would be improper with one more effect.

    Examples
    --------
    >>> from saisei.synthesis.bayes.network import bayes_network
    >>> te, se = [-0.4, 0.3, -0.1, 0.2], [0.2, 0.25, 0.3, 0.2]
    >>> net = bayes_network([1, 2, 3, 4], "ABAA", "BCCB", te, se)
    >>> bayes_node_splits(net)["A", "B"].p > 0.05
    True
    """
    rows, names = net.rows, net.treatments
    compared = sorted(
        {pair for design in rows.designs for pair in itertools.combinations(design, 2)}
    )
    split = [pair for pair in compared if _connected_without(rows, pair)]
    left = tuple((names[i], names[j]) for i, j in compared if (i, j) not in split)
    return BayesNodeSplits(tuple(_split(net, pair, difference_prior) for pair in split), left)


def _connected_without(rows: Rows, pair: tuple[int, int]) -> bool:
    """Whether studies that do not compare the pair connect it."""
    reached, grows = {pair[0]}, True
    others = [set(design) for design in rows.designs if not set(pair) <= set(design)]
    while grows:
        joined = [design for design in others if design & reached and not design <= reached]
        grows = bool(joined)
        reached |= set().union(*joined)
    return pair[1] in reached


def _split(
    net: BayesNetwork, pair: tuple[int, int], difference_prior: Normal | None
) -> BayesNodeSplit:
    rows, (i, j) = net.rows, pair
    base = net.treatments.index(net.reference)
    model = split_model(rows, net.tau_prior, net.effect_prior, base, pair, difference_prior)
    if not net.tau_prior.proper and net.tau_prior.tail_power + model.power <= 1.0:
        raise ValueError(
            f"with one more effect for {net.treatments[i]}:{net.treatments[j]} the posterior is "
            f"improper under {net.tau_prior}; choose a proper prior such as HalfNormal"
        )
    found = tau_posterior(model)
    centres, roots = model.coefficients_given_tau(found.tau)
    bounded = net.effect_prior is not None and difference_prior is not None
    moments = 2 if bounded else found.moments

    def marginal(centre: Any, root: Any) -> Mixture:
        return mixture(found.weights, centre, np.sqrt(np.vecdot(root, root)), moments)

    apart, spread = centres[:, i] - centres[:, j], roots[:, i] - roots[:, j]
    log_consistent = None
    if net.log_evidence is not None and difference_prior is not None:
        log_consistent = net.log_evidence - found.log_total
    designs = [number for number, own in enumerate(rows.designs) if set(pair) <= set(own)]
    studies = sum(
        int((rows.design == number).sum()) // (len(rows.designs[number]) - 1) for number in designs
    )
    return BayesNodeSplit(
        pair=(net.treatments[i], net.treatments[j]),
        k=studies,
        direct=marginal(apart + centres[:, -1], spread + roots[:, -1]),
        indirect=marginal(apart, spread),
        difference=marginal(centres[:, -1].copy(), roots[:, -1]),
        tau=found.marginal,
        log_consistent=log_consistent,
        converged=found.marginal.panels.converged,
    )
