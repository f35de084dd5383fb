# The way back (token -> institution, sealed handle): its rows show to dispatch alone. Intake lands them and operators
# own the table's definition; under a row access policy both see none of its rows.

resource "google_bigquery_job" "routing_rows" {
  count = var.routing_tables_exist ? 1 : 0

  job_id   = "routing_rows_${substr(sha256(local.routing_policy), 0, 12)}"
  location = var.region

  query {
    query              = local.routing_policy
    create_disposition = ""
    write_disposition  = ""
    use_legacy_sql     = false
  }
}

locals {
  routing_policy = templatefile("${path.module}/row_access.sql.tftpl", {
    table   = "${var.project_id}.${google_bigquery_dataset.schema["routing"].dataset_id}.handles"
    grantee = "serviceAccount:${google_service_account.station["dispatch"].email}"
  })
}
