resource "digitalocean_database_cluster" "catalog" {
  name                 = local.name
  engine               = "pg"
  version              = var.database_version
  region               = var.do_region
  size                 = var.database_size
  node_count           = var.database_nodes
  private_network_uuid = digitalocean_vpc.catalog.id

  storage_autoscale {
    enabled           = true
    threshold_percent = 80
    increment_gib     = 10
  }

  maintenance_window {
    day  = "sunday"
    hour = "09:00" # UTC: night in the Americas
  }

  lifecycle {
    prevent_destroy = true
    # Autoscaling grows it; Terraform must not ask for less.
    ignore_changes = [storage_size_mib]

    precondition {
      condition     = local.app_max_conns >= 4
      error_message = "database_size has too few connections for twice instances.max: an instance needs at least 4."
    }
  }
}

# Trusted sources: the VPC alone. A rule of type "app" would let in the app's public address instead.
resource "digitalocean_database_firewall" "catalog" {
  cluster_id = digitalocean_database_cluster.catalog.id

  rule {
    type  = "ip_addr"
    value = digitalocean_vpc.catalog.ip_range
  }
}

resource "digitalocean_database_db" "catalog" {
  cluster_id = digitalocean_database_cluster.catalog.id
  name       = local.name
}

# What the catalog serves as. It owns nothing: `catalog migrate --grant-to` lets it read and write rows.
resource "digitalocean_database_user" "catalog" {
  cluster_id = digitalocean_database_cluster.catalog.id
  name       = local.name
}

data "digitalocean_database_ca" "catalog" {
  cluster_id = digitalocean_database_cluster.catalog.id
}

locals {
  # The app's own ${db.DATABASE_URL} would name the public host.
  database_server = {
    host = digitalocean_database_cluster.catalog.private_host
    port = digitalocean_database_cluster.catalog.port
    name = digitalocean_database_db.catalog.name
  }
}

# For the migration, which owns the schema. The authority is the team's own: what it vouches for is ours.
module "owner_database_url" {
  source = "./modules/database-url"

  server                = local.database_server
  user                  = digitalocean_database_cluster.catalog.user
  password              = digitalocean_database_cluster.catalog.password
  certificate_authority = data.digitalocean_database_ca.catalog.certificate
}

# For the catalog, which only uses it.
module "app_database_url" {
  source = "./modules/database-url"

  server                = local.database_server
  user                  = digitalocean_database_user.catalog.name
  password              = digitalocean_database_user.catalog.password
  certificate_authority = data.digitalocean_database_ca.catalog.certificate
}
