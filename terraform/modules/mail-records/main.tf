# The DNS records of a domain that mail is sent from. Their names and number are known before Mailgun is
# asked; two of the values are not.

terraform {
  required_version = ">= 1.11"
}

variable "domain" {
  description = "Domain that mail is sent from, in zone."
  type        = string
}

variable "zone" {
  description = "Zone that the records are written to."
  type        = string
}

variable "region" {
  description = "Where Mailgun keeps the domain: us or eu."
  type        = string
}

variable "dkim_selector" {
  description = "Name of the DKIM key."
  type        = string
}

variable "sending_records" {
  description = "What Mailgun wants to find: sending_records_set of its domain."
  type        = set(object({ name = string, record_type = string, value = string }))
}

variable "dmarc_policy" {
  description = "none, quarantine or reject."
  type        = string
}

variable "dmarc_report_email" {
  description = "Who gets aggregate reports, or null."
  type        = string
  default     = null
}

locals {
  label = var.domain == var.zone ? "" : trimsuffix(var.domain, ".${var.zone}")
  name  = local.label == "" ? "@" : local.label
  below = local.label == "" ? "" : ".${local.label}"

  text     = [for r in var.sending_records : r if r.record_type == "TXT"]
  spf      = one([for r in local.text : r.value if startswith(r.value, "v=spf1")])
  dkim     = one([for r in local.text : r.value if startswith(r.name, "${var.dkim_selector}._domainkey.")])
  mx_hosts = { us = "mailgun.org", eu = "eu.mailgun.org" }

  dmarc = join("; ", compact([
    "v=DMARC1", "p=${var.dmarc_policy}", "adkim=s", "aspf=r",
    var.dmarc_report_email == null ? "" : "rua=mailto:${var.dmarc_report_email}",
  ]))
}

output "records" {
  description = "By purpose: type, name in the zone, value, priority."
  value = {
    spf      = { type = "TXT", name = local.name, value = local.spf, priority = null }
    dkim     = { type = "TXT", name = "${var.dkim_selector}._domainkey${local.below}", value = local.dkim, priority = null }
    dmarc    = { type = "TXT", name = "_dmarc${local.below}", value = local.dmarc, priority = null }
    tracking = { type = "CNAME", name = "email${local.below}", value = "${local.mx_hosts[var.region]}.", priority = null }
    mx_a     = { type = "MX", name = local.name, value = "mxa.${local.mx_hosts[var.region]}.", priority = 10 }
    mx_b     = { type = "MX", name = local.name, value = "mxb.${local.mx_hosts[var.region]}.", priority = 10 }
  }
}
