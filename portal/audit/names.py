"""The logs' names for people."""

from django.utils.translation import gettext_lazy as _

from cleanroom.contracts.checkpoints import AuditLog

LOG_NAMES = {
    AuditLog.ROOM: _("Log of the clean room"),
    AuditLog.PORTAL: _("Log of this portal"),
}
