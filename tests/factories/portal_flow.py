"""Callers, institutions and messages for the tests of the portal's flow."""

import base64
import json
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import AnswerMessage, UploadReport, WarningMessage
from cleanroom.vocabulary.terms import Role
from portal.participants.models import Endpoint, ParticipantKey
from tests.factories.portal import make_participant, make_person, token_for

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Api:
    """The API as one caller: JSON in, (status, JSON) out."""

    def __init__(self, user):
        self.user, self._token = user, token_for(user)

    def __call__(self, method: str, path: str, body=None):
        response = Client().generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self._token}",
        )
        return response.status_code, json.loads(response.content)


def warning(number: int, participant: str = "808", **changes) -> WarningMessage:
    return WarningMessage(
        **{
            "warning_id": f"{number:032x}",
            "participant": participant,
            "kind": "mule",
            "severity": "critical",
            "release_id": "score-1",
            "reason_codes": ("layer_near",),
            "amount_bound_cents": 1_250_000,
            "layer": 2,
            "composed_at": NOW,
            "sealed_body": base64.b64encode(b"sealed").decode(),
            **changes,
        }
    )


def upload(number: int, participant: str = "808", **changes) -> UploadReport:
    return UploadReport(
        **{
            "submission_id": f"{number:064x}",
            "participant": participant,
            "dataset": "transfers",
            "sequence": 1,
            "specification_version": 1,
            "period_first": "2026-11-01",
            "period_last": "2026-11-10",
            "state": "accepted",
            "reason": None,
            "sentence": None,
            "rows": 1000,
            "bytes": 20_000,
            "decided_at": NOW,
            **changes,
        }
    )


class Institution:
    """An institution with an officer, a service and a signing key of its own."""

    def __init__(self, code: str):
        self.participant = make_participant(code)
        self.code = code
        self.officer = make_person(Role.PARTICIPANT_OFFICER, institution=code)
        self.service = make_person(Role.UPLOAD_SERVICE, institution=code)
        self.key = Ed25519PrivateKey.generate()
        self.kid = f"{code}-signing-1"
        public = base64.urlsafe_b64encode(self.key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        ParticipantKey.objects.create(
            participant=self.participant,
            kid=self.kid,
            purpose="signing",
            public_key=public,
            proposed_by=self.service,
            proved_at=timezone.now(),
            approved_at=timezone.now(),
            approved_by=self.officer,
        )

    def endpoint(self, url: str) -> Endpoint:
        return Endpoint.objects.create(
            participant=self.participant,
            url=url,
            proposed_by=self.officer,
            approved_by=make_person(Role.COORDINATOR),
            approved_at=timezone.now(),
        )

    def answer(self, warning_id: str, answer: str = "received", **changes) -> AnswerMessage:
        said = {
            "warning_id": warning_id,
            "participant": self.code,
            "answer": answer,
            "action": "none",
            "answered_at": NOW,
            "reason": "",
            "held_cents": 0,
            "signing_kid": self.kid,
            **changes,
        }
        payload = AnswerMessage(**said, signature="").model_dump(mode="json", exclude={"signature"})
        signature = self.key.sign(ANSWER_DOMAIN + canonical_bytes(payload))
        return AnswerMessage(**said, signature=base64.urlsafe_b64encode(signature).rstrip(b"=").decode())
