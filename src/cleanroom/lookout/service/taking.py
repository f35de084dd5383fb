"""POST /transfers: a batch from the wire into the spool, whole or not at all."""

import asyncio

from starlette.requests import Request

from cleanroom.errors import RequestInvalid
from cleanroom.lookout.service.folders import Folders
from cleanroom.lookout.service.gate import read_body
from cleanroom.lookout.service.questions import TransfersQuestion, parse
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.service.spool import Draft, Receipt

_JSON_BYTES = 32 * 1024**2
_FORMS = {
    "application/vnd.apache.arrow.stream": "arrow",
    "application/vnd.apache.arrow.file": "arrow",
    "application/vnd.apache.parquet": "parquet",
    "application/json": "json",
}


async def take(request: Request, folders: Folders, settings: LookoutSettings) -> Receipt:
    """Safe on disk when it returns. Raises RequestInvalid, TooLarge, MalformedRows; the spool is then as before."""
    form = _FORMS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if form is None:
        raise RequestInvalid(
            "send a batch as Arrow IPC, Parquet or JSON, and say which",
            zh="請以 Arrow IPC、Parquet 或 JSON 送出批次，並註明格式",
            rule="media_type",
        )
    most = min(settings.batch_bytes, _JSON_BYTES) if form == "json" else settings.batch_bytes
    with Draft(folders) as draft:
        await read_body(request, draft.write, most=most, seconds=settings.body_seconds, rule="batch_size")
        draft.complete()
        return await asyncio.to_thread(_rows_in if form == "json" else _file_in, draft, form, folders)


def _file_in(draft: Draft, form: str, _: Folders) -> Receipt:
    from cleanroom.lookout.service import batches

    batches.check_form(draft.path, form)
    return draft.hand_in(form)


def _rows_in(draft: Draft, _: str, folders: Folders) -> Receipt:
    """JSON rows become Arrow here, so that the keeper reads columns alone."""
    from cleanroom.lookout.service import batches

    rows = parse(TransfersQuestion, draft.path.read_bytes()).transfers
    with Draft(folders) as arrow:
        arrow.write(batches.as_stream(batches.of_rows(rows)))
        return arrow.hand_in("arrow")
