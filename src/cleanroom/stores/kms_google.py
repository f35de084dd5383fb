"""Custody by Cloud KMS: a symmetric key (ENCRYPT_DECRYPT) that never leaves the service wraps a ring's data key.

Request and response carry CRC-32C and both ends check it, as Cloud KMS's guidelines on data integrity ask. The context
goes along as additional authenticated data, so the service refuses a ciphertext that was made for another owner.

The client finds its credentials by itself (workload identity in production). CLEANROOM_KMS_EMULATOR_HOST, `host:port`
on loopback, names a stand-in without TLS; it is refused in production (pipeline.custody).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import google_crc32c
import grpc
from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type
from google.api_core.timeout import ConstantTimeout
from google.auth import exceptions as auth
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcTransport

from cleanroom.contracts.custody import KeyContext
from cleanroom.errors import CleanroomError, KeyServiceDenied, KeyServiceFault, SettingsInvalid

SCHEME = "gcp-kms://"
ANSWER_S = 5.0  # one attempt
GIVE_UP_S = 20.0  # all attempts; after that it is the scheduler's turn

_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
_TRANSIENT = (
    api.ServiceUnavailable,
    api.InternalServerError,
    api.TooManyRequests,
    api.DeadlineExceeded,
    api.Unknown,
)


class GoogleKeyService:
    """See `contracts.custody.Custodian`."""

    def __init__(self, key: str, client: Any, *, answer_s: float = ANSWER_S, give_up_s: float = GIVE_UP_S):
        """`key`: projects/P/locations/L/keyRings/R/cryptoKeys/K. `client`: a KeyManagementServiceClient."""
        self._key, self._client = key, client
        self._timeout = ConstantTimeout(answer_s)
        self._retry = Retry(if_exception_type(*_TRANSIENT), initial=0.1, maximum=2.0, timeout=give_up_s)
        self.name = SCHEME + key

    def __repr__(self) -> str:
        return f"<GoogleKeyService {self._key}>"

    @classmethod
    def connect(cls, name: str, *, emulator: str = "") -> "GoogleKeyService":
        """`name`: `gcp-kms://` and the key. Nothing is asked yet. Raises SettingsInvalid, KeyServiceDenied."""
        key = name.removeprefix(SCHEME)
        if not _KEY.fullmatch(key):
            raise SettingsInvalid(
                "the key is not named as projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
                zh="金鑰名稱須為 projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
            )
        with _refusals():
            return cls(key, _client(emulator))

    def wrap(self, plaintext: bytes, *, context: KeyContext) -> bytes:
        sent = _checked(plaintext=plaintext, additional_authenticated_data=context.aad)
        answer = self._ask(self._client.encrypt, sent)
        arrived = answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c
        ours = answer.name.startswith(f"{self._key}/cryptoKeyVersions/")
        if not (arrived and ours and answer.ciphertext_crc32c == _crc(answer.ciphertext)):
            raise _garbled()
        return answer.ciphertext

    def unwrap(self, ciphertext: bytes, *, context: KeyContext) -> bytes:
        sent = _checked(ciphertext=ciphertext, additional_authenticated_data=context.aad)
        answer = self._ask(self._client.decrypt, sent)
        if answer.plaintext_crc32c != _crc(answer.plaintext):
            raise _garbled()
        return answer.plaintext

    def _ask(self, method: Callable[..., Any], fields: dict[str, Any]) -> Any:
        with _refusals():
            return method(request={"name": self._key, **fields}, retry=self._retry, timeout=self._timeout)


def _client(emulator: str) -> kms_v1.KeyManagementServiceClient:
    if not emulator:
        return kms_v1.KeyManagementServiceClient()
    channel = grpc.insecure_channel(emulator, options=[("grpc.enable_http_proxy", 0)])
    return kms_v1.KeyManagementServiceClient(transport=KeyManagementServiceGrpcTransport(channel=channel))


def _checked(**fields: bytes) -> dict[str, Any]:
    return fields | {f"{name}_crc32c": _crc(value) for name, value in fields.items()}


def _crc(data: bytes) -> int:
    return google_crc32c.value(data)


def _garbled() -> KeyServiceFault:
    return KeyServiceFault(
        "the key service's answer did not arrive as it was sent; try again",
        zh="金鑰服務之回覆於傳輸途中有誤；請重試",
        rule="key_service",
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """What the client raises, as ours. No text of the service is passed on: it may name accounts and projects."""
    try:
        yield
    except CleanroomError:
        raise
    except (api.Forbidden, api.Unauthorized, auth.DefaultCredentialsError):
        raise _denied(
            "this process may not use the key; ask who keeps the key service", "此程序無權使用金鑰；請洽金鑰服務管理人"
        ) from None
    except api.NotFound:
        raise _denied(
            "the key service does not know the key; check CLEANROOM_KEY_CUSTODY",
            "金鑰服務查無此金鑰；請檢查 CLEANROOM_KEY_CUSTODY",
        ) from None
    except api.FailedPrecondition:
        raise _denied(
            "the key or its version is disabled or destroyed; ask who keeps the key service",
            "金鑰或其版本已停用或銷毀；請洽金鑰服務管理人",
        ) from None
    except (api.InvalidArgument, api.BadRequest):
        raise _denied(
            "what is to be opened was not wrapped with this key, or for another owner",
            "擬開啟之內容並非以此金鑰包裝，或係為其他擁有者包裝",
        ) from None
    except (api.GoogleAPIError, auth.GoogleAuthError, grpc.RpcError, OSError) as e:
        raise KeyServiceFault(
            f"the key service did not answer ({type(e).__name__}); nothing was decrypted; try again later",
            zh=f"金鑰服務未回應（{type(e).__name__}）；未解密任何內容，請稍後重試",
            rule="key_service",
        ) from None


def _denied(sentence: str, zh: str) -> KeyServiceDenied:
    return KeyServiceDenied(sentence, zh=zh, rule="key_service")
