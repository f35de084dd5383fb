"""`python -m cleanroom.receiver --institution CODE --home DIR --portal URL [--port N | --pull]`

DIR is the institution's own folder: keys/, portal.token, rules.yaml (optional), inbox/ (made here). Prints
`listening on <address>` when it is ready; ends cleanly on SIGTERM or SIGINT. With --pull it fetches what waits at the
portal, answers it and ends.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cleanroom.crypto import custody
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import CleanroomError, KeyRefused, StoreFault
from cleanroom.receiver.answering import Answerer
from cleanroom.receiver.deciding import load_rules
from cleanroom.receiver.inbox import Inbox
from cleanroom.receiver.opening import open_warning
from cleanroom.receiver.pins import pin_room_key, pin_webhook_key
from cleanroom.receiver.portal import PortalClient
from cleanroom.receiver.pulling import pull
from cleanroom.receiver.server import Intake, Server
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.key_service import key_service

LOG = logging.getLogger("cleanroom.receiver")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the error's class; 0 when it ended by a signal or had pulled everything."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        return _run(_parser().parse_args(arguments))
    except CleanroomError as e:
        LOG.error("%s", e)
        return e.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cleanroom.receiver", description="receive and answer warnings")
    parser.add_argument("--institution", required=True, help="code of the institution, three digits")
    parser.add_argument("--home", type=Path, required=True, help="the institution's own folder")
    parser.add_argument("--portal", required=True, help="address of the portal")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    parser.add_argument("--pull", action="store_true", help="fetch what waits, answer it, and end")
    parser.add_argument("--rules", type=Path, help="answering rules; default: rules.yaml in the home, else the shipped")
    parser.add_argument("--resend-refused", action="store_true", help="send answers again that the portal refused")
    parser.add_argument("--portal-webhook-key", help="the portal's transport key (base64url), pinned anew")
    parser.add_argument("--trust-room-key", help="id of a new signing key of the clean room, confirmed by a person")
    return parser


def _run(options: argparse.Namespace) -> int:
    # The environment says whether this is production; the folder is the institution's own, whatever CLEANROOM_HOME is.
    settings = ParticipantSettings.from_environment(options.institution, os.environ)
    home = options.home.expanduser().absolute()
    custodian = custody.choose(settings.key_custody, connect=key_service(settings))
    ring = ParticipantKeyRing.open(
        settings.keys_dir or home / "keys", production=settings.production, custodian=custodian
    )
    if ring.institution != options.institution:
        raise KeyRefused(
            "the key ring in this home belongs to another institution",
            zh="此資料夾之金鑰環屬其他機構",
            rule="key_ring_owner",
        )
    rules = load_rules(options.rules or _own_rules(home))
    portal = PortalClient.from_token_file(
        options.portal, settings.portal_token_file or home / "portal.token", ca_file=settings.ca_file
    )
    inbox = Inbox(home / "inbox")
    if options.resend_refused:
        LOG.info("%d refused answers wait again", inbox.reopen_refused())
    try:
        return (_pull if options.pull else _serve)(options, ring, inbox, portal, Answerer(inbox, ring, rules, portal))
    finally:
        portal.close()
        inbox.close()


def _own_rules(home: Path) -> Path | None:
    return home / "rules.yaml" if (home / "rules.yaml").exists() else None


def _pull(options, ring: ParticipantKeyRing, inbox: Inbox, portal: PortalClient, answerer: Answerer) -> int:
    room_key = pin_room_key(inbox, portal, institution=ring.institution, trust=options.trust_room_key)
    opener = partial(open_warning, ring=ring, room_key=room_key)
    new = pull(inbox, portal, institution=ring.institution, open_message=opener)
    print(f"pulled {new} new warnings, answered {answerer.once()}", flush=True)
    return 0


def _serve(options, ring: ParticipantKeyRing, inbox: Inbox, portal: PortalClient, answerer: Answerer) -> int:
    webhook_key = pin_webhook_key(inbox, portal, given=options.portal_webhook_key)
    room_key = pin_room_key(inbox, portal, institution=ring.institution, trust=options.trust_room_key)
    intake = Intake(inbox, ring, webhook_key=webhook_key, room_key=room_key)
    try:
        server = Server(options.port, intake, counts=inbox.counts, on_stored=answerer.wake)
    except OSError as e:
        raise StoreFault(
            f"port {options.port} on loopback cannot be listened on ({e.strerror})",
            zh=f"無法於本機連接埠 {options.port} 接聽（{e.strerror}）",
        ) from None
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threads = [threading.Thread(target=answerer.run), threading.Thread(target=server.serve_forever, args=(0.1,))]
    for thread in threads:
        thread.start()
    print(f"listening on {server.url}", flush=True)
    stopping.wait()
    server.shutdown()
    answerer.stop()
    for thread in threads:
        thread.join()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
