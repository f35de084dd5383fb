"""Verify an evidence pack of the Financial Clean Room. One file, Python 3.9 or later, the standard library alone.

    python verify_pack.py PACK.zip --room-key=KEY            is it whole, and is what it says true?
    python verify_pack.py PACK.zip --room-key=KEY --at NOW   and would the gate be open at that time?

It trusts nothing that the pack says of itself. It checks the clean room's signature over the list of files, every
file's SHA-256, that every byte around the files is as it must be, and the digests that the sign-offs bind to. Then it
judges the release anew: the risk grade from the answers, each control from its figures under the policy, waivers,
sign-offs, the end of the certificate. What comes out must be what the pack says. The rules are those of
`cleanroom.governance`, written a second time on purpose.

KEY is the clean room's signing key, base64url, as its custodian reads it out; not one that came with the pack.
Exit codes: 0 whole and true; 1 refused; 2 the call cannot be carried out, here or at all; 3 whole and true, and the
gate is shut (with --at).
"""

import argparse
import base64
import hashlib
import io
import json
import math
import struct
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta, timezone

try:
    from zoneinfo import ZoneInfo
except ImportError:  # before 3.9; `main` says so in a sentence
    ZoneInfo = None

FORMAT = "cleanroom/evidence-pack/v1"
DOMAIN = b"cleanroom/evidence-pack/v1\n"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig.json"
JUDGED = ("record.json", "policy.json", "receivers.json", "results.json", "verdict.json")
LARGEST_FILE, LARGEST_PACK, MOST_FILES = 32 * 1024**2, 128 * 1024**2, 64
CLOCK_TOLERANCE = timedelta(minutes=5)
# The words of docs/glossary.md; the standard library alone is imported here.
OUTCOMES = {
    "pass": "met 通過",
    "fail": "not met 不通過",
    "warn": "warning 提醒",
    "not_measurable": "not measurable 無法量測",
    "waived": "waived 豁免",
}
STATES = {
    "draft": "草稿",
    "evaluated": "已評估",
    "submitted": "送審",
    "approved": "核可",
    "suspended": "暫停",
    "retired": "退役",
}
UNUSABLE = 2  # exit code
OLDEST_PYTHON = (3, 9)
TAIPEI, TAIPEI_TIME = "Asia/Taipei", timezone(timedelta(hours=8))  # without summer time since 1980
TIERS = ("R1", "R2", "R3")
INSIDE = {"owner", "second_line", "validator"}
ROLE_PER_INSTITUTION, ROLE_OUTSIDE = "institution_reviewer", "external_validator"


class Refused(Exception):
    """The pack is not what it says. The text says where."""


class Unusable(Exception):
    """The call cannot be carried out: no such file, no key, no time, or this machine lacks what it takes."""


def main(arguments=None):
    options = _options(arguments)
    try:
        _check_python()
        at = _moment(options.at) if options.at else None
        pack = open_pack(options.pack, key_of(options.room_key))
        lines = verify(pack)
        shut = gate_shut(pack, at) if at else ()
    except Refused as e:
        print("REFUSED 不予採信:", e)
        return 1
    except Unusable as e:
        print("cannot be carried out 無法執行:", e, file=sys.stderr)
        return UNUSABLE
    print("\n".join(lines))
    for reason in shut:
        print("  shut 關閉:", reason)
    if at:
        print(f"gate 閘門 {_shown(at)}: {'shut 關閉' if shut else 'open 開放'}")
    return 3 if shut else 0


def _options(arguments):
    parser = argparse.ArgumentParser(prog="verify_pack", description="Verify an evidence pack. 驗證證據包。")
    parser.add_argument("pack", help="the pack, a .zip file 證據包，.zip 檔")
    parser.add_argument("--room-key", metavar="KEY",
                        help="the clean room's signing key, base64url 無塵室簽章公鑰，base64url")  # fmt: skip
    parser.add_argument("--at", metavar="TIME", help="also ask whether the gate is open then: ISO time, or `now` "
                        "並查詢該時點閘門是否開放：ISO 時間或 now")  # fmt: skip
    return parser.parse_args(arguments)


def _check_python():
    if sys.version_info < OLDEST_PYTHON:
        raise Unusable("this Python is too old; take 3.9 or later 此 Python 版本過舊，須為 3.9 以上")


def _moment(text):
    if text == "now":
        return datetime.now(timezone.utc)  # noqa: UP017 - this file runs where datetime.UTC is not known yet
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        found.astimezone(TAIPEI_TIME)
    except (ValueError, OverflowError):
        raise Unusable("--at is no ISO time 非 ISO 時間") from None
    if found.tzinfo is None:
        raise Unusable("--at needs an offset, such as +08:00 須含時區，例如 +08:00")
    return found


def key_of(text):
    """The 32 bytes of a base64url key. Raises Unusable."""
    if text is None:
        raise Unusable("name the clean room's signing key, which its custodian reads out, with --room-key=KEY "
                       "請以 --room-key=KEY 給定無塵室簽章公鑰，可向金鑰保管人取得")  # fmt: skip
    try:
        key = _decoded(text)
    except ValueError:
        raise Unusable("--room-key is not base64url 非 base64url") from None
    if len(key) != 32 or ed25519_point(key) is None:
        raise Unusable("--room-key is no Ed25519 public key 非 Ed25519 公鑰")
    return key


# --- the file -----------------------------------------------------------------------------------------------------


def open_pack(path, room_key):
    """name -> bytes of every file, once the signature and every digest hold. Raises Refused or Unusable."""
    raw = _read(path)
    files = _unzipped(raw)
    for name in (MANIFEST, SIGNATURE):
        if name not in files:
            raise Refused(f"{name} is missing 缺漏")
    manifest = _json(files, MANIFEST)
    if canonical(manifest) != files[MANIFEST]:
        raise Refused(f"{MANIFEST} is not in canonical form")
    _check_signature(files, room_key)
    if manifest.get("format") != FORMAT:
        raise Refused(
            "this is another form of pack; use the verifier that belongs to it 證據包格式不同，請用其所屬之驗證程式"
        )
    listed = {entry["name"]: entry for entry in manifest["files"]}
    present = files.keys() - {MANIFEST, SIGNATURE}
    for name in sorted(listed.keys() ^ present):
        raise Refused(f"{name} " + ("is listed and missing" if name in listed else "is not listed"))
    for name, entry in listed.items():
        if len(files[name]) != entry["bytes"] or hashlib.sha256(files[name]).hexdigest() != entry["sha256"]:
            raise Refused(f"{name} was changed after it was packed 於封裝後遭變更")
    if container(files) != raw:
        raise Refused(
            "its files are whole, and a byte around them is not as a pack is written 檔案完整，惟其外之位元組有異"
        )
    return files


def _read(path):
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST_PACK + 1)
    except FileNotFoundError:
        raise Unusable("there is no such file 查無此檔案") from None
    except OSError as e:
        raise Unusable(f"the file cannot be read 檔案無法讀取: {e.strerror}") from None
    if len(raw) > LARGEST_PACK:
        raise Refused("it is larger than an evidence pack can be")
    return raw


def _unzipped(raw):
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            entries = file.infolist()
            names = [e.filename for e in entries]
            if len(entries) > MOST_FILES or sum(e.file_size for e in entries) > LARGEST_PACK:
                raise Refused("it is larger than an evidence pack can be")
            if len(set(names)) != len(names) or any(e.file_size > LARGEST_FILE for e in entries):
                raise Refused("a file stands in it twice, or is larger than it can be")
            return {e.filename: file.read(e) for e in entries}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError) as e:
        raise Refused(f"it is damaged 檔案損毀: {e}") from None
    except Exception as e:  # a damaged stream raises what its decompressor raises
        if isinstance(e, Refused):
            raise
        raise Refused(f"it is damaged 檔案損毀: {type(e).__name__}") from None


def container(files):
    """The one byte form of a pack: a ZIP (PKWARE APPNOTE 6.3.3) of files in order of name, stored, without a time."""
    bodies, directory, offset = [], [], 0
    for name, data in sorted(files.items()):
        encoded = name.encode("utf-8")
        flags = 0 if name.isascii() else 0x800
        same = struct.pack("<5H3I2H", 20, flags, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(encoded), 0)
        bodies.append(b"PK\3\4" + same + encoded + data)
        rest = struct.pack("<3H2I", 0, 0, 0, 0o100600 << 16, offset)
        directory.append(b"PK\1\2" + struct.pack("<H", 3 << 8 | 20) + same + rest + encoded)
        offset += len(bodies[-1])
    listed = b"".join(directory)
    end = struct.pack("<4H2IH", 0, 0, len(files), len(files), len(listed), offset, 0)
    return b"".join(bodies) + listed + b"PK\5\6" + end


def _check_signature(files, room_key):
    signed = _json(files, SIGNATURE)
    try:
        signature = _decoded(signed["signature"])
    except (KeyError, TypeError, ValueError):
        raise Refused("the signature is not readable") from None
    if not ed25519_verifies(room_key, DOMAIN + files[MANIFEST], signature):
        raise Refused("the list of files is not signed by the clean room's key 檔案清單非以該無塵室公鑰簽章")
    if files[SIGNATURE] != canonical({"key": _encoded(room_key), "signature": _encoded(signature)}):
        raise Refused(f"{SIGNATURE} says more than the signature, or says it in another form")


def _json(files, name):
    def once(pairs):
        if len({k for k, _ in pairs}) != len(pairs):
            raise Refused(f"{name}: a key stands twice in one object")
        return dict(pairs)

    def refuse(constant):
        raise Refused(f"{name}: {constant} is no JSON")

    try:
        return json.loads(files[name], object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON") from None


def _decoded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# --- what it says -------------------------------------------------------------------------------------------------


def verify(files):
    """Judge the release anew and compare. Returns lines for a person. Raises Refused."""
    try:
        return _verify(files)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError) as e:
        raise Refused(f"it does not have the form of a pack 非證據包之格式: {type(e).__name__} {e}") from None


def _verify(files):
    for name in JUDGED:
        if name not in files:
            raise Refused(f"{name} is missing")
    manifest, verdict = _json(files, MANIFEST), _json(files, "verdict.json")
    release = Release(files)
    at = _time(manifest["packed_at"])
    if manifest["release_id"] != release.draft["release_id"] or _time(verdict["judged_at"]) != at:
        raise Refused("the list of files is about another release or another time")
    _same_results(release.results(at), _json(files, "results.json"))
    reasons = release.reasons(at)
    if verdict["allowed"] != (not reasons):
        told = "; ".join(reasons) or "nothing is amiss 無不符之處"
        raise Refused("the verdict does not follow from the evidence 判定與依據不符: " + told)
    _check_certificate(files, release, verdict, at)
    return _told(release, verdict, at, len(files))


def gate_shut(files, at):
    """Reasons why the gate would be shut at `at` by what the pack holds; () where it would be open."""
    return tuple(Release(files).reasons(at))


def _same_results(judged, stated):
    def outcomes(results):
        return [(r["control_id"], r["metric"], r["outcome"]) for r in results]

    for ours, theirs in zip(outcomes(judged), outcomes(stated)):  # noqa: B905 - lengths are compared below
        if ours != theirs:
            raise Refused(f"{theirs[0]} {theirs[1]}: it says {theirs[2]}, the figures say {ours[2]} 所載結果與數值不符")
    if len(judged) != len(stated):
        raise Refused("results are missing, or too many 結果有缺漏或多餘")


def _check_certificate(files, release, verdict, at):
    if not verdict["allowed"]:
        if "certificate.json" in files:
            raise Refused("there is a certificate although the gate is shut 閘門關閉而有放行憑證")
        return
    certificate = _json(files, "certificate.json")
    record, draft = release.record, release.draft
    receivers = sorted(set(release.receivers) - set(record["held_by"]))
    expected = {
        **{name: draft[name] for name in ("release_id", "model", "use_case", "tier", "score")},
        **{name: draft[name] for name in ("policy_version", "digests")},
        "subject_digest": digest(draft["digests"]),
        "sign_offs": release.binding(),
        "participants": receivers,
    }
    for name, value in expected.items():
        if certificate.get(name) != value:
            raise Refused(f"the certificate's {name} is not the release's 放行憑證與發布不符")
    if {w["control_id"] for w in certificate["waivers"]} != release.waivers_in_force(at):
        raise Refused("the certificate's waivers are not those in force 放行憑證所載豁免非有效者")
    if _time(certificate["expires_at"]) != release.expires_at(at):
        raise Refused("the certificate ends at another time than the evidence allows 放行憑證之到期日與依據不符")
    if verdict["certificate"] != digest(certificate):
        raise Refused("the certificate is not the one that the verdict names")


def _told(release, verdict, at, files):
    outcomes = [r["outcome"] for r in release.results(at)]
    counted = ", ".join(f"{outcomes.count(o)} {OUTCOMES.get(o, o)}" for o in dict.fromkeys(outcomes))
    lines = [
        f"whole and true 完整屬實: {release.draft['release_id']} ({release.draft['tier']}), {files} files",
        f"  figures 數值: {counted}",
        f"  sign-offs 簽核: {len(release.binding())}, waivers 豁免: {len(release.waivers_in_force(at))}",
    ]
    if verdict["allowed"]:
        return [*lines, f"  gate 閘門 {_shown(at)}: open 開放, until 至 {_shown(release.expires_at(at))}"]
    return [*lines, f"  gate 閘門 {_shown(at)}: shut 關閉", *(f"    {r}" for r in release.reasons(at))]


class Release:
    """A release as its record and policy tell it; judged without a look at the outcomes that the record states."""

    def __init__(self, files):
        self.record, self.policy = _json(files, "record.json"), _json(files, "policy.json")
        self.receivers = _json(files, "receivers.json")
        self.draft, self.tier = self.record["draft"], self.record["draft"]["tier"]
        self.judged_as = "R3" if self.tier == "R0" else self.tier
        self.evaluated_at = _time(self.draft["evaluated_at"])

    # ... the whole

    def reasons(self, at):
        """Why the gate is shut at `at`; [] where it is open."""
        found = self._draft_reasons(at)
        if found:
            return found
        return [*self._state_reasons(at), *self._control_reasons(at), *self._sign_off_reasons(), *self._end_reasons(at)]

    def _draft_reasons(self, at):
        draft, digests, found = self.draft, self.draft["digests"], []
        if draft["policy_version"] != self.policy["version"] or digests["policy"] != digest(self.policy):
            found.append("it was evaluated under another policy 評估所依據之政策不同")
        if self.evaluated_at > at + CLOCK_TOLERANCE:
            found.append("the evaluation is dated in the future 評估時間晚於現在")
        if digest({k: v for k, v in draft.items() if k != "digests"}) != digests["evaluation"]:
            found.append("the evaluation is not the one that was signed 評估內容與簽核者不符")
        answers = draft["model_card"]["answers"]
        factors = {name: a["value"] for name, a in answers["factors"].items()}
        declared = {name: a["answer"] for name, a in answers["declared"].items()}
        if digest(answers) != digests["answers"] or (factors, declared) != (draft["factors"], draft["declared"]):
            found.append("the risk answers are not those that were signed 風險問卷與簽核者不符")
        if grade(self.policy, factors, declared) != (draft["score"], draft["tier"]):
            found.append("the grade does not follow from the answers 風險等級與問卷不符")
        if draft["tier"] == "R0":
            found.append("the use is prohibited 禁止之用途")
        return found

    def _state_reasons(self, at):
        record, found = self.record, []
        if record["state"] != "released":
            state = record["state"]
            found.append(f"the release is {state} 發布狀態為{STATES.get(state, state)}")
        elif not record["released_at"] or not self.evaluated_at <= _time(record["released_at"]) <= at:
            found.append("the time of release is missing or impossible 發布時間缺漏或不合理")
        if not set(self.receivers) - set(record["held_by"]):
            found.append("no institution is left to receive the output 無機構可接收結果")
        return found

    def _control_reasons(self, at):
        due = self.draft["declared"][self.policy["in_use_question"]] or at >= self._first_review(at)
        return [
            f"{r['control_id']}: {r['metric']} {OUTCOMES[r['outcome']]}"
            for r in self.results(at)
            if self._stops(r) and (due or not self._not_yet_due(r))
        ]

    def _stops(self, result):
        return result["outcome"] in ("fail", "not_measurable") and self._control(result)["gate"] == "block"

    def _not_yet_due(self, result):
        return self._control(result)["phase"] == "after_release" and result["outcome"] == "not_measurable"

    def _control(self, result):
        return next(c for c in self.policy["controls"] if c["id"] == result["control_id"])

    # ... controls

    def results(self, at):
        """Every metric of every control that applies: {"control_id", "metric", "outcome", "measured_at"}."""
        evidence, waived = self._evidence(at), self.waivers_in_force(at)
        kind = "gen" if self.draft["declared"][self.policy["generative_question"]] else "pred"
        return [
            self._judge(control, metric, evidence, waived, at)
            for control in self.policy["controls"]
            if TIERS.index(self.judged_as) >= TIERS.index(control["from_tier"]) and control["ai_kind"] in ("all", kind)
            for metric in control["metrics"]
        ]

    def _judge(self, control, metric, evidence, waived, at):
        found, limit = evidence.get(metric["name"]), self._limit(metric, evidence)
        lacking = found is None or self._unusable(metric, found, at)
        if lacking or (limit is None and metric["operator"] != "recorded"):
            outcome = "not_measurable"
        elif limit is None or _meets(metric["operator"], found, limit):
            outcome = "pass"
        else:
            outcome = "fail" if control["gate"] == "block" else "warn"
        if control["gate"] == "block" and outcome in ("fail", "not_measurable") and control["id"] in waived:
            outcome = "waived"
        measured = found["measured_at"] if found and _whole(found) else None
        return {"control_id": control["id"], "metric": metric["name"], "outcome": outcome, "measured_at": measured}

    def _evidence(self, at):
        found = {}
        for r in self.draft["controls"]:
            if r["metric"] is None or r["value"] is None or r["measured_at"] is None:
                continue
            when = _time(r["measured_at"])
            found[r["metric"]] = {**{k: r[k] for k in ("value", "low", "high", "cases")}, "measured_at": when}
            reference = self._reference_of(r)
            if reference and r["reference"] is not None:
                found[reference] = _figure(r["reference"], when)
        return {**found, **self._from_record(at)}

    def _reference_of(self, result):
        metrics = [m for c in self.policy["controls"] if c["id"] == result["control_id"] for m in c["metrics"]]
        named = next((m["reference"] for m in metrics if m["name"] == result["metric"]), None)
        return named and named["metric"]

    def _from_record(self, at):
        """What nobody can supply, as the record itself tells it."""
        age, card = (at - self.evaluated_at) / timedelta(days=1), self.draft["model_card"]
        people = [s["person"] for s in self.binding()]
        others = [p for p in people if p != self.draft["developer"]]
        found = {
            "grading_age_days": age,
            "report_age_days": age,
            "model_card_completeness": _filled(card, self.policy["model_card_fields"]),
            "inventory_completeness": _filled(card.get("inventory", {}), self.policy["inventory_fields"]),
            "review_overdue_days": max(0.0, (at - self._review_due(at)) / timedelta(days=1)),
            "expired_waivers": sum(
                bool(w["approved_at"]) and at >= self._waiver_end(w["ends_on"]) for w in self.record["waivers"]
            ),
        }
        figures = {name: _figure(value, at) for name, value in found.items()}
        if people:
            broken = len(people) - len(others) + len(others) - len(set(others))
            figures["sod_violations"] = {**_figure(broken, at), "cases": len(people)}
        return figures

    def _unusable(self, metric, found, at):
        fresh = timedelta(days=self.policy["freshness_days"][self.judged_as])
        if not _whole(found) or found["measured_at"] > at + CLOCK_TOLERANCE or at >= found["measured_at"] + fresh:
            return True
        if metric["min_cases"] is not None and (found["cases"] or 0) < metric["min_cases"]:
            return True
        bound = found["high"] if metric["operator"] == "<=" else found["low"]
        return metric["interval"] == "required" and bound is None

    def _limit(self, metric, evidence):
        reference = metric["reference"]
        if reference is None:
            return metric["by_tier"].get(self.judged_as, metric["limit"])
        if reference["setting"]:
            return reference["factor"] * self.policy["settings"][reference["setting"]]
        found = evidence.get(reference["metric"])
        return reference["factor"] * found["value"] if found and _whole(found) else None

    # ... people

    def binding(self):
        subject = digest(self.draft["digests"])
        return [s for s in self.record["sign_offs"] if s["subject_digest"] == subject]

    def _sign_off_reasons(self):
        signed = self.binding()
        people, developer = [s["person"] for s in signed], self.draft["developer"]
        found = [f"the sign-off as {' '.join(filter(None, seat))} is missing 尚缺此項簽核" for seat in self._missing()]
        if any(s["decision"] == "reject" for s in signed):
            found.append("a reviewer has rejected it 已有審查人駁回")
        if developer in people or len(set(people)) != len(people):
            found.append("the developer signed, or one person twice 開發者曾簽核，或同一人重複簽核")
        return found

    def _missing(self):
        given = {(s["role"], s["institution"] if s["role"] == ROLE_PER_INSTITUTION else None) for s in self._counting()}
        wanted = []
        for role in self.policy["quorum"][self.tier]:
            per_institution = role == ROLE_PER_INSTITUTION
            wanted += [(role, code) for code in sorted(self.receivers)] if per_institution else [(role, None)]
        return [seat for seat in wanted if seat not in given]

    def _counting(self):
        signed = self.binding()
        people = [s["person"] for s in signed]
        involved = {s["institution"] for s in signed if s["role"] in INSIDE}
        return [
            s
            for s in signed
            if s["decision"] == "approve"
            and s["person"] != self.draft["developer"]
            and people.count(s["person"]) == 1
            and (s["role"] != ROLE_OUTSIDE or (s["institution"] is not None and s["institution"] not in involved))
        ]

    # ... waivers and ends

    def waivers_in_force(self, at):
        return {
            w["control_id"]
            for w in self.record["waivers"]
            if self._allowed(w) and _time(w["approved_at"]) <= at < self._waiver_end(w["ends_on"])
        }

    def _allowed(self, waiver):
        if not waiver["approved_by"] or not waiver["approved_at"] or self.tier == "R0":
            return False
        if waiver["approved_by"] in (waiver["requested_by"], waiver["owner"], self.draft["developer"]):
            return False
        control = next((c for c in self.policy["controls"] if c["id"] == waiver["control_id"]), None)
        if control is None or control["not_waivable"]:
            return False
        today = _time(waiver["approved_at"]).astimezone(self._zone()).date()
        last = today + timedelta(days=self.policy["waivers"]["max_days"][self.tier])
        return date.fromisoformat(waiver["ends_on"]) <= last

    def _waiver_end(self, ends_on):
        return datetime.combine(date.fromisoformat(ends_on) + timedelta(days=1), time(), tzinfo=self._zone())

    def _zone(self):
        """The zone in which a waiver's day ends. Not every machine has the time-zone database."""
        name = self.policy["waivers"]["time_zone"]
        try:
            return ZoneInfo(name)
        except KeyError:  # zoneinfo.ZoneInfoNotFoundError
            if name == TAIPEI:
                return TAIPEI_TIME
            raise Unusable(f"this machine does not know the time zone {name}; install Python's tzdata "
                           f"本機無時區 {name} 之資料，請安裝 Python 之 tzdata") from None  # fmt: skip

    def _released_or(self, at):
        return _time(self.record["released_at"]) if self.record["released_at"] else at

    def _review_due(self, at):
        return self._released_or(at) + timedelta(days=self.policy["review_days"][self.judged_as])

    def _first_review(self, at):
        return self._released_or(at) + timedelta(days=self.policy["first_review_days"][self.judged_as])

    def expires_at(self, at):
        """The first moment at which the gate shuts by itself."""
        fresh, judged = timedelta(days=self.policy["freshness_days"][self.judged_as]), self.results(at)
        ends = [self.evaluated_at + fresh, self._review_due(at), *self._grading_ends()]
        ends += [self._waiver_end(w["ends_on"]) for w in self.record["waivers"] if w["approved_at"]]
        for result in judged:
            control = self._control(result)
            carries = control["phase"] != "from_record" and control["gate"] == "block" and result["outcome"] == "pass"
            if carries and result["measured_at"]:
                ends.append(result["measured_at"] + fresh)
        if any(self._stops(r) and self._not_yet_due(r) for r in judged):
            ends.append(self._first_review(at))
        return min(ends)

    def _grading_ends(self):
        applying = {r["control_id"] for r in self.results(self.evaluated_at)}
        metrics = [m for c in self.policy["controls"] if c["id"] in applying for m in c["metrics"]]
        limits = [m["by_tier"].get(self.judged_as, m["limit"]) for m in metrics if m["name"] == "grading_age_days"]
        return [self.evaluated_at + timedelta(days=limit) for limit in limits if limit is not None]

    def _end_reasons(self, at):
        ends = self.expires_at(at)
        return [f"the certificate ended at {_shown(ends)} 放行憑證已到期"] if at >= ends else []


def grade(policy, factors, declared):
    """(score, tier) by the policy's weights, thresholds, prohibitions and floors."""
    if factors.keys() != policy["factors"].keys() or declared.keys() != policy["questions"].keys():
        raise Refused("a risk factor or question is not answered, or is not the policy's")
    if any(type(v) is not int or not 0 <= v <= 3 for v in factors.values()):
        raise Refused("a risk factor is answered with something else than 0 to 3")
    score = sum(policy["factors"][name]["weight"] * value for name, value in factors.items()) / 3
    if any(declared[p["when"]] for p in policy["prohibitions"]):
        return round(score, 1), "R0"
    thresholds = policy["thresholds"]
    rung = sum(score >= thresholds[name] - 1e-9 for name in ("R2_from", "R3_from"))
    met = [f for f in policy["floors"] if all(declared[name] for name in f["when"])]
    rung = max([rung, *(TIERS.index(f["lift_to"]) for f in met if f["lift_to"])])
    return round(score, 1), TIERS[min(rung + sum(f["lift_one"] for f in met), 2)]


def _figure(value, when):
    return {"value": value, "low": None, "high": None, "cases": None, "measured_at": when}


def _whole(found):
    figures = [f for f in (found["low"], found["value"], found["high"]) if f is not None]
    return all(math.isfinite(f) for f in figures) and figures == sorted(figures)


def _meets(operator, found, limit):
    low = found["value"] if found["low"] is None else found["low"]
    high = found["value"] if found["high"] is None else found["high"]
    if operator == ">=":
        return low >= limit
    return high <= limit if operator == "<=" else low == high == limit


def _filled(card, fields):
    return sum(card.get(name) not in (None, "", [], {}) for name in fields) / len(fields) if fields else 0.0


def _shown(at):
    """As a person in Taipei reads it, to the second."""
    return f"{at.astimezone(TAIPEI_TIME):%Y-%m-%d %H:%M:%S} +08:00"


def _time(text):
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise Refused("a time has no offset, so nothing can be judged by it")
    return found


# --- canonical JSON (RFC 8785) and Ed25519 (RFC 8032) -------------------------------------------------------------


def digest(value):
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value):
    """The one byte form of a JSON value."""
    return _canonical(value).encode("utf-8")


def _canonical(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{_canonical(n)}:{_canonical(value[n])}" for n in names) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value):
    """As ECMAScript writes it: the shortest digits that give the number back."""
    if not math.isfinite(value):
        raise Refused("a number is not finite")
    if value == 0:
        return "0"
    sign, digits, exponent = "-" if value < 0 else "", *_shortest(abs(value))
    point = len(digits) + exponent  # where the decimal point stands, counted from the first digit
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{point - 1:+d}"


def _shortest(value):
    """(digits, exponent of the last digit) of a positive number."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    power = int(exponent or 0) - len(fraction)
    kept = digits.rstrip("0")
    return kept, power + len(digits) - len(kept)


P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
BASE_Y = 4 * pow(5, P - 2, P) % P


def ed25519_point(raw):
    """The point in extended coordinates, or None where 32 bytes are no point of the curve."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def ed25519_verifies(key, message, signature):
    """RFC 8032, without cofactor; keys and commitments of small order are refused, as libsodium does."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    public, commitment = ed25519_point(key), ed25519_point(signature[:32])
    if public is None or commitment is None or _small(public) or _small(commitment):
        return False
    base = ed25519_point(BASE_Y.to_bytes(32, "little"))
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left = _times(int.from_bytes(signature[32:], "little"), base)
    return _equal(left, _add(commitment, _times(challenge, public)))


def _small(point):
    return _equal(_times(8, point), (0, 1, 1, 0))


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar, point):
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = _add(found, point)
        point = _add(point, point)
        scalar >>= 1
    return found


def _equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese must not end in a traceback
    sys.exit(main())
