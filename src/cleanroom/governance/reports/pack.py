"""The evidence pack of one release at one time: what machines check, what people read, and the means to verify it.

| file | what it is |
| --- | --- |
| record.json, policy.json, receivers.json | what is judged |
| results.json, verdict.json, certificate.json | what came out of it; the certificate only where the gate is open |
| report.en.html, report.zh-Hant.html, both also .pdf | for people: model card, control matrix, evidence, sign-offs |
| control-form.xlsx | the check form with this release's outcomes |
| oscal-assessment-results.json | the same for tools that read OSCAL |
| verify_pack.py, READ-ME.txt | the stand-alone verifier |
| manifest.json, manifest.sig.json | every file's SHA-256, signed by the clean room |
"""

import hashlib
from collections.abc import Callable
from importlib.resources import files

from cleanroom.contracts.canonical import EVIDENCE_PACK_DOMAIN, canonical_bytes
from cleanroom.governance.reports import form, oscal, verify_pack
from cleanroom.governance.reports.pages import Judged, page
from cleanroom.governance.reports.pdf import pdf_of
from cleanroom.governance.reports.words import LANGUAGES, TAGS

Sign = Callable[[bytes, bytes], tuple[str, str]]

_READ_ME = """\
Evidence pack of a release  /  發布證據包

Read report.en.pdf or report.zh-Hant.pdf. To verify, ask the custodian of the clean room for its signing key, then:
請閱讀 report.zh-Hant.pdf 或 report.en.pdf。驗證時請先向無塵室金鑰保管人取得簽章公鑰，再執行：

    python verify_pack.py PACK.zip --room-key=KEY

Take verify_pack.py from a place that you trust rather than from a pack that you doubt.
若對證據包有疑慮，請自可信來源取得 verify_pack.py，勿使用包內所附者。
"""


def build(judged: Judged, *, sign: Sign, with_pdf: bool = True) -> bytes:
    """The pack as a ZIP. The same release judged at the same time gives the same bytes.

    `sign(domain, payload)` gives (public key, signature), both base64url. Raises ReportFault where no PDF can be drawn.
    """
    contents = {**_for_machines(judged), **_for_people(judged, with_pdf=with_pdf)}
    contents["verify_pack.py"] = (files("cleanroom.governance.reports") / "verify_pack.py").read_bytes()
    contents["READ-ME.txt"] = _READ_ME.encode()
    manifest = canonical_bytes(_manifest(judged, contents))
    key, signature = sign(EVIDENCE_PACK_DOMAIN, manifest)
    contents[verify_pack.MANIFEST] = manifest
    contents[verify_pack.SIGNATURE] = canonical_bytes({"key": key, "signature": signature})
    return verify_pack.container(contents)


def _for_machines(judged: Judged) -> dict[str, bytes]:
    documents = {
        "record.json": judged.record.model_dump(mode="json"),
        "policy.json": judged.policy.model_dump(mode="json"),
        "receivers.json": list(judged.receivers),
        "results.json": [r.model_dump(mode="json") for r in judged.results],
        "verdict.json": _verdict(judged),
        "oscal-assessment-results.json": oscal.assessment_results(judged),
    }
    if judged.certificate:
        documents["certificate.json"] = judged.certificate.model_dump(mode="json")
    return {name: canonical_bytes(document) for name, document in documents.items()}


def _verdict(judged: Judged) -> dict:
    return {
        "judged_at": judged.at.isoformat(),
        "allowed": judged.open,
        "certificate": judged.certificate and judged.certificate.digest,
        "reasons": [
            {"code": r.code, "control_id": r.control_id, "en": r.en, "zh_hant": r.zh_hant} for r in judged.reasons
        ],
    }


def _for_people(judged: Judged, *, with_pdf: bool) -> dict[str, bytes]:
    pages = {f"report.{TAGS[language]}": page(judged, language) for language in LANGUAGES}
    found = {f"{name}.html": html.encode() for name, html in pages.items()}
    if with_pdf:
        found |= {f"{name}.pdf": pdf_of(html, identifier=judged.draft.subject_digest) for name, html in pages.items()}
    return found | {"control-form.xlsx": form.written(judged.policy, judged.draft, judged.results)}


def _manifest(judged: Judged, contents: dict[str, bytes]) -> dict:
    return {
        "format": verify_pack.FORMAT,
        "release_id": judged.draft.release_id,
        "packed_at": judged.at.isoformat(),
        "content": judged.content,
        "files": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(contents.items())
        ],
    }
