# One dataset for each schema of the warehouse, each with the key of its place. Rights are written whole
# (`iam_policy`), so that Google's defaults for project owners, editors and viewers are gone.

locals {
  # Schema -> its key, who reads, who writes. Reading `routing` is dispatch's alone (see access.tf for the rows).
  schemas = {
    landing    = { key = "warehouse", readers = ["moneyflow"], writers = [], landers = ["intake"] }
    routing    = { key = "routing", readers = ["dispatch"], writers = [], landers = ["intake"] }
    staging    = { key = "warehouse", readers = ["scoring", "dispatch", "evaluation"], writers = ["moneyflow"], landers = [] }
    moneyflow  = { key = "warehouse", readers = ["scoring", "dispatch", "evaluation"], writers = ["moneyflow"], landers = [] }
    graph      = { key = "warehouse", readers = ["evaluation"], writers = ["scoring"], landers = [] }
    linked     = { key = "warehouse", readers = ["evaluation"], writers = ["scoring"], landers = [] }
    scoring    = { key = "warehouse", readers = ["dispatch", "evaluation"], writers = ["scoring"], landers = [] }
    dispatch   = { key = "warehouse", readers = ["evaluation"], writers = ["dispatch"], landers = [] }
    evaluation = { key = "warehouse", readers = [], writers = ["evaluation"], landers = [] }
  }
}

# Lands a submission: loads rows beside their target, moves them in one transaction, removes the copy. Narrower than
# Google's editor: no views, no routines, no models, no change of the dataset.
resource "google_project_iam_custom_role" "landing" {
  role_id     = "cleanroomLanding"
  title       = "Clean room: landing"
  description = "Create, load, move and remove tables of rows in a dataset."
  permissions = [
    "bigquery.datasets.get",
    "bigquery.tables.create",
    "bigquery.tables.delete",
    "bigquery.tables.get",
    "bigquery.tables.getData",
    "bigquery.tables.list",
    "bigquery.tables.update",
    "bigquery.tables.updateData",
  ]
}

resource "google_bigquery_dataset" "schema" {
  for_each = local.schemas

  dataset_id                 = "${var.dataset_prefix}_${each.key}"
  location                   = var.region
  description                = "Clean room: ${each.key}. Tokens only, no clear identifier."
  delete_contents_on_destroy = false
  max_time_travel_hours      = "168"

  default_encryption_configuration {
    kms_key_name = google_kms_crypto_key.room[each.value.key].id
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_kms_crypto_key_iam_binding.use]
}

data "google_iam_policy" "schema" {
  for_each = local.schemas

  binding {
    role    = "roles/bigquery.dataOwner"
    members = ["group:${var.operators_group}"]
  }

  dynamic "binding" {
    for_each = length(each.value.readers) > 0 ? [each.value.readers] : []

    content {
      role    = "roles/bigquery.dataViewer"
      members = [for name in binding.value : "serviceAccount:${google_service_account.station[name].email}"]
    }
  }

  dynamic "binding" {
    for_each = length(each.value.writers) > 0 ? [each.value.writers] : []

    content {
      role    = "roles/bigquery.dataEditor"
      members = [for name in binding.value : "serviceAccount:${google_service_account.station[name].email}"]
    }
  }

  dynamic "binding" {
    for_each = length(each.value.landers) > 0 ? [each.value.landers] : []

    content {
      role    = google_project_iam_custom_role.landing.id
      members = [for name in binding.value : "serviceAccount:${google_service_account.station[name].email}"]
    }
  }
}

resource "google_bigquery_dataset_iam_policy" "schema" {
  for_each = local.schemas

  dataset_id  = google_bigquery_dataset.schema[each.key].dataset_id
  policy_data = data.google_iam_policy.schema[each.key].policy_data
}
