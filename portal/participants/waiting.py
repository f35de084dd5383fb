"""What waits for a person among the agreements, keys and addresses."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import Permission, may
from portal.common.templatetags.portal import named
from portal.common.waiting import Waiting
from portal.participants.models import Endpoint, Mou, Participant, SpecificationVersion
from portal.participants.waiting_keys import waiting_keys


def waiting_for(person: User) -> Iterator[Waiting]:
    if person.institution and person.institution.state in (Participant.State.INVITED, Participant.State.ACTIVE):
        yield from _of_institution(person, person.institution)
    if may(person, Permission.APPROVE_ENDPOINT):
        yield from _proposals()
    if may(person, Permission.PUBLISH_MOU):
        yield from _unpublished(person)
    yield from waiting_keys(person)


def _of_institution(person: User, own: Participant) -> Iterator[Waiting]:
    if may(person, Permission.SIGN_MOU, institution=own.code):
        yield from _unsigned(own)
        yield from _missing_means(own)
    if may(person, Permission.RATIFY_SPECIFICATION, institution=own.code):
        yield from _unratified(own)


def _unsigned(own: Participant) -> Iterator[Waiting]:
    """The newest version, also while an earlier one still holds."""
    mou = Mou.objects.filter(expires_on__gte=timezone.localdate()).first()
    if mou and not mou.signatures.filter(participant=own).exists():
        url = reverse("participants-mou", args=[mou.version])
        yield Waiting(_("Sign the MoU, version %(v)s") % {"v": mou.version}, url, mou.published_at, urgent=True)


def _missing_means(own: Participant) -> Iterator[Waiting]:
    url = reverse("participants-one", args=[own.code])
    if not own.keys.filter(revoked_at=None, purpose="signing").exists():
        yield Waiting(_("Propose your institution's signing key"), url, own.invited_at)
    if not own.endpoints.filter(disabled_at=None).exists():
        detail = _("until then warnings can be pulled over the API")
        yield Waiting(_("Propose the address that receives warnings"), url, own.invited_at, detail=detail)


def _unratified(own: Participant) -> Iterator[Waiting]:
    newest = SpecificationVersion.objects.first()
    if newest and not newest.ratifications.filter(participant=own).exists():
        title = _("Ratify the data specification, version %(v)d") % {"v": newest.version}
        yield Waiting(title, reverse("specification"), newest.published_at, urgent=True)


def _proposals() -> Iterator[Waiting]:
    for proposal in Endpoint.objects.filter(approved_at=None, disabled_at=None).select_related("participant"):
        title = _("Approve the alert address of %(name)s") % {"name": named(proposal.participant)}
        url = reverse("participants-one", args=[proposal.participant.code])
        yield Waiting(title, url, proposal.proposed_at, detail=proposal.url)


def _unpublished(person: User) -> Iterator[Waiting]:
    if not Mou.objects.exists():
        yield Waiting(_("Publish the first version of the MoU"), reverse("participants-mous"), person.created_at)
    if not SpecificationVersion.objects.exists():
        yield Waiting(_("Put the data specification up for ratification"), reverse("specification"), person.created_at)
