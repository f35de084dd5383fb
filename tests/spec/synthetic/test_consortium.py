"""The made-up consortium keeps the promises of the data specification and of its own docstrings."""

import hashlib
from collections import Counter, defaultdict

import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.crypto.identifiers import canonical
from cleanroom.errors import NotAllowed, SettingsInvalid
from cleanroom.synthetic.consortium import write
from tests.factories.clear_files import cents, parse_time


def bytes_of(folder):
    return {p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.*"))}


def test_the_same_seed_makes_the_same_bytes(consortium, tmp_path):
    again = write(tmp_path / "again", seed=11, size="small")
    assert again.counts == consortium.counts
    assert bytes_of(again.folder) == bytes_of(consortium.folder)
    assert len(bytes_of(again.folder)) > 15
    other = write(tmp_path / "other", seed=12, size="small")
    assert bytes_of(other.folder) != bytes_of(consortium.folder)


def test_writing_again_does_nothing_and_overwrites_nothing(tmp_path):
    (tmp_path / "c.making" / "left").mkdir(parents=True)  # a try that was killed
    (tmp_path / "c").mkdir()
    first = write(tmp_path / "c", seed=1, size="small")
    stamps = {p: p.stat().st_mtime_ns for p in first.folder.rglob("*")}
    assert write(tmp_path / "c", seed=1, size="small") == first
    assert {p: p.stat().st_mtime_ns for p in first.folder.rglob("*")} == stamps
    assert not (tmp_path / "c.making").exists()
    with pytest.raises(NotAllowed):
        write(tmp_path / "c", seed=2, size="small")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("do not touch")
    with pytest.raises(NotAllowed):
        write(tmp_path / "mine", seed=1, size="small")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "do not touch"


def test_an_unknown_size_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(SettingsInvalid):
        write(tmp_path / "c", seed=1, size="enormous")
    assert not (tmp_path / "c").exists()


def test_every_institution_sends_what_its_sector_knows(consortium, folders):
    assert {m.code for m in consortium.members} == set(folders) == {"700", "808", "822", "990", "991"}
    sectors = {about["sector"]: sorted(data) for about, data in folders.values()}
    assert sectors["bank"] == sectors["post_office"] == ["accounts", "holdings", "list_events", "transfers"]
    assert sectors["telecom"] == ["contacts", "cross_industry_list", "holdings"]
    assert sectors["platform"] == ["cross_industry_list", "holdings"]
    for about, data in folders.values():
        assert about["specification_version"] == 1
        for dataset, rows in data.items():
            assert rows, f"{about['institution']} has no {dataset}"
            assert list(rows[0]) == load_specification().datasets[dataset].column_names


def test_every_file_form_of_the_specification_is_there(consortium, folders):
    forms = {
        (f["format"], f["encoding"], f["calendar"]) for about, _ in folders.values() for f in about["files"].values()
    }
    assert forms == {("parquet", None, "gregorian"), ("csv", "utf-8", "gregorian"), ("csv", "cp950", "roc")}
    raw = (consortium.folder / "700" / "list_events.csv").read_bytes()
    assert "警示" in raw.decode("cp950") or "詐欺" in raw.decode("cp950")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    assert folders["700"][1]["transfers"][0]["executed_at"].startswith("114/08/01 ")


def test_every_identifier_has_its_form_and_its_checksum(folders):
    checked = Counter()
    for code, (_, data) in folders.items():
        for dataset, rows in data.items():
            for field in load_specification().datasets[dataset].fields:
                for row in rows if field.is_identifier else ():
                    kind = field.identifier or field.identifier_kind_of(row[field.identifier_kind_column])
                    owner = row.get("asset_institution") or row.get(field.institution_column or "") or code
                    canonical(kind, row[field.name], institution=owner)
                    checked[kind] += 1
    assert set(checked) == {
        "account", "national_id", "business_no", "phone", "email", "device", "platform_account"
    }  # fmt: skip
    assert min(checked.values()) > 3


def test_the_legs_differ_exactly_as_often_as_it_says(consortium, folders):
    counts = consortium.counts
    keepers = [code for code, (_, data) in folders.items() if "transfers" in data]
    by_ref, without = defaultdict(list), 0
    for code in keepers:
        for row in folders[code][1]["transfers"]:
            ends = {row["sender_institution"], row["receiver_institution"]}
            if len(ends) == 2 and ends <= set(keepers):
                if row["clearing_ref"]:
                    by_ref[row["clearing_ref"]].append(row)
                else:
                    without += 1
    pairs = [legs for legs in by_ref.values() if len(legs) == 2]
    assert len(pairs) > 500
    assert without == 2 * counts["without_reference"] + counts["one_reference"]
    assert len(by_ref) - len(pairs) == counts["one_leg"] + counts["one_reference"]
    times = [[parse_time(leg["executed_at"]) for leg in legs] for legs in pairs]
    late = [abs((a - b).total_seconds()) for a, b in times if a != b]
    assert late == [1.0] * counts["a_second_late"]
    assert sum(a["amount_twd"] != b["amount_twd"] for a, b in pairs) == counts["other_amount"]
    assert (
        min(counts[n] for n in ("without_reference", "one_reference", "a_second_late", "other_amount", "one_leg")) >= 2
    )


def test_the_counts_are_those_of_the_files(consortium, folders, transfers):
    rows = [r for _, data in folders.values() for r in data.get("transfers", ())]
    assert consortium.counts["rows"] == len(rows)
    assert consortium.counts["transfers"] == len(transfers)
    assert consortium.counts["accounts"] == sum(len(data.get("accounts", ())) for _, data in folders.values())
    events = [(code, e) for code, (_, data) in folders.items() for e in data.get("list_events", ())]
    watch = {(code, e["subject"]) for code, e in events if e["list"] == "watch_listed"}
    assert consortium.counts["watch_listed"] == len(watch) > 10


def watch_listings(folders):
    """Account -> (listed at, lifted at or None, loss in cents or None)."""
    found = {}
    for code, (_, data) in folders.items():
        for e in sorted(data.get("list_events", ()), key=lambda e: parse_time(e["occurred_at"])):
            if e["list"] != "watch_listed":
                continue
            key, at = (code, e["subject"]), parse_time(e["occurred_at"])
            if e["event"] == "listed":
                loss = cents(e["reported_loss_twd"]) if e["reported_loss_twd"] else None
                found[key] = (at, None, loss)
            else:
                found[key] = (found[key][0], at, found[key][2])
    assert len(found) > 10
    return found


def test_a_reported_loss_is_at_most_what_came_in_before(folders, transfers):
    losses = {k: (at, loss) for k, (at, _, loss) in watch_listings(folders).items() if loss is not None}
    assert len(losses) >= 10
    for account, (listed_at, loss) in losses.items():
        came_in = sum(c for _, receiver, at, c in transfers if receiver == account and at < listed_at)
        assert 0 < loss <= came_in


def test_a_watch_listed_account_moves_nothing_until_it_is_lifted(folders, transfers):
    listings = watch_listings(folders)
    assert any(lifted for _, lifted, _ in listings.values())
    for sender, receiver, at, _ in transfers:
        for account in (sender, receiver):
            if account in listings:
                listed_at, lifted_at, _ = listings[account]
                assert at < listed_at or (lifted_at and at >= lifted_at)


def test_money_goes_on_after_it_came_and_never_more_of_it(truth):
    """Per case and mule, at every moment: what went out is at most what came in."""
    mules = {(r["pattern"], r["institution"], r["account"]) for r in truth["accounts"]}
    balance, passed_on = Counter(), set()
    for row in sorted(truth["transfers"], key=lambda r: r["executed_at"]):
        sender = (row["pattern"], row["sender_institution"], row["sender_account"])
        receiver = (row["pattern"], row["receiver_institution"], row["receiver_account"])
        if sender in mules:
            balance[sender] -= cents(row["amount_twd"])
            assert balance[sender] >= 0
            passed_on.add(sender)
        balance[receiver] += cents(row["amount_twd"])
    assert len(passed_on) > 20


def test_cases_cross_banks_and_have_every_typology(consortium, truth):
    typologies = {r["typology"] for r in truth["accounts"]}
    assert typologies == {"fan_in", "fan_out", "chain", "scatter_gather", "cycle"}
    crossing = [r for r in truth["transfers"] if r["sender_institution"] != r["receiver_institution"]]
    assert len(crossing) > len(truth["transfers"]) / 2
    assert len({r["pattern"] for r in truth["accounts"]}) == consortium.counts["cases"]


def test_the_truth_names_transfers_as_the_books_do(folders, truth):
    booked = {n for _, d in folders.values() for r in d.get("transfers", ()) for n in (r["txn_id"], r["clearing_ref"])}
    assert truth["transfers"]
    assert {r["clearing_or_txn"] for r in truth["transfers"]} <= booked


def test_victims_are_called_before_they_pay(folders, truth):
    """Most victims who subscribe to the telecom got a call from a number that called others too."""
    holder = {(code, a["account"]): a["holder_id"] for code, (_, d) in folders.items() for a in d.get("accounts", ())}
    phone = {h["holder"]: h["asset"] for h in folders["990"][1]["holdings"]}
    mules = {(r["institution"], r["account"]) for r in truth["accounts"]}
    calls = defaultdict(list)
    for call in folders["990"][1]["contacts"]:
        calls[call["callee"]].append(parse_time(call["started_at"]))
    reached = asked = 0
    for row in truth["transfers"]:
        sender = (row["sender_institution"], row["sender_account"])
        number = phone.get(holder.get(sender))
        if sender not in mules and number:
            asked += 1
            at = parse_time(row["executed_at"])
            reached += any(0 < (at - call).total_seconds() < 27 * 3600 for call in calls[number])
    assert asked > 20
    assert reached / asked > 0.6


def test_the_demo_is_large_enough_to_learn_from(tmp_path):
    made = write(tmp_path / "demo", seed=20250801, size="demo")
    assert made.counts["transfers"] > 35_000
    assert made.counts["cases"] >= 60
    assert made.counts["watch_listed"] >= 80
