"""Verify the audit log, and that it holds everything that checkpoints from outside cover."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from cleanroom.contracts.checkpoints import AuditLog, SignedCheckpoint, read_document
from cleanroom.errors import AuditBroken, CleanroomError, RequestInvalid, Where
from cleanroom.vocabulary.both import Both
from portal.audit import signatures
from portal.audit.chain import verify
from portal.audit.models import Checkpoint


class Command(BaseCommand):
    help = (
        "Walk the audit log's chain, compare it with every checkpoint held here, and name the first bad event. With "
        "--checkpoint, files of the object store or of a participant also: only they bind whoever owns this database."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--checkpoint", metavar="FILE", type=Path, action="append", default=[])

    def handle(self, *, checkpoint: list[Path], **_options) -> None:
        try:
            verdict = verify([_from_outside(path) for path in checkpoint])
        except CleanroomError as e:
            raise CommandError(str(e), returncode=e.exit_code) from None
        if not verdict.whole:
            raise CommandError(f"event {verdict.bad} is bad: {verdict.why}", returncode=AuditBroken.exit_code)
        self.stdout.write(f"whole: {verdict.events} events, {verdict.checkpoints} checkpoints agree")
        self.stdout.write(f"{verdict.events}:{verdict.head}")


def _from_outside(path: Path) -> Checkpoint:
    """A checkpoint file as a row that is not saved. Raises RequestInvalid, ManifestMalformed, SignatureRefused."""
    try:
        raw = path.read_bytes()
    except OSError as e:
        raise RequestInvalid(f"the checkpoint cannot be read ({type(e).__name__})", where=Where(str(path))) from None
    signed = read_document(SignedCheckpoint, raw, what=Both("the checkpoint", "檢查點"))
    if signed.checkpoint.log is not AuditLog.PORTAL:
        raise RequestInvalid("this is a checkpoint of another log than the portal's", where=Where(str(path)))
    signatures.check_room(signed)
    return Checkpoint(log=signed.checkpoint.log, size=signed.checkpoint.size, root=signed.checkpoint.root)
