# `exchange`: what participants and the room hand each other, all of it encrypted or signed before it gets here. Nobody
# changes or removes it before its time; what was refused stays as evidence (ADR 76).
# `keys`: one sealed key for each submission. It keeps nothing that was deleted: destroying a key must destroy it.
# `records`: audit checkpoints, certificates and artefacts, under a retention that not even an owner can shorten.

resource "google_storage_bucket" "exchange" {
  name                        = "${var.project_id}-exchange"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  encryption {
    default_kms_key_name = google_kms_crypto_key.room["exchange"].id
  }

  retention_policy {
    is_locked        = true
    retention_period = var.retention_days * 86400
  }

  # Checkpoints stay (checkpoints.tf): a witness must find what it saw.
  lifecycle_rule {
    condition {
      age            = var.object_days
      matches_prefix = ["inbox/", "receipts/"]
    }

    action {
      type = "Delete"
    }
  }

  depends_on = [google_kms_crypto_key_iam_binding.use]
}

# Its name is the other one's with `-keys`: the object store finds it by that. Without the block on soft delete Google
# would keep what was deleted for a week.
resource "google_storage_bucket" "keys" {
  name                        = "${google_storage_bucket.exchange.name}-keys"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  encryption {
    default_kms_key_name = google_kms_crypto_key.room["submissions"].id
  }

  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  lifecycle_rule {
    condition {
      age = var.object_days
    }

    action {
      type = "Delete"
    }
  }

  depends_on = [google_kms_crypto_key_iam_binding.use]
}

resource "google_storage_bucket" "records" {
  name                        = "${var.project_id}-records"
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  encryption {
    default_kms_key_name = google_kms_crypto_key.room["records"].id
  }

  retention_policy {
    is_locked        = true
    retention_period = var.record_years * 31557600
  }

  depends_on = [google_kms_crypto_key_iam_binding.use]
}

# Each participant writes below its own code and nowhere else.
resource "google_storage_bucket_iam_member" "upload" {
  for_each = var.participants

  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.participant_upload.id
  member = "serviceAccount:${each.value}"

  condition {
    title      = "own-inbox-${each.key}"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.exchange.name}/objects/inbox/${each.key}/\")"
  }
}

resource "google_storage_bucket_iam_member" "upload_key" {
  for_each = var.participants

  bucket = google_storage_bucket.keys.name
  role   = google_project_iam_custom_role.participant_upload.id
  member = "serviceAccount:${each.value}"

  condition {
    title      = "own-keys-${each.key}"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.keys.name}/objects/keys/${each.key}/\")"
  }
}

resource "google_storage_bucket_iam_member" "receipts" {
  for_each = var.participants

  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.participant_receipts.id
  member = "serviceAccount:${each.value}"

  condition {
    title      = "own-receipts-${each.key}"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.exchange.name}/objects/receipts/${each.key}/\")"
  }
}

resource "google_storage_bucket_iam_member" "intake" {
  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.record_keeping.id
  member = "serviceAccount:${google_service_account.station["intake"].email}"
}

resource "google_storage_bucket_iam_member" "intake_keys" {
  bucket = google_storage_bucket.keys.name
  role   = google_project_iam_custom_role.key_destruction.id
  member = "serviceAccount:${google_service_account.station["intake"].email}"
}

resource "google_storage_bucket_iam_member" "records" {
  for_each = toset(["intake", "scoring", "dispatch"])

  bucket = google_storage_bucket.records.name
  role   = google_project_iam_custom_role.record_keeping.id
  member = "serviceAccount:${google_service_account.station[each.key].email}"
}
