"""Makes ``reference/bayes_exact.json``: posterior quantiles in 30-digit arithmetic, by mpmath.

Run by hand where mpmath is installed: ``python tests/synthesis/make_bayes_exact.py`` adds what the
file does not hold yet (the hard sets below, all priors of two studies, and every third of the other
published posteriors); with ``--sweep`` it goes through all published ones without writing, some 20
minutes. The model is
written anew in scalars: the density of u = log(tau) at 30 digits; Gauss-Legendre with 24 nodes on
40 panels or more, none wider than 0.25, from where to where the density is above exp(-44) of its
peak; distribution functions as sums over those nodes; and one step of Newton's method, with that
distribution function and density, from the library's own quantile. The step is below 1e-7 of the
scale (the script stops otherwise), so that its square is beyond what a float holds. With
``--check`` every quantile is found again with twice the panels.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from pathlib import Path
from typing import Any

from saisei import synthesis as syn

HERE = Path(__file__).parent / "reference"
PROBABILITIES = (0.025, 0.5, 0.975)
PUBLISHED = json.loads((HERE / "bayes.json").read_text("utf-8"))["cases"]
CLASSES = {"halfnormal": "HalfNormal", "halfcauchy": "HalfCauchy", "lognormal": "LogNormal"}
RUBIN = next((c["y"], c["sigma"]) for c in PUBLISHED if c["dataset"] == "rubin1981")


def scaled(factor: float) -> tuple[list[float], list[float]]:
    """Return the eight schools in another unit."""
    return [factor * y for y in RUBIN[0]], [factor * s for s in RUBIN[1]]


Case = tuple[tuple[list[float], list[float]], tuple[str, tuple[float, ...]], Any]
CASES: dict[str, Case] = {
    "schools, flat tau": (RUBIN, ("Uniform", (math.inf,)), None),
    "schools, a prior that ends": (RUBIN, ("Uniform", (3.0,)), None),
    "schools in millions": (scaled(1e-6), ("HalfNormal", (1e-5,)), None),
    "schools in millionths": (scaled(1e6), ("HalfNormal", (1e7,)), None),
    "prior far above the data": (scaled(1e-6), ("HalfNormal", (0.5,)), None),
    "prior far below the data": (scaled(1e6), ("HalfNormal", (0.5,)), None),
    "errors over five decades": (
        ([0.0, 0.1, 3.0, 0.2, -0.5, 1.0], [1e-4, 0.01, 0.1, 1.0, 2.0, 5.0]),
        ("HalfCauchy", (0.5,)),
        None,
    ),
    "two peaks": (([10.0] + [0.0] * 12, [0.01] + [1.0] * 12), ("HalfNormal", (0.5,)), None),
    "all the same, tau near 0": (([0.3] * 8, [0.1] * 8), ("HalfCauchy", (1e-3,)), None),
    "a spike of a prior": (([0.3, 0.5, 0.1], [0.1, 0.2, 0.1]), ("LogNormal", (-9.0, 0.02)), None),
    "a prior at war with the data": (
        ([0.0, 0.02, -0.03, 0.01, 5.0], [0.01, 0.02, 0.01, 0.03, 0.02]),
        ("HalfNormal", (0.1,)),
        None,
    ),
    "a narrow prior at war with the data": (
        ([0.0, 0.02, -0.03, 0.01, 5.0], [0.01, 0.02, 0.01, 0.03, 0.02]),
        ("LogNormal", (-5.0, 0.1)),
        None,
    ),
    "a mean known better than any error": (
        ([16.5], [234.0]),
        ("HalfCauchy", (8.0,)),
        (-0.6, 0.0024),
    ),
    "a prior overwhelmed": (([0.0, 5.0], [0.1, 0.1]), ("HalfNormal", (0.01,)), None),
    "a prior overwhelmed by far": (([0.0, 50.0], [0.1, 0.1]), ("HalfNormal", (0.1,)), None),
    "a prior that resists": (
        ([168.0, -41.8, -106.7, 20.0, 3.0], [21.4, 2.43, 0.48, 7.0, 1.0]),
        ("HalfNormal", (0.00185,)),
        None,
    ),
}


def published() -> dict[str, Case]:
    """Return every data set under every prior of ``bayes.json``."""
    found: dict[str, Case] = {}
    for one in PUBLISHED:
        name, *rest = one["tau_prior"].values()
        prior = (CLASSES[name], tuple(float(a) for a in rest))
        label = f"{one['dataset']}, {prior[0]}{rest}, {'normal' if one['mu_prior'] else 'flat'}"
        found[label] = ((one["y"], one["sigma"]), prior, one["mu_prior"])
    return found


class Exact:
    """The posterior of one case at 30 digits."""

    def __init__(self, case: Case, refine: int = 1) -> None:
        self.mp = importlib.import_module("mpmath").mp
        self.mp.dps = 30
        (y, se), (self.prior, parameters), mu = case
        self.y, self.v = [self.mp.mpf(a) for a in y], [self.mp.mpf(s) ** 2 for s in se]
        self.parameters = [self.mp.mpf(a) for a in parameters]
        self.mu = None if mu is None else (self.mp.mpf(mu[0]), self.mp.mpf(mu[1]))
        self.gauss = self._gauss(24)
        self._panels(refine)

    def _gauss(self, n: int) -> list[tuple[Any, Any]]:
        """Nodes and weights by Newton's method on the Legendre polynomial."""
        mp, pairs = self.mp, []
        for i in range(n):
            x = mp.cos(mp.pi * (i + mp.mpf(3) / 4) / (n + mp.mpf(1) / 2))
            for _ in range(12):
                p0, p1 = mp.mpf(1), x
                for k in range(2, n + 1):
                    p0, p1 = p1, ((2 * k - 1) * x * p1 - (k - 1) * p0) / k
                slope = n * (x * p1 - p0) / (x * x - 1)
                x -= p1 / slope
            pairs.append((x, 2 / ((1 - x * x) * slope * slope)))
        return pairs

    def log_prior(self, tau: Any) -> Any:
        """Log density of tau, up to a constant."""
        mp, own = self.mp, self.parameters
        if self.prior == "HalfNormal":
            return -((tau / own[0]) ** 2) / 2
        if self.prior == "HalfCauchy":
            return -mp.log(1 + (tau / own[0]) ** 2)
        if self.prior == "LogNormal":
            return -(((mp.log(tau) - own[0]) / own[1]) ** 2) / 2 - mp.log(tau)
        return mp.mpf(0)

    def at(self, u: Any) -> tuple[Any, Any, Any, Any]:
        """Log density of u, and tau, mean and variance of mu given it."""
        mp = self.mp
        tau = mp.exp(u)
        w = [1 / (v + tau * tau) for v in self.v]
        total, pull, product = mp.fsum(w), mp.fdot(w, self.y), mp.mpf(1)
        for one in w:
            product *= one
        if self.mu is not None:
            precision = 1 / self.mu[1] ** 2
            total, pull = total + precision, pull + precision * self.mu[0]
        mean = pull / total
        rest = mp.fsum(a * (b - mean) ** 2 for a, b in zip(w, self.y, strict=True))
        if self.mu is not None:
            rest += precision * (mean - self.mu[0]) ** 2
        log = (mp.log(product) - mp.log(total) - rest) / 2 + self.log_prior(tau) + u
        return log, tau, mean, 1 / total

    def _panels(self, refine: int) -> None:
        mp = self.mp
        ends = [-60.0 + min(0.0, math.log(float(min(self.v))) / 2), 90.0]
        if self.prior == "Uniform" and mp.isfinite(self.parameters[0]):
            ends[1] = math.log(float(self.parameters[0]))
        if self.prior == "LogNormal":
            middle, width = (float(a) for a in self.parameters)
            ends = [middle - 30 * width, middle + 150 * width]
        scan = [mp.mpf(ends[0]) + (ends[1] - ends[0]) * mp.mpf(i) / 1500 for i in range(1501)]
        heights = [self.at(u)[0] for u in scan]
        self.peak = max(heights)
        kept = [i for i, h in enumerate(heights) if h > self.peak - 44]
        low, high = scan[max(kept[0] - 1, 0)], scan[min(kept[-1] + 1, 1500)]
        if self.prior == "Uniform" and mp.isfinite(self.parameters[0]) and kept[-1] == 1500:
            high = mp.log(self.parameters[0])
        count = refine * max(40, math.ceil(float(high - low) / 0.25))
        self.edges = [low + (high - low) * mp.mpf(i) / count for i in range(count + 1)]
        self.nodes = [self._panel(a, b) for a, b in zip(self.edges, self.edges[1:], strict=False)]
        self.masses = [mp.fsum(n[0] for n in panel) for panel in self.nodes]
        self.total = mp.fsum(self.masses)

    def _panel(self, a: Any, b: Any) -> list[tuple[Any, Any, Any, Any]]:
        """Weight times density, tau, mean, variance at the nodes of one panel."""
        half, found = (b - a) / 2, []
        for x, w in self.gauss:
            log, tau, mean, variance = self.at(a + half * (1 + x))
            height = log - self.peak
            found.append((half * w * self.mp.exp(height), tau, mean, variance))
        return found

    def given(self, part: str) -> list[tuple[Any, Any, Any]]:
        """Weight, centre and SD of a quantity at every node that matters."""
        mp, found = self.mp, []
        for panel in self.nodes:
            for weight, tau, mean, variance in panel:
                if weight < self.total * mp.mpf("1e-24"):
                    continue
                if part == "mu":
                    found.append((weight, mean, mp.sqrt(variance)))
                elif part == "predictive":
                    found.append((weight, mean, mp.sqrt(variance + tau * tau)))
                else:
                    own = int(part)
                    pull = self.v[own] / (self.v[own] + tau * tau)
                    centre = pull * mean + (1 - pull) * self.y[own]
                    spread = mp.sqrt(pull * tau * tau + pull * pull * variance)
                    found.append((weight, centre, spread))
        return found

    def error(self, part: str, x: float, p: float) -> tuple[Any, Any]:
        """How far x is from the quantile, and the density there."""
        mp = self.mp
        point = mp.mpf(x)
        if part == "tau":
            u = mp.log(point)
            at = max(i for i, edge in enumerate(self.edges[:-1]) if edge <= u)
            below = mp.fsum(self.masses[:at])
            below += mp.fsum(n[0] for n in self._panel(self.edges[at], u))
            height = mp.exp(self.at(u)[0] - self.peak) / point
        else:
            rows = self.given(part)
            root = mp.sqrt(2)
            below = mp.fsum(w * mp.erfc((c - point) / (s * root)) / 2 for w, c, s in rows)
            height = mp.fsum(
                w * mp.exp(-(((point - c) / s) ** 2) / 2) / s for w, c, s in rows
            ) / mp.sqrt(2 * mp.pi)
        return (below / self.total - mp.mpf(p)) / (height / self.total), height / self.total


def library(case: Case) -> syn.BayesResult:
    """Return the library's answer."""
    (y, se), (name, parameters), mu = case
    return syn.bayes_pool(y, se, getattr(syn, name)(*parameters), mu and syn.Normal(*mu))


def quantiles(case: Case, *, refine: int = 1) -> tuple[dict[str, list[float]], float]:
    """Exact quantiles of tau, mu, predictive and each study, and the library's largest error.

    The error is against half the distance from the 16 % to the 84 % quantile.
    """
    result, exact = library(case), Exact(case, refine)
    parts: dict[str, Any] = {n: getattr(result, n) for n in ("tau", "mu", "predictive")}
    parts |= {str(i): result.shrinkage[i] for i in range(result.k)}
    found: dict[str, list[float]] = {}
    worst = 0.0
    for name, marginal in parts.items():
        scale = 0.5 * (marginal.quantile(0.84) - marginal.quantile(0.16))
        found[name] = []
        for p in PROBABILITIES:
            x = marginal.quantile(p)
            error, _ = exact.error(name, x, p)
            if abs(error) > 1e-7 * scale:
                raise ValueError(f"{name} at {p}: Newton's step {float(error):g} is not small")
            worst = max(worst, abs(float(error)) / scale)
            found[name].append(float(exact.mp.mpf(x) - error))
    return found, worst


def main() -> None:
    """Add what is missing to the file, or go through all published sets without writing."""
    target = HERE / "bayes_exact.json"
    wanted = published()
    if "--sweep" in sys.argv:
        kept: dict[str, Any] = {}
    else:
        some = {*list(wanted)[::3], *(name for name in wanted if name.startswith("crins2014_two"))}
        wanted = CASES | {name: wanted[name] for name in wanted if name in some}
        kept = json.loads(target.read_text("utf-8"))["cases"] if target.exists() else {}
    for name, case in wanted.items():
        if name in kept:
            continue
        found, worst = quantiles(case)
        line = f"{name}: largest error {worst:.2g}"
        if "--check" in sys.argv:
            again, _ = quantiles(case, refine=2)
            pairs = zip(found.values(), again.values(), strict=True)
            moved = max(abs(a / b - 1) for one in pairs for a, b in zip(*one, strict=True))
            line += f", twice the panels move it by {moved:.2g} of itself"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        (y, se), (prior, parameters), mu = case
        kept[name] = {
            "y": y,
            "se": se,
            "prior": [prior, ["inf" if math.isinf(a) else a for a in parameters]],
            "mu_prior": mu,
            "quantiles": found,
        }
        if "--sweep" not in sys.argv:
            target.write_text(_text(kept), encoding="utf-8")


def _text(kept: dict[str, Any]) -> str:
    about = (
        "Quantiles at 0.025, 0.5, 0.975 of tau, mu, predictive and the studies' own effects, made "
        f"by make_bayes_exact.py with mpmath {importlib.import_module('mpmath').__version__} "
        "at 30 digits"
    )
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in kept.items())
    return f'{{"about": {json.dumps(about)},\n"cases": {{\n{rows}\n}}}}\n'


if __name__ == "__main__":
    main()
