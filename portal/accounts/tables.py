"""People and rights as tables."""

import django_tables2
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.common.tables import Table


class PeopleTable(Table):
    username = django_tables2.Column(verbose_name=_("User name"))
    full_name = django_tables2.Column(verbose_name=_("Name"))
    institution = django_tables2.Column(verbose_name=_("Institution"), order_by="institution__code")
    grants = django_tables2.Column(verbose_name=_("Roles"), orderable=False)
    capacity_grants = django_tables2.Column(verbose_name=_("Signs off as"), orderable=False)
    is_active = django_tables2.BooleanColumn(verbose_name=_("Open"))
    last_login = django_tables2.DateTimeColumn(format="Y-m-d H:i", verbose_name=_("Last sign-in"))

    class Meta(Table.Meta):
        model = User
        fields = ("username", "full_name", "institution", "grants", "capacity_grants", "is_active", "last_login")

    def render_grants(self, record: User) -> str:
        return ", ".join(str(grant.get_role_display()) for grant in record.grants.all()) or "—"

    def render_capacity_grants(self, record: User) -> str:
        return ", ".join(str(grant.get_capacity_display()) for grant in record.capacity_grants.all()) or "—"
