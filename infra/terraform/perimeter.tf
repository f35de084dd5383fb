# Nothing leaves by an API: even a valid credential is refused outside the perimeter. It starts as a dry run; read its
# log for a week, then move the same lines from `spec` to `status`.

data "google_project" "room" {
  project_id = var.project_id
}

resource "google_access_context_manager_service_perimeter" "room" {
  count = var.access_policy_id == "" ? 0 : 1

  parent                    = "accessPolicies/${var.access_policy_id}"
  name                      = "accessPolicies/${var.access_policy_id}/servicePerimeters/cleanroom"
  title                     = "cleanroom"
  use_explicit_dry_run_spec = true

  spec {
    resources           = ["projects/${data.google_project.room.number}"]
    restricted_services = ["bigquery.googleapis.com", "cloudkms.googleapis.com", "storage.googleapis.com"]
    access_levels       = var.perimeter_access_levels
  }
}
