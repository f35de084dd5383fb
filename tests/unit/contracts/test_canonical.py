"""One value has one byte form, and any other spelling of it is refused."""

import pytest

from cleanroom.contracts.canonical import canonical_bytes, parse_canonical
from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both


def test_keys_are_sorted_and_spaces_gone():
    assert canonical_bytes({"b": 1, "a": "金"}) == '{"a":"金","b":1}'.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"b":1,"a":2}',  # order
        b'{"a": 1}',  # space
        b'{"a":1,"a":2}',  # key twice
        b'{"a":1,"a":1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1.0}',  # 1 has another canonical form
        b'{"a":9007199254740993}',  # beyond 2^53
        b'{"a":1}\n',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"",
    ],
)
def test_any_other_spelling_is_refused(raw):
    with pytest.raises(ManifestMalformed):
        parse_canonical(raw, what=Both("the manifest", "清單"))


def test_the_canonical_spelling_is_read():
    assert parse_canonical(b'{"a":[1,"x",null,true]}', what=Both("the manifest", "清單")) == {"a": [1, "x", None, True]}
