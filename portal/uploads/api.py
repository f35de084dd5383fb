"""Decisions on submissions: reported by the room, read by the room and by the institutions themselves."""

from django.http import HttpRequest
from ninja import Router

from cleanroom.contracts.messages import SubmissionOrder, UploadReport
from portal.uploads.actions.report import report_upload
from portal.uploads.order_queries import approved_orders
from portal.uploads.queries import reports_for

router = Router(tags=["uploads"])


@router.post("/uploads", response=UploadReport)
def report(request: HttpRequest, body: UploadReport):
    return UploadReport.model_validate(report_upload(body, by=request.auth).report)


@router.get("/uploads", response=list[UploadReport])
def uploads(request: HttpRequest, participant: str | None = None):
    return reports_for(request.auth, participant)


@router.get("/submission-orders", response=list[SubmissionOrder])
def orders(request: HttpRequest, participant: str | None = None):
    """Approved and not yet carried out; the report of the submission's new state ends an order."""
    return approved_orders(request.auth, participant)
