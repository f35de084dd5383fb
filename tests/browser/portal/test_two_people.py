"""What takes two people, by clicks: a key that is proposed and approved, an upload that is withdrawn."""

import pytest

from cleanroom.contracts.messages import UploadReport
from cleanroom.pipeline.key_registration import propose_participant_keys, propose_room_keys
from cleanroom.pipeline.keys import init_room_keys, prepare_participant_keys
from tests.factories.portal_flow import upload

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def poster(api):
    def post(path, body=None):
        sent = body.model_dump(mode="json") if hasattr(body, "model_dump") else body or {}
        answer = api.post(path, json=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


def shown(looker, path, name):
    looker.open(path)
    assert looker.page.evaluate(WIDER) <= 0
    looker.shot(name)
    return looker.text()


def test_a_key_is_proposed_by_the_service_and_approved_by_the_officer(served, look, tmp_path):
    ring = prepare_participant_keys(tmp_path / "808", institution="808", demo=True)
    propose_participant_keys(ring, post=poster(served.api("upload-808")))
    officer = look("en-US").sign_in(served.logins["officer-808"])
    assert f"Approve key {ring.signing_kid}" in officer.text()
    officer.shot("keys-my-tasks")
    assert "Waits for a second person" in shown(officer, "/participants/808/", "keys-proposed")
    for _each in range(2):
        officer.page.click("text=Approve this key >> nth=0")
        assert "The key is approved and in use." in officer.text()
    officer.shot("keys-approved")
    chinese = look("zh-TW", width=390, height=844).sign_in(served.logins["officer-808"])
    assert "使用中" in shown(chinese, "/participants/808/", "keys-approved-zh-phone")
    officer.page.click("text=Revoke a key")
    officer.page.select_option("#revoke", ring.signing_kid)
    officer.page.fill("#revoke-reason", "the laptop was stolen on Monday")
    officer.page.click("text=Revoke for good")
    assert "Nothing signed with it is believed any more." in officer.text()
    officer.shot("keys-revoked")


def test_the_rooms_pair_is_approved_by_the_custodian(served, look, tmp_path):
    propose_room_keys(init_room_keys(tmp_path, demo=True), post=poster(served.api("room")))
    custodian = look("zh-TW").sign_in(served.logins["key-custodian"])
    custodian.page.click("text=核准無塵室金鑰")
    custodian.shot("room-keys-proposed-zh")
    custodian.page.click("text=核准此金鑰")
    assert "金鑰已核准並啟用" in custodian.text()
    assert "In use" in shown(look("en-US").sign_in(served.logins["analyst"]), "/participants/room/keys/", "room-keys")


def test_an_upload_is_withdrawn_by_two(served, look):
    post, number = poster(served.api("room")), f"{7:064x}"
    UploadReport.model_validate(post("/uploads", upload(7)))
    steward = look("en-US").sign_in(served.logins["steward-808"])
    shown(steward, f"/uploads/{number}/", "order-before")
    steward.page.click("text=Withdraw >> nth=0")
    assert "cannot be undone" in steward.text()
    steward.shot("order-new")
    steward.page.fill("#reason", "a branch was missing from the file")
    steward.page.click("text=Give the order")
    steward.shot("order-given")
    custodian = look("zh-TW").sign_in(served.logins["key-custodian"])
    custodian.page.click("text=決定指令 >> nth=0")
    assert "此舉無法復原" in custodian.text() and custodian.page.evaluate(WIDER) <= 0
    custodian.shot("order-decide-zh")
    custodian.page.click("text=核准指令")
    assert "等候無塵室執行" in custodian.text()
    post("/uploads", upload(7, state="withdrawn"))
    assert "Carried out" in shown(steward, f"/uploads/{number}/", "order-carried-out")
    phone = look("zh-TW", width=390, height=844).sign_in(served.logins["steward-808"])
    assert "已撤回" in shown(phone, f"/uploads/{number}/", "order-carried-out-zh-phone")
