"""Each role's way through the portal in a real browser: both languages, desk and phone, keyboard alone, refusals."""

from datetime import date, timedelta

import pytest

from tests.browser.accessible import faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PEOPLE = [
    "administrator", "coordinator", "key-custodian", "auditor", "analyst", "output-checker", "model-developer", "owner",
    "executive", "legal", "data-steward", "officer-808", "steward-808", "reviewer-808",
]  # fmt: skip

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def menu_of(looker) -> list[str]:
    hrefs = looker.page.eval_on_selector_all("#menu a.nav-link", "links => links.map(a => a.getAttribute('href'))")
    assert len(hrefs) >= 3, "this test would pass on nothing"
    return hrefs


@pytest.mark.parametrize("username", PEOPLE)
def test_everyone_signs_in_and_opens_every_page_of_their_menu(served, look, username):
    looker = look("en-US").sign_in(served.logins[username])
    assert looker.text().startswith("What is waiting for me")
    for href in menu_of(looker):
        assert looker.open(href).status == 200
        assert looker.page.locator("h1").count() == 1
        assert looker.page.evaluate(WIDER) <= 0
        looker.shot(f"{username}-en{href.replace('/', '_')}")


def test_a_chinese_browser_reads_chinese(served, look):
    looker = look("zh-TW").sign_in(served.logins["coordinator"])
    assert looker.text().startswith("我的待辦事項")
    for href in menu_of(looker):
        looker.open(href)
        assert looker.page.get_attribute("html", "lang") == "zh-hant"
        heading = looker.page.inner_text("h1")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in heading), (href, heading)
        looker.shot(f"coordinator-zh{href.replace('/', '_')}")


def test_the_switch_changes_the_language_and_stays_on_the_page(served, look):
    looker = look("en-US").sign_in(served.logins["auditor"])
    looker.open("/programme/?q=MoU")
    looker.page.click("text=中文")
    assert looker.page.url.endswith("/programme/?q=MoU") and looker.page.inner_text("h1") == "計畫"
    looker.open("/audit/")
    assert looker.page.inner_text("h1") == "稽核紀錄"
    looker.page.click("text=English")
    assert looker.page.inner_text("h1") == "Audit log"


def test_every_page_fits_a_phone(served, look):
    looker = look("zh-TW", width=390, height=844).sign_in(served.logins["coordinator"])
    for href in [*menu_of(looker), "/participants/808/", "/accounts/rights/"]:
        looker.open(href)
        assert looker.page.evaluate(WIDER) <= 0, href
        looker.shot(f"phone{href.replace('/', '_')}")
    looker.page.click(".navbar-toggler")
    looker.page.wait_for_selector("#menu.show")
    assert looker.page.is_visible("#menu >> text=參與機構")


def test_the_keyboard_alone_is_enough(served, look):
    looker = look("en-US")
    keyboard, login = looker.page.keyboard, served.logins["officer-822"]
    looker.open("/accounts/login/")
    keyboard.type(login["username"])  # the field has the focus from the start
    keyboard.press("Tab")
    keyboard.type(login["password"])
    keyboard.press("Enter")
    looker.page.wait_for_url(looker.url + "/")
    keyboard.press("Tab")
    assert looker.page.evaluate("document.activeElement.className") == "skip-link"
    keyboard.press("Enter")
    keyboard.press("Tab")
    assert looker.page.evaluate("document.querySelector('main').contains(document.activeElement)")
    outline = looker.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus cannot be seen"
    keyboard.press("Enter")
    looker.page.wait_for_url("**/participants/822/")


DOWNLOADS = (".csv", ".json", ".jsonl", ".xlsx", ".zip", ".pdf", ".svg", ".html", ".yaml")


def test_no_link_is_broken(served, look):
    looker = look("en-US").sign_in(served.logins["coordinator"])
    seen, waiting = set(), ["/"]
    while waiting and len(seen) < 60:
        path = waiting.pop(0)
        seen.add(path)
        if path.endswith(DOWNLOADS):
            assert looker.page.request.get(looker.url + path).status == 200, path
            continue
        assert looker.open(path).status == 200, path
        looker.inspection.look(looker.page)
        hrefs = looker.page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)")
        paths = {h.removeprefix(looker.url).partition("#")[0] for h in hrefs if h.startswith(looker.url)}
        waiting += sorted(p for p in paths if "?" not in p and p not in seen | set(waiting))
    assert len(seen) > 10, "this test would pass on nothing"


def publish_mou(looker) -> None:
    looker.open("/participants/mou/")
    page = looker.page
    page.fill("#version", "2025.1")
    page.fill("#valid_from", date.today().isoformat())
    page.fill("#expires_on", (date.today() + timedelta(days=365)).isoformat())
    page.fill("#purposes", "fraud_prevention")
    page.fill("#text", "We share hashed data against fraud, and for nothing else.\n共同防詐，別無他用。")
    page.click("text=Publish for signature")
    assert "waits for signatures" in looker.text()


def test_from_the_mou_to_a_closed_milestone(served, look):
    """The agreement, by clicks: published, signed by all, ratified by all; the plan closes by itself."""
    coordinator = look("en-US").sign_in(served.logins["coordinator"])
    publish_mou(coordinator)
    coordinator.open("/participants/specification/")
    coordinator.page.click("text=Put up for ratification")
    for code in ("808", "822", "901"):
        officer = look("en-US").sign_in(served.logins[f"officer-{code}"])
        officer.page.click("text=Sign the MoU, version 2025.1")
        officer.page.click("text=Sign for my institution")
        assert "is signed for your institution" in officer.text()
        officer.open("/")
        assert "Sign the MoU" not in officer.text()
    for code in ("808", "822", "901"):
        steward = look("zh-TW").sign_in(served.logins[f"steward-{code}"])
        steward.page.click("text=確認資料規格第 1 版")
        steward.page.click("text=代表本機構確認")
        assert "已代表貴機構確認此版本" in steward.text()
    coordinator.open("/programme/")
    done = coordinator.page.locator("tr", has=coordinator.page.locator("text=Done")).all_inner_texts()
    assert [row for row in done if "signed the MoU" in row] and [row for row in done if "specification" in row.lower()]
    coordinator.shot("programme-closed-milestones")
    coordinator.open("/participants/808/")
    assert "in force" in coordinator.text()
    coordinator.shot("participant-onboarded")


def test_an_address_is_proposed_by_one_and_approved_by_another(served, look):
    officer = look("en-US").sign_in(served.logins["officer-808"])
    officer.open("/participants/808/")
    officer.page.fill("#url", "http://127.0.0.1:9999/hook")
    officer.page.click("text=Propose >> nth=-1")
    assert "second person" in officer.text()
    closed = officer.page.locator("button", has_text="Approve the proposed address")
    assert closed.is_disabled() and "takes one of these roles" in officer.text()
    coordinator = look("en-US").sign_in(served.logins["coordinator2"])
    coordinator.page.click("text=Approve the alert address of First Demo Bank")
    coordinator.page.click("text=Approve the proposed address")
    assert "delivered to this address" in coordinator.text()


def test_the_auditor_verifies_the_log_without_leaving_the_page(served, look):
    auditor = look("en-US").sign_in(served.logins["auditor"])
    auditor.open("/audit/")
    auditor.page.click("text=Verify the log now")
    auditor.page.wait_for_selector("#verdict .alert-success")
    assert "The log is whole" in auditor.text() and auditor.page.url.endswith("/audit/")
    auditor.page.click("th >> text=What")
    assert auditor.page.get_attribute("th[aria-sort]", "aria-sort") == "ascending"
    auditor.page.fill("#q", "person.added")
    auditor.page.click("main form[role=search] button")
    verbs = auditor.page.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert verbs and set(verbs) == {"person.added"}
    auditor.shot("audit-verified")


def expect(looker, status: int) -> None:
    """Take the expected answer from the problems, and with it the line that the browser writes to its console."""
    found = [p for p in looker.problems if p.startswith(f"{status} ") or f"status of {status}" in p]
    assert found
    looker.problems[:] = [p for p in looker.problems if p not in found]


def test_a_wrong_password_is_said_and_nothing_more(served, look):
    looker = look("en-US")
    for name in ("coordinator", "nobody-of-this-name"):
        looker.open("/accounts/login/")
        looker.page.fill("#id_username", name)
        looker.page.fill("#id_password", "not the password")
        looker.page.click("main button")
        assert "do not fit together" in looker.text()


def test_a_page_of_others_is_refused_with_the_reason(served, look):
    looker = look("en-US").sign_in(served.logins["officer-808"])
    looker.open("/participants/822/")
    assert "for your own institution only" in looker.text()
    looker.shot("refused-other-institution")
    expect(looker, 403)
    looker.open("/audit/")
    assert "takes one of these roles" in looker.text()
    expect(looker, 403)
    looker.open("/nothing/here/")
    assert "nothing at this address" in looker.text()
    expect(looker, 404)


def test_a_refused_form_says_why_and_gives_back_what_was_written(served, look):
    looker = look("zh-TW").sign_in(served.logins["officer-808"])
    looker.open("/participants/808/")
    looker.page.fill("#url", "https://elsewhere.example/hook")
    looker.page.click("form[action$='/endpoint/'] button")
    alert = looker.page.get_by_role("alert")
    assert "此動作未執行" in alert.inner_text() and "允許清單" in alert.inner_text()
    assert alert.evaluate("e => e === document.activeElement"), "what is wrong is not said first"
    assert looker.page.input_value("#url") == "https://elsewhere.example/hook"
    looker.shot("refused-address-zh")
    expect(looker, 403)
    looker.page.click("text=English")
    assert looker.page.url.endswith("/participants/808/"), "the switch leads to the page, not to the post"


def test_a_refused_form_that_was_folded_away_is_open_on_a_phone(served, look):
    looker = look("en-US", width=390, height=844).sign_in(served.logins["officer-808"])
    looker.open("/participants/808/")
    looker.page.click("text=Propose a key")
    for name, text in {"kid": "sign-9", "public_key": "no key at all", "proof": "none"}.items():
        looker.page.fill(f"#{name}", text)
    looker.page.click("#key-proposal button")
    assert looker.page.is_visible("#key-proposal [role=alert]") and looker.page.input_value("#kid") == "sign-9"
    assert looker.page.evaluate(WIDER) <= 0
    looker.shot("refused-key-phone")
    expect(looker, 422)


def test_the_inspection_sees_what_is_wrong(served, look):
    """A picture without a text, a link without a name, a field without a label, text that is too pale: all are told,
    under the portal's own Content-Security-Policy, and folded parts too."""
    looker = look("en-US")
    looker.open("/accounts/login/")
    assert faults(looker.page) == []
    looker.page.evaluate("""() => {
      document.querySelector("main").insertAdjacentHTML("beforeend",
        '<details><summary>more</summary><img src="/static/portal/icon.svg"><a href="/"></a><input>' +
        '<p id="pale">pale</p></details>');
      document.getElementById("pale").style.color = "#ccc";
    }""")
    told = {line.split()[0] for line in faults(looker.page)}
    assert {"image-alt", "link-name", "label", "color-contrast"} <= told
    assert not looker.page.evaluate("() => document.querySelector('main details').open"), "left open"


def test_after_signing_out_pages_are_closed(served, look):
    looker = look("en-US").sign_in(served.logins["auditor"])
    looker.page.click("text=Sign out")
    assert looker.page.url.endswith("/accounts/login/")
    looker.open("/audit/")
    assert "/accounts/login/?next=/audit/" in looker.page.url
