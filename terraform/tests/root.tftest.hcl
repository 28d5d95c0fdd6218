# The whole, planned against mocks: nothing is reached, nothing is made.

mock_provider "digitalocean" {
  override_during = plan

  mock_resource "digitalocean_vpc" {
    defaults = { id = "00000000-0000-4000-8000-000000000001" }
  }
  mock_resource "digitalocean_database_cluster" {
    defaults = {
      id           = "00000000-0000-4000-8000-000000000002"
      host         = "public.db.example"
      private_host = "private.db.example"
      port         = 25060
      user         = "doadmin"
      password     = "owner's"
    }
  }
  mock_resource "digitalocean_domain" {
    defaults = { id = "example.com" }
  }
}

mock_provider "mailgun" {
  override_during = plan

  mock_resource "mailgun_api_key" {
    defaults = { secret = "key-of-the-app" }
  }
}

variables {
  do_token         = "dop_v1_test"
  mailgun_api_key  = "key-of-the-account"
  domain           = "catalog.example.com"
  zone             = "example.com"
  maintainer_email = "ops@example.com"
  image = {
    registry   = "zebrands"
    repository = "catalog"
    digest     = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
  }
}

run "the_database_is_private_and_highly_available" {
  command = plan

  assert {
    condition = (
      length(digitalocean_database_firewall.catalog.rule) == 1 &&
      alltrue([for r in digitalocean_database_firewall.catalog.rule : r.type == "ip_addr" && r.value == var.vpc_ip_range])
    )
    error_message = "The database must accept connections from the VPC alone."
  }
  assert {
    condition     = digitalocean_database_firewall.catalog.cluster_id == digitalocean_database_cluster.catalog.id
    error_message = "The trusted sources must be those of the database."
  }
  assert {
    condition     = digitalocean_database_cluster.catalog.private_network_uuid == digitalocean_vpc.catalog.id
    error_message = "The database must be in the VPC."
  }
  assert {
    condition     = digitalocean_database_cluster.catalog.node_count >= 2
    error_message = "The database must have a standby."
  }
}

run "the_app_reaches_the_database_over_the_private_network" {
  command = plan

  assert {
    condition     = local.database_server == { host = "private.db.example", port = 25060, name = "catalog" }
    error_message = "Database URLs must name the private host."
  }
  assert {
    condition     = digitalocean_database_user.catalog.name != digitalocean_database_cluster.catalog.user
    error_message = "The catalog must not serve as the database's owner."
  }
}

run "connections_suffice_for_a_rolling_deployment" {
  command = plan

  assert {
    condition     = 2 * var.instances.max * (local.app_max_conns + 2) + local.migrate_max_conns <= local.database_connections
    error_message = "Twice the instances and the migration must fit into the database's connections."
  }
  assert {
    condition     = output.database_max_conns == 9
    error_message = "4 GiB are 97 connections: 9 for each of up to 8 instances."
  }
}

run "too_small_a_database_is_refused" {
  command = plan

  variables {
    database_size = "db-s-1vcpu-1gb"
  }
  expect_failures = [digitalocean_database_cluster.catalog]
}

run "every_alert_reaches_the_maintainer" {
  command = plan

  assert {
    condition     = digitalocean_uptime_check.catalog.target == "https://catalog.example.com/readyz"
    error_message = "The uptime check must ask the catalog whether it is ready."
  }
  assert {
    condition     = toset([for a in digitalocean_uptime_alert.catalog : a.type]) == toset(["down_global", "latency", "ssl_expiry"])
    error_message = "Being down, being slow and a certificate that ends must alert."
  }
  assert {
    condition = alltrue(concat(
      [for a in digitalocean_uptime_alert.catalog : toset(a.notifications[0].email) == toset(["ops@example.com"])],
      [for a in digitalocean_monitor_alert.database : toset(a.alerts[0].email) == toset(["ops@example.com"])],
    ))
    error_message = "Alerts must go to maintainer_email."
  }
}

run "a_zone_that_exists_is_left_alone" {
  command = plan

  assert {
    condition     = length(digitalocean_domain.zone) == 0 && local.zone_id == "example.com"
    error_message = "Records must go into the zone that exists."
  }
  assert {
    condition     = data.digitalocean_domain.zone[0].name == "example.com"
    error_message = "A zone that does not exist must fail before anything is made."
  }
}

run "a_new_zone_is_asked_for_and_warned_about" {
  command = plan

  variables {
    create_zone = true
  }
  assert {
    condition     = length(digitalocean_domain.zone) == 1
    error_message = "The zone must be made."
  }
  expect_failures = [check.create_zone]
}

run "mail_that_receivers_would_refuse_is_refused" {
  command = plan

  variables {
    service_email = "catalog@example.com"
  }
  expect_failures = [mailgun_domain.catalog]
}
