# Mail through Mailgun. With mail_password an SMTP server sends instead, and nothing in here is made.

# Links in our mails work once and carry a secret, so clicks are not tracked: that would send every link
# through Mailgun. Opens are nobody's business. The tracking record is only what Mailgun verifies.
resource "mailgun_domain" "catalog" {
  count = local.smtp ? 0 : 1

  name                 = local.mail_domain
  region               = var.mailgun_region
  spam_action          = "disabled"
  dkim_key_size        = 2048
  dkim_selector        = local.name
  force_dkim_authority = true
  open_tracking        = false
  click_tracking       = false
  web_scheme           = "https"

  lifecycle {
    precondition {
      condition     = local.mail_domain == local.zone || endswith(local.mail_domain, ".${local.zone}")
      error_message = "mail_domain must be in zone, where its records are written."
    }
    precondition {
      condition     = local.mail_domain != local.host
      error_message = "mail_domain must not be the catalog's host name: its MX and tracking records would get in the app's way."
    }
    precondition {
      condition     = local.mail_domain != local.zone || var.create_zone
      error_message = "mail_domain must not be zone itself, whose mail would go to Mailgun then: use a name below it, such as mg.${local.zone}."
    }
    precondition {
      condition     = endswith(local.service_email, "@${local.mail_domain}")
      error_message = "service_email must be at mail_domain, or receivers refuse its mail (DMARC)."
    }
  }
}

# The least that the catalog can do with: it sends, and after a try whose outcome it did not see it asks
# the event log whether Mailgun took the mail. A domain's sending key may not ask, and mail would be stuck.
resource "mailgun_api_key" "catalog" {
  count = local.smtp ? 0 : 1

  description = "The catalog at ${local.host}"
  region      = var.mailgun_region
  role        = "developer"
  kind        = "user"
}

resource "mailgun_webhook" "catalog" {
  for_each = local.smtp || nonsensitive(var.mailgun_webhook_key == null) ? toset([]) : toset(local.mail_events)

  domain = mailgun_domain.catalog[0].name
  region = var.mailgun_region
  kind   = each.key
  urls   = ["https://${local.host}/webhooks/mailgun"]
}

locals {
  # The events that change what a delivery says.
  mail_events = ["complained", "delivered", "permanent_fail", "temporary_fail"]
}

module "mail_records" {
  source = "./modules/mail-records"
  count  = local.smtp ? 0 : 1

  domain             = local.mail_domain
  zone               = local.zone
  region             = var.mailgun_region
  dkim_selector      = mailgun_domain.catalog[0].dkim_selector
  sending_records    = mailgun_domain.catalog[0].sending_records_set
  dmarc_policy       = var.dmarc_policy
  dmarc_report_email = var.dmarc_report_email
}

resource "digitalocean_record" "mail" {
  for_each = local.smtp ? {} : module.mail_records[0].records

  domain   = local.zone_id
  type     = each.value.type
  name     = each.value.name
  value    = each.value.value
  priority = each.value.priority
  ttl      = 3600
}
