module "app" {
  source = "./modules/app"

  name       = local.name
  region     = local.app_region
  vpc_id     = digitalocean_vpc.catalog.id
  domain     = local.host
  zone       = local.zone_id
  image      = local.image
  size       = var.app_size
  instances  = var.instances
  alert_mail = var.maintainer_email

  registry_credentials = var.registry_credentials

  env = merge(
    {
      CATALOG_DATABASE_MAX_CONNS = tostring(local.app_max_conns)
      CATALOG_TRUSTED_PROXIES    = join(",", var.trusted_proxies)
      CATALOG_MAIL_FROM          = local.service_email
    },
    local.smtp ? {} : {
      CATALOG_MAILGUN_DOMAIN   = local.mail_domain
      CATALOG_MAILGUN_BASE_URL = var.mailgun_region == "eu" ? "https://api.eu.mailgun.net" : "https://api.mailgun.net"
    },
    length(var.cors_origins) == 0 ? {} : { CATALOG_CORS_ORIGINS = join(",", var.cors_origins) },
    # Nothing can scrape an app on App Platform, so metrics leave with the traces.
    var.otlp_endpoint == null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT = var.otlp_endpoint },
  )

  secret_env = merge(
    { CATALOG_DATABASE_URL = module.app_database_url.url },
    local.smtp ? { CATALOG_SMTP_URL = local.smtp_url } : { CATALOG_MAILGUN_API_KEY = mailgun_api_key.catalog[0].secret },
    nonsensitive(var.mailgun_webhook_key == null) ? {} : { CATALOG_MAILGUN_WEBHOOK_KEY = var.mailgun_webhook_key },
    local.signing_key == null ? {} : { CATALOG_SIGNING_KEY = local.signing_key },
    nonsensitive(var.otlp_headers == null) ? {} : { OTEL_EXPORTER_OTLP_HEADERS = var.otlp_headers },
  )

  migrate = {
    grant_to  = digitalocean_database_user.catalog.name
    max_conns = local.migrate_max_conns
  }
  migrate_database_url = module.owner_database_url.url

  # The database must be there, and let the app in, before the first deployment migrates it.
  depends_on = [digitalocean_database_firewall.catalog]
}
