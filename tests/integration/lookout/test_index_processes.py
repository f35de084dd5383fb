"""Writers that are killed, and readers that look on: nothing acknowledged is lost, nothing half is seen."""

import os
import random
import shutil
import signal
import threading
import time
from contextlib import contextmanager

import pytest

from cleanroom.errors import NotAllowed
from cleanroom.lookout.index import Index, Writer, build, catalogue
from cleanroom.lookout.index.tying import COLUMNS
from tests.factories.index_tables import built, check_accounts, contents, expected, table_of, written
from tests.factories.killing import KILLED, counted, killed_at_any
from tests.factories.tie_tables import TIES, published, said

POINTS = (
    "cleanroom.lookout.index.catalogue:publish",
    "cleanroom.lookout.index.catalogue:remove_others",
    "cleanroom.lookout.index.catalogue:sync_directory",
    "cleanroom.lookout.index.container:ContainerWriter.put",
    "cleanroom.lookout.index.container:ContainerWriter.finish",
    "cleanroom.lookout.index.tokenfile:TokenFile.append",
)
FIRST, SECOND, THIRD = range(80), range(70, 130), range(120, 170)
BATCH = 20


def appended(folder, numbers=THIRD):
    with Writer.open(folder) as writer:
        writer.append(table_of(numbers))


def merged(folder):
    with Writer.open(folder) as writer:
        writer.merge()


def appended_during_a_merge(folder):
    """The batch comes in when the new base is written and not yet named."""
    with Writer.open(folder) as writer:
        finish = writer._replace_base

        def late(*arguments):
            writer.append(table_of(THIRD))
            finish(*arguments)

        writer._replace_base = late
        writer.merge()


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """An index with a delta; copied, not changed."""
    folder = built(tmp_path_factory.mktemp("extended"), FIRST)
    appended(folder, SECOND)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("work, after", [(appended, THIRD), (merged, SECOND), (appended_during_a_merge, THIRD)])
def test_a_writer_killed_at_any_point_leaves_a_whole_state(extended, tmp_path, work, after, when):
    whole, more = expected({*FIRST, *SECOND}), expected({*FIRST, *SECOND, *after})
    counting = shutil.copytree(extended, tmp_path / "counted")
    calls = counted(POINTS, lambda: work(counting))
    assert calls >= 6
    for call in range(1, calls + 1):
        folder = shutil.copytree(extended, tmp_path / f"killed-{call}")
        assert killed_at_any(POINTS, lambda folder=folder: work(folder), call=call, when=when) == KILLED
        assert contents(Index.open(folder, verify="full").graph) in (whole, more)
        work(folder)
        assert contents(Index.open(folder, verify="full").graph) == more
        assert_nothing_left_over(folder)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_writer_killed_while_it_takes_ties_leaves_the_former_or_the_new_ones(extended, tmp_path, when):
    folder, others = shutil.copytree(extended, tmp_path / "tied"), published(tmp_path / "others.parquet", TIES[:3])
    took_ties(folder, published(tmp_path / "ties.parquet", TIES))
    whole, more = (said(Index.open(folder).tied_graph), {tuple(row[name] for name in COLUMNS) for row in TIES[:3]})
    calls = counted(POINTS, lambda: took_ties(shutil.copytree(folder, tmp_path / "counted"), others))
    assert calls >= 6 and whole > more
    for call in range(1, calls + 1):
        copy = shutil.copytree(folder, tmp_path / f"killed-{call}")
        assert killed_at_any(POINTS, lambda copy=copy: took_ties(copy, others), call=call, when=when) == KILLED
        assert said(Index.open(copy, verify="full").tied_graph) in (whole, more)
        took_ties(copy, others)
        assert said(Index.open(copy, verify="full").tied_graph) == more
        assert contents(Index.open(copy).graph) == expected({*FIRST, *SECOND})
        assert_nothing_left_over(copy)


def took_ties(folder, file):
    with Writer.open(folder) as writer:
        writer.take_ties(file)


def assert_nothing_left_over(folder):
    state = catalogue.read(folder)
    named = {state.tokens, *(part.file for part in (state.base, state.delta, state.ties) if part)}
    assert {path.name for path in folder.iterdir()} == {*named, "current.json", "writer.lock"}


def test_a_build_killed_at_any_point_is_no_index_or_a_whole_one(tmp_path):
    files = written(tmp_path / "parquet", table_of(FIRST))
    calls = counted(POINTS, lambda: build(files, tmp_path / "counted"))
    assert calls >= 5
    for call in range(1, calls + 1):
        folder = tmp_path / f"killed-{call}"
        assert killed_at_any(POINTS, lambda folder=folder: build(files, folder), call=call, when="before") == KILLED
        if (folder / catalogue.CURRENT).exists():
            Writer.open(folder).close()
        else:
            build(files, folder)
        assert contents(Index.open(folder, verify="full").graph) == expected(FIRST)
        assert_nothing_left_over(folder)


def batches_without_end(folder, told):
    """Append batch after batch, telling each that is acknowledged; merge beside."""
    with Writer.open(folder) as writer:
        threading.Thread(target=merges_without_end, args=(writer,), daemon=True).start()
        for number in range(1, 10_000):
            writer.append(table_of(range(number * BATCH, (number + 1) * BATCH)))
            os.write(told, number.to_bytes(4, "little"))


def merges_without_end(writer):
    while True:
        writer.merge()
        time.sleep(0.002)


@contextmanager
def writing(folder):
    """A process that appends and merges; gives the end of the pipe on which it acknowledges. Killed at last."""
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            batches_without_end(folder, told)
        finally:
            os._exit(99)
    os.close(told)
    try:
        yield reading
    finally:
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def wait_for_a_merge(folder):
    while catalogue.read(folder).generation < 2:
        time.sleep(0.001)


def acknowledged(reading) -> int:
    """The last number in the pipe of a writer that is no more; the first was taken out before."""
    said = (1).to_bytes(4, "little")
    while part := os.read(reading, 1 << 16):
        said += part
    os.close(reading)
    return int.from_bytes(said[-4:], "little")


def test_a_writer_killed_at_random_loses_nothing_that_it_acknowledged(tmp_path):
    draw = random.Random(4)
    for turn in range(4):
        folder = built(tmp_path / str(turn), range(BATCH))
        with writing(folder) as reading:
            assert len(os.read(reading, 4)) == 4
            wait_for_a_merge(folder)
            time.sleep(draw.uniform(0, 0.05))
        told = acknowledged(reading)
        graph = Index.open(folder, verify="full").graph
        batches = graph.transfers // BATCH - 1
        assert told <= batches <= told + 1
        assert contents(graph) == expected(range(graph.transfers))
        with Writer.open(folder) as writer:
            writer.append(table_of(range(graph.transfers + 1)))
        assert contents(Index.open(folder, verify="full").graph) == expected(range(graph.transfers + 1))


def test_a_reader_sees_one_whole_state_after_another(tmp_path):
    folder = built(tmp_path, range(BATCH))
    index, seen, kept = Index.open(folder), [], []
    with writing(folder):
        while len(kept) < 12 or index.graph.generation < 3:
            if index.refresh():
                graph = index.graph
                kept.append(graph)
                seen.append((graph.state, graph.generation, graph.transfers))
                assert contents(graph) == expected(range(graph.transfers)) and graph.transfers % BATCH == 0
                check_accounts(index)
    assert seen == sorted(seen)
    for graph in kept[:5]:  # whose files are gone by now
        assert contents(graph) == expected(range(graph.transfers))


def test_the_lock_goes_with_its_process(tmp_path):
    folder = built(tmp_path, range(BATCH))
    with writing(folder) as reading:
        assert os.read(reading, 4)
        with pytest.raises(NotAllowed):
            Writer.open(folder)
    os.close(reading)
    Writer.open(folder).close()
