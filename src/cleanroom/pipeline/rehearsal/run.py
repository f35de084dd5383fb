"""A whole rehearsal: agreement, the line, sign-offs, warnings and answers, from a folder of data to the results."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.messages import WarningStanding
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import evaluation, keys, line, upload
from cleanroom.pipeline.rehearsal import agreement, signing
from cleanroom.pipeline.rehearsal.alone import alone_in
from cleanroom.pipeline.rehearsal.consortium import Consortium, begun_on, find_consortium, lay_out
from cleanroom.pipeline.rehearsal.drilling import drill_the_stop
from cleanroom.pipeline.rehearsal.memory import PeakMemory
from cleanroom.pipeline.rehearsal.people import People
from cleanroom.pipeline.rehearsal.programs import start_portal, start_receiver
from cleanroom.pipeline.rehearsal.runner import DagRunner, DirectRunner, Progress, Runner
from cleanroom.pipeline.rehearsal.services import LOOPBACK, Services, held_port, manage, service_environment
from cleanroom.pipeline.rehearsal.summary import summarise
from cleanroom.pipeline.steps import new_run_id
from cleanroom.settings import PORTAL_PORT, PORTAL_PORT_NOTE, ParticipantSettings, RoomSettings
from cleanroom.vocabulary.both import Both

ANSWER_SECONDS = 90.0


@dataclass(frozen=True)
class Rehearsal:
    """A finished rehearsal whose programs still run."""

    summary: dict[str, Any]
    portal_url: str
    people: People


@contextmanager
def rehearse(data: Path, home: Path, *, through_dags: bool, progress: Progress) -> Iterator[Rehearsal]:
    """Run everything on `data` under `home`; while the context is open, portal, worker and receivers keep running.

    Running it again on the same home goes on where it stopped and ends in the same state.
    """
    home = home.absolute()
    with alone_in(home):
        yield from _rehearsed(data, home, through_dags=through_dags, progress=progress)


def _rehearsed(data: Path, home: Path, *, through_dags: bool, progress: Progress) -> Iterator[Rehearsal]:
    consortium = find_consortium(data)
    if consortium.truth:
        evaluation.read_truth(consortium.truth)  # refused now, not after everything was done
    lay_out(consortium, home)
    held = held_port(PORTAL_PORT)
    port = held.getsockname()[1]
    portal_url = f"http://{LOOPBACK}:{port}"
    environ = service_environment(home, portal_url)
    with held, noted_port(home, port), PeakMemory() as memory, Services(home, environ) as services:
        people = _open_portal(services, home, consortium, held, portal_url, progress)
        _agree(services, home, people, consortium, progress)
        settings = RoomSettings.from_environment(environ)
        progress(Both("the kill switch is drilled …", "演練緊急停止…"))
        drill_the_stop(people, settings)
        run_id = new_run_id()
        with _runner(through_dags, settings, home, environ, run_id, progress) as runner:
            release, warnings = _walk_the_line(runner, settings, people, consortium, services, progress)
        progress(Both("every institution's witness looks at the audit logs …", "各機構見證查看稽核紀錄…"))
        for code in consortium.codes:
            upload.look(ParticipantSettings.from_environment(code, environ))
        summary = summarise(
            home=home,
            run_id=run_id,
            codes=consortium.codes,
            release=release,
            warnings=warnings,
            peak_rss_bytes=memory.peak_bytes,
        )
        yield Rehearsal(summary=summary, portal_url=portal_url, people=people)


@contextmanager
def noted_port(home: Path, port: int) -> Iterator[None]:
    """The home says where its portal is while it runs, for commands that are given the home alone."""
    note = home / PORTAL_PORT_NOTE
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{port}\n", encoding="ascii")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def _runner(through_dags: bool, settings: RoomSettings, home: Path, environ: dict, run_id: str, progress: Progress):
    if through_dags:
        return DagRunner(home, environ, run_id, progress)
    return nullcontext(DirectRunner(settings, environ, run_id, progress))


def _open_portal(
    services: Services, home: Path, consortium: Consortium, held: socket.socket, portal_url: str, progress: Progress
) -> People:
    progress(Both("open the portal: database, people, web server, worker …",
                  "開啟入口網站：資料庫、人員、網頁伺服器、背景程序…"))  # fmt: skip
    plan, logins = home / "portal" / "plan.json", home / "portal" / "logins.json"
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text(json.dumps({"institutions": [i.as_plan() for i in consortium.institutions]}, ensure_ascii=False))
    services.run("portal-migrate", manage("migrate", "--no-input"))
    services.run("portal-webhook-key", manage("make_webhook_key"))
    services.run("portal-people", manage("make_consortium", str(plan), "--out", str(logins)))
    start_portal(services, held, portal_url)
    people = People.read(logins, portal_url)
    people.hand_out_tokens(home, consortium.codes)
    request = RoomSettings(home=home).release_request_file
    if not request.exists():
        request.write_text(f"developer: {people.who('model_developer').username}\n")
    return people


def _agree(services: Services, home: Path, people: People, consortium: Consortium, progress: Progress) -> None:
    progress(Both("keys, MoU, specification, endpoints …", "金鑰、合作備忘錄、資料規格、接收網址…"))
    agreement.make_keys(home, consortium.codes)
    agreement.register_keys(home, people, consortium.codes)
    agreement.sign_mou(people, consortium.codes, begun=begun_on(home))
    agreement.ratify_specification(people, consortium.codes)
    for code in consortium.codes:
        agreement.agree_endpoint(people, code, start_receiver(services, home, code))


def _walk_the_line(
    runner: Runner,
    settings: RoomSettings,
    people: People,
    consortium: Consortium,
    services: Services,
    progress: Progress,
) -> tuple[ReleaseRecord, list[WarningStanding]]:
    runner.to_evaluated_model(consortium.codes)
    portal = people.portal_as(people.who("room_service"))
    release_id = line.latest_release_id(settings)
    progress(Both(f"sign-offs for release {release_id} …", f"發布 {release_id} 之簽核…"))
    release = signing.release_model(people, load_policy(settings.policy_file), release_id, consortium.codes)
    runner.to_sent_warnings()
    progress(Both("institutions answer …", "各機構回覆…"))
    warnings = _wait_for_answers(portal.warnings, services)
    _write_truth(settings, consortium)
    runner.to_outcomes()
    return release, warnings


def _wait_for_answers(read: Callable[[], list[WarningStanding]], services: Services) -> list[WarningStanding]:
    """Until every warning has an answer, or no longer than ANSWER_SECONDS: late answers are a result too."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        services.check_alive()
        warnings = read()
        if all(warning.answers for warning in warnings) or time.monotonic() > deadline:
            return warnings
        time.sleep(0.5)


def _write_truth(settings: RoomSettings, consortium: Consortium) -> None:
    """The truth in final tokens. Only a rehearsal can make them: it plays every party and so holds both keys."""
    if consortium.truth is None:
        settings.truth_file.unlink(missing_ok=True)
        return
    ring = keys.open_participant_keys(agreement.participant_side(settings.home, consortium.codes[0]))
    tokens = evaluation.tokens_of_truth(consortium.truth, ring, keys.open_room_keys(settings))
    temporary = settings.truth_file.with_suffix(".part")
    temporary.write_text(json.dumps(tokens))
    os.replace(temporary, settings.truth_file)
