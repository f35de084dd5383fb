"""Evidence packs for people: which there are, and the files that can be taken out of one."""

import io
import zipfile

from cleanroom.errors import NotFound
from portal.common.said import said
from portal.signoffs.models import EvidencePack, Release
from portal.signoffs.queries import packs_of

WHOLE = "pack.zip"
OFFERED = (WHOLE, "report.zh-Hant.pdf", "report.en.pdf", "report.zh-Hant.html", "report.en.html", "control-form.xlsx",
           "oscal-assessment-results.json")  # fmt: skip


def offered(release: Release) -> list[dict]:
    """Newest first: {"pack", "judged_at", "allowed", "files"}."""
    return [
        {"pack": p.pack, "judged_at": p.judged_at, "allowed": p.allowed, "files": OFFERED}
        for p in reversed(packs_of(release))
    ]


def file_of(release: Release, pack: str, name: str) -> bytes:
    """Raises NotFound for a pack or a file that is not offered."""
    kept = EvidencePack.objects.filter(release=release, pack=pack).first()
    if kept is None or name not in OFFERED:
        raise NotFound(**said("there is no such file of an evidence pack"))
    raw = bytes(kept.file)
    if name == WHOLE:
        return raw
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        if name not in file.namelist():
            raise NotFound(**said("this pack was made on a machine that draws no PDF; take the HTML page"))
        return file.read(name)
