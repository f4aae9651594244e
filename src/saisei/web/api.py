"""The API: what the commands give as JSON, asked for over HTTP.

The same functions answer here and on the command line, so the answers are the same to the letter.
Work that takes time is done beside the event loop; how much of it at once is bounded.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from saisei.base.dates import parse_as_of
from saisei.base.errors import CaseError, DocumentError, OptionError, Place, Problem
from saisei.base.results import result_json
from saisei.cases import Case, case_from_data
from saisei.decision import Options, decide
from saisei.evidence import measures, pool_table, read_table, stages_treated, studies
from saisei.evidence.model import Study
from saisei.forecast import contexts
from saisei.report import person_screening, screening_to_json, to_json
from saisei.vocabulary import CellType, Condition, Design, Outcome, Publication, Route, Stage
from saisei.web.api_models import described, openapi_of
from saisei.web.bodies import Body, Sent, moved

__all__ = ["MOST_STUDIES", "api"]

api = APIRouter(prefix="/api/v1")

MOST_STUDIES = 2_000
"""More studies of one question than anybody has pooled; beyond this the time is not known."""
LONGEST = 200
"""Letters of a word in a table of studies."""
JSON = "application/json"


@api.post("/decide", **described("decide"))
def decide_case(request: Request, sent: Sent) -> Response:
    """Give the Decision of one case: what `saisei report --json` prints."""
    body = Body.read(sent, ("case", "as_of", "language", "context"))
    options = Options(language=body.language(), context=_context(body))
    case = _case(body, request)
    return _answer(to_json(decide(case, case.as_of, options)))


@api.post("/screen", **described("screen"))
def screen_case(request: Request, sent: Sent) -> Response:
    """Hold one case against every therapy and trial: what `saisei screen --json` prints."""
    body = Body.read(sent, ("case", "as_of", "language"))
    language = body.language()
    case = _case(body, request)
    return _answer(screening_to_json(person_screening(case, language)))


@api.post("/pool", **described("pool"))
def pool_studies(sent: Sent) -> Response:
    """Pool studies, given by effects and variances or by their arms: as `saisei pool --json`."""
    body = Body.read(sent, ("studies", "measure", "method", "test", "level"))
    measure = body.text("measure", "GEN") or ""
    if measure not in measures():
        expected = f"one of {', '.join(measures())}"
        raise OptionError(Problem("measure", "there is no such measure", expected, field="measure"))
    method, test = body.text("method", "REML") or "", body.text("test", "knha") or ""
    level = body.number("level", 0.95)
    columns = _columns(body)
    try:
        table = read_table(columns, measure)
        pooled = pool_table(table, measure, method, test, level=level)
    except DocumentError as error:
        raise OptionError(_of_study(problem) for problem in error.problems) from None
    return _answer(result_json("pool", pooled.to_dict()))


@api.get("/evidence", **described("evidence"))
def list_evidence(
    *,
    condition: Condition | None = None,
    stage: Stage | None = None,
    cells: CellType | None = None,
    route: Route | None = None,
    design: Design | None = None,
    outcome: Outcome | None = None,
    publication: Publication | None = None,
    registry: Annotated[str | None, Query(max_length=30)] = None,
) -> Response:
    """List the studies; each filter keeps those that have it."""
    kept = [
        study
        for study in studies()
        if condition in {None, study.condition}
        and (stage is None or stage in stages_treated(study))
        and (cells is None or any(arm.cell_type is cells for arm in study.treatment_arms))
        and (route is None or any(arm.route is route for arm in study.treatment_arms))
        and design in {None, study.design}
        and (outcome is None or any(row.outcome is outcome for row in study.outcomes))
        and publication in {None, study.publication}
        and (registry is None or registry in study.registry)
    ]
    listed = [_summary(study) for study in kept]
    return _answer(result_json("evidence", {"count": len(listed), "studies": listed}))


@api.get("/evidence/{study_id}", **described("study"))
def one_study(study_id: str) -> Response:
    """Give one study whole: every number with the source that it was read from."""
    found = next((study for study in studies() if study.id == study_id), None)
    if found is None:
        raise HTTPException(404)
    told = found.model_dump(mode="json", exclude_unset=True)
    return _answer(result_json("study", {"label": found.label, "study": told}))


@api.get("/openapi.json", include_in_schema=False)
def description(request: Request) -> Response:
    """Describe the API: OpenAPI 3.1 with the schema of each body and answer."""
    return _answer(json.dumps(openapi_of(request.app), ensure_ascii=False, allow_nan=False))


def _answer(text: str) -> Response:
    return Response(text, media_type=JSON)


def _context(body: Body) -> str | None:
    asked = body.text("context")
    if asked is not None and asked not in contexts():
        expected = f"one of {', '.join(contexts())}"
        raise OptionError(Problem("context", "there is no such context", expected, field="context"))
    return asked


def _case(body: Body, request: Request) -> Case:
    """Read the case of a body at its moment: the body's, else the case's own, else now.

    Raises
    ------
    CaseError
        Something in it is impossible; each mistake with its path in the body.
    """
    now: datetime = request.app.state.clock()
    as_of = _as_of(body, now)
    try:
        return case_from_data(body.document("case"), as_of=as_of, otherwise=now)
    except CaseError as error:
        raise CaseError(moved(error, "case")) from None


def _as_of(body: Body, now: datetime) -> datetime | None:
    written = body.text("as_of")
    if written is None:
        return None
    try:
        return parse_as_of(written, now.tzinfo)
    except (ValueError, OverflowError):
        expected = "a date or a date-time with zone, such as 2026-11-20T09:00+09:00"
        raise OptionError(Problem("as-of", "no moment", expected, field="as_of")) from None


def _columns(body: Body) -> dict[str, list[Any]]:
    """Turn a list of studies into columns; what one study lacks is missing there."""
    given = body.several("studies", MOST_STUDIES)
    rows = [_row(one, at) for at, one in enumerate(given)]
    heads = dict.fromkeys(name for row in rows for name in row)
    if len(heads) > 40:
        raise OptionError(Problem("length", "too many columns", "at most 40", field="studies"))
    return {head: [row.get(head) for row in rows] for head in heads}


def _row(given: Any, at: int) -> dict[str, Any]:
    place = Place("body", path=f"studies.{at}")
    if not isinstance(given, dict):
        told, expected = "this is no object", "the numbers of a study by their names"
        raise OptionError(Problem("wrong-type", told, expected, field="studies", place=place))
    for name, one in given.items():
        fits = len(one) <= LONGEST if isinstance(one, str) else _is_number(one)
        if not fits or len(name) > LONGEST:
            told, expected = "something else stands here", f"a number or at most {LONGEST} letters"
            raise OptionError(Problem("wrong-type", told, expected, field=name[:60], place=place))
    return given


def _is_number(given: Any) -> bool:
    return given is None or (isinstance(given, int | float) and not isinstance(given, bool))


def _of_study(problem: Problem) -> Problem:
    """Tell a mistake of a table by the study's place in the body."""
    place = problem.place or Place("body")
    path = "studies" if place.line is None else f"studies.{place.line - 1}"
    name = problem.field or place.path
    where = Place("body", path=f"{path}.{name}" if name else path)
    return Problem(
        problem.code, problem.found, problem.expected, problem.next_step, where, problem.field
    )


def _summary(study: Study) -> dict[str, Any]:
    """Say what a list needs of a study."""
    return {
        "id": study.id,
        "label": study.label,
        "year": study.year,
        "condition": study.condition,
        "stages": sorted(stages_treated(study)),
        "design": study.design,
        "blinding": study.blinding,
        "publication": study.publication,
        "people": study.enrolled,
        "cells": sorted({arm.cell_type for arm in study.treatment_arms if arm.cell_type}),
        "routes": sorted({arm.route for arm in study.treatment_arms if arm.route}),
        "outcomes": sorted({row.outcome for row in study.outcomes}),
        "registry": study.registry,
        "address": f"/api/v1/evidence/{study.id}",
    }
