"""What holds for every run: each case of the catalogue of attacks is proved, by its test when it runs, and in a whole
run no case is missing; long files come first; and nobody waits for the disk."""

import gc
import os

import pytest

from tests.factories import attacks

_PROVED = pytest.StashKey[set]()
NAMED = "attack"
LONG = ("slow", "browser", "emulator")


@pytest.fixture
def case(request):
    """The attack that the test declares (tests/factories/attacks.py)."""
    now = attacks.Case(request.param)
    yield now
    failed = getattr(request.node, "failed_in_its_body", False)
    assert now.proved or failed, f"nothing was shown of {now.attack.name!r}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.failed_in_its_body = not report.passed
        now = getattr(item, "funcargs", {}).get("case")
        if isinstance(now, attacks.Case) and report.passed and now.proved:
            report.user_properties.append((NAMED, now.attack.name))
    return report


def pytest_configure(config):
    os.fsync = handed_over
    config.stash[_PROVED] = set()
    config.pluginmanager.register(_Guard(config))


def handed_over(descriptor: int) -> None:
    """In the place of os.fsync: a killed process loses nothing that the kernel has, and no test cuts the power."""
    os.fstat(descriptor)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Files that take long begin first (with --no-loadscope-reorder), so that no worker ends long after the other."""
    long = {item.path for item in items if any(item.get_closest_marker(name) for name in LONG)}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish():
    """What was imported and collected stays to the end: the garbage collector need not walk through it again."""
    gc.collect()
    gc.freeze()


class _Guard:
    """Where the whole suite ran, a case without a passed test fails the run. Workers leave it to the controller."""

    def __init__(self, config):
        self._config, self._missing = config, []

    def pytest_runtest_logreport(self, report):
        if report.passed:
            self._config.stash[_PROVED] |= {value for name, value in report.user_properties if name == NAMED}

    def pytest_sessionfinish(self, session):
        if not _is_whole(self._config):
            return
        listed = {entry.attack.name for entry in attacks.catalogue()}
        self._missing = sorted(listed - self._config.stash[_PROVED])
        if self._missing:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        for name in self._missing:
            terminalreporter.write_line(f"ATTACK NOT PROVED {name}", red=True)


def _is_whole(config) -> bool:
    chosen = config.option.keyword or config.option.markexpr or config.option.collectonly
    testpaths = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    return testpaths and not chosen and not hasattr(config, "workerinput") and not config.option.lf
