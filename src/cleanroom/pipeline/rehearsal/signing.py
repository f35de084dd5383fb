"""How the rehearsal's people release the model: waivers where the policy allows them, every sign-off, release.

Nobody is spared: what the policy does not let pass stays closed, and the rehearsal says so.
"""

from datetime import UTC, datetime

from cleanroom.contracts.governance import ControlResult, ReleaseRecord, SignOffRequest, WaiverRequest
from cleanroom.errors import GateClosed
from cleanroom.governance import gate, releases, waivers
from cleanroom.governance.policy import Policy
from cleanroom.pipeline.rehearsal.people import Login, People
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, SignOffRole

REASONS = {
    ControlOutcome.FAIL: Both("Rehearsal: measured and not met; let pass so that the rest of the line can be seen. "
                              "How it was measured: ",
                              "演練：已衡量而未達標；為呈現後續流程予以豁免。衡量方式："),
    ControlOutcome.NOT_MEASURABLE: Both("Rehearsal: nothing to measure before the first release went live. Why: ",
                                        "演練：首次發布上線前無從衡量。原因："),
}  # fmt: skip
COMPENSATION = Both("An officer decides every case; the release is reviewed when the waiver ends, with live evidence.",
                    "每一案件均由承辦人員決定；豁免到期時以上線證據覆核該次發布。")  # fmt: skip
COMMENT = Both("Rehearsal sign-off after reading the evidence.", "演練簽核，已閱證據。")


def release_model(people: People, policy: Policy, release_id: str, codes: list[str]) -> ReleaseRecord:
    """Bring an evaluated or submitted release to RELEASED. A release that stands already is returned as it is.

    Raises GateClosed with every reason where waivers and sign-offs are not enough.
    """
    developer = people.portal_as(people.who("model_developer"))
    record = developer.release(release_id)
    if record.state is ReleaseState.RELEASED:
        return record
    _waive(people, policy, record)
    if record.state is ReleaseState.EVALUATED:
        developer.submit_release(release_id)
    record = _sign(people, policy, developer.release(release_id), codes)
    if record.state is not ReleaseState.RELEASED:
        approver = people.who("governance_approver", other_than=record.draft.developer)
        record = people.portal_as(approver).publish_release(release_id)
    return record


def _waive(people: People, policy: Policy, record: ReleaseRecord) -> None:
    """Ask for and approve a waiver of each open blocking control that may be waived."""
    now = datetime.now(UTC)
    asked = {waiver.control_id for waiver in record.waivers}
    requester = people.who("coordinator")
    approver = people.who("governance_approver", other_than=requester.username)
    owner = people.who("owner").username
    for result in gate.results(policy, record, now=now):
        control = policy.control(result.control_id)
        waivable = control.gate == "block" and not control.not_waivable
        if result.outcome not in REASONS or not waivable or control.id in asked:
            continue
        asked.add(control.id)  # one waiver covers all metrics of its control
        request = WaiverRequest(
            control_id=control.id,
            reason=_reason(result).as_text,
            compensating_control=COMPENSATION.as_text,
            owner=owner,
            ends_on=waivers.last_day(policy, record.draft.tier, now=now),
        )
        people.portal_as(requester).request_waiver(record.draft.release_id, request)
        people.portal_as(approver).approve_waiver(record.draft.release_id, control.id)


def _reason(result: ControlResult) -> Both:
    opening = REASONS[result.outcome]
    return Both(f"{opening.en}{result.detail or 'no evidence yet'}.",
                f"{opening.zh_hant}{result.detail_zh_hant or '尚無證據'}。")  # fmt: skip


def _sign(people: People, policy: Policy, record: ReleaseRecord, codes: list[str]) -> ReleaseRecord:
    while record.state is ReleaseState.SUBMITTED:
        missing = releases.missing_sign_offs(policy, record, participants=codes)
        if not missing:
            raise GateClosed(
                f"release {record.draft.release_id} is signed by all and still not approved",
                zh=f"發布版本 {record.draft.release_id} 已全數簽核，惟仍未核可",
            )
        signer = _signer(people, record, missing[0])
        record = people.portal_as(signer).sign_off(
            record.draft.release_id,
            SignOffRequest(
                role=missing[0].role,
                decision="approve",
                subject_digest=record.draft.subject_digest,
                comment=COMMENT.as_text,
            ),
        )
    return record


def _signer(people: People, record: ReleaseRecord, seat: releases.MissingSignOff) -> Login:
    """Somebody with the capacity who has not signed yet; a reviewer comes from the institution of the seat."""
    signed = {sign_off.person for sign_off in record.sign_offs} | {record.draft.developer}
    for login in people.with_capacity(SignOffRole(seat.role)):
        if login.username not in signed and seat.institution in (None, login.institution):
            return login
    raise GateClosed(f"nobody in this rehearsal can sign off as {seat}", zh=f"本次演練無人得以 {seat} 身分簽核")
