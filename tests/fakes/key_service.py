"""A key service for tests: it keeps its key, checks context and checksums as Cloud KMS does, and can be made to fail.

`MemoryKeyClient` stands in for Google's client; `serve` answers Google's own client over gRPC on loopback.
"""

import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.api_core import exceptions as api
from google.cloud import kms_v1

KEY = "projects/trial/locations/asia-east1/keyRings/clean-room/cryptoKeys/rings"
SERVICE = "google.cloud.kms.v1.KeyManagementService"


@dataclass
class KeyService:
    """`mood`: works, denied, disabled, missing, down, broken, silent (no answer in time), garbled, garbled_key
    (answers with another key's name), unverified (says that it did not check what came)."""

    mood: str = "works"
    key: str = KEY
    asked: list[str] = field(default_factory=list)
    fails_first: int = 0  # so many calls fail before it works
    _key: bytes = field(default_factory=lambda: AESGCM.generate_key(256))

    def encrypt(self, request: kms_v1.EncryptRequest) -> kms_v1.EncryptResponse:
        self._arrive("encrypt", request)
        _check(request.plaintext, request.plaintext_crc32c)
        _check(request.additional_authenticated_data, request.additional_authenticated_data_crc32c)
        nonce = secrets.token_bytes(12)
        ciphertext = nonce + AESGCM(self._key).encrypt(nonce, request.plaintext, request.additional_authenticated_data)
        verified = self.mood != "unverified"
        return kms_v1.EncryptResponse(
            name=("other" if self.mood == "garbled_key" else self.key) + "/cryptoKeyVersions/1",
            ciphertext=ciphertext,
            ciphertext_crc32c=self._checksum(ciphertext),
            verified_plaintext_crc32c=verified,
            verified_additional_authenticated_data_crc32c=verified,
        )

    def decrypt(self, request: kms_v1.DecryptRequest) -> kms_v1.DecryptResponse:
        self._arrive("decrypt", request)
        _check(request.ciphertext, request.ciphertext_crc32c)
        raw, aad = request.ciphertext, request.additional_authenticated_data
        try:
            plaintext = AESGCM(self._key).decrypt(raw[:12], raw[12:], aad)
        except (InvalidTag, ValueError):
            raise api.InvalidArgument("decryption failed: verify that 'name' refers to the correct CryptoKey") from None
        return kms_v1.DecryptResponse(plaintext=plaintext, plaintext_crc32c=self._checksum(plaintext))

    def _arrive(self, method: str, request) -> None:
        self.asked.append(method)
        if request.name != self.key or self.mood == "missing":
            raise api.NotFound("no such key for account keeper@trial.example")
        if self.fails_first > 0:
            self.fails_first -= 1
            raise api.ServiceUnavailable("try again")
        if refusal := _MOODS.get(self.mood):
            raise refusal

    def _checksum(self, data: bytes) -> int:
        return google_crc32c.value(data) ^ (self.mood == "garbled")


_MOODS = {
    "denied": api.PermissionDenied("keeper@trial.example lacks cloudkms.cryptoKeyVersions.useToDecrypt"),
    "disabled": api.FailedPrecondition("the version is DISABLED"),
    "down": api.ServiceUnavailable("no answer"),
    "broken": api.InternalServerError("oops"),
}


def _check(data: bytes, checksum: int | None) -> None:
    if checksum != google_crc32c.value(data):
        raise api.InvalidArgument("a checksum does not match")


class MemoryKeyClient:
    """Google's client, as far as custody uses it. What waits for an answer longer than it may is told so at once."""

    def __init__(self, service: KeyService):
        self._service = service

    def encrypt(self, *, request: dict, retry, timeout):
        return self._call(self._service.encrypt, kms_v1.EncryptRequest(request), retry)

    def decrypt(self, *, request: dict, retry, timeout):
        return self._call(self._service.decrypt, kms_v1.DecryptRequest(request), retry)

    def _call(self, method, request, retry):
        def attempt():
            if self._service.mood == "silent":
                raise api.DeadlineExceeded("no answer in time")
            return method(request)

        return retry(attempt)()


_CODES = {
    api.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    api.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    api.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    api.NotFound: grpc.StatusCode.NOT_FOUND,
    api.ServiceUnavailable: grpc.StatusCode.UNAVAILABLE,
    api.InternalServerError: grpc.StatusCode.INTERNAL,
}


@contextmanager
def serve(service: KeyService) -> Iterator[str]:
    """`host:port` on loopback where the service answers gRPC until the block ends."""
    handlers = {
        "Encrypt": _handler(service, service.encrypt, kms_v1.EncryptRequest, kms_v1.EncryptResponse),
        "Decrypt": _handler(service, service.decrypt, kms_v1.DecryptRequest, kms_v1.DecryptResponse),
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


def _handler(service: KeyService, method, request_type, response_type):
    def answer(request, context):
        if service.mood == "silent":
            time.sleep(2.0)  # longer than any test waits
        try:
            return method(request)
        except api.GoogleAPICallError as e:
            context.abort(_CODES[type(e)], e.message)

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=request_type.deserialize, response_serializer=response_type.serialize
    )
