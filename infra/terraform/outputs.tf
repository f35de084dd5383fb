output "object_store" {
  description = "CLEANROOM_OBJECT_STORE"
  value       = "gs://${google_storage_bucket.exchange.name}"
}

output "warehouse" {
  description = "CLEANROOM_WAREHOUSE"
  value       = "bigquery://${var.project_id}/${var.dataset_prefix}?location=${var.region}"
}

output "station_accounts" {
  description = "Station -> the Google service account that its Kubernetes account stands for."
  value       = { for name, account in google_service_account.station : name => account.email }
}
