"""Laws of the manifest: one form, one id, one signature; whatever the bytes, an answer of the family."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from cleanroom.contracts.canonical import MANIFEST_DOMAIN, canonical_bytes
from cleanroom.contracts.manifest import Manifest, SignedManifest
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.signing import public_key_of, sign, verify
from cleanroom.errors import CleanroomError, ManifestMalformed, SignatureRefused
from tests.factories.laws import LAW
from tests.factories.manifests import MANIFESTS, changed

SEED = bytes(range(32))
PUBLIC = public_key_of(SEED)


def signed(manifest: Manifest) -> SignedManifest:
    return SignedManifest(
        manifest=manifest, signing_kid="kid-1", signature=sign(SEED, MANIFEST_DOMAIN, manifest.canonical())
    )


@LAW
@given(MANIFESTS)
def test_a_manifest_goes_round_to_the_same_bytes_and_id(manifest):
    raw = signed(manifest).to_bytes()
    back = SignedManifest.from_bytes(raw)
    assert back.manifest == manifest
    assert back.to_bytes() == raw
    assert back.manifest.submission_id == manifest.submission_id
    verify(PUBLIC, MANIFEST_DOMAIN, back.manifest.canonical(), back.signature)


@LAW
@given(MANIFESTS.flatmap(changed))
def test_a_change_of_any_value_changes_the_id_and_breaks_the_signature(pair):
    before, after = pair
    assume(json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
    original = Manifest.model_validate_json(json.dumps(before))
    outer = {"manifest": after, "signing_kid": "kid-1", "signature": signed(original).signature}
    try:
        forged = SignedManifest.from_bytes(canonical_bytes(outer))
    except ManifestMalformed:
        return
    assert forged.manifest.submission_id != original.submission_id
    with pytest.raises(SignatureRefused):
        verify(PUBLIC, MANIFEST_DOMAIN, forged.manifest.canonical(), forged.signature)


@LAW
@given(MANIFESTS, st.data())
def test_damaged_bytes_are_refused_in_the_family(manifest, data):
    raw = bytearray(signed(manifest).to_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw) - 1))
        end = data.draw(st.integers(start, min(len(raw), start + 8)))
        raw[start:end] = data.draw(st.binary(max_size=8))
    try:
        read = SignedManifest.from_bytes(bytes(raw))
    except ManifestMalformed as refusal:
        rule = refusal.rule
    else:
        rule = None
        assert read.to_bytes() == bytes(raw)
    assert rule in {None, "canonical_json", "manifest_schema"}


@LAW
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner)
       | st.dictionaries(st.text(), inner), max_leaves=8))  # fmt: skip
def test_any_other_json_is_refused_in_the_family(value):
    with pytest.raises(CleanroomError):
        SignedManifest.from_bytes(json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogatepass"))


@LAW
@given(MANIFESTS, st.binary(min_size=32, max_size=32))
def test_no_other_key_made_the_signature(manifest, seed):
    assume(seed != SEED)
    stranger = to_text(bytes(SigningKey(seed).verify_key))
    with pytest.raises(SignatureRefused):
        verify(stranger, MANIFEST_DOMAIN, manifest.canonical(), signed(manifest).signature)
