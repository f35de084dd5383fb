# Checkpoints of the audit logs and who witnessed them (docs/audit.md). Every station signs after its step; everyone reads
# and lists what lies under `checkpoints/` and nothing else; each participant adds its own cosignatures.

locals {
  checkpoints = "projects/_/buckets/${google_storage_bucket.exchange.name}/objects/checkpoints/"

  # Listing is a right on the bucket, so what may be listed is told by the request's own prefix.
  lists_checkpoints = "api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith(\"checkpoints/\")"
}

resource "google_project_iam_custom_role" "checkpoint_reading" {
  role_id     = "cleanroomCheckpointReading"
  title       = "Clean room: reading checkpoints"
  description = "Read and list objects under a prefix set by the binding's condition."
  permissions = [
    "storage.objects.get",
    "storage.objects.list",
  ]
}

resource "google_storage_bucket_iam_member" "checkpoint_reading" {
  for_each = var.participants

  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.checkpoint_reading.id
  member = "serviceAccount:${each.value}"

  condition {
    title      = "checkpoints-${each.key}"
    expression = "resource.name.startsWith(\"${local.checkpoints}\") || ${local.lists_checkpoints}"
  }
}

resource "google_storage_bucket_iam_member" "cosigning" {
  for_each = var.participants

  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.participant_upload.id
  member = "serviceAccount:${each.value}"

  condition {
    title      = "own-cosignatures-${each.key}"
    expression = "resource.name.startsWith(\"${local.checkpoints}${each.key}/\")"
  }
}

# Intake has the whole exchange already (buckets.tf).
resource "google_storage_bucket_iam_member" "checkpoint_signing" {
  for_each = toset([for station in keys(local.stations) : station if station != "intake"])

  bucket = google_storage_bucket.exchange.name
  role   = google_project_iam_custom_role.record_keeping.id
  member = "serviceAccount:${google_service_account.station[each.key].email}"

  condition {
    title      = "checkpoints-${each.key}"
    expression = "resource.name.startsWith(\"${local.checkpoints}room/\") || ${local.lists_checkpoints}"
  }
}
