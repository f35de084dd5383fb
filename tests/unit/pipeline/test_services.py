"""Programs are watched and ended by id; what fails says why, with the end of its own output."""

import os
import shutil
import socket
import subprocess
import sys
import time

import psutil
import pytest

from cleanroom.errors import ServiceFault
from cleanroom.pipeline.rehearsal.services import Services, free_port, held_port, service_environment


@pytest.fixture
def services(tmp_path):
    with Services(tmp_path, os.environ) as found:
        yield found


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


def test_what_was_started_is_ended(tmp_path):
    with Services(tmp_path, os.environ) as services:
        process = services.start("sleeper", python("import time; print('ready now'); time.sleep(60)"))
        assert services.wait_for_line("sleeper", "ready") == "ready now"
        services.check_alive()
    assert process.poll() is not None


def test_a_program_that_ends_by_itself_says_why(services):
    services.start("broken", python("import sys; print('no database'); sys.exit(3)"))
    with pytest.raises(ServiceFault, match="broken ended by itself with status 3: no database"):
        services.wait_for_line("broken", "ready")


def test_a_command_that_fails_says_why(services):
    services.run("good", python("print('fine')"))
    with pytest.raises(ServiceFault, match=r"bad failed with status 1.*no such table"):
        services.run("bad", python("raise SystemExit('no such table')"))


def test_the_callers_cloud_settings_do_not_reach_a_rehearsal(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEANROOM_OBJECT_STORE", "gs://the-real-one")
    environ = service_environment(tmp_path, "http://127.0.0.1:1")
    assert "CLEANROOM_OBJECT_STORE" not in environ
    assert environ["CLEANROOM_HOME"] == str(tmp_path)


def test_a_port_that_is_taken_gives_way():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert free_port(taken.getsockname()[1]) != taken.getsockname()[1]


def test_memory_counts_the_programs_it_started():
    from cleanroom.pipeline.rehearsal.memory import PeakMemory

    with PeakMemory() as alone:
        pass
    code = "x = bytearray(150_000_000); import time; print(1, flush=True); time.sleep(300)"
    with PeakMemory() as both, subprocess.Popen(python(code), stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        wait_until(lambda: both.peak_bytes > alone.peak_bytes + 100_000_000)
        child.kill()


def test_a_held_port_is_nobody_elses_and_answers_once_a_program_has_it(services):
    code = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); s.accept()[0].sendall(b'here')"
    with held_port() as held:
        port = held.getsockname()[1]
        assert free_port(port) != port
        with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:  # before anybody serves
            services.start("server", [*python(code), str(held.fileno())], sockets=(held,))
            held.close()
            assert caller.recv(4) == b"here"


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="util-linux's setpriv is absent")
def test_what_was_started_ends_when_this_process_is_killed(tmp_path):
    child = "import os, time; print(os.getpid()); time.sleep(60)"
    code = f"""
import os, sys, time
from pathlib import Path
from cleanroom.pipeline.rehearsal.services import Services
services = Services(Path({str(tmp_path)!r}), os.environ).__enter__()
services.start("sleeper", [sys.executable, "-u", "-c", {child!r}])
time.sleep(60)
"""
    log = tmp_path / "logs" / "sleeper.log"
    with subprocess.Popen(python(code)) as parent:
        wait_until(lambda: log.exists() and log.read_text().strip())
        sleeper = psutil.Process(int(log.read_text()))
        parent.kill()
    wait_until(lambda: not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE)


def wait_until(what, seconds=120):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)
