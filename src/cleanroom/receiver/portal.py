"""What the receiver asks of the portal: the standing of its institution, warnings to pull, answers to give."""

from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from cleanroom.contracts.messages import AnswerMessage, ParticipantGate, Problem
from cleanroom.errors import NotAllowed, PortalFault, SettingsInvalid, Where
from cleanroom.stores.trust import trust_of
from cleanroom.vocabulary.both import Both

API = "/api/v1"
TIMEOUT = httpx.Timeout(15.0, connect=3.0)


class PortalClient:
    """One token, one portal. No redirects, no proxy from the environment: nobody else may see the token.

    Raises PortalFault for whatever may succeed later, NotAllowed for a decision of the portal.
    """

    def __init__(self, url: str, token: str, *, ca_file: Path | None = None):
        self._client = httpx.Client(
            base_url=url.rstrip("/") + API,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            verify=trust_of(ca_file),
        )

    @classmethod
    def from_token_file(cls, url: str, path: Path, *, ca_file: Path | None = None) -> "PortalClient":
        """Raises SettingsInvalid where the token is absent or may be read by others."""
        where = Where(file=str(path))
        try:
            loose, token = path.stat().st_mode & 0o077, path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsInvalid(
                "the portal token file is missing or unreadable", zh="入口網站權杖檔不存在或無法讀取", where=where
            ) from None
        if loose:
            raise SettingsInvalid(
                "others may read the portal token; run: chmod 600",
                zh="他人可讀取入口網站權杖；請執行 chmod 600",
                where=where,
            )
        return cls(url, token, ca_file=ca_file)

    def close(self) -> None:
        self._client.close()

    def gate(self, institution: str) -> ParticipantGate:
        answer = self._call("GET", f"/participants/{institution}/gate")
        try:
            return ParticipantGate.model_validate_json(answer.content)
        except ValidationError:
            raise PortalFault(
                "the portal's answer about the institution has another shape than agreed",
                zh="入口網站對機構狀態之回覆不符約定格式",
            ) from None

    def webhook_key(self) -> str:
        """The portal's transport key, Ed25519, base64url."""
        answer = _json(self._call("GET", "/webhook-key"), dict)
        return str(answer.get("public_key", ""))

    def pull(self, institution: str, cursor: int) -> list[dict[str, Any]]:
        """Warnings after the cursor, each a WarningMessage with its `cursor`."""
        rows = _json(self._call("GET", "/warnings", params={"cursor": cursor, "participant": institution}), list)
        if not all(isinstance(row, dict) for row in rows):
            raise PortalFault("the portal's answer has another shape than agreed", zh="入口網站之回覆不符約定格式")
        return rows

    def answer(self, answer: AnswerMessage) -> None:
        path = f"/warnings/{answer.warning_id}/answers"
        headers = {"Content-Type": "application/json"}
        self._call("POST", path, content=answer.model_dump_json(), headers=headers)

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **options)
        except httpx.HTTPError as e:
            raise PortalFault(
                f"the portal did not answer ({type(e).__name__})", zh=f"入口網站未回應（{type(e).__name__}）"
            ) from None
        if response.is_success:
            return response
        if response.status_code >= 500 or response.status_code in (401, 408, 425, 429):
            # 401: a token that ran out is renewed by a person, and then the same call succeeds.
            raise PortalFault(
                f"the portal answered {response.status_code}", zh=f"入口網站回覆狀態碼 {response.status_code}"
            )
        said = _said(response)
        raise NotAllowed(said.en, zh=said.zh_hant, rule=f"portal {response.status_code}")


def _json(response: httpx.Response, kind: type) -> Any:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        raise PortalFault("the portal's answer is not JSON", zh="入口網站之回覆非 JSON") from None
    if not isinstance(answer, kind):
        raise PortalFault("the portal's answer has another shape than agreed", zh="入口網站之回覆不符約定格式")
    return answer


def _said(response: httpx.Response) -> Both:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        status = response.status_code
        return Both(f"the portal refused with status {status}", f"入口網站拒絕此請求（狀態碼 {status}）")
    return Both(problem.detail, problem.detail_zh or f"入口網站答覆：{problem.detail}")
