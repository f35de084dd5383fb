# One service account for each station, used by that station's tasks alone. None has a downloadable key: a task gets
# its identity from the Kubernetes account of the same name (workload identity).

locals {
  stations = {
    intake     = "Verifies, opens, hashes again, lands."
    moneyflow  = "Joins both legs, follows the money layer by layer."
    scoring    = "Builds features, trains, scores with the released model."
    dispatch   = "Composes warnings; alone reads the way back."
    evaluation = "Computes extra money and accounts blocked."
  }
}

resource "google_service_account" "station" {
  for_each = local.stations

  account_id   = "cleanroom-${each.key}"
  display_name = "Clean room: ${each.key}"
  description  = each.value
}

resource "google_service_account_iam_binding" "task_identity" {
  for_each = local.stations

  service_account_id = google_service_account.station[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  members            = ["serviceAccount:${var.project_id}.svc.id.goog[${var.kubernetes_namespace}/${each.key}]"]
}

# Running a query is a right of the project; reading a table is a right of its dataset.
resource "google_project_iam_member" "run_queries" {
  for_each = local.stations

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = "serviceAccount:${google_service_account.station[each.key].email}"
}

# What a participant may do with its own part of the exchange: write, and see whether it is written. Not list, not
# overwrite, not delete.
resource "google_project_iam_custom_role" "participant_upload" {
  role_id     = "cleanroomParticipantUpload"
  title       = "Clean room: participant's upload"
  description = "Create objects and read their state, under a prefix set by the binding's condition."
  permissions = [
    "storage.objects.create",
    "storage.objects.get",
  ]
}

# A participant asks for the room's answers by name; it can list nobody's, not even its own.
resource "google_project_iam_custom_role" "participant_receipts" {
  role_id     = "cleanroomParticipantReceipts"
  title       = "Clean room: participant's receipts"
  description = "Read objects under a prefix set by the binding's condition."
  permissions = [
    "storage.objects.get",
  ]
}

# What intake alone may do with submissions' keys: read one to open its parts, destroy it when they are withdrawn or
# superseded, and see that the bucket keeps nothing of what was deleted.
resource "google_project_iam_custom_role" "key_destruction" {
  role_id     = "cleanroomKeyDestruction"
  title       = "Clean room: submissions' keys"
  description = "Read and destroy submissions' keys."
  permissions = [
    "storage.buckets.get",
    "storage.objects.delete",
    "storage.objects.get",
  ]
}

# What is added and read, never changed: intake in the exchange, and records. The buckets' locked retention would refuse
# it as well.
resource "google_project_iam_custom_role" "record_keeping" {
  role_id     = "cleanroomRecordKeeping"
  title       = "Clean room: record keeping"
  description = "Create and read objects that are kept."
  permissions = [
    "storage.objects.create",
    "storage.objects.get",
    "storage.objects.list",
  ]
}

# Every query on the room's data and every use of its keys leaves a line that nobody inside can remove.
resource "google_project_iam_audit_config" "everything" {
  for_each = toset(["bigquery.googleapis.com", "cloudkms.googleapis.com", "storage.googleapis.com"])

  project = var.project_id
  service = each.key

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])

    content {
      log_type = audit_log_config.key
    }
  }
}
