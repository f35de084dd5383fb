"""The ASGI application of a worker: who asks, within which limits, and what is written down; the calls do the rest."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cleanroom.errors import CleanroomError, NotFound, RequestInvalid
from cleanroom.lookout.service import metrics, openapi, taking
from cleanroom.lookout.service.access import Notes
from cleanroom.lookout.service.calls import CALLS, Call
from cleanroom.lookout.service.clients import Client, Clients, load
from cleanroom.lookout.service.folders import Folders
from cleanroom.lookout.service.gate import Walks, whole_body
from cleanroom.lookout.service.problems import answered, unforeseen
from cleanroom.lookout.service.questions import parse
from cleanroom.lookout.service.reading import Reading, View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.service.spool import receipt_of
from cleanroom.lookout.service.telling import encode
from cleanroom.vocabulary.terms import LookoutRole

REFRESH_SECONDS = 0.05
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(folders: Folders) -> Starlette:
    """Raises SettingsInvalid, IndexDamaged, NotFound where there is nothing to serve from."""
    desk = Desk(folders, LookoutSettings.from_environment())
    routes = [
        *(Route(call.path, desk.counted(call.name, desk.call(call)), methods=[call.method]) for call in CALLS),
        Route("/transfers", desk.counted("transfers", desk.take), methods=["POST"]),
        Route("/transfers/receipts/{receipt}", desk.counted("receipt", desk.receipt), methods=["GET"]),
        Route("/health", desk.health, methods=["GET"]),
        Route("/metrics", desk.metrics, methods=["GET"]),
        Route("/openapi.json", desk.openapi, methods=["GET"]),
    ]
    refusals = {HTTPException: _no_such_address}
    return Starlette(routes=routes, exception_handlers=refusals, lifespan=desk.lifespan)


class Desk:
    """What a worker has at hand for every request."""

    def __init__(self, folders: Folders, settings: LookoutSettings):
        self._folders, self._settings = folders, settings
        self._clients = Clients(load(folders.clients))
        self._notes = Notes(folders)
        self._metrics = metrics.WorkerMetrics()
        self._walks = Walks(at_once=settings.walks_at_once, waiting=settings.walks_waiting)
        self._reading = Reading(folders)

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        refreshing = asyncio.create_task(self._refresh())
        yield
        refreshing.cancel()
        with suppress(asyncio.CancelledError):
            await refreshing
        self._walks.close()
        self._notes.roll(now=True)

    async def _refresh(self) -> None:
        """New states appear between two requests; each request keeps the one it began with."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            self._notes.roll()
            await asyncio.to_thread(self._reading.refresh)

    # --- calls about accounts -------------------------------------------------------------------------------------

    def call(self, call: Call) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            client = self._client(request, LookoutRole.READER)
            question = None
            if call.question is not None:
                limits = self._settings
                body = await whole_body(request, most=limits.question_bytes, seconds=limits.body_seconds)
                question = parse(call.question, body)
            work = partial(_worked_out, call, self._reading.view, question, self._settings)
            answer, body = await self._walks.run(work) if call.walks else work()
            self._note(call, client, question, answer)
            return Response(body, headers=_HEADERS, media_type="application/json")

        return endpoint

    def _note(self, call: Call, client: Client, question: object, answer: object) -> None:
        """Before the answer leaves; where it can't be written down, nothing is answered."""
        self._notes.write(
            actor=client.name,
            verb=f"lookout.{call.name}",
            accounts=call.accounts(question, answer),
            detail=call.detail(question, answer),
        )
        if getattr(answer, "cut", None) is not None:
            self._metrics.was_cut(call.name)

    # --- transfers ------------------------------------------------------------------------------------------------

    async def take(self, request: Request) -> Response:
        self._client(request, LookoutRole.FEEDER)
        receipt = await taking.take(request, self._folders, self._settings)
        headers = {**_HEADERS, "location": f"/transfers/receipts/{receipt.receipt}"}
        return Response(encode(receipt), 202, headers, media_type="application/json")

    async def receipt(self, request: Request) -> Response:
        self._client(request, LookoutRole.FEEDER)
        return _json(receipt_of(self._folders, request.path_params["receipt"]))

    # --- about the service ----------------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        health = self._reading.health()
        return _json(health, status=200 if health.ready else 503)

    async def metrics(self, _: Request) -> Response:
        return Response(await asyncio.to_thread(metrics.text), media_type="text/plain; version=0.0.4")

    async def openapi(self, _: Request) -> Response:
        return _json(openapi.document())

    def _client(self, request: Request, role: LookoutRole) -> Client:
        return self._clients.named(request.headers.get("authorization"), role=role)

    def counted(self, name: str, endpoint: Endpoint) -> Endpoint:
        """Translates the family's errors, and counts and times what is answered."""

        async def answered_or_refused(request: Request) -> Response:
            began = time.perf_counter()
            try:
                response = await endpoint(request)
            except CleanroomError as e:
                response = _problem(request, e)
            except Exception as e:
                response = _problem(request, unforeseen(e))
            self._metrics.answered(name, response.status_code, time.perf_counter() - began)
            return response

        return answered_or_refused


def _worked_out(call: Call, view: View, question: object, settings: LookoutSettings) -> tuple[object, bytes]:
    answer = call.answer(view, question, settings)
    return answer, encode(answer)


async def _no_such_address(request: Request, error: Exception) -> Response:
    """The router's own refusals: no such path, or not with this method."""
    if getattr(error, "status_code", 404) == 405:
        response = _problem(
            request,
            RequestInvalid(
                "this address does not take that method", zh="此位址不接受該方法；請參閱 /openapi.json", rule="method"
            ),
        )
        response.headers["allow"] = error.headers["Allow"]
        return response
    return _problem(
        request,
        NotFound("there is nothing at this address", zh="此位址無任何功能；請參閱 /openapi.json", rule="address"),
    )


def _problem(request: Request, error: CleanroomError) -> Response:
    return answered(error, accept_language=request.headers.get("accept-language", ""))


def _json(value: object, *, status: int = 200) -> Response:
    return Response(encode(value), status, _HEADERS, media_type="application/json")
