variable "project_id" {
  description = "The locked room's project. The portal lives in another one."
  type        = string
}

variable "region" {
  description = "Where every bucket, dataset and key lies; the MoU names it."
  type        = string
  default     = "asia-east1"
}

variable "dataset_prefix" {
  description = "As in CLEANROOM_WAREHOUSE=bigquery://PROJECT/PREFIX."
  type        = string
  default     = "cleanroom"

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset_prefix))
    error_message = "Letters, digits and underscores only."
  }
}

variable "participants" {
  description = "Institution code -> the service account with which that institution uploads, from its own project."
  type        = map(string)

  validation {
    condition     = alltrue([for code, member in var.participants : can(regex("^[0-9]{3}$", code)) && endswith(member, ".iam.gserviceaccount.com")])
    error_message = "Codes have three digits; uploaders are service accounts, not people."
  }
}

variable "operators_group" {
  description = "Group that owns the datasets' definitions. Its members come in through the meeting room only."
  type        = string
}

variable "key_custodians_group" {
  description = "Group that administers keys and can use none of them."
  type        = string
}

variable "kubernetes_namespace" {
  description = "Where Airflow runs each task; a task's Kubernetes account has its station's name."
  type        = string
  default     = "cleanroom-room"
}

variable "retention_days" {
  description = "How long nobody can change or remove what was uploaded or answered."
  type        = number
  default     = 180

  validation {
    condition     = var.retention_days >= 90 && var.retention_days < var.object_days
    error_message = "At least 90 days, and fewer than object_days."
  }
}

variable "object_days" {
  description = "After how many days uploaded ciphertext, its keys and the receipts are removed."
  type        = number
  default     = 400
}

variable "record_years" {
  description = "How long records (audit checkpoints, certificates, model artefacts) can't be deleted by anybody."
  type        = number
  default     = 7
}

variable "routing_tables_exist" {
  description = "Set to true after the first landing made routing.handles: then its row access policy is applied."
  type        = bool
  default     = false
}

variable "access_policy_id" {
  description = "Number of the organisation's access policy, for the service perimeter; empty leaves it out."
  type        = string
  default     = ""
}

variable "perimeter_access_levels" {
  description = "Access levels (door, device, network) that let people and uploaders through the perimeter."
  type        = list(string)
  default     = []
}
