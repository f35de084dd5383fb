"""Keep what the locked room publishes."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.messages import ResultPublication, StationRun
from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.results.models import Result, StationRecord

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def report_station(run: StationRun, *, by: "User") -> StationRecord:
    """Write one step's time. The same step of the same run again changes nothing."""
    check_may(by, Permission.REPORT_STATION)
    found, made = StationRecord.objects.get_or_create(
        run_id=run.run_id,
        station=run.station,
        step=run.step,
        started_at=run.started_at,
        defaults={
            "seconds": run.seconds, "rows": run.rows, "detail": run.detail, "reported_at": timezone.now(),
        },
    )  # fmt: skip
    if made:
        detail = {"station": run.station, "step": run.step, "seconds": run.seconds, "rows": run.rows}
        record(by=by, verb="station.reported", subject=f"run:{run.run_id}", detail=detail)
    return found


@transaction.atomic
def publish_result(publication: ResultPublication, *, by: "User") -> Result:
    """Write a published table. Computed again for the same run, the later one stands; an earlier one is refused."""
    check_may(by, Permission.PUBLISH_RESULT)
    known = Result.objects.select_for_update().filter(run_id=publication.run_id, kind=publication.kind).first()
    if known and (known.computed_at, known.body) == (publication.computed_at, publication.body):
        return known
    if known and known.computed_at > publication.computed_at:
        raise NotAllowed(**said("a later computation of this run stands already"))
    result = known or Result(run_id=publication.run_id, kind=publication.kind)
    result.computed_at, result.body, result.published_at = publication.computed_at, publication.body, timezone.now()
    result.save()
    detail = {"kind": publication.kind, "computed_at": publication.computed_at.isoformat()}
    record(by=by, verb="result.published", subject=f"run:{publication.run_id}", detail=detail)
    return result
