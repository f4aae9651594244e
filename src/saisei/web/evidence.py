"""Routes of the evidence: studies, questions, sources; each view and each file has an address."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from saisei.evidence import Study, overall_bias, stages_treated, studies, study
from saisei.vocabulary import Design, Stage
from saisei.web.downloads import csv_file, json_file, svg_download
from saisei.web.evidence_views import (
    LIST_HEADS,
    SOURCE_HEADS,
    list_rows,
    source_filters,
    source_list,
    source_rows,
    study_filters,
    study_list,
    study_row,
)
from saisei.web.evidence_words import speech
from saisei.web.filters import chosen_of, query_of
from saisei.web.question_pictures import (
    PICTURES,
    SPECIFICATION_HEADS,
    picture_of,
    slim_forest,
    specification_rows,
)
from saisei.web.question_views import (
    CONTRAST_HEADS,
    asked_of,
    contrast_rows,
    method_of,
    narrowed_of,
    pool_data,
    question_filters,
    question_lines,
    question_view,
    whom_filters,
)
from saisei.web.showing import Missing, ToldRoute, evidence_read, nearest, shown
from saisei.web.study_views import (
    NUMBER_HEADS,
    arm_dose,
    delay_words,
    number_lines,
    number_rows,
    registry_link,
    study_gains,
    taken_from,
    trial_of,
    when_said,
)
from saisei.web.words import language_of

__all__ = ["evidence"]

FILES = ("pool.json", "comparisons.csv", "specifications.csv", "forest.svg", "specifications.svg")

evidence = APIRouter(route_class=ToldRoute, include_in_schema=False)


@evidence.get("/evidence")
def all_studies(request: Request) -> Response:
    """List every study that fits the filters, and count what they leave out."""
    language = language_of(request)
    filters = study_filters(language)
    chosen = chosen_of(request.query_params, filters)
    return shown(
        request,
        "evidence",
        filters=filters,
        chosen=chosen,
        query=query_of(chosen, filters),
        found=study_list(chosen, language),
    )


@evidence.get("/evidence/studies")
def studies_moved(request: Request) -> Response:
    """Lead on to the list of studies, which is the front of the evidence."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/evidence{query}", 307)


@evidence.get("/evidence/studies.csv")
def studies_csv(request: Request) -> Response:
    """Give the list as it is filtered, as rows."""
    rows = _listed(request)
    return csv_file("studies", LIST_HEADS, rows)


@evidence.get("/evidence/studies.json")
def studies_json(request: Request) -> Response:
    """Give the list as it is filtered, as data."""
    told = [dict(zip(LIST_HEADS, row, strict=True)) for row in _listed(request)]
    return json_file("studies", "studies", {"studies": told})


def _listed(request: Request) -> list[tuple[object, ...]]:
    chosen = chosen_of(request.query_params, study_filters("en"))
    return list_rows(study_list(chosen, "en").rows, evidence_read())


@evidence.get("/evidence/studies/{study_id}")
def one_study(request: Request, study_id: str) -> Response:
    """Show one study with every number and its source."""
    one, words = _study(study_id), speech(language_of(request))
    return shown(
        request,
        "study",
        study=one,
        line=study_row(one.id, words.language),
        stages=[stage for stage in Stage if stage in stages_treated(one)],
        randomised=one.design is Design.RCT,
        bias=overall_bias(one),
        results=number_lines(one, words),
        taken=taken_from(one, words),
        gains=study_gains(one, words),
        when=lambda row: when_said(row, words),
        dose=lambda arm: arm_dose(arm, words),
        delay=delay_words(one, words),
        delay_note=one.onset_to_treatment and (one.onset_to_treatment.text or ""),
        registry_link=registry_link,
        trial_of=trial_of,
        others={other.id: other.label for other in studies()},
    )


@evidence.get("/evidence/studies/{study_id}/study.json")
def study_json(study_id: str) -> Response:
    """Give a study as data."""
    one = _study(study_id)
    told = {"read_by": evidence_read(), "study": one.model_dump(mode="json", exclude_none=True)}
    return json_file(f"study-{one.id}", "study", told)


@evidence.get("/evidence/studies/{study_id}/numbers.csv")
def study_csv(study_id: str) -> Response:
    """Give every number of a study as rows."""
    one = _study(study_id)
    return csv_file(f"study-{one.id}-numbers", NUMBER_HEADS, number_rows(one))


def _study(study_id: str) -> Study:
    known = {one.id: one.label for one in studies()}
    if study_id not in known:
        near = [(f"/evidence/studies/{n}", t) for n, t in nearest(study_id, known.items())]
        raise Missing("study", study_id, near, home="/evidence")
    return study(study_id)


@evidence.get("/evidence/questions")
def all_questions(request: Request) -> Response:
    """Answer every question of the table by rule, for what is named."""
    filters = whom_filters(language_of(request))
    chosen = chosen_of(request.query_params, filters)
    return shown(
        request,
        "questions",
        filters=filters,
        chosen=chosen,
        query=query_of(chosen, filters),
        lines=question_lines(chosen),
    )


@evidence.get("/evidence/questions/{question_id}")
def one_question(request: Request, question_id: str) -> Response:
    """Pool one question as the filters say."""
    language = language_of(request)
    asked = asked_of(question_id)
    if asked is None:
        raise _no_question(question_id)
    filters = question_filters(asked, language)
    chosen = chosen_of(request.query_params, filters)
    narrowed, method = narrowed_of(asked, chosen), method_of(chosen)
    drawn = {one: picture_of(one, narrowed, method, language) for one in PICTURES}
    return shown(
        request,
        "question",
        filters=filters,
        chosen=chosen,
        query=query_of(chosen, filters),
        view=question_view(narrowed, method, speech(language)),
        slim=slim_forest(narrowed, method, language),
        pictures={name: picture for name, picture in drawn.items() if picture is not None},
    )


def _no_question(name: str) -> Missing:
    known = [(line.asked.id, str(line.asked.title)) for line in question_lines(_nobody())]
    near = [(f"/evidence/questions/{n}", t) for n, t in nearest(name, known)]
    return Missing("question", name, near, home="/evidence/questions")


def _nobody() -> dict[str, str]:
    return {one.name: one.first for one in whom_filters("en")}


@evidence.get("/evidence/questions/{question_id}/{file}")
def question_file(request: Request, question_id: str, file: str) -> Response:
    """Give a picture, the pool, its comparisons or the curve of a question as a file."""
    language = language_of(request)
    asked = asked_of(question_id)
    if asked is None:
        raise _no_question(question_id)
    chosen = chosen_of(request.query_params, question_filters(asked, language))
    narrowed, method = narrowed_of(asked, chosen), method_of(chosen)
    name = "-".join((asked.id, *(v for v in chosen.values() if v)))
    match file:
        case "pool.json":
            view = question_view(narrowed, method, speech("en"))
            return json_file(f"pool-{name}", "question", pool_data(view))
        case "comparisons.csv":
            rows = contrast_rows(question_view(narrowed, method, speech("en")).pooled)
            return csv_file(f"comparisons-{name}", CONTRAST_HEADS, rows)
        case "specifications.csv":
            rows = specification_rows(narrowed)
            return csv_file(f"specifications-{name}", SPECIFICATION_HEADS, rows)
    home = f"/evidence/questions/{asked.id}"
    picture = next((one for one in PICTURES if file == f"{one}.svg"), None)
    if picture is None:
        raise Missing("file", file, [(f"{home}/{one}", one) for one in FILES], home=home)
    drawn = picture_of(picture, narrowed, method, language)
    if drawn is None:
        raise Missing("picture", file, home=home)
    return svg_download(f"{picture}-{name}", drawn)


@evidence.get("/sources")
def sources(request: Request) -> Response:
    """List every source, searched by words."""
    filters = source_filters(language_of(request))
    chosen = chosen_of(request.query_params, filters)
    return shown(
        request,
        "sources",
        filters=filters,
        chosen=chosen,
        query=query_of(chosen, filters),
        found=source_list(chosen),
    )


@evidence.get("/sources.csv")
def sources_csv(request: Request) -> Response:
    """Give the sources that a search finds as rows."""
    chosen = chosen_of(request.query_params, source_filters("en"))
    rows = source_rows(source_list(chosen).shown, evidence_read())
    return csv_file("sources", SOURCE_HEADS, rows)
