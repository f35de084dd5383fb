terraform {
  required_version = "~> 1.9.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "6.12.0"
    }
  }

  # State names every member and key: its bucket is made by hand, versioned, and readable by the operators alone.
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
}
