"""What a worker reads: the index and the verdicts, as they were when the question came."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import numpy as np

from cleanroom.errors import IndexDamaged, NotFound, ServiceFault
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index import Index
from cleanroom.lookout.service.answers import Health, State
from cleanroom.lookout.service.folders import Folders, read_state
from cleanroom.lookout.ties import TiedGraph
from cleanroom.lookout.verdicts import Verdict, Verdicts
from cleanroom.lookout.walks.ground import ground_of
from cleanroom.lookout.walks.moments import moment

KEEPER_SILENT_SECONDS = 10.0


class SharedVerdicts:
    """The keeper's verdicts for the loop and for threads, one after the other: each look takes microseconds.

    Raises ServiceFault where they can't be read now: the keeper makes them anew by itself.
    """

    def __init__(self, folder: Path):
        self._lock = Lock()
        try:
            self._verdicts = Verdicts.open(folder)
        except IndexDamaged as e:
            raise ServiceFault(f"{e.sentence}; a moment later they may be there", zh=f"{e.zh}；請稍後再試") from None

    def of(self, account: int) -> Verdict:
        with self._lock:
            return self._verdicts.of(account)

    def listed(self) -> np.ndarray:
        with self._lock:
            return self._verdicts.listed()


@dataclass(frozen=True)
class View:
    """One consistent state of the graph. `data_end`: moment of its latest transfer. `proposals`: their folder. `tied`:
    the graph with its ties, None where none were published."""

    index: Index
    graph: Graph
    verdicts: SharedVerdicts
    data_end: datetime | None
    proposals: Path
    tied: TiedGraph | None

    def number(self, token: str) -> int | None:
        """Of the account, in this state."""
        number = self.index.account(token)
        return number if number is not None and number < self.graph.accounts else None

    def account(self, token: str) -> int:
        """Raises NotFound, which does not repeat the token."""
        number = self.number(token)
        if number is None:
            raise NotFound(
                "the graph has no such account; a new one is there with its first transfer",
                zh="圖中查無所指帳戶；若為新帳戶，請待其首筆交易匯入後再查",
                rule="account",
            )
        return number

    def tied_account(self, token: str) -> int:
        """Of the tied graph, so also of one that only ties know. Raises NotFound; ServiceFault without ties."""
        if self.tied is None:
            raise ServiceFault(
                "no ties have been published, so no walk can step past a shared identifier",
                zh="尚未發布關聯資料，故無法經共用之識別資料追查",
                rule="ties",
            )
        number = self.tied.number(bytes.fromhex(token))
        if number is None:
            raise NotFound(
                "neither a transfer nor a tie has such an account", zh="交易與關聯資料中均查無所指帳戶", rule="account"
            )
        return number

    def token(self, account: int) -> str | None:
        """None for an account that came after this state."""
        return self.graph.tokens[account].tobytes().hex() if account < self.graph.accounts else None

    @property
    def state(self) -> State:
        return State(self.graph.state, self.data_end)


class Reading:
    """`view` is replaced whole; who has one keeps its arrays alive. Raises NotFound, IndexDamaged."""

    def __init__(self, folders: Folders):
        self._folders = folders
        self._index = Index.open(folders.index)
        self._verdicts = SharedVerdicts(folders.verdicts)
        self.view = self._look()

    def refresh(self) -> None:
        """The newest state; cheap where there is none."""
        if self._index.refresh():
            self.view = self._look()

    def health(self) -> Health:
        """Ready while the keeper gives signs of life. `behind`: batches that wait."""
        keeper, now = read_state(self._folders.keeper_state), time.time()
        silent = now - keeper["at"] if keeper else None
        end = self.view.data_end
        return Health(
            live=True,
            ready=silent is not None and silent < KEEPER_SILENT_SECONDS,
            worker=os.getpid(),
            state=self.view.state,
            transfers=self.view.graph.transfers,
            accounts=self.view.graph.accounts,
            state_age_s=now - keeper["state_at"] if keeper else None,
            data_age_s=(datetime.now(UTC) - end).total_seconds() if end else None,
            keeper_silent_s=silent,
            behind=keeper.get("waiting"),
        )

    def _look(self) -> View:
        graph = self._index.graph
        ground_of(graph)  # made here, so that no question waits for it
        tied = self._index.tied_graph
        return View(self._index, graph, self._verdicts, _end(graph), self._folders.proposals, tied)


def _end(graph: Graph) -> datetime | None:
    latest = [int(segment.time_us[-1]) for segment in graph.segments if len(segment)]
    return moment(max(latest)) if latest else None
