"""Pages of the uploads."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cleanroom.errors import NotFound
from portal.common.filters import Filter, choices_of, institutions_among, narrow
from portal.common.said import said
from portal.common.tables import as_csv, configure, search, table_page
from portal.uploads import heatmap, queries
from portal.uploads.models import Submission
from portal.uploads.names import DATASET_NAMES, STATE_NAMES, STATE_TONES
from portal.uploads.order_queries import open_to
from portal.uploads.orders import RULES
from portal.uploads.tables import RuleTable, SubmissionTable


@require_safe
def uploads(request: HttpRequest) -> HttpResponse:
    every = queries.visible_to(request.user)
    rows, filters = narrow(
        every,
        request,
        Filter("institution", _("Institution"), "participant__code", institutions_among(every)),
        Filter("dataset", _("Dataset"), "dataset", choices_of(DATASET_NAMES)),
        Filter("state", _("State"), "state", choices_of(STATE_NAMES)),
    )
    rows = search(rows, request, "participant__name", "participant__name_zh", "participant__code", "sentence")
    context = {"filters": filters, "map": heatmap.draw(list(rows)), "latest": every.first()}
    return table_page(request, "uploads/uploads.html", SubmissionTable(rows), context)


@require_safe
def detail(request: HttpRequest, submission_id: str) -> HttpResponse:
    submission = queries.submission_for(request.user, submission_id)
    table = RuleTable(submission.rule_outcomes.all())
    configure(request, table)
    context = {
        "submission": submission,
        "dataset": DATASET_NAMES[submission.dataset],
        "state": STATE_NAMES[submission.state],
        "tone": STATE_TONES[submission.state],
        "decisions": [(d, STATE_NAMES[d.state], STATE_TONES[d.state]) for d in submission.decisions.all()],
        "receipt": submission.report.get("receipt"),
        "table": table,
        "orders": submission.orders.select_related("ordered_by", "approved_by", "ended_by"),
        "openings": [(kind, RULES[kind], answer) for kind, answer in open_to(request.user, submission)],
    }
    return render(request, "uploads/detail.html", context)


@require_safe
def receipt(request: HttpRequest, submission_id: str) -> HttpResponse:
    """The receipt as the room signed it, byte for byte the JSON that its signature covers."""
    submission = queries.submission_for(request.user, submission_id)
    signed = submission.report.get("receipt")
    if signed is None:
        raise NotFound(**said("this submission has no receipt"))
    return _download(json.dumps(signed, ensure_ascii=False, indent=2), _file_name(submission, "receipt"))


@require_safe
def errors_csv(request: HttpRequest, submission_id: str) -> HttpResponse:
    submission = queries.submission_for(request.user, submission_id)
    head = ("rule", "column", "severity", "passed", "failed_rows", "row_number")
    return as_csv([head, *_error_lines(submission)], name=_file_name(submission, "errors"))


def _error_lines(submission: Submission):
    """One line per failing row; a rule that all rows keep has one line without a row."""
    for o in submission.rule_outcomes.all():
        for number in o.row_numbers or [""]:
            yield o.rule, o.column, o.severity, o.passed, o.failed_rows, number


@require_safe
def errors_json(request: HttpRequest, submission_id: str) -> HttpResponse:
    submission = queries.submission_for(request.user, submission_id)
    report = {name: value for name, value in submission.report.items() if name != "receipt"}
    return _download(json.dumps(report, ensure_ascii=False, indent=2), _file_name(submission, "errors"))


def _file_name(submission: Submission, what: str) -> str:
    return f"{submission.participant.code}-{submission.dataset}-{submission.sequence:08d}-{what}"


def _download(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response
