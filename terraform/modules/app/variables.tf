variable "name" {
  description = "Name of the app."
  type        = string
}

variable "region" {
  description = "Region of App Platform: a metropolis, such as nyc."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{3}$", var.region))
    error_message = "region must be like nyc, without a number."
  }
}

variable "vpc_id" {
  description = "VPC that the app joins, where the database is."
  type        = string
}

variable "domain" {
  description = "Host name of the app. The platform keeps its DNS record and its certificate."
  type        = string
}

variable "zone" {
  description = "Zone at DigitalOcean that domain is in."
  type        = string
}

variable "image" {
  description = "Image to run: by a digest or by a tag."
  type = object({
    registry_type = string
    registry      = string
    repository    = string
    tag           = optional(string)
    digest        = optional(string)
  })
}

variable "registry_credentials" {
  description = "USER:TOKEN that may read a private image, or null."
  type        = string
  sensitive   = true
  default     = null
}

variable "size" {
  description = "Size of an instance."
  type        = string
}

variable "instances" {
  description = "How many instances run."
  type = object({
    min = number
    max = number
  })
}

variable "env" {
  description = "Settings of the service, as CATALOG_… variables."
  type        = map(string)
}

variable "secret_env" {
  description = "Settings of the service that are secret."
  type        = map(string)
  sensitive   = true
}

variable "migrate" {
  description = "The role that may use what a migration made, and how many connections a migration takes."
  type = object({
    grant_to  = string
    max_conns = number
  })
}

variable "migrate_database_url" {
  description = "Database URL of the role that owns the schema. The service does not get it."
  type        = string
  sensitive   = true
}

variable "alert_mail" {
  description = "Who gets alerts."
  type        = string
}
