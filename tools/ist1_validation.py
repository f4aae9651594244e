"""How the model of the first days fares in countries not seen, and under other choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from tools.ist1_fit import OPTIONAL, Fit, Floats, People, fit_people, newton, objective
from tools.ist1_measures import CUTS, Row, auc, brier, calibration, rank_score, tenths

from saisei.forecast.first_days_model import columns, probabilities

Predict = Callable[[People, People], Floats]


def left_out(people: People, predict: Predict) -> Floats:
    """Give everybody's states by a model that has not seen their country."""
    states = np.zeros((len(people.state), 4))
    for country in sorted(set(people.country)):
        there = people.country == country
        states[there] = predict(people.part(~there), people.part(there))
    return states


def by_steps(*without: str) -> Predict:
    """Predict with the model, perhaps without some predictors."""

    def predict(seen: People, unseen: People) -> Floats:
        fit = fit_people(seen, without)
        return probabilities(fit.design(unseen), fit.coefficients)

    return predict


def by_odds(seen: People, unseen: People) -> Floats:
    """Predict with proportional odds: the same slopes at every cut, Newton with Fisher scoring."""
    fit = fit_people(seen)
    return odds_states(fit.design(unseen)[:, 1:], *fit_odds(fit.design(seen)[:, 1:], seen.state))


def odds_states(design: Floats, cuts: Floats, slopes: Floats) -> Floats:
    """Give the four states under proportional odds."""
    below = expit(cuts[None, :] + (design @ slopes)[:, None])
    return np.diff(np.column_stack([np.zeros(len(design)), below, np.ones(len(design))]), axis=1)


def fit_odds(design: Floats, state: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Fit proportional odds, with the same ridge on the slopes."""
    share = np.cumsum(np.bincount(state, minlength=4) / len(state))[:3]
    cuts, slopes = logit(share), np.zeros(design.shape[1])
    for _ in range(60):
        below = expit(cuts[None, :] + (design @ slopes)[:, None])
        bend = below * (1 - below)
        mass = np.maximum(odds_states(design, cuts, slopes), 1e-12)
        score, info = _odds_step(design, state, bend, mass)
        score[3:] -= slopes
        info[3:, 3:] += np.eye(len(slopes))
        step = np.linalg.solve(info, score)
        cuts, slopes = cuts + step[:3], slopes + step[3:]
        if float(np.abs(step).max()) < 1e-9:
            return cuts, slopes
    raise ArithmeticError("the fit did not settle")


def _odds_step(
    design: Floats, state: NDArray[np.int64], bend: Floats, mass: Floats
) -> tuple[Floats, Floats]:
    size, wide = 3 + design.shape[1], np.zeros(len(design))
    score, info = np.zeros(size), np.zeros((size, size))
    for at in range(4):
        high = bend[:, at] if at < 3 else wide
        low = bend[:, at - 1] if at else wide
        slope = np.zeros((len(design), size))
        if at < 3:
            slope[:, at] += high
        if at:
            slope[:, at - 1] -= low
        slope[:, 3:] = (high - low)[:, None] * design
        score += ((state == at) / mass[:, at]) @ slope
        info += (slope / mass[:, [at]]).T @ slope
    return score, info


def measures(states: Floats, people: People) -> Row:
    """Give how good some predictions are over everybody."""
    hit, chance = (people.state <= 1).astype(float), states[:, :2].sum(1)
    dead = (people.state == 0).astype(float)
    return {"rank_score": rank_score(states, people.state), "auc": auc(chance, hit),
            "brier": brier(chance, hit), "auc_dead": auc(states[:, 0], dead)}  # fmt: skip


def within(score: Floats, people: People) -> float:
    """Give the mean AUC inside the countries, weighted by people."""
    hit = (people.state <= 1).astype(float)
    parts = [(people.country == c) for c in sorted(set(people.country))]
    return float(
        np.average([auc(score[p], hit[p]) for p in parts], weights=[p.sum() for p in parts])
    )


def countries(states: Floats, people: People) -> dict[str, Row]:
    """Give calibration at each cut for every left-out country, and the AUC beside the trial's."""
    cumulative, made = states.cumsum(1)[:, :3], {}
    for country in sorted(set(people.country), key=lambda name: (name == "rest", name)):
        there = people.country == country
        hit = (people.state[there] <= 1).astype(float)
        row: Row = {"people": int(there.sum())}
        for at, cut in enumerate(CUTS):
            seen = (people.state[there] <= at).astype(float)
            row[cut] = calibration(cumulative[there, at], seen)
        row["auc"] = auc(cumulative[there, 1], hit)
        row["auc_trial"] = auc(people.trial[there], hit)
        made[country] = row
    return made


def groups(states: Floats, people: People) -> dict[str, Row]:
    """Give calibration of *dead or dependent* and the AUC by sex and age, countries left out."""
    age, sex = people.values["age_years"], people.values["sex"]
    parts = {
        "women": sex == "female",
        "men": sex == "male",
        "below 70": age < 70,
        "70 to 79": (age >= 70) & (age < 80),
        "80 and over": age >= 80,
    }
    made = {}
    for name, part in parts.items():
        hit, chance = (people.state[part] <= 1).astype(float), states[part, :2].sum(1)
        row = {"people": int(part.sum()), **calibration(chance, hit), "auc": auc(chance, hit)}
        made[name] = row
    return made


def between(rows: dict[str, Row]) -> dict[str, float]:
    """Give how far countries lie apart: the spread of their intercepts (DerSimonian-Laird)."""
    made = {}
    for cut in CUTS:
        y = np.array([row[cut]["intercept"] for row in rows.values()])
        w = np.array([row[cut]["intercept_se"] ** -2 for row in rows.values()])
        q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
        made[cut] = max((q - len(y) + 1) / float(w.sum() - (w**2).sum() / w.sum()), 0.0) ** 0.5
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Everything that was measured."""

    overall: dict[str, Row]
    countries: dict[str, Row]
    between: dict[str, float]
    missing: dict[str, Row]
    choices: dict[str, Row]
    groups: dict[str, Row]
    tenths: dict[str, list[Row]]
    counts: Row


def check(people: People, fit: Fit) -> Checked:
    """Measure everything."""
    states = left_out(people, by_steps())
    rows = countries(states, people)
    share = np.bincount(people.state, minlength=4) / len(people.state)
    base, hit = np.tile(share, (len(people.state), 1)), (people.state <= 1).astype(float)
    overall = {
        "model": {**measures(states, people), "auc_within": within(states[:, :2].sum(1), people)},
        "trial": {"auc": auc(people.trial, hit), "brier": brier(people.trial, hit),
                  "auc_within": within(people.trial, people)},
        "base_rate": {"rank_score": rank_score(base, people.state)},
        "proportional_odds": measures(left_out(people, by_odds), people),
        "without_scan": measures(left_out(people, by_steps("imaging")), people),
        "with_sleep": measures(left_out(*_sleep(people)), people),
    }  # fmt: skip
    return Checked(overall, rows, between(rows), blanked(people), choices(people, fit),
                   groups(states, people), tenths(states, people),
                   counted(people))  # fmt: skip


def _sleep(people: People) -> tuple[People, Predict]:
    sleep = np.array([float(row["RSLEEP"] == "Y") for row in people.rows])
    return replace(people, values={**people.values, "sleep": sleep}), by_steps()


def blanked(people: People) -> dict[str, Row]:
    """Measure what is lost when predictors are not known, in countries not seen."""
    scanned = people.part(people.values["imaging"] != "no-scan")
    scanned = scanned.part(~np.isnan(scanned.values["atrial_fibrillation"]))
    sets = {"nothing": (), **{name: (name,) for name in OPTIONAL},
            "atrial_fibrillation, imaging, systolic_bp_mmhg": tuple(OPTIONAL[-3:]),
            "every sign that may be": tuple(OPTIONAL[:-3])}  # fmt: skip
    return {name: _blanked(people, scanned, gone) for name, gone in sets.items()}


def _blanked(people: People, scanned: People, gone: tuple[str, ...]) -> Row:
    states = np.zeros((len(scanned.state), 4))
    for country in sorted(set(people.country)):
        there = scanned.country == country
        fit = _fitted(people, country)
        states[there] = averaged(scanned.part(there), fit, gone)
    hit = (scanned.state <= 1).astype(float)
    chance = states[:, :2].sum(1)
    made = calibration(chance, hit)
    return {**measures(states, scanned), "slope": made["slope"], "intercept": made["intercept"]}


FITS: dict[str, Fit] = {}


def _fitted(people: People, country: str) -> Fit:
    if country not in FITS:
        FITS[country] = fit_people(people.part(people.country != country))
    return FITS[country]


def averaged(people: People, fit: Fit, gone: tuple[str, ...]) -> Floats:
    """Average over what is not known, as the forecast of one person does."""
    states = np.zeros((len(people.state), 4))
    levels = [range(len(fit.spread[name]["levels"])) for name in gone]
    for chosen in np.ndindex(*(len(level) for level in levels)):
        weight, values = np.ones(len(people.state)), dict(people.values)
        for name, at in zip(gone, chosen, strict=True):
            weight = weight * np.asarray(fit.spread[name]["shares"])[people.stratum, at]
            values[name] = np.full(len(people.state), fit.spread[name]["levels"][at])
        design = columns(values, fit.coding)
        states += weight[:, None] * probabilities(design, fit.coefficients)
    return states


def choices(people: People, fit: Fit) -> dict[str, Row]:
    """Measure how far other choices about people move the predictions."""
    rows = people.rows
    stroke = np.array([row["DDIAGHA"] != "Y" and row["DNOSTRK"] != "Y" for row in rows])
    kept = {
        "without final haemorrhages and non-strokes": stroke,
        "without the pilot phase": ~np.isnan(people.values["atrial_fibrillation"]),
        "without aspirin and heparin": np.array(
            [row["RXASP"] == "N" and row["RXHEP"] == "N" for row in rows]
        ),
        "only people scanned before entry": people.values["imaging"] != "no-scan",
    }
    there = people.part(people.values["imaging"] != "no-scan")
    usual = probabilities(fit.design(there), fit.coefficients)[:, :2].sum(1)
    return {name: _moved(people.part(part), there, usual) for name, part in kept.items()}


def _moved(part: People, there: People, usual: Floats) -> Row:
    fit = fit_people(part)
    other = probabilities(fit.design(there), fit.coefficients)[:, :2].sum(1)
    apart = np.abs(other - usual)
    return {"people": len(part.state), "mean_shift": float((other - usual).mean()),
            "apart_95": float(np.quantile(apart, 0.95))}  # fmt: skip


def counted(people: People) -> Row:
    """Count the people and what was not recorded."""
    rows = people.rows
    treated = np.column_stack([
        np.array([row["RXASP"] == "Y" for row in rows], dtype=float),
        np.array([row["RXHEP"] != "N" for row in rows], dtype=float),
    ])  # fmt: skip
    fit = fit_people(people)
    hit = (people.state <= 1).astype(float)
    free = people.state >= 2
    third, late = fit.design(people)[free], (people.state[free] == 2).astype(float)
    aged, _ = newton(third, late)
    gain = objective(aged, third, late)[0] - objective(fit.coefficients[2], third, late)[0]
    beta, spread = newton(np.column_stack([fit.design(people), treated]), hit)
    return {
        "entered": people.entered,
        "used": len(people.state),
        "states": [int(count) for count in np.bincount(people.state, minlength=4)],
        "rhythm_not_recorded": int(np.isnan(people.values["atrial_fibrillation"]).sum()),
        "no_scan": int((people.values["imaging"] == "no-scan").sum()),
        "final_haemorrhage": sum(row["DDIAGHA"] == "Y" for row in rows),
        "final_no_stroke": sum(row["DNOSTRK"] == "Y" for row in rows),
        "aspirin": [float(beta[-2]), float(spread[-2, -2] ** 0.5)],
        "heparin": [float(beta[-1]), float(spread[-1, -1] ** 0.5)],
        "lowest": {n: float(people.values[n].min()) for n in ("age_years", "systolic_bp_mmhg")},
        "highest": {n: float(people.values[n].max()) for n in ("age_years", "systolic_bp_mmhg")},
        "usual_age": [float(a) for a in np.quantile(people.values["age_years"], (0.01, 0.99))],
        "third_step_age": {"slope": float(aged[1]), "chi_square_3": 2.0 * gain},
        "hours": [float(people.values["hours_since_stroke"].min()),
                  float(people.values["hours_since_stroke"].max())],
    }  # fmt: skip
