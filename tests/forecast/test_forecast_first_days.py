"""The first days: the fit, its validation, who gets a number, and what the number may say."""

from __future__ import annotations

import importlib.util
import itertools
import math
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saisei.base.dates import parse_as_of
from saisei.base.store import load_data
from saisei.cases import Case, case_from_data
from saisei.forecast import FirstDays, NoForecast, first_days, first_days_sources
from saisei.forecast.first_days_model import (
    column_names,
    columns,
    first_days_model,
    gradients,
    probabilities,
    spline,
)

ROOT = Path(__file__).resolve().parents[2]
AS_OF = parse_as_of("2026-11-20T09:00+09:00")
SIGNS = ("face", "arm_hand", "leg_foot", "dysphasia", "hemianopia", "visuospatial",
         "brainstem_cerebellar", "other")  # fmt: skip
PERSON: dict[str, Any] = {
    "respondent": "clinician", "birth_date": "1955-03-02", "sex": "female",
    "onset_datetime": "2026-11-19T13:00+09:00", "in_hospital": True, "stroke_type": "ischemic",
    "conscious_level": "alert", "ocsp_class": "PACS", "systolic_bp_mmhg": 165,
    "atrial_fibrillation": False, "visible_infarct_on_ct": False,
    **{f"deficit_{sign}": "absent" for sign in SIGNS},
    "deficit_arm_hand": "present", "deficit_leg_foot": "present",
}  # fmt: skip
DATA: dict[str, Any] = load_data("forecast/first_days.yaml")


def case(**changes: Any) -> Case:
    told = {key: value for key, value in {**PERSON, **changes}.items() if value is not None}
    return case_from_data(told, as_of=AS_OF)


def found(**changes: Any) -> FirstDays:
    result = first_days(case(**changes))
    assert isinstance(result, FirstDays), result
    return result


def refused(**changes: Any) -> str:
    result = first_days(case(**changes))
    assert isinstance(result, NoForecast), result
    assert result.reason.text
    return result.code


def cuts(**changes: Any) -> list[float]:
    return [one.value for one in found(**changes).cuts]


@pytest.fixture(scope="module")
def fitting() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ist1_fit", ROOT / "tools" / "ist1_fit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# --- the fit -----------------------------------------------------------------------------------


def test_the_fit_comes_out_the_same_byte_for_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.ist1_model", "--fit-only"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_gradient_and_curvature_agree_with_finite_differences(fitting: ModuleType) -> None:
    rng = np.random.default_rng(7)
    design = np.column_stack([np.ones(60), rng.standard_normal((60, 4))])
    hit = (rng.random(60) < 0.4).astype(float)
    beta, step = 0.5 * rng.standard_normal(5), 1e-6
    _, gradient, curve = fitting.objective(beta, design, hit)
    for at in range(5):
        move = np.zeros(5)
        move[at] = step
        up, down = (fitting.objective(beta + sign * move, design, hit) for sign in (1, -1))
        assert gradient[at] == pytest.approx((up[0] - down[0]) / (2 * step), abs=1e-6)
        assert curve[at] == pytest.approx(-(up[1] - down[1]) / (2 * step), abs=1e-5)


def test_the_maximum_is_one_and_two_groups_give_their_log_odds_ratio(fitting: ModuleType) -> None:
    group = np.repeat([0.0, 1.0], [50, 80])
    hit = np.concatenate([np.repeat([1.0, 0.0], [10, 40]), np.repeat([1.0, 0.0], [50, 30])])
    beta, covariance = fitting.newton(np.column_stack([np.ones(130), group]), hit, ridge=0.0)
    assert beta == pytest.approx([math.log(10 / 40), math.log(50 / 30) - math.log(10 / 40)])
    assert covariance[1, 1] == pytest.approx(1 / 10 + 1 / 40 + 1 / 50 + 1 / 30)
    gradient = fitting.objective(beta, np.column_stack([np.ones(130), group]), hit, 0.0)[1]
    assert np.abs(gradient).max() < 1e-9


def test_nobody_is_lost_between_the_table_and_the_fit(fitting: ModuleType) -> None:
    people = fitting.read_people()
    assert people.entered == DATA["people"]["entered"] == 19435
    assert len(people.state) == DATA["people"]["used"] == 19285
    assert np.bincount(people.state).tolist() == DATA["people"]["states"]
    fit = fitting.fit_people(people)
    states = probabilities(fit.design(people), fit.coefficients)
    # the first step has a free constant over everybody, so that its mean is the observed share
    assert states[:, 0].mean() == pytest.approx((people.state == 0).mean(), abs=1e-6)
    for at in range(1, 4):
        assert states[:, at].mean() == pytest.approx((people.state == at).mean(), abs=2e-3)


def test_a_share_of_the_rhythm_stands_for_the_pilot_phase(fitting: ModuleType) -> None:
    people = fitting.read_people()
    unknown = np.isnan(people.values["atrial_fibrillation"])
    filled = fitting.filled(people, fitting.spreads(people))["atrial_fibrillation"]
    assert unknown.sum() == 981
    assert ((filled[unknown] > 0) & (filled[unknown] < 1)).all()
    assert filled[~unknown].tolist() == people.values["atrial_fibrillation"][~unknown].tolist()


# --- what was promised of it -------------------------------------------------------------------


def test_the_validation_holds() -> None:
    model, trial = DATA["validation"]["model"], DATA["validation"]["trial"]
    assert trial["auc"] == pytest.approx(0.788, abs=5e-4)
    assert trial["brier"] == pytest.approx(0.179, abs=5e-4)
    assert DATA["validation"]["base_rate"]["rank_score"] == pytest.approx(0.182, abs=5e-4)
    assert model["auc"] > trial["auc"] - 0.015
    assert model["brier"] < trial["brier"] + 0.006
    assert model["rank_score"] < 0.182
    assert model["rank_score"] <= DATA["validation"]["proportional_odds"]["rank_score"]


def test_every_country_with_200_people_is_left_out_once_and_the_rest_together() -> None:
    rows = DATA["countries"]
    assert sum(row["people"] for row in rows.values()) == 19285
    assert len(rows) == 18
    assert all(row["people"] >= 200 for row in rows.values())
    for row in rows.values():
        cut = row["dead_or_dependent"]
        # what the intercept says agrees with observed and expected
        assert (cut["intercept"] > 0) == (cut["observed"] > cut["expected"])
        assert 0.5 < cut["slope"] < 1.6


def test_the_left_out_table_is_made_without_the_country(fitting: ModuleType) -> None:
    """One country again, from the table on: slope, level and AUC."""
    people = fitting.read_people()
    there = people.country == "SWED"
    fit = fitting.fit_people(people.part(~there))
    states = probabilities(fit.design(people.part(there)), fit.coefficients)
    chance, hit = states[:, :2].sum(1), (people.state[there] <= 1).astype(float)
    kept = DATA["countries"]["SWED"]["dead_or_dependent"]
    assert chance.mean() == pytest.approx(kept["expected"], abs=1e-4)
    assert hit.mean() == pytest.approx(kept["observed"], abs=1e-4)
    line = np.column_stack([np.ones(len(hit)), np.log(chance / (1 - chance))])
    assert fitting.newton(line, hit, ridge=0.0)[0][1] == pytest.approx(kept["slope"], abs=1e-3)


def test_what_is_averaged_stays_calibrated() -> None:
    rows = DATA["missing_predictors"]
    whole = rows["nothing"]
    for row in rows.values():
        assert abs(row["slope"] - 1) < 0.05
        assert abs(row["intercept"]) < 0.05
        assert row["rank_score"] < whole["rank_score"] + 0.002


def test_the_page_shows_the_numbers_of_the_file() -> None:
    page = (ROOT / "docs" / "methods-first-days.md").read_text(encoding="utf-8")
    for name, row in DATA["countries"].items():
        cut = row["dead_or_dependent"]
        line = next(one for one in page.splitlines() if one.startswith(f"| {name} |"))
        assert f"| {row['people']:,} |" in line
        for what in ("slope", "intercept"):
            cells = [float(cell.split()[0]) for cell in line.split("|")[3:9]]
            assert any(abs(cell - cut[what]) < 0.0051 for cell in cells)
    model = DATA["validation"]["model"]
    assert f"| {model['auc']:.3f} | {model['brier']:.3f} | {model['auc_within']:.3f} |" in page
    for at, rows in enumerate(zip(*DATA["tenths"].values(), strict=True)):
        shown: list[str] = []
        for row in rows:
            low, high = (f"{100 * row[end]:.0f}" for end in ("lowest", "highest"))
            shown += [
                f"{100 * row['expected']:.0f}",
                f"{100 * row['observed']:.0f} ({low} to {high})",
            ]
        assert f"| {at + 1} | {' | '.join(shown)} |" in page
    for far in DATA["between_countries"].values():
        assert f"{far:.2f}" in page


@pytest.mark.parametrize("cut", ["dead", "dead_or_dependent", "not_recovered_or_worse"])
def test_tenths_of_the_expected_are_observed_within_seven_of_a_hundred(cut: str) -> None:
    rows = DATA["tenths"][cut]
    assert len(rows) == 10
    assert sum(row["people"] for row in rows) == DATA["people"]["used"]
    for row, after in itertools.pairwise(rows):
        assert row["expected"] <= row["to"] <= after["expected"]
        assert row["observed"] < after["observed"]
    for row in rows:
        assert abs(row["expected"] - row["observed"]) < 0.065
        assert row["lowest"] <= row["observed"] <= row["highest"]
        assert row["places"] >= 7


OWN = {"first_days.py", "first_days.yaml", "first-days.html.j2"}


@pytest.mark.parametrize("room", ["decision", "report"])
def test_no_report_can_draw_from_it(room: str) -> None:
    """The clinician's page is a file of its own, which only its command asks for."""
    for path in (ROOT / "src" / "saisei" / room).rglob("*"):
        if path.suffix in (".py", ".yaml", ".j2") and path.name not in OWN:
            lines = path.read_text(encoding="utf-8").splitlines()
            if path == ROOT / "src" / "saisei" / "report" / "__init__.py":
                lines = [one for one in lines if not re.match(r'from .* import|    "\w+",', one)]
            assert not any("first_days" in one or "first-days" in one for one in lines), path


# --- the model ---------------------------------------------------------------------------------


def test_the_spline_is_straight_outside_its_knots() -> None:
    age = np.arange(90.0, 100.0)
    for column in spline(age, [50, 69, 78, 88], 70, 10):
        assert np.diff(column, 2) == pytest.approx(0, abs=1e-9)


def test_the_slopes_of_the_states_agree_with_finite_differences() -> None:
    model = first_days_model()
    rng = np.random.default_rng(3)
    design = rng.random((5, model.coefficients.shape[1]))
    slope, step = gradients(design, model.coefficients), 1e-6
    for at in range(3):
        move = np.zeros_like(model.coefficients)
        move[at, 0] = step  # the constant: the linear predictor moves by step times the column
        up = probabilities(design, model.coefficients + move)
        down = probabilities(design, model.coefficients - move)
        change = (up - down) / (2 * step) / design[:, [0]]
        assert slope[:, :, at] == pytest.approx(change, abs=1e-7)


def test_the_covariance_is_one_for_each_step_and_positive() -> None:
    model = first_days_model()
    assert model.covariance.shape == (3, *(2 * (len(column_names(model.coding)),)))
    for matrix in model.covariance[:2]:
        assert np.linalg.eigvalsh(matrix).min() > 0
    assert (model.coefficients[2] == 0).sum() == 3  # no age in the third step


any_values = st.fixed_dictionaries(
    {
        "sex": st.sampled_from(["female", "male"]),
        "conscious_level": st.sampled_from(["alert", "drowsy", "unconscious"]),
        "ocsp_class": st.sampled_from(["TACS", "PACS", "POCS", "LACS", "other"]),
        "hours_since_stroke": st.floats(0, 48),
        "systolic_bp_mmhg": st.floats(70, 295),
        "atrial_fibrillation": st.sampled_from([0.0, 1.0]),
        "imaging": st.sampled_from(["infarct", "no-infarct"]),
        **{
            f"deficit_{sign}": st.sampled_from(["present", "absent", "cannot-assess"])
            for sign in SIGNS
        },
    }
)


def states_of(values: dict[str, Any], **over: Any) -> Any:
    length = max(len(np.atleast_1d(value)) for value in [*over.values(), 0])
    rows = {key: np.repeat(np.atleast_1d(value), length) for key, value in values.items()}
    rows |= {key: np.atleast_1d(value) for key, value in over.items()}
    model = first_days_model()
    return probabilities(columns(rows, model.coding), model.coefficients)


@given(any_values)
def test_a_higher_age_is_never_better(values: dict[str, Any]) -> None:
    worse = states_of(values, age_years=np.arange(18.0, 100.0)).cumsum(axis=1)[:, :3]
    assert (np.diff(worse, axis=0) >= -1e-12).all()
    assert np.abs(states_of(values, age_years=np.arange(18.0, 100.0)).sum(1) - 1).max() < 1e-12


@given(any_values, st.floats(18, 99))
def test_less_awake_means_more_deaths_and_more_dependence(
    values: dict[str, Any], age: float
) -> None:
    level = np.array(["alert", "drowsy", "unconscious"])
    over = {"conscious_level": level, "age_years": np.full(3, age)}
    worse = states_of(values, **over).cumsum(axis=1)
    assert (np.diff(worse[:, :2], axis=0) > 0).all()


# --- a person ----------------------------------------------------------------------------------


def test_a_person_gets_four_states_both_framings_and_the_warning() -> None:
    one = found()
    assert sum(chance.value for chance in one.states) == pytest.approx(1)
    assert sum(one.people) == 100
    for chance in (*one.states, *one.cuts):
        assert 0 < chance.low < chance.value < chance.high < 1
    for chance in one.cuts:
        assert chance.elsewhere is not None
        assert chance.elsewhere[0] < chance.low < chance.high < chance.elsewhere[1]
    dead = one.people[0]
    assert f"{dead} had died" in one.sentences[0].text
    assert f"{100 - dead} were alive" in one.sentences[0].text
    assert "1991 to 1996" in one.warning.text
    assert "thrombolysis" in one.warning.text
    assert len(one.calibration) == 18
    assert set(one.source_keys) <= set(first_days_sources())
    assert one.missing == ()


def test_what_would_end_the_matter_and_is_not_stated_is_named() -> None:
    notes = " ".join(str(one) for one in found().cautions)
    assert "`thrombolysis_done`, `thrombectomy_done`" in notes
    assert "has_brain_imaging" in notes
    stated = found(thrombolysis_done=False, thrombectomy_done=False, has_brain_imaging=["CT"])
    assert stated.cautions == ()


def test_the_person_agrees_with_the_formula_by_hand() -> None:
    beta = DATA["coefficients"]
    line = np.array(beta["constant"])
    for name in ("deficit_arm_hand=present", "deficit_leg_foot=present", "ocsp_class=PACS"):
        line = line + np.array(beta[name])
    for one in DATA["coding"]:
        if one["kind"] == "spline":
            value = {"age_years": 71.0, "hours_since_stroke": 20.0, "systolic_bp_mmhg": 165.0}
            made = spline(np.array([value[one["field"]]]), one["knots"], one["centre"], one["unit"])
            for at, column in enumerate(made):
                line = line + column[0] * np.array(beta[f"{one['field']}_{at + 1}"])
    step = 1 / (1 + np.exp(-line))
    dead, dependent = step[0], (1 - step[0]) * step[1]
    third = (1 - step[0]) * (1 - step[1]) * step[2]
    expected = [dead, dependent, third, 1 - dead - dependent - third]
    assert [one.value for one in found().states] == pytest.approx(expected)


def test_a_missing_predictor_is_averaged_between_its_levels() -> None:
    low, high = cuts(atrial_fibrillation=False), cuts(atrial_fibrillation=True)
    between = found(atrial_fibrillation=None)
    assert between.missing == ("atrial_fibrillation",)
    assert low[0] < between.cuts[0].value < high[0]
    # a woman of 71, alert, PACS: the share of her stratum
    share = DATA["spread"]["atrial_fibrillation"]["shares"][4][1]
    weighed = [(1 - share) * a + share * b for a, b in zip(low, high, strict=True)]
    assert [one.value for one in between.cuts] == pytest.approx(weighed, abs=1e-3)


def test_what_could_not_be_assessed_is_a_level_and_not_missing() -> None:
    one = found(deficit_visuospatial="cannot-assess")
    assert one.missing == ()
    assert one.cuts[1].value > found().cuts[1].value
    assert {u.how for u in one.used if u.field == "deficit_visuospatial"} == {"not_assessable"}


@pytest.mark.parametrize(
    "field",
    ["birth_date", "sex", "conscious_level", "ocsp_class", "deficit_arm_hand", "deficit_leg_foot"],
)
def test_what_the_model_cannot_do_without(field: str) -> None:
    assert refused(**{field: None}) == "required-missing"


def test_four_may_be_missing_and_five_may_not() -> None:
    may = ["deficit_face", "deficit_other", "systolic_bp_mmhg", "atrial_fibrillation"]
    assert len(found(**dict.fromkeys(may)).missing) == 4
    assert refused(**dict.fromkeys([*may, "visible_infarct_on_ct"])) == "too-many-missing"


def test_an_old_examination_does_not_count() -> None:
    old = {"value": "alert", "date": "2026-11-16"}
    assert refused(conscious_level=old) == "required-missing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"respondent": "family"}, "not-clinician"),
        ({"respondent": "self"}, "not-clinician"),
        ({"birth_date": "2009-01-01"}, "child"),
        ({"pregnant_or_breastfeeding": True}, "pregnant"),
        ({"stroke_type": "intracerebral-haemorrhage"}, "haemorrhage"),
        ({"stroke_type": "subarachnoid-haemorrhage"}, "haemorrhage"),
        ({"intracranial_haemorrhage_on_imaging": True}, "haemorrhage"),
        ({"stroke_type": "tia"}, "no-infarct"),
        ({"has_brain_imaging": []}, "no-scan"),
        ({"stroke_type": None}, "kind-unknown"),
        ({"stroke_type": "unknown"}, "kind-unknown"),
        ({"onset_datetime": None}, "hours-unknown"),
        ({"onset_datetime": "2026-11"}, "hours-vague"),
        ({"onset_datetime": "2026-11-18"}, "hours-vague"),
        ({"onset_datetime": "2026-11-17T09:00+09:00"}, "too-late"),
        ({"in_hospital": None}, "not-in-hospital"),
        ({"in_hospital": False}, "not-in-hospital"),
        ({"thrombolysis_done": True}, "reperfusion"),
        ({"thrombectomy_done": True}, "reperfusion"),
        ({"birth_date": "1920-01-01"}, "age-range"),
        ({"systolic_bp_mmhg": 300}, "pressure-range"),
        ({"systolic_bp_mmhg": 50}, "pressure-range"),
    ],
)
def test_who_gets_no_number(changes: dict[str, Any], code: str) -> None:
    assert refused(**changes) == code


def test_a_day_without_an_hour_is_taken_at_its_middle() -> None:
    one = found(onset_datetime="2026-11-19")
    assert {u.how for u in one.used if u.field == "hours_since_stroke"} == {"middle"}
    near, far = cuts(onset_datetime="2026-11-19T23:00+09:00"), cuts()
    assert max(abs(a - b) for a, b in itertools.zip_longest(near, far)) < 0.05


def test_the_class_of_an_infarct_is_read_as_its_syndrome() -> None:
    assert cuts(ocsp_class="PACI") == cuts(ocsp_class="PACS")
