# Secrets. From a variables file, or better from the environment as TF_VAR_… (README.md). Those that only a provider
# needs are ephemeral: they are in no plan and in no state.

variable "do_token" {
  description = "API token of DigitalOcean, which may write apps, databases, domains, VPCs and monitoring."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "mail_password" {
  description = "Password of service_email at mail_server, such as an app password of Gmail. Null to send with Mailgun."
  type        = string
  sensitive   = true
  default     = null

  validation {
    condition     = var.mail_password == null || var.service_email != null
    error_message = "mail_password needs service_email: that is who signs in at mail_server, and who sends."
  }
}

variable "mailgun_api_key" {
  description = "API key of the Mailgun account, which makes the domain and the key that the catalog sends with."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null

  validation {
    condition     = (var.mailgun_api_key == null) != (var.mail_password == null)
    error_message = "Set mail_password (mail through an SMTP server) or mailgun_api_key (mail through Mailgun): one of them, not both."
  }
}

variable "mailgun_webhook_key" {
  description = "Mailgun's HTTP webhook signing key (Mailgun, Settings, API security). Without it no event comes back: deliveries stay \"sent\"."
  type        = string
  sensitive   = true
  default     = null
}

variable "secret_key" {
  description = "Ed25519 private key (PEM) that signs access tokens. Without it the catalog makes one and keeps it in the database."
  type        = string
  sensitive   = true
  default     = null

  validation {
    # Other text is not used, and check "secret_key" says so.
    condition     = !startswith(trimspace(coalesce(var.secret_key, "none")), "-----BEGIN") || strcontains(coalesce(var.secret_key, "none"), "-----BEGIN PRIVATE KEY-----")
    error_message = "secret_key must be an Ed25519 key in PKCS #8, as from: openssl genpkey -algorithm ed25519"
  }
}

variable "zebrands_postgres_password" {
  description = "Not used: DigitalOcean generates the database's passwords. Accepted, so that a variables file of the original document works."
  type        = string
  sensitive   = true
  ephemeral   = true
  default     = null
}

variable "otlp_headers" {
  description = "What otlp_endpoint wants to be shown, such as authorization=Bearer%20…; null for nothing."
  type        = string
  sensitive   = true
  default     = null
}

variable "registry_credentials" {
  description = "USER:TOKEN that may read a private image; null for a public one."
  type        = string
  sensitive   = true
  default     = null
}

# What is served, and where.

variable "domain" {
  description = "Domain in the DigitalOcean account, such as example.com: the catalog is at zebrands.example.com. With zone, the catalog's own host name."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a host name in lower case, without https:// and without a dot at its end."
  }
}

variable "zone" {
  description = "DNS zone that domain is in, such as example.com for catalog.example.com. The same as domain: the catalog takes the zone's own name."
  type        = string
  default     = null

  validation {
    condition     = var.zone == null || var.zone == var.domain || endswith(var.domain, ".${coalesce(var.zone, "-")}")
    error_message = "domain must be in zone."
  }
}

variable "create_zone" {
  description = "Whether to make the zone at DigitalOcean. Only for a zone that nothing uses yet: the new one has no record of an existing website or mail."
  type        = bool
  default     = false
}

variable "do_region" {
  description = "Region of the VPC and the database. The app runs in the same metropolis: nyc for nyc1."
  type        = string
  default     = "nyc1"

  validation {
    # Elsewhere the database would be made, and then the app would not join its network.
    condition     = contains(["ams3", "blr1", "fra1", "lon1", "nyc1", "sfo3", "sgp1", "syd1", "tor1"], var.do_region)
    error_message = "do_region must be one in which an app can join a VPC: ams3, blr1, fra1, lon1, nyc1, sfo3, sgp1, syd1 or tor1."
  }
}

variable "vpc_ip_range" {
  description = "Private network of the app and the database. The database accepts connections from it alone."
  type        = string
  default     = "10.20.0.0/20"

  validation {
    condition = (
      can(cidrnetmask(var.vpc_ip_range)) &&
      can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.vpc_ip_range)) &&
      can(regex("/(1[6-9]|2[0-4])$", var.vpc_ip_range))
    )
    error_message = "vpc_ip_range must be a private network (RFC 1918) from /16 to /24."
  }
}

variable "maintainer_email" {
  description = "Who gets the alerts. Must be a member of the DigitalOcean team."
  type        = string

  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.maintainer_email))
    error_message = "maintainer_email must be an e-mail address."
  }
}

# The app.

variable "image" {
  description = "Image to run. By digest, what was tested is what runs, and going back is naming the digest before; a tag (default: latest) can move."
  type = object({
    registry_type = optional(string, "GHCR")
    registry      = optional(string)
    repository    = string
    tag           = optional(string)
    digest        = optional(string)
  })
  default = {
    registry   = "zebrands"
    repository = "catalog"
  }

  validation {
    condition     = var.image.digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image.digest))
    error_message = "image.digest must be sha256: and 64 hexadecimal digits, not a tag."
  }
  validation {
    condition     = var.image.digest == null || var.image.tag == null
    error_message = "image has a tag and a digest: name one of them."
  }
}

variable "app_size" {
  description = "Size of an instance. Autoscaling needs a dedicated one."
  type        = string
  default     = "apps-d-1vcpu-1gb"

  validation {
    condition     = startswith(var.app_size, "apps-d-")
    error_message = "app_size must be a dedicated size (apps-d-…): the others do not scale by themselves."
  }
}

variable "instances" {
  description = "How many instances run: never fewer than min, and up to max when the CPU is busy."
  type = object({
    min = optional(number, 2)
    max = optional(number, 4)
  })
  default = {}

  validation {
    condition     = var.instances.min >= 2 && var.instances.max > var.instances.min
    error_message = "instances.min must be at least 2, and instances.max more than that."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may call the API, such as https://shop.example."
  type        = list(string)
  default     = []
}

variable "trusted_proxies" {
  description = "Networks whose do-connecting-ip is believed: those of App Platform's own proxies."
  type        = list(string)
  default     = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"]

  validation {
    condition     = alltrue([for network in var.trusted_proxies : can(cidrhost(network, 0)) && !endswith(network, "/0")])
    error_message = "trusted_proxies must be networks, and not the whole internet: everybody could choose an address then."
  }
  validation {
    condition     = length(var.trusted_proxies) > 0
    error_message = "trusted_proxies must not be empty: all callers would be one, and one guesser would lock everybody out of sign-in."
  }
}

variable "otlp_endpoint" {
  description = "Where traces and metrics go, by OTLP over HTTP, such as https://otlp.example.com; null for nowhere."
  type        = string
  default     = null

  validation {
    condition     = var.otlp_endpoint == null || can(regex("^https://", var.otlp_endpoint))
    error_message = "otlp_endpoint must begin with https://: it is outside of the VPC."
  }
}

# The database.

variable "database_version" {
  description = "Major version of PostgreSQL."
  type        = string
  default     = "17"

  validation {
    condition     = can(tonumber(var.database_version)) && try(tonumber(var.database_version) >= 15, false)
    error_message = "database_version must be 15 or later: before, every user may create tables."
  }
}

variable "database_size" {
  description = "Size of each of the database's nodes. Its memory decides how many connections there are."
  type        = string
  default     = "db-s-2vcpu-4gb"

  validation {
    condition     = can(regex("-[0-9]+gb$", var.database_size))
    error_message = "database_size must be like db-s-2vcpu-4gb."
  }
}

variable "database_nodes" {
  description = "Nodes of the database: 2 is a primary and a standby, 3 a second standby."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.database_nodes)
    error_message = "database_nodes must be 2 or 3: one node is not highly available."
  }
}

# Mail.

variable "mail_domain" {
  description = "Domain that Mailgun sends from, inside the zone. Default: mg. and the catalog's host name."
  type        = string
  default     = null
}

variable "service_email" {
  description = "Sender of every mail. With mail_password, who signs in at mail_server; with Mailgun at mail_domain, by default catalog@ that."
  type        = string
  default     = null
}

variable "mail_server" {
  description = "SMTP server of service_email: HOST:PORT, with TLS from the start at port 465 and STARTTLS elsewhere."
  type        = string
  default     = "smtp.gmail.com:587"

  validation {
    condition     = can(regex("^[a-z0-9.-]+:[0-9]+$", var.mail_server)) && !endswith(var.mail_server, ":25")
    error_message = "mail_server must be like smtp.gmail.com:587, and not port 25, which DigitalOcean blocks."
  }
}

variable "mailgun_region" {
  description = "Where Mailgun keeps the domain: us or eu."
  type        = string
  default     = "us"

  validation {
    condition     = contains(["us", "eu"], var.mailgun_region)
    error_message = "mailgun_region must be us or eu."
  }
}

variable "dmarc_policy" {
  description = "What receivers do with mail that claims to be from the mail domain and is not."
  type        = string
  default     = "reject"

  validation {
    condition     = contains(["none", "quarantine", "reject"], var.dmarc_policy)
    error_message = "dmarc_policy must be none, quarantine or reject."
  }
}

variable "dmarc_report_email" {
  description = "Who gets the aggregate reports about that. In another domain, that domain must consent (RFC 7489, 7.1)."
  type        = string
  default     = null
}
