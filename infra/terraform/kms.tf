# One key for each place, so that a place can be made unreadable by itself. Rotation is by Google, destruction by
# two people: 30 days pass between the order and the deed.

locals {
  keys = ["exchange", "submissions", "records", "warehouse", "routing", "keyring"]

  # Who may have data encrypted under a key: only the service that stores there, and for `keyring` the intake, which
  # unwraps the second-hash key with it.
  key_users = {
    exchange    = "serviceAccount:${data.google_storage_project_service_account.storage.email_address}"
    submissions = "serviceAccount:${data.google_storage_project_service_account.storage.email_address}"
    records     = "serviceAccount:${data.google_storage_project_service_account.storage.email_address}"
    warehouse   = "serviceAccount:${data.google_bigquery_default_service_account.warehouse.email}"
    routing     = "serviceAccount:${data.google_bigquery_default_service_account.warehouse.email}"
    keyring     = "serviceAccount:${google_service_account.station["intake"].email}"
  }
}

data "google_storage_project_service_account" "storage" {}

data "google_bigquery_default_service_account" "warehouse" {}

resource "google_kms_key_ring" "room" {
  name     = "cleanroom"
  location = var.region
}

resource "google_kms_crypto_key" "room" {
  for_each = toset(local.keys)

  name                       = each.key
  key_ring                   = google_kms_key_ring.room.id
  rotation_period            = "7776000s"
  destroy_scheduled_duration = "2592000s"

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "HSM"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_binding" "use" {
  for_each = local.key_users

  crypto_key_id = google_kms_crypto_key.room[each.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  members       = [each.value]
}

# Custodians rotate, disable and schedule destruction. This role can't encrypt or decrypt.
resource "google_kms_key_ring_iam_binding" "custody" {
  key_ring_id = google_kms_key_ring.room.id
  role        = "roles/cloudkms.admin"
  members     = ["group:${var.key_custodians_group}"]
}
