"""What the cloud's definition must never allow. Read as data: no cloud is asked, no deployment is proved."""

import re

import pytest

from cleanroom.settings import project_root
from tests.policy import terraform_files as tf

FOLDER = project_root() / "infra" / "terraform"
FOUND = tf.load(FOLDER)
PRIMITIVE = {"roles/owner", "roles/editor", "roles/viewer"}
# A binding of one of these would give one person everything under another name.
TOO_WIDE = {
    "roles/bigquery.admin",
    "roles/storage.admin",
    "roles/iam.securityAdmin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/iam.serviceAccountTokenCreator",
}


def grants():
    """(where, role, members) of every binding, member, policy binding and dynamic binding."""
    for (type_, name), body in FOUND["resource"].items():
        if re.search(r"_iam_(member|binding)$", type_):
            yield f"{type_}.{name}", body["role"], body.get("members") or [body["member"]]
    for (type_, name), body in FOUND["data"].items():
        if type_ == "google_iam_policy":
            for binding in body["binding"] + [d["binding"]["content"][0] for d in body["dynamic"]]:
                yield f"data.{type_}.{name}", binding["role"], binding["members"]


def test_there_is_something_to_look_at():
    assert len(list(grants())) >= 12
    assert len(FOUND["resource"]) >= 18
    assert len(FOUND["text"]) >= 8


def test_nobody_has_a_primitive_or_a_sweeping_role():
    roles = {role for _, role, _ in grants()}
    assert roles & {"roles/bigquery.dataViewer", "roles/cloudkms.admin"}, "the roles were not read"
    assert not roles & (PRIMITIVE | TOO_WIDE)


def test_nothing_is_open_to_the_world_and_no_person_is_named():
    everything = list(tf.strings([FOUND["resource"], FOUND["data"], FOUND["locals"]]))
    assert len(everything) > 100
    for text in everything:
        assert not re.search(r"\ballUsers\b|\ballAuthenticatedUsers\b", text)
        assert not re.search(r"\buser:|\bdomain:", text), "people come in through groups"


def test_nobody_can_download_a_key_of_a_service_account():
    assert not tf.of_type(FOUND, "google_service_account_key")
    accounts = tf.of_type(FOUND, "google_service_account")
    assert accounts
    assert set(FOUND["locals"]["stations"]) == {"intake", "moneyflow", "scoring", "dispatch", "evaluation"}


def test_every_bucket_is_encrypted_under_our_key_kept_and_closed():
    buckets = tf.of_type(FOUND, "google_storage_bucket")
    assert set(buckets) == {"exchange", "keys", "records"}
    for bucket in buckets.values():
        assert "google_kms_crypto_key.room" in bucket["encryption"][0]["default_kms_key_name"]
        assert bucket["uniform_bucket_level_access"] is True
        assert bucket["public_access_prevention"] == "enforced"
        assert bucket["force_destroy"] is False
    for name in ("exchange", "records"):
        assert buckets[name]["retention_policy"][0]["is_locked"] is True
    assert "var.retention_days" in buckets["exchange"]["retention_policy"][0]["retention_period"]


def test_what_is_destroyed_in_the_bucket_of_keys_is_gone():
    keys = tf.of_type(FOUND, "google_storage_bucket")["keys"]
    assert "retention_policy" not in keys
    assert keys["versioning"] == [{"enabled": False}]
    assert keys["soft_delete_policy"] == [{"retention_duration_seconds": 0}]
    assert keys["name"] == "${google_storage_bucket.exchange.name}-keys", "the object store finds it by this name"


def rights_on(bucket):
    """Binding -> permissions, of everybody who may do anything with objects of this bucket."""
    roles = tf.of_type(FOUND, "google_project_iam_custom_role")
    return {
        name: roles[body["role"].split(".")[1]]["permissions"]
        for name, body in tf.of_type(FOUND, "google_storage_bucket_iam_member").items()
        if f"google_storage_bucket.{bucket}.name" in body["bucket"]
    }


def test_nobody_deletes_in_the_exchange_and_intake_alone_destroys_keys():
    exchange, keys = rights_on("exchange"), rights_on("keys")
    assert set(exchange) == {"upload", "receipts", "intake", "checkpoint_reading", "cosigning", "checkpoint_signing"}
    assert set(keys) == {"upload_key", "intake_keys"}
    assert not [name for name, rights in exchange.items() if "storage.objects.delete" in rights]
    assert [name for name, rights in keys.items() if "storage.objects.delete" in rights] == ["intake_keys"]
    intake = tf.of_type(FOUND, "google_storage_bucket_iam_member")["intake_keys"]
    assert 'station["intake"]' in intake["member"]
    for rights in (*exchange.values(), *keys.values()):
        assert "storage.objects.update" not in rights


def test_a_participant_can_list_checkpoints_and_nothing_else():
    for rights in (rights_on("exchange")["upload"], rights_on("exchange")["receipts"], rights_on("keys")["upload_key"]):
        assert rights
        assert "storage.objects.list" not in rights
    bound = tf.of_type(FOUND, "google_storage_bucket_iam_member")
    for name, below in (("checkpoint_reading", ""), ("cosigning", "${each.key}/"), ("checkpoint_signing", "room/")):
        expression = bound[name]["condition"][0]["expression"].replace("\\", "")
        assert f'startsWith("${{local.checkpoints}}{below}")' in expression
    assert "storage.objects.list" not in rights_on("exchange")["cosigning"]
    assert "/objects/checkpoints/" in FOUND["locals"]["checkpoints"]
    assert (
        "startsWith(" in FOUND["locals"]["lists_checkpoints"] and "checkpoints/" in FOUND["locals"]["lists_checkpoints"]
    )


def test_checkpoints_outlive_ciphertext():
    [rule] = tf.of_type(FOUND, "google_storage_bucket")["exchange"]["lifecycle_rule"]
    assert rule["condition"][0]["matches_prefix"] == ["inbox/", "receipts/"]


def test_every_dataset_is_encrypted_under_our_key_and_its_rights_are_written_whole():
    datasets = tf.of_type(FOUND, "google_bigquery_dataset")
    assert set(datasets) == {"schema"}
    dataset = datasets["schema"]
    assert dataset["for_each"] == "${local.schemas}"
    assert "google_kms_crypto_key.room" in dataset["default_encryption_configuration"][0]["kms_key_name"]
    assert dataset["delete_contents_on_destroy"] is False
    assert "access" not in dataset, "inline access would leave Google's defaults beside ours"
    assert tf.of_type(FOUND, "google_bigquery_dataset_iam_policy")["schema"]["for_each"] == "${local.schemas}"
    assert not tf.of_type(FOUND, "google_bigquery_dataset_iam_member")


def test_the_datasets_are_those_of_the_warehouse():
    from cleanroom.stores.warehouse_bigquery import STATIONS

    assert set(FOUND["locals"]["schemas"]) == set(STATIONS)


def test_dispatch_alone_reads_the_way_back():
    routing = FOUND["locals"]["schemas"]["routing"]
    assert routing["readers"] == ["dispatch"]
    assert routing["writers"] == []
    assert routing["landers"] == ["intake"]
    assert routing["key"] == "routing"
    policy = (FOLDER / "row_access.sql.tftpl").read_text()
    assert re.search(r'grant to \("\$\{grantee\}"\)\s*filter using \(true\)', policy)
    assert policy.count("grant to") == 1
    assert 'google_service_account.station["dispatch"]' in FOUND["text"]["access.tf"]
    assert set(re.findall(r'station\["(\w+)"\]', FOUND["text"]["access.tf"])) == {"dispatch"}


def test_no_station_reads_what_is_not_its_input():
    """Clear separation: raw rows are read by one station, and nobody writes where another station writes."""
    schemas = FOUND["locals"]["schemas"]
    assert schemas["landing"]["readers"] == ["moneyflow"]
    writers = [name for s in schemas.values() for name in s["writers"]]
    assert writers
    for name, schema in schemas.items():
        assert len(schema["writers"] + schema["landers"]) == 1, f"{name} has several writers"


def test_a_participant_writes_only_below_its_own_code():
    members = tf.of_type(FOUND, "google_storage_bucket_iam_member")
    for name, place in (("upload", "inbox"), ("upload_key", "keys"), ("receipts", "receipts")):
        assert members[name]["for_each"] == "${var.participants}"
        expression = members[name]["condition"][0]["expression"]
        assert f"/objects/{place}/${{each.key}}/" in expression
        assert "startsWith" in expression
    upload = tf.of_type(FOUND, "google_project_iam_custom_role")["participant_upload"]
    assert upload["permissions"] == ["storage.objects.create", "storage.objects.get"]


def test_a_key_is_used_by_one_and_administered_by_another():
    assert set(FOUND["locals"]["key_users"]) == set(FOUND["locals"]["keys"])
    binding = tf.of_type(FOUND, "google_kms_crypto_key_iam_binding")["use"]
    assert binding["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"
    assert len(binding["members"]) == 1
    custody = tf.of_type(FOUND, "google_kms_key_ring_iam_binding")["custody"]
    assert custody["role"] == "roles/cloudkms.admin"
    assert custody["members"] == ["group:${var.key_custodians_group}"]
    key = tf.of_type(FOUND, "google_kms_crypto_key")["room"]
    assert int(key["rotation_period"].rstrip("s")) <= 90 * 86_400
    assert int(key["destroy_scheduled_duration"].rstrip("s")) >= 30 * 86_400
    assert key["lifecycle"] == [{"prevent_destroy": True}]


def test_custom_roles_touch_no_rights():
    roles = tf.of_type(FOUND, "google_project_iam_custom_role")
    assert len(roles) == 6
    # Reading the bucket's own settings: whether it keeps what was deleted.
    assert [n for n, r in roles.items() if "storage.buckets.get" in r["permissions"]] == ["key_destruction"]
    for role in roles.values():
        assert role["permissions"] == sorted(role["permissions"])
        assert not [
            p
            for p in role["permissions"]
            if re.search(r"IamPolicy|actAs|\*|buckets\.(?!get$)|datasets\.(create|delete)", p)
        ]


def test_every_use_of_data_and_keys_is_logged():
    config = tf.of_type(FOUND, "google_project_iam_audit_config")["everything"]
    for service in ("bigquery", "cloudkms", "storage"):
        assert f"{service}.googleapis.com" in config["for_each"]
    for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE"):
        assert kind in config["dynamic"][0]["audit_log_config"]["for_each"]


def test_versions_are_pinned():
    settings = FOUND["terraform"]
    assert re.fullmatch(r"~> \d+\.\d+\.\d+", settings["required_version"])
    providers = settings["required_providers"][0]
    assert providers
    for provider in providers.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", provider["version"])


def test_every_reference_leads_somewhere():
    """What `terraform validate` would say first; that program is not among the tools of this repository."""
    checked = 0
    for name, text in FOUND["text"].items():
        for prefix, type_, target in tf.references(text):
            checked += 1
            known = {
                "var": target in FOUND["variable"],
                "local": target in FOUND["locals"],
            }.get(type_, (type_, target) in FOUND["data" if prefix else "resource"])
            assert known, f"{name} refers to {prefix}{type_}.{target}, which is nowhere"
    assert checked > 40


def test_every_variable_is_used_and_explained():
    used = {target for text in FOUND["text"].values() for _, type_, target in tf.references(text) if type_ == "var"}
    assert used
    assert set(FOUND["variable"]) == used
    assert all(body.get("description") for body in FOUND["variable"].values())


@pytest.mark.parametrize("name", sorted(FOUND["text"]))
def test_files_are_formatted(name):
    assert list(tf.format_faults(FOUND["text"][name])) == []


def test_the_format_check_sees_faults():
    assert list(tf.format_faults("a {\n  b = 1\n  cd = 2\n}\n")) == ["lines 2 to 3: equal signs not in line"]
    assert list(tf.format_faults("a {\n   b = 1\n}\n")) == ["line 2: 2 spaces of indentation are right"]
    assert list(tf.format_faults("a {\n  b = 1 \n}\n")) == ["line 2: blanks at the end, or a tab"]
    assert list(tf.format_faults("a {\n  b  = 1\n  cd = 2\n}\n")) == []
