"""The portal's API over HTTP, for the locked room and for participants. Every shape stands in cleanroom.contracts."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from cleanroom import errors
from cleanroom.contracts import governance as g
from cleanroom.contracts import messages as m
from cleanroom.contracts.checkpoints import AuditLog, CheckpointStanding, Cosignature, LogHashes, SignedCheckpoint
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.trust import trust_of

API = "/api/v1"
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
BATCH = 500  # warnings per request

Model = TypeVar("Model", bound=BaseModel)


def _refusals(kind: type[errors.Refusal] = errors.Refusal) -> dict[str, type[errors.Refusal]]:
    found = {kind.reason: kind}
    for child in kind.__subclasses__():
        found.update(_refusals(child))
    return found


class HttpPortal:
    """One token, one portal. Every failure of transport or of the server is a PortalFault (retry); every 4xx is the
    Refusal that its problem body names, NotAllowed where it names none that we know."""

    def __init__(
        self, url: str, token: str, *, ca_file: Path | None = None, transport: httpx.BaseTransport | None = None
    ):
        self._client = httpx.Client(
            base_url=url.rstrip("/") + API,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,  # no proxy from the environment may see the token
            verify=trust_of(ca_file),
            transport=transport,
        )
        self._refusals = _refusals()

    @classmethod
    def of(cls, settings: RoomSettings | ParticipantSettings) -> "HttpPortal":
        """The portal of these settings, with their token and their certificate authority."""
        return cls.from_token_file(settings.portal_url, settings.portal_token, ca_file=settings.ca_file)

    @classmethod
    def from_token_file(cls, url: str, path: Path, *, ca_file: Path | None = None) -> "HttpPortal":
        """Raises SettingsInvalid where the token file is absent or may be read by others."""
        try:
            mode = path.stat().st_mode
            token = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise errors.SettingsInvalid(
                "the portal token file is missing or unreadable; set CLEANROOM_HOME to the folder that holds it, or "
                "ask the platform administrator for a token and store it there with mode 0600",
                zh="入口網站權杖檔不存在或無法讀取；請以 CLEANROOM_HOME 指定其所在之資料夾，"
                "或洽平台管理員核發權杖並以 0600 權限存於該處",
                where=errors.Where(file=str(path)),
            ) from None
        if mode & 0o077:
            raise errors.SettingsInvalid(
                "others may read the portal token; run: chmod 600",
                zh="他人可讀取入口網站權杖；請執行 chmod 600",
                where=errors.Where(file=str(path)),
            )
        return cls(url, token, ca_file=ca_file)

    def close(self) -> None:
        self._client.close()

    # --- what the room and the participants ask -------------------------------------------------------------------

    def gate(self, participant: str) -> m.ParticipantGate:
        return self._get(f"/participants/{participant}/gate", m.ParticipantGate)

    def participants(self) -> list[m.ParticipantGate]:
        return self._get_list("/participants", m.ParticipantGate)

    def report_upload(self, report: m.UploadReport) -> None:
        self._post("/uploads", report)

    def uploads(self, participant: str | None = None) -> list[m.UploadReport]:
        return self._get_list("/uploads", m.UploadReport, {"participant": participant} if participant else None)

    def orders(self, participant: str) -> list[m.SubmissionOrder]:
        return self._get_list("/submission-orders", m.SubmissionOrder, {"participant": participant})

    def report_station(self, run: m.StationRun) -> None:
        self._post("/station-runs", run)

    def publish_result(self, result: m.ResultPublication) -> None:
        self._post("/results", result)

    def draft_release(self, draft: g.ReleaseDraft) -> g.ReleaseRecord:
        return self._release("/releases", draft)

    def submit_release(self, release_id: str) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/submit")

    def withdraw_release(self, release_id: str, reason: str) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/withdraw", {"reason": reason})

    def release(self, release_id: str) -> g.ReleaseRecord:
        return self._get(f"/releases/{release_id}", g.ReleaseRecord)

    def releases(self) -> list[g.ReleaseRecord]:
        found: dict[str, g.ReleaseRecord] = {}
        while page := self._get_list("/releases", g.ReleaseRecord, {"after": next(reversed(found))} if found else None):
            if page[0].draft.release_id in found:
                raise errors.PortalFault(
                    "the portal gave the same page of releases twice; check its version",
                    zh="入口網站兩次提供同一頁發布版本；請確認其版本",
                )
            found.update((record.draft.release_id, record) for record in page)
        return list(found.values())

    def current_release(self, use_case: str) -> g.ReleaseRecord | None:
        response = self._send("GET", "/releases/current", params={"use_case": use_case})
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return _parse(g.ReleaseRecord, self._checked(response))

    def sign_off(self, release_id: str, request: g.SignOffRequest) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/sign-offs", request)

    def request_waiver(self, release_id: str, request: g.WaiverRequest) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/waivers", request)

    def approve_waiver(self, release_id: str, control_id: str) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/waivers/{control_id}/approve")

    def publish_release(self, release_id: str) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/release")

    def suspend_release(self, release_id: str, reason: str) -> g.ReleaseRecord:
        return self._release(f"/releases/{release_id}/suspend", {"reason": reason})

    def incidents(self) -> list[g.IncidentStanding]:
        return self._get_list("/incidents", g.IncidentStanding)

    def packs(self, release_id: str) -> list[g.PackStanding]:
        return self._get_list(f"/releases/{release_id}/packs", g.PackStanding)

    def keep_pack(self, release_id: str, raw: bytes) -> g.PackStanding:
        response = self._send("POST", f"/releases/{release_id}/packs", raw=raw)
        return _parse(g.PackStanding, self._checked(response))

    def sending_stop(self) -> g.SendingStop | None:
        response = self._checked(self._send("GET", "/sending-stop"))
        return _validated(lambda: TypeAdapter(g.SendingStop | None).validate_json(response.content))

    def stop_sending(self, reason: str) -> g.SendingStop:
        response = self._checked(self._send("POST", "/sending-stop", body={"reason": reason}))
        return _parse(g.SendingStop, response)

    def lift_stop(self) -> None:
        self._post("/sending-stop/lift")

    def send_warnings(self, warnings: list[m.WarningMessage]) -> int:
        accepted = 0
        for start in range(0, len(warnings), BATCH):
            batch = [w.model_dump(mode="json") for w in warnings[start : start + BATCH]]
            accepted += self._post("/warnings", batch)["accepted"]
        return accepted

    def warnings(self) -> list[m.WarningStanding]:
        return self._get_list("/warning-standings", m.WarningStanding)

    def row_exports(self, since: datetime | None) -> g.RowExports:
        return self._get("/row-exports", g.RowExports, {"since": since.isoformat()} if since else None)

    def answer(self, answer: m.AnswerMessage) -> None:
        self._post(f"/warnings/{answer.warning_id}/answers", answer)

    def record_event(self, event: m.AuditEvent) -> None:
        self._post("/events", event)

    def log_hashes(self, *, after: int) -> LogHashes:
        return self._get("/audit/hashes", LogHashes, {"after": after})

    def report_checkpoint(self, signed: SignedCheckpoint) -> None:
        self._post("/audit/checkpoints", signed)

    def checkpoints(self, log: AuditLog) -> list[CheckpointStanding]:
        return self._get_list("/audit/checkpoints", CheckpointStanding, {"log": log.value})

    def cosign(self, cosignature: Cosignature) -> None:
        self._post("/audit/cosignatures", cosignature)

    # --- onboarding -----------------------------------------------------------------------------------------------

    def post(self, path: str, body: BaseModel | dict | list | None = None) -> Any:
        """One call of the onboarding API (participants, keys, MoU, specification); the table stands in docs."""
        return self._post(path, body)

    # --- transport ------------------------------------------------------------------------------------------------

    def _release(self, path: str, body: BaseModel | dict | None = None) -> g.ReleaseRecord:
        return _parse(g.ReleaseRecord, self._checked(self._send("POST", path, body=body)))

    def _get(self, path: str, model: type[Model], params: dict | None = None) -> Model:
        return _parse(model, self._checked(self._send("GET", path, params=params)))

    def _get_list(self, path: str, model: type[Model], params: dict | None = None) -> list[Model]:
        response = self._checked(self._send("GET", path, params=params))
        return _validated(lambda: TypeAdapter(list[model]).validate_json(response.content))

    def _post(self, path: str, body: BaseModel | dict | list | None = None) -> Any:
        response = self._checked(self._send("POST", path, body=body))
        try:
            return response.json() if response.content else None
        except (ValueError, RecursionError):
            raise errors.PortalFault(
                f"the portal's answer to POST {path} is not JSON", zh=f"入口網站對 POST {path} 之回覆非 JSON"
            ) from None

    def _send(
        self, method: str, path: str, *, body: Any = None, raw: bytes | None = None, params: dict | None = None
    ) -> httpx.Response:
        content = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        content = {} if content is None and method == "POST" else content
        sent = {"json": content} if raw is None else {"content": raw, "headers": {"Content-Type": "application/zip"}}
        try:
            try:
                return self._client.request(method, path, params=params, **sent)
            except httpx.RemoteProtocolError:
                # A server may end an idle connection in the moment in which it is used again. Every call of this API
                # can be made twice.
                return self._client.request(method, path, params=params, **sent)
        except httpx.HTTPError as e:
            raise errors.PortalFault(
                f"the portal at {self._client.base_url.host} did not answer {method} {path} "
                f"({type(e).__name__}); check that it runs, then run this again",
                zh=f"{self._client.base_url.host} 之入口網站未回應 {method} {path}（{type(e).__name__}）；"
                "請確認其運作後重新執行",
            ) from e

    def _checked(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        call = f"{response.request.method} {response.request.url.path}"
        if response.status_code >= 500 or response.status_code in (408, 425, 429):
            raise errors.PortalFault(
                f"the portal answered {response.status_code} to {call}; run this again later",
                zh=f"入口網站對 {call} 回應 {response.status_code}；請稍後重新執行",
            )
        problem = _problem(response)
        kind = self._refusals.get(problem.reason, errors.NotAllowed)
        zh = problem.detail_zh or f"入口網站答覆：{problem.detail}"
        raise kind(problem.detail, zh=zh, rule=f"portal {response.status_code} {call}")


def _problem(response: httpx.Response) -> m.Problem:
    try:
        return m.Problem.model_validate_json(response.content)
    except ValidationError:
        return m.Problem(
            title="refused",
            status=response.status_code,
            detail=f"the portal refused the call with status {response.status_code} and gave no reason",
            detail_zh=f"入口網站拒絕此請求（狀態碼 {response.status_code}），未說明原因",
            reason="not_found" if response.status_code == httpx.codes.NOT_FOUND else "not_allowed",
        )


def _parse(model: type[Model], response: httpx.Response) -> Model:
    return _validated(lambda: model.model_validate_json(response.content))


def _validated(parse):
    """An answer of another shape is the other side's fault, and may be one version's; never a crash."""
    try:
        return parse()
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise errors.PortalFault(
            f"the portal's answer has another shape than agreed ({place}: {first['msg']}); "
            "check that portal and room run the same version",
            zh=f"入口網站之回覆不符約定格式（{place}：{first['type']}）；請確認入口網站與無塵室版本相同",
        ) from None
