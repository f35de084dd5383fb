"""The index as its readers see it: one consistent state, opened in milliseconds, shared by all who map it."""

import os
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index import catalogue
from cleanroom.lookout.index.catalogue import CURRENT, State
from cleanroom.lookout.index.container import Container, damaged
from cleanroom.lookout.index.segments import segment_in
from cleanroom.lookout.index.tokenfile import map_tokens, verify_tokens
from cleanroom.lookout.index.tokens import UNKNOWN, TokenTable
from cleanroom.lookout.index.tying import ties_in
from cleanroom.lookout.ties import TiedGraph, Ties
from cleanroom.vocabulary.both import Both

_TRIES = 50  # a writer would have to publish that often while one small file is read


class Verify(StrEnum):
    """QUICK: lengths, directories and a block of each array. FULL: every byte."""

    QUICK = "quick"
    FULL = "full"


@dataclass(frozen=True)
class Opened:
    """One state with all its files mapped."""

    state: State
    base: Container
    delta: Container | None
    graph: Graph
    tied: Container | None

    @property
    def base_accounts(self) -> int:
        return len(self.graph.base.outgoing.offsets) - 1

    @cached_property
    def ties(self) -> Ties | None:
        return ties_in(self.tied) if self.tied else None

    @cached_property
    def base_table(self) -> TokenTable:
        return TokenTable(self.base.array("slots"), self.graph.tokens[: self.base_accounts], self.state.seed)

    @cached_property
    def newer_table(self) -> TokenTable | None:
        """Accounts that came after the base; their numbers here begin at 0."""
        if self.delta is None:
            return None
        return TokenTable(self.delta.array("slots"), self.graph.tokens[self.base_accounts :], self.state.seed)


class Index:
    """Reads one folder. Threads may share it; each `graph` stays as it is, whatever happens to the index."""

    def __init__(self, folder: Path, opened: Opened, seen: tuple):
        self.folder = folder
        self._opened = opened
        self._seen = seen

    @classmethod
    def open(cls, folder: Path, *, verify: Verify | str = Verify.QUICK) -> "Index":
        """Raises IndexDamaged where a file is missing, short, changed or of another version."""
        seen = _look(folder)
        return cls(folder, load(folder, Verify(verify)), seen)

    @property
    def graph(self) -> Graph:
        return self._opened.graph

    @property
    def tied_graph(self) -> TiedGraph | None:
        """The graph with its ties, of one state; None where no ties were published."""
        opened = self._opened
        return None if opened.ties is None else TiedGraph(opened.graph, opened.ties, self.accounts_of)

    @property
    def state(self) -> int:
        return self._opened.state.state

    def refresh(self) -> bool:
        """Take what is published now; True where it is another state. Costs one `stat` where nothing is new."""
        seen = _look(self.folder)
        if seen == self._seen:
            return False
        before = self._opened
        self._opened = load(self.folder, Verify.QUICK, before)
        self._seen = seen
        return self._opened.state.state != before.state.state

    def account(self, token: bytes | str) -> int | None:
        """The account's number, by its token as 16 bytes or 32 hex digits. None where the graph has no such account."""
        raw = bytes.fromhex(token) if isinstance(token, str) else token
        if len(raw) != 16:
            raise ValueError("a token is 16 bytes, or 32 hex digits")
        found = int(self.accounts_of(np.frombuffer(raw, dtype=np.uint8).reshape(1, 16))[0])
        return None if found == UNKNOWN else found

    def accounts_of(self, tokens: np.ndarray) -> np.ndarray:
        """uint32[n] for uint8[n, 16]; 2**32 - 1 where there is no such account."""
        opened = self._opened
        return numbers_of(tokens, opened.base_table, opened.newer_table)

    def token(self, number: int) -> bytes:
        return self._opened.graph.tokens[number].tobytes()


def numbers_of(tokens: np.ndarray, base: TokenTable, newer: TokenTable | None) -> np.ndarray:
    """uint32[n] by both tables, UNKNOWN where neither has it."""
    numbers = base.find(tokens)
    if newer is not None and len(newer):
        missing = np.flatnonzero(numbers == UNKNOWN)
        found = newer.find(tokens[missing])
        numbers[missing] = np.where(found == UNKNOWN, UNKNOWN, found + np.uint32(len(base)))
    return numbers


def load(folder: Path, verify: Verify, before: Opened | None = None) -> Opened:
    """The published state; what it shares with `before` is not opened again. Raises IndexDamaged."""
    tried = None
    for _ in range(_TRIES):
        state = catalogue.read(folder)
        try:
            return _opened(folder, state, verify, before)
        except FileNotFoundError as missing:
            if tried == state:  # not a writer that went on while we looked
                raise damaged(Path(missing.filename).name, Both("is missing", "遺失")) from None
            tried = state
    raise damaged(CURRENT, Both("changes faster than it can be read", "更新過於頻繁，無法讀取"))


def _opened(folder: Path, state: State, verify: Verify, before: Opened | None) -> Opened:
    if before is not None and before.state == state:
        return before
    base = before.base if before and before.state.base == state.base else _container(folder, state.base, verify)
    delta = _container(folder, state.delta, verify) if state.delta else None
    tied = _tied(folder, state, verify, before)
    tokens = map_tokens(folder / state.tokens, state.accounts)
    if before is None:
        chosen = None if verify is Verify.FULL else range(len(state.token_blocks))[-1:]
        verify_tokens(tokens, state.token_blocks, state.tokens, chosen)
    graph = Graph(
        tokens,
        segment_in(base, compact=False),
        segment_in(delta, compact=True) if delta else None,
        state.state,
        state.generation,
    )
    return Opened(state, base, delta, graph, tied)


def _tied(folder: Path, state: State, verify: Verify, before: Opened | None) -> Container | None:
    if before is not None and before.state.ties == state.ties:
        return before.tied
    return _container(folder, state.ties, verify) if state.ties else None


def _container(folder: Path, named, verify: Verify) -> Container:
    container = Container(folder, named)
    if verify is Verify.FULL:
        container.verify_all()
    else:
        container.verify_sample()
    return container


def _look(folder: Path) -> tuple:
    """Changes with every publication."""
    try:
        found = os.stat(folder / CURRENT)
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size
