"""What the portal's tests share: a client that speaks the API, and real key pairs."""

import base64
import json
from dataclasses import dataclass

import pytest
from django.test import Client
from nacl.signing import SigningKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from portal.accounts.models import User
from tests.factories.portal import token_for


@dataclass
class Api:
    """The API as one user sees it."""

    token: str | None

    def get(self, path: str, expect: int = 200):
        return self._answer(Client().get(f"/api/v1{path}", headers=self._headers()), expect)

    def post(self, path: str, body: object = None, expect: int = 200):
        response = Client().post(
            f"/api/v1{path}", json.dumps(body or {}), content_type="application/json", headers=self._headers()
        )
        return self._answer(response, expect)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @staticmethod
    def _answer(response, expect: int):
        assert response.status_code == expect, response.content
        if expect >= 400:
            assert response["Content-Type"] == "application/problem+json"
        return response.json()


@pytest.fixture
def api_as():
    def as_user(user: User | None) -> Api:
        return Api(token_for(user) if user else None)

    return as_user


@pytest.fixture
def page_as():
    """A signed-in browser without a browser."""

    def as_user(user: User, language: str = "en") -> Client:
        client = Client(headers={"Accept-Language": language})
        client.force_login(user, backend="portal.accounts.backends.PersonBackend")
        return client

    return as_user


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def registration_of():
    """A signing key's registration with a true proof, for this participant."""

    def make(participant: str, *, kid: str = "sign-1", key: SigningKey | None = None, **other) -> dict:
        key = key or SigningKey.generate()
        public = b64(bytes(key.verify_key))
        claim = {"participant": participant, "purpose": "signing", "kid": kid, "public_key": public}
        proof = key.sign(KEY_PROOF_DOMAIN + canonical_bytes(claim)).signature
        return {"kid": kid, "purpose": "signing", "public_key": public, "proof": b64(proof), **other}

    return make
