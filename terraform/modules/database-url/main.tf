terraform {
  required_version = ">= 1.11"
}

variable "server" {
  description = "Where the database is."
  type = object({
    host = string
    port = number
    name = string
  })
}

variable "user" {
  description = "Who connects."
  type        = string
}

variable "password" {
  description = "The user's password."
  type        = string
  sensitive   = true
}

variable "certificate_authority" {
  description = "PEM text of the authority that must have signed the server's certificate."
  type        = string
}

locals {
  # urlencode is for the part behind the question mark: elsewhere, + is not a blank.
  escaped_password = replace(urlencode(var.password), "+", "%20")
}

output "url" {
  description = "CATALOG_DATABASE_URL."
  sensitive   = true
  value = format("postgres://%s:%s@%s:%d/%s?%s",
    var.user, local.escaped_password, var.server.host, var.server.port, var.server.name,
    join("&", ["sslmode=verify-ca", "sslinline=true", "sslrootcert=${urlencode(var.certificate_authority)}"]),
  )
}
