"""Run as a program: a portal database of its own with one institution, its endpoint and some warnings in the outbox.

`python -m tests.factories.seed_outbox URL COUNT`, with CLEANROOM_HOME naming a fresh folder.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.portal_settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from cleanroom.vocabulary.terms import ReleaseState, Role  # noqa: E402
from portal.alerts import webhook_key  # noqa: E402
from portal.alerts.actions.send import send_warnings  # noqa: E402
from portal.signoffs.models import Release  # noqa: E402
from tests.factories.portal import make_person  # noqa: E402
from tests.factories.portal_flow import NOW, Institution, warning  # noqa: E402


def main(url: str, count: int) -> None:
    call_command("migrate", verbosity=0)
    webhook_key.make(settings.HOME / "keys")
    developer, approver = make_person(Role.MODEL_DEVELOPER), make_person(Role.GOVERNANCE_APPROVER)
    Release.objects.create(
        release_id="score-1", model="score", use_case="mule", policy_version="1", tier="R3", score=60.0,
        state=ReleaseState.RELEASED, developer=developer, draft={}, subject_digest="0" * 64, evaluated_at=NOW,
        drafted_by=developer, drafted_at=NOW, released_at=NOW, released_by=approver, certificate={},
        certificate_digest="1" * 64,
    )  # fmt: skip
    Institution("808").endpoint(url)
    send_warnings([warning(i + 1) for i in range(count)], by=make_person(Role.ROOM_SERVICE))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
