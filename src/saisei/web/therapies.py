"""Routes of therapies and registered trials: what is offered or tested, whoever is asking."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from saisei.therapies import (
    Programme,
    Trial,
    after_cells,
    cautions_rule,
    describe,
    harms_note,
    law_elsewhere,
    not_found,
    programme,
    programmes,
    questions_for_clinic,
    trial,
    trials,
    trials_of,
    warning_signs_of_a_clinic,
)
from saisei.web.downloads import json_file
from saisei.web.evidence_words import speech
from saisei.web.showing import Missing, ToldRoute, nearest, shown
from saisei.web.study_views import registry_link
from saisei.web.therapy_views import (
    programme_data,
    sold,
    therapy_page,
    what_it_is,
)
from saisei.web.trial_views import trial_data, trial_page
from saisei.web.words import language_of

__all__ = ["therapies"]

therapies = APIRouter(route_class=ToldRoute, include_in_schema=False)


@therapies.get("/therapies")
def all_therapies(request: Request) -> Response:
    """List the therapies and the trials whose rules were coded."""
    words, as_of = speech(language_of(request)), request.app.state.clock()
    return shown(
        request,
        "therapies",
        groups=[
            ("sold", [one for one in programmes() if sold(one)]),
            ("tested", [one for one in programmes() if not sold(one)]),
        ],
        trials=[(one, describe(one.id, as_of, words.language)) for one in trials()],
        trials_of=trials_of,
        what=lambda one: what_it_is(one, words),
        unread=not_found(),
        advice=[
            ("questions", questions_for_clinic(words.language)),
            ("warnings", warning_signs_of_a_clinic(words.language)),
            ("after", after_cells(words.language)),
            ("law", law_elsewhere(words.language)),
        ],
        registry_link=registry_link,
    )


@therapies.get("/therapies/{programme_id}")
def one_therapy(request: Request, programme_id: str) -> Response:
    """Show one therapy: what it is, what is not known, harms, evidence, time, cost, law."""
    words = speech(language_of(request))
    one = _programme(programme_id)
    as_of = request.app.state.clock()
    return shown(
        request,
        "therapy",
        one=one,
        view=therapy_page(one, words),
        standing=lambda trial_id: describe(trial_id, as_of, words.language),
        caution_rule=cautions_rule(words.language),
        harm_note=harms_note(),
        registry_link=registry_link,
    )


@therapies.get("/therapies/{programme_id}/therapy.json")
def therapy_json(programme_id: str) -> Response:
    """Give a therapy as data."""
    one = _programme(programme_id)
    return json_file(f"therapy-{one.id}", "therapy", {"therapy": programme_data(one)})


@therapies.get("/trials")
def all_trials() -> Response:
    """Lead on to the list of trials, which stands with the therapies."""
    return RedirectResponse("/therapies#trials", 307)


@therapies.get("/trials/{trial_id}")
def one_trial(request: Request, trial_id: str) -> Response:
    """Show one trial with its entry rules in sentences."""
    found = _trial(trial_id)
    return shown(
        request,
        "trial",
        view=trial_page(found, request.app.state.clock(), language_of(request)),
        registry_link=registry_link,
    )


@therapies.get("/trials/{trial_id}/trial.json")
def trial_json(request: Request, trial_id: str) -> Response:
    """Give a trial as data."""
    page = trial_page(_trial(trial_id), request.app.state.clock(), "en")
    return json_file(f"trial-{page.trial.id}", "trial", {"trial": trial_data(page)})


def _programme(programme_id: str) -> Programme:
    known = {one.id: one.name for one in programmes()}
    if programme_id not in known:
        near = [(f"/therapies/{n}", t) for n, t in nearest(programme_id, known.items())]
        raise Missing("programme", programme_id, near, home="/therapies")
    return programme(programme_id)


def _trial(trial_id: str) -> Trial:
    known = {one.id: one.title for one in trials()}
    if trial_id not in known:
        near = [(f"/trials/{n}", t) for n, t in nearest(trial_id, known.items())]
        told = not_found().get(trial_id, "")
        raise Missing("trial", trial_id, near, home="/therapies#trials", known=told)
    return trial(trial_id)
