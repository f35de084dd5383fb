"""Limits that hold before a call runs: how large a body, how long it may take to come, how many walks at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request

from cleanroom.errors import RequestInvalid, ServiceFault, TooLarge

T = TypeVar("T")


class Walks:
    """Kernels release the interpreter's lock, so walks run in threads and a slow one stops no verdict."""

    def __init__(self, *, at_once: int, waiting: int):
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="walk")
        self._most, self._inside = at_once + waiting, 0

    async def run(self, work: Callable[[], T]) -> T:
        """Raises ServiceFault (rule `busy`) where too many stand in line."""
        if self._inside >= self._most:
            raise ServiceFault(
                "too many walks are asked for at once; come back in a second",
                zh="目前查詢過多；請稍後再試",
                rule="busy",
            )
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


async def whole_body(request: Request, *, most: int, seconds: float) -> bytes:
    """Raises TooLarge, RequestInvalid."""
    chunks: list[bytes] = []
    await read_body(request, chunks.append, most=most, seconds=seconds, rule="question_size")
    return b"".join(chunks)


async def read_body(request: Request, sink: Callable[[bytes], object], *, most: int, seconds: float, rule: str) -> None:
    """Each chunk to `sink`, until more came than may come or it took too long. Raises TooLarge, RequestInvalid."""
    if int(request.headers.get("content-length", "0")) > most:  # the parser lets only digits through
        raise _too_large(most, rule)
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise _too_large(most, rule)
                sink(chunk)
    except TimeoutError:
        raise RequestInvalid(
            f"the body did not come within {seconds:g} s", zh=f"請求內容未於 {seconds:g} 秒內送達", rule="slow_body"
        ) from None
    except ClientDisconnect:
        raise RequestInvalid("the body ended early", zh="請求內容不完整", rule="question_form") from None


def _too_large(most: int, rule: str) -> TooLarge:
    return TooLarge(
        f"the body is larger than {most:,} bytes; ask for less at once",
        zh=f"請求內容超過 {most:,} 位元組；請分次送出",
        rule=rule,
    )
