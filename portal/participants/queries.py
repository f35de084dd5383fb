"""Reads: participants, what they agreed on, and the gate that stations ask."""

from collections.abc import Mapping

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from cleanroom.contracts import messages as m
from cleanroom.contracts.institutions import known_codes
from cleanroom.errors import KeyRefused, NotFound, UnknownInstitution
from cleanroom.vocabulary.terms import Dataset
from portal.common.said import said
from portal.participants.models import (
    Endpoint,
    Mou,
    Participant,
    ParticipantKey,
    Ratification,
    RoomKey,
    SpecificationVersion,
)


def participant_by_code(code: str) -> Participant:
    """Raises UnknownInstitution."""
    return _one(Participant.objects.all(), code)


def participant_for_change(code: str) -> Participant:
    """The same, locked until the transaction ends."""
    return _one(Participant.objects.select_for_update(), code)


def _one(rows: QuerySet[Participant], code: str) -> Participant:
    found = rows.filter(code=code).first()
    if found is None:
        raise UnknownInstitution(**said("no institution with this code takes part"))
    return found


def participants_within(reach: frozenset[str] | None) -> QuerySet[Participant]:
    """`reach`: what `within_reach` gave; None is all."""
    rows = Participant.objects.all()
    return rows if reach is None else rows.filter(code__in=reach)


def current_room_key() -> RoomKey | None:
    return RoomKey.objects.active().filter(replaced_at=None).first()


def key_for_change(code: str, kid: str, *, revoked: bool = False) -> ParticipantKey:
    """An institution's key, locked until the transaction ends. Raises NotFound; KeyRefused for a revoked one, unless
    it is asked for."""
    rows = ParticipantKey.objects.select_for_update(of=("self",)).select_related("proposed_by")
    found = rows.filter(participant__code=code, kid=kid).first()
    if found is None:
        raise NotFound(**said("this institution has no key of that name"))
    if found.revoked_at is not None and not revoked:
        raise KeyRefused(**said("this key was revoked; make and propose a new one"), rule="key_revoked")
    return found


def active_signing_key(code: str, kid: str) -> ParticipantKey | None:
    """The key under this name, if two people have approved it and nobody has revoked it."""
    rows = ParticipantKey.objects.active().filter(purpose=ParticipantKey.Purpose.SIGNING)
    return rows.filter(participant__code=code, kid=kid).first()


def live_endpoint(code: str) -> Endpoint | None:
    """Where the institution's warnings are delivered now: approved by a second person and not disabled."""
    return Endpoint.objects.filter(participant__code=code, approved_at__isnull=False, disabled_at=None).first()


def known_institutions() -> tuple[str, ...]:
    """Codes that may stand in uploaded rows: the published table and the participants."""
    own = Participant.objects.values_list("code", flat=True)
    return tuple(sorted({*known_codes(), *own}))


def current_mou(participant: Participant) -> Mou | None:
    """The newest version that the participant signed and that is valid today; else the newest published."""
    today = timezone.localdate()
    signed = Mou.objects.filter(signatures__participant=participant, valid_from__lte=today, expires_on__gte=today)
    return signed.first() or Mou.objects.first()


def mou_standing(participant: Participant) -> m.MouStanding | None:
    mou = current_mou(participant)
    if mou is None:
        return None
    signature = mou.signatures.filter(participant=participant).first()
    return m.MouStanding(
        version=mou.version, digest=mou.digest, valid_from=mou.valid_from, expires_on=mou.expires_on,
        signed_at=signature.signed_at if signature else None, purposes=tuple(mou.purposes),
    )  # fmt: skip


def specification_standing(participant: Participant) -> m.SpecificationStanding | None:
    """The newest version in force for this participant, else the newest published. A participant that has not
    ratified a version may not upload under it, so for it that version is not in force."""
    versions = SpecificationVersion.objects.all()
    ratified = versions.filter(ratifications__participant=participant, in_force_from__isnull=False).first()
    found = ratified or versions.first()
    if found is None:
        return None
    codes = found.ratifications.order_by("participant__code").values_list("participant__code", flat=True)
    return m.SpecificationStanding(
        version=found.version, digest=found.digest, ratified_by=tuple(codes),
        in_force_from=found.in_force_from if ratified else None,
    )  # fmt: skip


def registered_keys(participant: Participant) -> tuple[m.RegisteredKey, ...]:
    return tuple(
        m.RegisteredKey(
            kid=key.kid, purpose=key.purpose, public_key=key.public_key,
            state=key.state, registered_at=key.approved_at or key.proposed_at, revoked_at=key.revoked_at,
        )
        for key in participant.keys.all()
    )  # fmt: skip


def gate_of(participant: Participant, *, next_sequence: Mapping[Dataset, int]) -> m.ParticipantGate:
    """Everything that sealing and intake check. `next_sequence` comes from the uploads."""
    room = current_room_key()
    return m.ParticipantGate(
        participant=participant.code,
        name=participant.name,
        sector=participant.sector,
        state=participant.state,
        mou=mou_standing(participant),
        specification=specification_standing(participant),
        keys=registered_keys(participant),
        known_institutions=known_institutions(),
        next_sequence={dataset: next_sequence.get(dataset, 1) for dataset in Dataset},
        room_recipient_kid=room.recipient_kid if room else None,
        room_recipient=room.recipient if room else None,
        room_signing_kid=room.signing_kid if room else None,
        room_signing_key=room.signing_key if room else None,
    )


def participants_with_dates(reach: frozenset[str] | None) -> QuerySet[Participant]:
    """With `mou_signed_at` and `ratified_at`, the latest of each."""
    return participants_within(reach).annotate(
        mou_signed_at=Max("mou_signatures__signed_at"), ratified_at=Max("ratifications__ratified_at")
    )


def mous() -> QuerySet[Mou]:
    """With `signed`, how many signatures, and `last_signed_at`."""
    return Mou.objects.annotate(signed=Count("signatures"), last_signed_at=Max("signatures__signed_at"))


def mou_by_version(version: str) -> Mou:
    found = Mou.objects.filter(version=version).first()
    if found is None:
        raise NotFound(**said("there is no MoU of this version"))
    return found


def specification_versions() -> list[SpecificationVersion]:
    return list(SpecificationVersion.objects.all())


def versions_ratified_by(participant: Participant | None) -> list[int]:
    if participant is None:
        return []
    return list(participant.ratifications.values_list("specification__version", flat=True))


def ratification_matrix() -> list[tuple[Participant, list[Ratification | None]]]:
    """One line per institution that takes part, one cell per version, newest version first."""
    versions = specification_versions()
    found = {(r.participant_id, r.specification_id): r for r in Ratification.objects.select_related("ratified_by")}
    rows = Participant.objects.exclude(state=Participant.State.LEFT)
    return [(row, [found.get((row.pk, version.pk)) for version in versions]) for row in rows]
