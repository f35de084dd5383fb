"""A sealed warning opens only whole, only here, and only as the clean room signed it."""

import pytest

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.envelope import new_identity
from cleanroom.errors import ContentTampered, ManifestMalformed, NotTheOwner, SignatureRefused
from cleanroom.receiver.opening import RoomKey, open_warning, parse_message
from tests.factories.sealed_warnings import ACCOUNT, STEP


def test_what_the_room_composed_opens_here(sender, room_key):
    opened = open_warning(sender.warning(), ring=sender.ring, room_key=room_key)
    assert opened.account == ACCOUNT
    assert opened.body.path == (STEP,)
    assert opened.body.reasons[0]["zh_hant"] == "多"


def test_outside_stands_no_account_no_handle_no_token(sender):
    message = sender.warning()
    outside = message.model_dump_json(exclude={"sealed_body"})
    handle = to_text(sender.ring.seal_handle(ACCOUNT))
    for secret in (ACCOUNT, ACCOUNT[3:], handle, "0" * 32, "f" * 32):
        assert secret not in outside


def test_another_institutions_warning_is_refused(sender, room_key):
    with pytest.raises(NotTheOwner, match="another institution"):
        open_warning(sender.warning(institution="822"), ring=sender.ring, room_key=room_key)


def test_an_envelope_for_someone_else_is_refused(sender, room_key):
    message = sender.warning(recipient=new_identity()[1])
    with pytest.raises(ContentTampered):
        open_warning(message, ring=sender.ring, room_key=room_key)


def test_a_signature_of_another_key_is_refused(sender):
    forged = RoomKey("0" * 16, sender.ring.signing_public_key)
    with pytest.raises(SignatureRefused, match="another key"):
        open_warning(sender.warning(), ring=sender.ring, room_key=forged)
    same_name = RoomKey(sender.room.signing_kid, sender.ring.signing_public_key)
    with pytest.raises(SignatureRefused):
        open_warning(sender.warning(), ring=sender.ring, room_key=same_name)


def test_a_changed_inside_is_refused(sender, room_key):
    message = sender.warning()
    envelope = sender.envelope(message)
    envelope["body"]["score"] = 1.0
    with pytest.raises(SignatureRefused):
        open_warning(sender.sealed_by_hand(message, envelope), ring=sender.ring, room_key=room_key)


def test_an_inside_of_another_warning_is_refused(sender, room_key):
    first, second = sender.warning(1), sender.warning(2)
    swapped = first.model_copy(update={"sealed_body": second.sealed_body})
    with pytest.raises(ContentTampered, match="another warning"):
        open_warning(swapped, ring=sender.ring, room_key=room_key)


@pytest.mark.parametrize("change", [{"amount_bound_cents": 999}, {"kind": "care"}])
def test_the_outside_must_say_what_the_inside_says(sender, room_key, change):
    message = type(first := sender.warning()).model_validate(first.model_dump() | change)
    with pytest.raises(ContentTampered, match="another warning"):
        open_warning(message, ring=sender.ring, room_key=room_key)


def test_an_account_of_another_institution_is_refused(sender, room_key):
    with pytest.raises(NotTheOwner, match="account"):
        open_warning(sender.warning(account="822" + ACCOUNT[3:]), ring=sender.ring, room_key=room_key)


def test_a_handle_that_was_never_issued_is_refused(sender, room_key):
    message = sender.warning()
    body = sender.envelope(message)["body"] | {"handle": to_text(b"x" * 35)}
    with pytest.raises(ContentTampered, match="handle"):
        open_warning(sender.sealed_by_hand(message, sender.signed(body)), ring=sender.ring, room_key=room_key)


@pytest.mark.parametrize("envelope", [{}, {"body": {}}, {"body": {}, "signing_kid": "k", "signature": "s", "more": 1}])
def test_an_inside_of_another_shape_is_refused(sender, room_key, envelope):
    with pytest.raises(ManifestMalformed):
        open_warning(sender.sealed_by_hand(sender.warning(), envelope), ring=sender.ring, room_key=room_key)


def test_a_signed_inside_with_unknown_fields_is_refused(sender, room_key):
    message = sender.warning()
    body = sender.envelope(message)["body"] | {"extra": 1}
    with pytest.raises(ManifestMalformed):
        open_warning(sender.sealed_by_hand(message, sender.signed(body)), ring=sender.ring, room_key=room_key)


def test_a_sealed_part_that_is_no_base64_is_refused(sender, room_key):
    with pytest.raises(ContentTampered, match="base64"):
        open_warning(sender.warning().model_copy(update={"sealed_body": "***"}), ring=sender.ring, room_key=room_key)


def test_only_the_canonical_form_is_parsed(sender):
    raw = canonical_bytes(sender.warning().model_dump(mode="json"))
    assert parse_message(raw).warning_id == f"{1:032x}"
    for other in (b" " + raw, raw[:-1] + b',"participant":"822"}', b"{}", b"not json"):
        with pytest.raises(ManifestMalformed):
            parse_message(other)
