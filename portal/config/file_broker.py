"""The queue without a server, made safe: the stock file transport writes in place, so that a reader can meet a file
that is still empty, and a worker that reads one ends. Here every file is written under another name and renamed.
"""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from time import monotonic_ns

from kombu import transport
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    """Messages and bindings appear whole or not at all."""

    def _put(self, queue, payload, **_options) -> None:
        name = f"{monotonic_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out), name, dumps(payload))

    def _get(self, queue):
        """The oldest message of the queue; whoever renames it first has it."""
        own = Path(self.processed_folder)
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = own / name
            try:
                os.rename(Path(self.data_folder_in) / name, taken)
            except FileNotFoundError:
                continue  # another worker was faster
            payload = taken.read_text()
            taken.unlink()
            return loads(payload)
        raise Empty

    def _queue_bind(self, exchange, routing_key, pattern, queue) -> None:
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change(exchange, lambda table: table if bound in table else [bound, *table])

    def _delete(self, queue, exchange, routing_key, pattern, *_args, **_options) -> None:
        self._purge(queue)
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        self._change(exchange, lambda table: [entry for entry in table if entry != bound])

    def _change(self, exchange: str, change: Callable[[list], list]) -> None:
        file = self._exchange_file(exchange)
        with _alone(file.parent):
            before = self.get_table(exchange)
            after = change(before)
            if after != before:
                _write(file.parent, file.name, dumps(after))


class Transport(filesystem.Transport):
    Channel = Channel


def _write(folder: Path, name: str, text: str) -> None:
    """Under a hidden name, which no reader looks at, then renamed."""
    hidden = folder / f".{uuid.uuid4()}"
    try:
        hidden.write_text(text)
        os.replace(hidden, folder / name)
    except OSError as e:
        raise ChannelError("the queue's folder cannot be written to") from e


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time changes the bindings."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def use() -> None:
    """`filesystem://` means this transport in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
    transport._transport_cache.pop("filesystem", None)  # whoever connected before had the stock one resolved
