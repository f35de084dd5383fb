"""Manifests drawn at random: valid ones, and single changes to them."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import strategies as st

from cleanroom.contracts.manifest import Manifest, Part, Period, Source, SubmissionKey
from cleanroom.vocabulary.terms import Calendar, Dataset, Encoding, FileFormat, IdentifierKind, Scheme

HEX32 = st.text("0123456789abcdef", min_size=64, max_size=64)
COUNTS = st.integers(0, 2**53 - 1)
KIDS = st.text("0123456789abcdefk-", min_size=1, max_size=40)
DAYS = st.dates(date(1912, 1, 1), date(2199, 12, 31))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
RECIPIENTS = st.text("023456789acdefghjklmnpqrstuvwxyz", min_size=58, max_size=58).map(lambda text: f"age1{text}")


@st.composite
def periods(draw) -> Period:
    first, last = sorted([draw(DAYS), draw(DAYS)])
    return Period(first=first, last=last)


@st.composite
def parts(draw) -> tuple[Part, ...]:
    count = draw(st.integers(1, 4))
    return tuple(
        Part(
            name=f"part-{number:05d}.parquet.age",
            rows=draw(COUNTS),
            plaintext_bytes=draw(COUNTS),
            plaintext_sha256=draw(HEX32),
            ciphertext_bytes=draw(COUNTS),
            ciphertext_sha256=draw(HEX32),
        )
        for number in range(count)
    )


SOURCES = st.builds(
    Source,
    format=st.sampled_from(FileFormat),
    encoding=st.none() | st.sampled_from(Encoding),
    calendar=st.sampled_from(Calendar),
    timezone=st.text(max_size=30),
)
MANIFESTS = st.builds(
    Manifest,
    participant=st.from_regex(r"[0-9]{3}", fullmatch=True, alphabet="0123456789"),
    dataset=st.sampled_from(Dataset),
    specification_version=COUNTS,
    period=periods(),
    sequence=st.integers(1, 2**53 - 1),
    rows=COUNTS,
    scheme=st.sampled_from(Scheme),
    hash_kid=KIDS,
    recipient_kid=KIDS,
    canaries=st.dictionaries(st.sampled_from(IdentifierKind), HEX32, max_size=3),
    source=SOURCES,
    key=st.builds(SubmissionKey, recipient=RECIPIENTS, bytes=st.integers(1, 4096), sha256=HEX32),
    supersedes=st.none() | HEX32,
    parts=parts(),
    created_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=ZONES),
)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def leaves(value: object, path: tuple = ()) -> list[tuple]:
    """Path of every value that is neither an object nor a list."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for number, inner in enumerate(value) for leaf in leaves(inner, (*path, number))]
    return [path]


@st.composite
def changed(draw, manifest: Manifest) -> tuple[dict, dict]:
    """The manifest's JSON, and the same with one value changed, taken out or put in."""
    before = manifest.model_dump(mode="json")
    after = json.loads(json.dumps(before))
    *outer, last = draw(st.sampled_from(leaves(before)))
    holder = after
    for step in outer:
        holder = holder[step]
    how = draw(st.sampled_from(["similar", "other", "out", "in"]))
    if how == "out":
        del holder[last]
    elif how == "in" and isinstance(holder, dict):
        holder[draw(st.text(min_size=1, max_size=8).filter(lambda name: name not in holder))] = draw(ODD)
    else:
        holder[last] = draw(similar_to(holder[last]) if how == "similar" else ODD)
    return before, after


def similar_to(value: object) -> st.SearchStrategy:
    """A value of the same kind: what a careful forger would write."""
    if isinstance(value, str):
        swapped = value[::-1] or "x"
        return st.sampled_from([swapped, value + "0", value.upper(), value[:-1], value.replace("a", "b")])
    if isinstance(value, int):
        return st.sampled_from([value + 1, max(0, value - 1), -value, 0])
    return HEX32
