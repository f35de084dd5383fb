"""Participants, their keys and endpoints, the MoU and the specification over the API."""

from datetime import date
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from cleanroom.contracts import messages as m
from cleanroom.contracts.manifest import Frozen, Hex32, InstitutionCode
from cleanroom.vocabulary.terms import Sector
from portal.accounts.permissions import Permission, check_may, within_reach
from portal.participants import queries
from portal.participants.actions.invite import invite_participant
from portal.participants.actions.propose_endpoint import approve_endpoint, propose_endpoint
from portal.participants.actions.ratify_specification import publish_specification, ratify_specification
from portal.participants.actions.sign_mou import publish_mou, sign_mou
from portal.participants.key_api import router as keys
from portal.participants.models import Participant
from portal.uploads.queries import next_sequences

router = Router(tags=["participants"])
router.add_router("", keys)
Text = Annotated[str, Field(min_length=1, max_length=300)]


class Invitation(Frozen):
    code: InstitutionCode
    name: Text
    name_zh: Text
    sector: Sector


class Address(Frozen):
    url: Text


class MouVersion(Frozen):
    version: Annotated[str, Field(min_length=1, max_length=20)]
    text: Annotated[str, Field(min_length=1)]
    valid_from: date
    expires_on: date
    purposes: tuple[Text, ...]


class SpecificationPublication(Frozen):
    version: Annotated[int, Field(ge=1)]
    digest: Hex32


class Done(Frozen):
    """What was done or stood there already, by name."""

    subject: str
    state: str


def _gate(participant: Participant) -> m.ParticipantGate:
    return queries.gate_of(participant, next_sequence=next_sequences(participant.code))


@router.post("/participants", response=m.ParticipantGate)
def invite(request: HttpRequest, body: Invitation):
    return _gate(invite_participant(by=request.auth, **body.model_dump()))


@router.get("/participants", response=list[m.ParticipantGate])
def participants(request: HttpRequest):
    reach = within_reach(request.auth, Permission.READ_PARTICIPANT)
    return [_gate(participant) for participant in queries.participants_within(reach)]


@router.get("/participants/{code}/gate", response=m.ParticipantGate)
def gate(request: HttpRequest, code: str):
    check_may(request.auth, Permission.READ_PARTICIPANT, institution=code)
    return _gate(queries.participant_by_code(code))


@router.post("/participants/{code}/endpoint", response=Done)
def add_endpoint(request: HttpRequest, code: str, body: Address):
    endpoint = propose_endpoint(by=request.auth, participant=code, url=body.url)
    return Done(subject=f"participant:{code}", state="approved" if endpoint.approved_at else "proposed")


@router.post("/participants/{code}/endpoint/approve", response=Done)
def confirm_endpoint(request: HttpRequest, code: str):
    approve_endpoint(by=request.auth, participant=code)
    return Done(subject=f"participant:{code}", state="approved")


@router.post("/mou", response=Done)
def add_mou(request: HttpRequest, body: MouVersion):
    mou = publish_mou(by=request.auth, **body.model_dump())
    return Done(subject=f"mou:{mou.version}", state="published")


@router.post("/mou/{version}/signatures", response=Done)
def add_signature(request: HttpRequest, version: str):
    sign_mou(by=request.auth, version=version)
    return Done(subject=f"mou:{version}", state="signed")


@router.post("/specifications", response=Done)
def add_specification(request: HttpRequest, body: SpecificationPublication):
    found = publish_specification(by=request.auth, version=body.version, digest=body.digest)
    return Done(subject=f"specification:{found.version}", state="published")


@router.post("/specifications/{version}/ratifications", response=Done)
def add_ratification(request: HttpRequest, version: int):
    found = ratify_specification(by=request.auth, version=version)
    in_force = found.specification.in_force_from is not None
    return Done(subject=f"specification:{version}", state="in_force" if in_force else "ratified")
