"""Take warnings away as rows: who took how many, of which institutions and what for, written before a row is given."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from cleanroom.errors import RequestInvalid
from portal.accounts.permissions import Permission, check_may, may
from portal.alerts.models import WarningRecord
from portal.alerts.names import PURPOSE_NAMES
from portal.audit.actions import record
from portal.common.said import said

if TYPE_CHECKING:
    from portal.accounts.models import User

EXPORTED = "warnings.exported"


@transaction.atomic
def export_warnings(rows: QuerySet[WarningRecord], *, purpose: str, by: "User") -> None:
    """Record that these rows leave the portal in the hands of `by`. Raises RequestInvalid without a known purpose.

    `beyond_own`: rows of another institution than the person's are among them. That is what control PRI-4-01 forbids
    and its figure counts.
    """
    if not may(by, Permission.READ_WARNING_STANDINGS):
        check_may(by, Permission.READ_WARNINGS, institution=by.institution_code)
    if purpose not in PURPOSE_NAMES:
        raise RequestInvalid(**said("Say what the rows are taken for: choose one of the purposes."))
    codes = sorted(rows.order_by().values_list("participant__code", flat=True).distinct())
    detail = {
        "purpose": purpose,
        "rows": rows.count(),
        "institutions": " ".join(codes),
        "beyond_own": any(code != by.institution_code for code in codes),
    }
    record(by=by, verb=EXPORTED, subject="table:warnings", detail=detail)
