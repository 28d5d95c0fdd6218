resource "digitalocean_uptime_check" "catalog" {
  name    = local.name
  target  = "https://${local.host}/readyz"
  type    = "https"
  regions = ["us_east", "us_west", "eu_west"]

  # Before, there is nothing to check.
  depends_on = [module.app]
}

resource "digitalocean_uptime_alert" "catalog" {
  for_each = {
    down        = { type = "down_global", comparison = null, threshold = null, period = "2m" }
    slow        = { type = "latency", comparison = "greater_than", threshold = 2000, period = "10m" }
    certificate = { type = "ssl_expiry", comparison = "less_than", threshold = 14, period = null }
  }

  check_id   = digitalocean_uptime_check.catalog.id
  name       = "${local.name} ${each.key}"
  type       = each.value.type
  comparison = each.value.comparison
  threshold  = each.value.threshold
  period     = each.value.period
  notifications {
    email = [var.maintainer_email]
  }
}

resource "digitalocean_monitor_alert" "database" {
  for_each = {
    "v1/dbaas/alerts/cpu_alerts"                = { what = "CPU", limit = 80 }
    "v1/dbaas/alerts/memory_utilization_alerts" = { what = "memory", limit = 90 }
    "v1/dbaas/alerts/disk_utilization_alerts"   = { what = "disk", limit = 90 }
  }

  description = "${local.name}: the database uses more than ${each.value.limit} % of its ${each.value.what}"
  type        = each.key
  compare     = "GreaterThan"
  value       = each.value.limit
  window      = "10m"
  enabled     = true
  entities    = [digitalocean_database_cluster.catalog.id]
  alerts {
    email = [var.maintainer_email]
  }
}
