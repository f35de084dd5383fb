"""Every way in which this system says no, in one family.

A `Refusal` is a decision: the same input gets the same answer, so nobody retries it. A `Fault` is the world failing
around us: the same input may succeed later, so schedulers retry it. Each edge translates the family once: the command
line to `exit_code`, Airflow to a failed task (refusal) or a retry (fault), the portal to a 4xx page.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Where:
    """The place that a person has to look at: file, 1-based data row (header not counted), column."""

    file: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file, f"row {self.row}" if self.row is not None else None, self.column]
        return ", ".join(p for p in parts if p)

    @property
    def in_chinese(self) -> str:
        parts = [self.file, f"第 {self.row} 列" if self.row is not None else None, self.column]
        return "，".join(p for p in parts if p)


class CleanroomError(Exception):
    """Base of the family. `exit_code` and `reason` are unique to each concrete class.

    The message is the sentence that the person reads: what was refused, where, by which rule, and what to do next.
    It must never hold an identifier, a token or a key. `zh`: the same sentence in Traditional Chinese, beside the
    English one where it is raised. All of this package bring it (tests/unit/cli/test_languages.py); without it, as
    from another program's answer, the reader gets the English one.
    """

    exit_code = 1
    reason = "error"

    def __init__(self, sentence: str, *, zh: str | None = None, where: Where | None = None, rule: str | None = None):
        self.sentence = sentence
        self.zh = zh
        self.where = where or Where()
        self.rule = rule
        super().__init__(sentence)

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.sentence}" if place else self.sentence
        return f"{text} [{self.rule}]" if self.rule else text

    @property
    def in_chinese(self) -> str:
        place, said = self.where.in_chinese, self.zh or self.sentence
        text = f"{place}：{said}" if place else said
        return f"{text} [{self.rule}]" if self.rule else text

    def __reduce__(self):
        # Keyword-only arguments are lost by the default; task runners pickle errors between processes.
        return (_rebuild, (type(self), self.sentence, self.zh, self.where, self.rule))


def _rebuild(
    kind: type[CleanroomError], sentence: str, zh: str | None, where: Where, rule: str | None
) -> CleanroomError:
    return kind(sentence, zh=zh, where=where, rule=rule)


class Refusal(CleanroomError):
    """A decision. Never retried."""


class Fault(CleanroomError):
    """A failure of something around us. Safe to try again with the same input."""


class SettingsInvalid(Refusal):
    exit_code, reason = 10, "settings_invalid"


class MalformedRows(Refusal):
    exit_code, reason = 11, "malformed_rows"


class UndeclaredEncoding(Refusal):
    exit_code, reason = 12, "undeclared_encoding"


class UnknownInstitution(Refusal):
    exit_code, reason = 13, "unknown_institution"


class SpecificationNotInForce(Refusal):
    exit_code, reason = 14, "specification_not_in_force"


class MouNotInForce(Refusal):
    exit_code, reason = 15, "mou_not_in_force"


class ManifestMalformed(Refusal):
    exit_code, reason = 16, "manifest_malformed"


class SignatureRefused(Refusal):
    """The signature does not verify under the key that is registered for the participant of that path."""

    exit_code, reason = 17, "signature_refused"


class ContentTampered(Refusal):
    """Bytes differ from what was signed: digest, size, truncation, or an envelope that does not open."""

    exit_code, reason = 18, "content_tampered"


class SequenceReplayed(Refusal):
    """A sequence number that was used before, with other content."""

    exit_code, reason = 19, "sequence_replayed"


class SequenceSkipped(Refusal):
    exit_code, reason = 20, "sequence_skipped"


class CanaryMismatch(Refusal):
    """The dummy identifiers hash differently: another first-stage key or another normaliser was used."""

    exit_code, reason = 21, "canary_mismatch"


class KeyRefused(Refusal):
    exit_code, reason = 22, "key_refused"


class QualityGateFailed(Refusal):
    exit_code, reason = 23, "quality_gate_failed"


class NotTheOwner(Refusal):
    """Rows or a path that belong to another institution."""

    exit_code, reason = 24, "not_the_owner"


class TooLarge(Refusal):
    exit_code, reason = 25, "too_large"


class GateClosed(Refusal):
    """Governance: no valid certificate, so nothing is scored or sent."""

    exit_code, reason = 26, "gate_closed"


class ArtefactRefused(Refusal):
    """A model artefact whose digest or form is not the released one."""

    exit_code, reason = 27, "artefact_refused"


class NotAllowed(Refusal):
    """A person or service asked for something that its role, or the state of things, does not allow."""

    exit_code, reason = 28, "not_allowed"


class PolicyInvalid(Refusal):
    exit_code, reason = 29, "policy_invalid"


class NothingToDo(Refusal):
    """An input folder or a window without anything to work on, where going on would hide a mistake."""

    exit_code, reason = 30, "nothing_to_do"


class NotFound(Refusal):
    """Something that was asked for by name and does not exist."""

    exit_code, reason = 40, "not_found"


class RequestInvalid(Refusal):
    """A message or form that does not have the agreed shape."""

    exit_code, reason = 41, "request_invalid"


class DataTestsFailed(Refusal):
    """Tables that dbt built do not keep their promises (a data test, a unit test or a contract), so nothing follows."""

    exit_code, reason = 31, "data_tests_failed"


class AuditBroken(Refusal):
    """The audit log's chain does not hold: a line was changed, removed or put in."""

    exit_code, reason = 32, "audit_broken"


class SubmissionExpired(Refusal):
    """Made too long ago, or dated in the future."""

    exit_code, reason = 33, "submission_expired"


class KeyServiceDenied(Refusal):
    """The key service answered no: no right to use the key, the key is disabled, or the context is another one."""

    exit_code, reason = 34, "key_service_denied"


class IndexDamaged(Refusal):
    """The graph's index is not what was written: a file is missing, short, changed or of another version."""

    exit_code, reason = 35, "index_damaged"


class FormInvalid(Refusal):
    """A check form that was filled in is not the one that was handed out, or a cell of it cannot be read."""

    exit_code, reason = 36, "form_invalid"


class StoreFault(Fault):
    exit_code, reason = 70, "store_fault"


class WarehouseFault(Fault):
    exit_code, reason = 71, "warehouse_fault"


class PortalFault(Fault):
    exit_code, reason = 72, "portal_fault"


class DeliveryFault(Fault):
    exit_code, reason = 73, "delivery_fault"


class ServiceFault(Fault):
    """A process that this run started (portal, worker, receiver) did not come up or died."""

    exit_code, reason = 74, "service_fault"


class DatabaseFault(Fault):
    """The institution's own database could not be reached or broke off; nothing was sealed from it."""

    exit_code, reason = 76, "database_fault"


class KeyServiceFault(Fault):
    """The key service did not answer in time or failed; nothing was decrypted."""

    exit_code, reason = 75, "key_service_fault"


class ReportFault(Fault):
    """A report cannot be drawn on this machine: a library or a font of the system is missing."""

    exit_code, reason = 77, "report_fault"


class ModelFault(Fault):
    """A language model's endpoint did not answer in time, failed, or answered outside the agreed form."""

    exit_code, reason = 78, "model_fault"
