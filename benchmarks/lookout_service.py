"""The lookout's service under load: `python -m benchmarks.lookout_service --index DIR --rate 200 --seconds 30`.

One process sends requests at fixed moments, whether earlier ones were answered or not (open loop), over kept
connections, and counts each from the moment at which it was due: waiting in line is part of the answer's time. The same
questions are asked in this process before, one by one and at the same moments, so that the table shows what the service
adds. It also says how late the client sent and what processor time it took, for it shares the cores. With `--feed` a
second process hands in transfers meanwhile, and how long each batch took to be found is measured from its hand-in.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httptools
import numpy as np
import pyarrow as pa
import uvloop

from cleanroom.lookout.index import Index
from cleanroom.lookout.service.batches import SCHEMA, as_stream
from cleanroom.lookout.service.client import LookoutClient, address_of
from cleanroom.lookout.service.clients import token_of
from cleanroom.lookout.service.folders import Folders
from cleanroom.vocabulary.terms import LookoutRole

PERCENTILES = (50, 95, 99)


# --- a client that costs little -----------------------------------------------------------------------------------


class Connection(asyncio.Protocol):
    """One request at a time; tells `pool` when it is free again."""

    def __init__(self, pool: "Pool"):
        self._pool, self._answered = pool, None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def ask(self, request: bytes, answered) -> None:
        self._answered = answered
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        answered, status = self._answered, self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        self._answered = None
        answered(status)
        self._pool.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered is not None:
            self._answered(0)
        self._pool.lost(self)


class Pool:
    """Kept connections; a request that finds none free waits in line, on its own time."""

    def __init__(self, host: str, port: int):
        self._address, self._idle, self._line = (host, port), [], deque()

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, connection = await loop.create_connection(lambda: Connection(self), *self._address)
            self._idle.append(connection)

    def ask(self, request: bytes, answered) -> None:
        if self._idle:
            self._idle.pop().ask(request, answered)
        else:
            self._line.append((request, answered))

    def free(self, connection: Connection) -> None:
        if self._line:
            connection.ask(*self._line.popleft())
        else:
            self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)


@dataclass
class Run:
    """Seconds of each answer, from the moment at which its request was due; of that, how late the client sent it;
    statuses that were not 200; the client's processor time."""

    seconds: list[float]
    late: list[float]
    failed: list[int]
    client_s: float


def moments(count: int, rate: float) -> list[float]:
    """Seconds from the beginning on, of a Poisson process of `rate` a second."""
    draw = random.Random(7)
    return list(itertools.accumulate(draw.expovariate(rate) for _ in range(count)))


async def send(address: tuple[str, int], requests: list[bytes], *, rate: float, connections: int) -> Run:
    """Each request at its moment."""
    pool, run, open_ = Pool(*address), Run([], [], [], 0.0), len(requests)
    await pool.open(connections)
    loop, began = asyncio.get_running_loop(), time.process_time()
    done = loop.create_future()

    def ask(request: bytes, due: float) -> None:
        def answered(status: int) -> None:
            nonlocal open_
            run.seconds.append(time.perf_counter() - due)
            if status != 200:
                run.failed.append(status)
            open_ -= 1
            if open_ == 0:
                done.set_result(None)

        run.late.append(time.perf_counter() - due)
        pool.ask(request, answered)

    await asyncio.to_thread(_call_at_moments, loop, ask, requests, moments(len(requests), rate))
    await asyncio.wait_for(done, 60)
    run.client_s = time.process_time() - began
    return run


def _call_at_moments(loop: asyncio.AbstractEventLoop, ask: Callable, requests: list[bytes], due: list[float]) -> None:
    """In a thread that sleeps: the loop's own timer is good to a millisecond, and spinning would take a third of a core
    from those who answer."""
    begin = time.perf_counter() + 0.2
    for request, moment in zip(requests, due, strict=True):
        time.sleep(max(0.0, begin + moment - time.perf_counter()))
        loop.call_soon_threadsafe(ask, request, begin + moment)


def http(path: str, question: dict, token: str) -> bytes:
    body = json.dumps(question).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: lookout\r\nauthorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


# --- what is asked ------------------------------------------------------------------------------------------------


def questions(graph, count: int, *, call: str, rule: dict, seed: int = 11) -> list[dict]:
    """About accounts that send, drawn evenly."""
    draw = np.random.default_rng(seed)
    senders = graph.base.sender[draw.integers(0, len(graph.base), count)]
    tokens = [graph.tokens[account].tobytes().hex() for account in senders]
    if call == "verdict":
        return [{"accounts": [token]} for token in tokens]
    return [{"account": token, "rule": rule} for token in tokens]


def in_process(folders: Folders, asked: list[dict], call: str, *, rate: float | None = None) -> list[float]:
    """Seconds of the same questions without HTTP, to the whole JSON text, after a first round that warms up.

    At a `rate` each is asked at its moment, by as many threads as a service of two workers walks in, and timed from
    then on: what is waited for here is not the service's doing.
    """
    from cleanroom.lookout.service import questions as forms
    from cleanroom.lookout.service.calls import CALLS
    from cleanroom.lookout.service.reading import Reading
    from cleanroom.lookout.service.settings import LookoutSettings
    from cleanroom.lookout.service.telling import encode

    (known,) = (c for c in CALLS if c.name == call)
    view, settings = Reading(folders).view, LookoutSettings()
    bodies = [json.dumps(question).encode() for question in asked]

    def seconds_of(body: bytes, due: float | None = None) -> float:
        began = time.perf_counter() if due is None else due
        encode(known.answer(view, forms.parse(known.question, body), settings))
        return time.perf_counter() - began

    for body in bodies[:200]:
        seconds_of(body)
    if rate is None:
        return [seconds_of(body) for body in bodies]
    with ThreadPoolExecutor(4) as pool:
        begin, waiting = time.perf_counter() + 0.2, []
        for body, moment in zip(bodies, moments(len(bodies), rate), strict=True):
            time.sleep(max(0.0, begin + moment - time.perf_counter()))
            waiting.append(pool.submit(seconds_of, body, begin + moment))
        return [one.result() for one in waiting]


# --- transfers meanwhile ------------------------------------------------------------------------------------------


def feed(folders: Folders, *, per_minute: int, rows: int, seconds: float, told: multiprocessing.Queue) -> None:
    """Hands in batches of new transfers at an even pace, between accounts that are there and some that are new."""
    graph = Index.open(folders.index).graph
    tokens, draw = np.array(graph.tokens[:200_000]), np.random.default_rng(os.getpid())
    pause, end, batches = 60.0 * rows / per_minute, time.monotonic() + seconds, 0
    with LookoutClient.of(folders, LookoutRole.FEEDER) as client:
        due = time.monotonic()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            client.hand_in(as_stream(made_up(tokens, rows, draw)), form="arrow.stream")
            due, batches = due + pause, batches + 1
    told.put(batches)


def made_up(tokens: np.ndarray, rows: int, draw: np.random.Generator) -> pa.Table:
    now = int(datetime.now(UTC).timestamp() * 1e6)
    fresh = draw.integers(0, 256, (rows // 100 + 1, 16), dtype=np.uint8)
    known = np.concatenate([tokens, fresh])
    ends = (known[draw.integers(0, len(known), rows)] for _ in range(2))
    columns = [draw.integers(0, 256, (rows, 16), dtype=np.uint8), *ends]
    ids, senders, receivers = (
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(np.ascontiguousarray(c))])
        for c in columns
    )
    times = pa.array(now - np.sort(draw.integers(0, 1_000_000, rows)), pa.timestamp("us", tz="UTC"))
    cents = pa.array(draw.integers(1, 5_000_000, rows))
    return pa.Table.from_arrays([ids, times, senders, receivers, cents], schema=SCHEMA)


def visible_seconds(address: str) -> dict[str, float]:
    """The keeper's own figures: mean of batches so far, and the share that took more than a second."""
    import httpx

    text = httpx.get(address + "/metrics", trust_env=False).text
    found = {}
    for line in text.splitlines():
        if line.startswith("lookout_visible_seconds"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    count = found.get("lookout_visible_seconds_count", 0.0)
    within = found.get('lookout_visible_seconds_bucket{le="1.0"}', 0.0)
    total = found.get("lookout_visible_seconds_sum", 0.0)
    return {"batches": count, "mean_s": total / count if count else 0.0, "over_1_s": count - within}


# --- the table ----------------------------------------------------------------------------------------------------


def line(name: str, seconds: list[float]) -> str:
    figures = "  ".join(f"p{p} {np.percentile(seconds, p) * 1e3:8.3f}" for p in PERCENTILES)
    return f"{name:34} {figures}  most {max(seconds) * 1e3:8.3f} ms  ({len(seconds):,})"


def main() -> None:
    options = _parser().parse_args()
    folders = Folders(options.index)
    graph = Index.open(folders.index).graph
    rule = json.loads(options.rule)
    asked = questions(graph, int(options.rate * options.seconds), call=options.call, rule=rule)
    token, address = token_of(folders.clients, LookoutRole.READER), address_of(folders)
    requests = [http(f"/{options.call}", question, token) for question in asked]
    host, _, port = address.removeprefix("http://").rpartition(":")

    def through_http() -> Run:
        sending = send((host, int(port)), requests, rate=options.rate, connections=options.connections)
        return uvloop.run(sending)

    through_http_first = requests[:200]
    uvloop.run(send((host, int(port)), through_http_first, rate=200, connections=options.connections))
    print(line("in process, one by one", in_process(folders, asked[: options.compared], options.call)))
    apart = in_process(folders, asked, options.call, rate=options.rate)
    print(line(f"in process, {options.rate:g} a second", apart))
    _say(f"http, {options.rate:g} a second", through_http())
    if options.feed:
        told = multiprocessing.get_context("spawn").Queue()
        pace = {"per_minute": options.feed, "rows": options.rows, "seconds": options.seconds, "told": told}
        feeder = multiprocessing.get_context("spawn").Process(target=feed, args=(folders,), kwargs=pace)
        feeder.start()
        _say(f"the same, {options.feed:,} transfers a minute", through_http())
        feeder.join()
        print(f"batches handed in: {told.get()}; visible: {visible_seconds(address)}")


def _say(name: str, run: Run) -> None:
    print(line(name, run.seconds), f"not answered: {len(run.failed)}" if run.failed else "")
    print(line("  of it, the client was late by", run.late))
    print(f"  the client's processor time: {run.client_s / len(run.seconds) * 1e3:.3f} ms a request")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path, required=True, help="the lookout's folder, which is being served")
    parser.add_argument("--call", choices=("expand", "verdict"), default="expand")
    parser.add_argument("--rule", default='{"max_delay_s": 259200, "hub_limit": 100}', help="of expand, as JSON")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--compared", type=int, default=1000, help="questions asked in process")
    parser.add_argument("--feed", type=int, default=0, metavar="TRANSFERS", help="a minute, while answering")
    parser.add_argument("--rows", type=int, default=5000, help="of a batch")
    return parser


if __name__ == "__main__":
    main()
