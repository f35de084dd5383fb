"""What people call datasets, states and reasons."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cleanroom.vocabulary.terms import Dataset, UploadState

DATASET_NAMES = {
    Dataset.TRANSFERS.value: _("Transfers"),
    Dataset.ACCOUNTS.value: _("Accounts"),
    Dataset.LIST_EVENTS.value: _("List events"),
    Dataset.CROSS_INDUSTRY_LIST.value: _("Cross-industry list"),
    Dataset.HOLDINGS.value: _("Holdings"),
    Dataset.CONTACTS.value: _("Contacts"),
}

STATE_NAMES = {
    UploadState.ACCEPTED.value: _("Accepted"),
    UploadState.HELD.value: _("Held"),
    UploadState.QUARANTINED.value: _("Quarantined"),
    UploadState.REFUSED.value: pgettext_lazy("upload", "Refused"),
    UploadState.SUPERSEDED.value: _("Superseded"),
    UploadState.WITHDRAWN.value: pgettext_lazy("upload", "Withdrawn"),
}

STATE_TONES = {
    UploadState.ACCEPTED.value: "good",
    UploadState.HELD.value: "warn",
    UploadState.QUARANTINED.value: "bad",
    UploadState.REFUSED.value: "bad",
    UploadState.SUPERSEDED.value: "idle",
    UploadState.WITHDRAWN.value: "idle",
}

DAY_NAMES = {
    "accepted": _("accepted"),
    "held": _("held"),
    "rejected": _("rejected"),
    "missing": _("missing"),
}
