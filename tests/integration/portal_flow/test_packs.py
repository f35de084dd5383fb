"""Evidence packs at the portal: kept where the verifier accepts them under the room's key, refused otherwise."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.errors import NotAllowed, NotFound, SignatureRefused
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.participants.models import RoomKey
from portal.signoffs import packs
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.keep_pack import keep_pack
from portal.signoffs.models import EvidencePack
from portal.signoffs.queries import record_of, release_of
from tests.factories.packs import ROOM_KEY, a_pack, files_in, signed_again, zipped
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import Api
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(room) -> ReleaseRecord:
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    return record_of(draft_release(make_draft(developer="dev"), by=room))


@pytest.fixture
def pack_of_release(record, room):
    """Makes a pack of the release that the room signed; with pages for print, which take seconds, or without."""
    now = timezone.now()
    RoomKey.objects.create(
        signing_kid="sign-test", signing_key=ROOM_KEY, recipient_kid="seal-test", recipient="age1test",
        proposed_by=room, proposed_at=now, proved_at=now, approved_by=make_person(Role.KEY_CUSTODIAN), approved_at=now,
    )  # fmt: skip
    return partial(a_pack, record, now + timedelta(seconds=1), codes=("808",), policy=load_policy())


@pytest.fixture
def raw(pack_of_release) -> bytes:
    return pack_of_release()


def test_a_pack_is_kept_once_and_given_back_whole(record, pack_of_release, room):
    raw, api, release_id = pack_of_release(with_pdf=True), Api(room), record.draft.release_id
    kept = keep_pack(release_id, raw, by=room)
    assert keep_pack(release_id, raw, by=room) == kept
    assert not kept.allowed
    status, [standing] = api("GET", f"/releases/{release_id}/packs")
    assert (status, standing["pack"], standing["release_id"]) == (200, kept.pack, release_id)
    assert Event.objects.filter(verb="release.packed").count() == 1
    release = release_of(release_id)
    assert packs.file_of(release, kept.pack, packs.WHOLE) == raw
    assert packs.file_of(release, kept.pack, "report.en.pdf") == files_in(raw)["report.en.pdf"]
    with pytest.raises(NotFound):
        packs.file_of(release, kept.pack, "record.json")


def test_a_changed_pack_is_refused(record, raw, room):
    files = files_in(raw)
    for changed in (files | {"record.json": files["record.json"] + b" "}, files | {"more.txt": b"x"}):
        with pytest.raises(SignatureRefused):
            keep_pack(record.draft.release_id, zipped(changed), by=room)
    lie = files | {"verdict.json": files["verdict.json"].replace(b'"allowed":false', b'"allowed":true')}
    assert lie != files
    with pytest.raises(SignatureRefused, match="does not follow"):
        keep_pack(record.draft.release_id, signed_again(lie), by=room)
    assert not EvidencePack.objects.exists()


def test_a_pack_of_a_room_that_is_not_registered_is_refused(record, raw, room):
    RoomKey.objects.all().delete()
    with pytest.raises(SignatureRefused, match="no registered signing key"):
        keep_pack(record.draft.release_id, raw, by=room)


def test_a_pack_of_another_release_is_refused(record, raw, room):
    other = record_of(draft_release(make_draft(developer="dev", release_id="score-2026-2"), by=room))
    with pytest.raises(NotAllowed):
        keep_pack(other.draft.release_id, raw, by=room)


def test_only_the_room_hands_one_in(record, raw):
    with pytest.raises(NotAllowed):
        keep_pack(record.draft.release_id, raw, by=make_person(Role.GOVERNANCE_APPROVER))


def test_a_kept_pack_cannot_be_changed(record, raw, room):
    kept = keep_pack(record.draft.release_id, raw, by=room)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvidencePack.objects.filter(pk=kept.pk).update(allowed=True)


def test_the_page_offers_it_for_download(record, raw, room, client):
    name = "report.zh-Hant.html"
    kept = keep_pack(record.draft.release_id, raw, by=room)
    client.force_login(make_person(Role.AUDITOR), backend="portal.accounts.backends.PersonBackend")
    page = client.get(reverse("signoffs-release", args=[record.draft.release_id])).content.decode()
    url = reverse("signoffs-pack", args=[record.draft.release_id, kept.pack, name])
    assert url in page
    answer = client.get(url)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content == files_in(raw)[name]
