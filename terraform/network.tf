resource "digitalocean_vpc" "catalog" {
  name        = local.name
  region      = var.do_region
  ip_range    = var.vpc_ip_range
  description = "The catalog and its database"
}

# The zone that is there. If it is not, this fails before anything is made.
data "digitalocean_domain" "zone" {
  count = var.create_zone ? 0 : 1

  name = local.zone
}

resource "digitalocean_domain" "zone" {
  count = var.create_zone ? 1 : 0

  name = local.zone

  lifecycle {
    # With it would go every record in it, also those that others made.
    prevent_destroy = true
  }
}

locals {
  # Known as soon as the zone exists, so that what needs the zone waits for it.
  zone_id = var.create_zone ? digitalocean_domain.zone[0].id : data.digitalocean_domain.zone[0].name
}
