"""The same calls from a terminal or a task of the line: one connection, problems turned back into the family."""

from typing import Any

import httpx

from cleanroom.errors import CleanroomError, NotAllowed, NotFound, RequestInvalid, ServiceFault, TooLarge
from cleanroom.lookout.service.clients import token_of
from cleanroom.lookout.service.folders import Folders, read_state, url_of
from cleanroom.vocabulary.terms import LookoutRole

SECONDS = 30.0
_KINDS: dict[int, type[CleanroomError]] = {
    400: RequestInvalid,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    405: RequestInvalid,
    408: RequestInvalid,
    413: TooLarge,
    415: RequestInvalid,
}


class LookoutClient:
    """A context. `language` is what sentences are asked in."""

    def __init__(self, address: str, *, token: str, language: str = "en"):
        headers = {"authorization": f"Bearer {token}", "accept-language": language}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=SECONDS, trust_env=False)

    @classmethod
    def of(cls, folders: Folders, role: LookoutRole, *, language: str = "en") -> "LookoutClient":
        """For the service that runs over this folder, on this machine. Raises ServiceFault where none does."""
        return cls(address_of(folders), token=token_of(folders.clients, role), language=language)

    def __enter__(self) -> "LookoutClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, call: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raises the refusal or fault that the service gives; ServiceFault where it can't be reached."""
        if question is None:
            return self._answer("GET", f"/{call}")
        return self._answer("POST", f"/{call}", json=question)

    def hand_in(self, content: bytes, *, form: str) -> dict[str, Any]:
        """`form`: arrow.stream, arrow.file or parquet."""
        headers = {"content-type": f"application/vnd.apache.{form}"}
        return self._answer("POST", "/transfers", content=content, headers=headers)

    def receipt(self, receipt: str) -> dict[str, Any]:
        return self._answer("GET", f"/transfers/receipts/{receipt}")

    def _answer(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **body)
        except httpx.HTTPError as e:
            raise ServiceFault(f"the lookout does not answer ({type(e).__name__})",
                               zh=f"即時查詢服務無回應（{type(e).__name__}）") from None  # fmt: skip
        if response.is_success or path == "/health":
            return response.json()
        raise _refusal(response)


def address_of(folders: Folders) -> str:
    """Where the service over this folder listens. Raises ServiceFault where none runs."""
    state = read_state(folders.supervisor_state)
    if not state:
        raise ServiceFault("nothing is served from this folder; start `cleanroom lookout serve`",
                           zh="此資料夾目前無服務；請執行 cleanroom lookout serve")  # fmt: skip
    return url_of(state["host"], state["port"])


def _refusal(response: httpx.Response) -> CleanroomError:
    """The service says its sentence in the language that this client asked for."""
    try:
        problem = response.json()
        sentence, zh, rule = problem["detail"], problem["detail"], problem["rule"]
    except (ValueError, KeyError):
        sentence, rule = f"the lookout answered with status {response.status_code}", None
        zh = f"即時查詢服務回覆狀態碼 {response.status_code}"
    return _KINDS.get(response.status_code, ServiceFault)(sentence, zh=zh, rule=rule)
