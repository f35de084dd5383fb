"""Orders that wait for a second person."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.common.templatetags.portal import named
from portal.common.waiting import Waiting
from portal.uploads.models import SubmissionOrder
from portal.uploads.names import DATASET_NAMES
from portal.uploads.order_views import may_decide

if TYPE_CHECKING:
    from portal.accounts.models import User


def waiting_orders(person: "User") -> Iterator[Waiting]:
    rows = SubmissionOrder.objects.open().select_related("participant", "submission", "ordered_by")
    for order in rows:
        if may_decide(person, order):
            facts = {
                "order": order.rule.label,
                "name": named(order.participant),
                "dataset": DATASET_NAMES[order.submission.dataset],
                "number": order.submission.sequence,
            }
            title = _("Decide on an order: %(order)s, %(name)s, %(dataset)s %(number)s") % facts
            url = reverse("uploads-order", args=[order.order_id])
            yield Waiting(title, url, since=order.ordered_at, urgent=True, detail=order.reason)
