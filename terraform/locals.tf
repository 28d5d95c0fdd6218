# Made of variables alone: scripts/check-terraform tests these without a provider.
locals {
  name = "catalog"
  zone = coalesce(var.zone, var.domain)
  # A zone's own name often has a website already.
  host = var.zone == null ? "zebrands.${var.domain}" : var.domain

  # The app joins the VPC by its own name for the region: metropolises, nyc and not nyc1.
  app_region = substr(var.do_region, 0, 3)

  image = merge(var.image, {
    tag = var.image.digest == null ? coalesce(var.image.tag, "latest") : null
  })

  # Without a password of an SMTP server, Mailgun sends.
  smtp          = nonsensitive(var.mail_password != null)
  mail_domain   = coalesce(var.mail_domain, "mg.${local.host}")
  service_email = coalesce(var.service_email, "catalog@${local.mail_domain}")
  # urlencode is for the part behind the question mark: elsewhere, + is not a blank.
  smtp_url = local.smtp ? format("%s://%s:%s@%s",
    endswith(var.mail_server, ":465") ? "smtps" : "smtp",
    replace(urlencode(local.service_email), "+", "%20"), replace(urlencode(var.mail_password), "+", "%20"),
    var.mail_server,
  ) : null

  # Any other text was a shared secret, and cannot sign.
  signing_key = nonsensitive(strcontains(coalesce(var.secret_key, "none"), "-----BEGIN PRIVATE KEY-----")) ? var.secret_key : null

  # DigitalOcean allows 25 connections a GiB of memory and keeps 3. While a deployment rolls there can be
  # twice the instances, each with two connections beside its pool, and the migration.
  database_memory      = tonumber(regex("-([0-9]+)gb$", var.database_size)[0])
  database_connections = 25 * local.database_memory - 3
  migrate_max_conns    = 4
  app_max_conns = min(20, floor(
    (local.database_connections - local.migrate_max_conns) / (2 * var.instances.max)
  ) - 2)
}
