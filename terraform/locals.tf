locals {
  name          = "catalog"
  zone          = coalesce(var.zone, var.domain)
  mail_domain   = coalesce(var.mail_domain, "mg.${var.domain}")
  service_email = coalesce(var.service_email, "catalog@${local.mail_domain}")

  # App Platform's regions are metropolises: nyc, not nyc1.
  app_region = substr(var.do_region, 0, 3)

  # DigitalOcean allows 25 connections a GiB of memory and keeps 3. While a deployment rolls there can be
  # twice the instances, each with two connections beside its pool, and the migration.
  database_memory      = tonumber(regex("-([0-9]+)gb$", var.database_size)[0])
  database_connections = 25 * local.database_memory - 3
  migrate_max_conns    = 4
  app_max_conns = min(20, floor(
    (local.database_connections - local.migrate_max_conns) / (2 * var.instances.max)
  ) - 2)
}
