resource "digitalocean_vpc" "catalog" {
  name        = local.name
  region      = var.do_region
  ip_range    = var.vpc_ip_range
  description = "The catalog and its database"
}

resource "digitalocean_domain" "zone" {
  count = var.create_zone ? 1 : 0

  name = local.zone
}

locals {
  # Known as soon as the zone exists, so that what needs the zone waits for it.
  zone_id = var.create_zone ? digitalocean_domain.zone[0].id : local.zone
}
