"""Tables of the participants' pages."""

import django_tables2
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.common.tables import Table
from portal.common.templatetags.portal import badge, named
from portal.participants.models import Endpoint, Mou, Participant, ParticipantKey, RoomKey

TONES = {"active": "good", "invited": "warn", "suspended": "bad", "left": "idle"}


def state_badge(participant: Participant) -> str:
    return badge(participant.get_state_display(), TONES[participant.state])


class ParticipantTable(Table):
    code = django_tables2.Column(verbose_name=_("Code"))
    name = django_tables2.Column(verbose_name=_("Institution"))
    sector = django_tables2.Column(verbose_name=_("Sector"))
    state = django_tables2.Column(verbose_name=_("State"))
    invited_at = django_tables2.DateTimeColumn(format="Y-m-d", verbose_name=_("Invited"))
    mou_signed_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("MoU signed"))
    ratified_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Specification ratified"))

    class Meta(Table.Meta):
        model = Participant
        fields = ("code", "name", "sector", "state", "invited_at", "mou_signed_at", "ratified_at")

    def render_name(self, record: Participant) -> str:
        return format_html('<a href="{}">{}</a>', reverse("participants-one", args=[record.code]), named(record))

    def value_name(self, record: Participant) -> str:
        return named(record)

    def render_state(self, record: Participant) -> str:
        return state_badge(record)

    def value_state(self, record: Participant) -> str:
        return record.state


class MouTable(Table):
    version = django_tables2.Column(verbose_name=_("Version"))
    valid_from = django_tables2.DateColumn(format="Y-m-d", verbose_name=_("Valid from"))
    expires_on = django_tables2.DateColumn(format="Y-m-d", verbose_name=_("Expires on"))
    published_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Published"))
    signed = django_tables2.Column(verbose_name=_("Signatures"), attrs={"td": {"class": "number"}})
    last_signed_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Latest signature"))

    class Meta(Table.Meta):
        model = Mou
        fields = ("version", "valid_from", "expires_on", "published_at", "signed", "last_signed_at")
        empty_text = _("No MoU is published yet.")

    def render_version(self, record: Mou) -> str:
        return format_html('<a href="{}">{}</a>', reverse("participants-mou", args=[record.version]), record.version)

    def value_version(self, record: Mou) -> str:
        return record.version


KEY_STATES = {
    "proposed": (_("Waits for a second person"), "warn"),
    "active": (_("In use"), "good"),
    "replaced": (_("Replaced"), "idle"),
    "revoked": (_("Revoked"), "bad"),
}


class TwoPersonKeyTable(Table):
    """What every key shows: its state, and who did what when."""

    state = django_tables2.Column(verbose_name=_("State"), orderable=False)
    proposed_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Proposed"))
    proposed_by = django_tables2.Column(verbose_name=_("By"), order_by="proposed_by__username")
    approved_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Approved"))
    approved_by = django_tables2.Column(verbose_name=_("By"), order_by="approved_by__username")
    revoked_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Revoked"))
    revoked_reason = django_tables2.Column(verbose_name=_("Reason"), orderable=False)

    class Meta(Table.Meta):
        empty_text = _("No key is proposed yet.")

    def render_state(self, value: str) -> str:
        return badge(*KEY_STATES[value])

    def value_state(self, value: str) -> str:
        return value


SHARED = ("state", "proposed_at", "proposed_by", "approved_at", "approved_by", "revoked_at", "revoked_reason")


class KeyTable(TwoPersonKeyTable):
    kid = django_tables2.Column(verbose_name=_("Key"))
    purpose = django_tables2.Column(verbose_name=_("Purpose"))

    class Meta(TwoPersonKeyTable.Meta):
        model = ParticipantKey
        fields = ("kid", "purpose", *SHARED)
        sequence = fields


class RoomKeyTable(TwoPersonKeyTable):
    recipient_kid = django_tables2.Column(verbose_name=_("Sealing key"))
    signing_kid = django_tables2.Column(verbose_name=_("Signing key"))

    class Meta(TwoPersonKeyTable.Meta):
        model = RoomKey
        fields = ("recipient_kid", "signing_kid", *SHARED)
        sequence = fields


class EndpointTable(Table):
    url = django_tables2.Column(verbose_name=_("Address"), linkify=False)
    proposed_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Proposed"))
    proposed_by = django_tables2.Column(verbose_name=_("By"), order_by="proposed_by__username")
    approved_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Approved"))
    approved_by = django_tables2.Column(verbose_name=_("By"), order_by="approved_by__username")
    disabled_at = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Disabled"))

    class Meta(Table.Meta):
        model = Endpoint
        fields = ("url", "proposed_at", "proposed_by", "approved_at", "approved_by", "disabled_at")
        empty_text = _("No address is proposed yet. Warnings can always be pulled over the API.")
