# The app by itself, with every value known: only then does the provider check what it allows.

mock_provider "digitalocean" {
  override_during = plan
}

variables {
  name   = "catalog"
  region = "nyc"
  vpc_id = "00000000-0000-4000-8000-000000000001"
  domain = "catalog.example.com"
  zone   = "example.com"
  image = {
    registry_type = "GHCR"
    registry      = "zebrands"
    repository    = "catalog"
    digest        = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
  }
  size                 = "apps-d-1vcpu-1gb"
  instances            = { min = 2, max = 4 }
  env                  = { CATALOG_MAILGUN_DOMAIN = "mg.example.com" }
  secret_env           = { CATALOG_DATABASE_URL = "postgres://catalog@private/catalog", CATALOG_MAILGUN_API_KEY = "key" }
  migrate              = { grant_to = "catalog", max_conns = 4 }
  migrate_database_url = "postgres://doadmin@private/catalog"
  alert_mail           = "ops@example.com"
}

run "replicas_and_scaling" {
  command = plan
  module {
    source = "./modules/app"
  }

  assert {
    condition     = digitalocean_app.catalog.spec[0].service[0].autoscaling[0].min_instance_count >= 2
    error_message = "There must always be at least two instances."
  }
  assert {
    condition     = startswith(digitalocean_app.catalog.spec[0].service[0].instance_size_slug, "apps-d-")
    error_message = "Only dedicated sizes scale by themselves."
  }
  assert {
    condition     = digitalocean_app.catalog.spec[0].vpc[0].id == var.vpc_id && digitalocean_app.catalog.spec[0].region == "nyc"
    error_message = "The app must be in the VPC and its metropolis."
  }
}

run "deployments_lose_nothing" {
  command = plan
  module {
    source = "./modules/app"
  }

  assert {
    condition = (
      digitalocean_app.catalog.spec[0].service[0].health_check[0].http_path == "/readyz" &&
      digitalocean_app.catalog.spec[0].service[0].liveness_health_check[0].http_path == "/livez"
    )
    error_message = "Readiness decides about requests, liveness about restarts."
  }
  assert {
    condition = (
      digitalocean_app.catalog.spec[0].service[0].termination[0].grace_period_seconds >= local.shutdown + 10 &&
      local.shutdown >= local.request + 10 && digitalocean_app.catalog.spec[0].service[0].termination[0].drain_seconds >= 15
    )
    error_message = "An instance must have time to answer what is under way and to write counted views before it is killed."
  }
  assert {
    condition = (
      digitalocean_app.catalog.spec[0].job[0].kind == "PRE_DEPLOY" &&
      digitalocean_app.catalog.spec[0].job[0].run_command == "/catalog migrate --grant-to=catalog" &&
      digitalocean_app.catalog.spec[0].job[0].image[0].digest == digitalocean_app.catalog.spec[0].service[0].image[0].digest
    )
    error_message = "The image that will run must migrate first."
  }
  assert {
    condition     = digitalocean_app.catalog.spec[0].disable_edge_cache
    error_message = "The edge must not answer reads: they would not be counted."
  }
}

run "secrets_are_secret_and_apart" {
  command = plan
  module {
    source = "./modules/app"
  }

  assert {
    condition = alltrue([
      for e in digitalocean_app.catalog.spec[0].service[0].env :
      e.type == "SECRET" if contains(["CATALOG_DATABASE_URL", "CATALOG_MAILGUN_API_KEY"], e.key)
    ])
    error_message = "Secrets must be stored encrypted."
  }
  assert {
    condition     = !strcontains(jsonencode([for e in digitalocean_app.catalog.spec[0].service[0].env : e.value]), "doadmin")
    error_message = "The service must not have the owner's password."
  }
  assert {
    condition = one([
      for e in digitalocean_app.catalog.spec[0].job[0].env : "${e.type} ${e.value}" if e.key == "CATALOG_DATABASE_URL"
    ]) == "SECRET postgres://doadmin@private/catalog"
    error_message = "The migration must be the owner."
  }
  assert {
    condition     = length(digitalocean_app.catalog.spec[0].env) == 0
    error_message = "What is set for the whole app reaches the migration and the service alike."
  }
}

run "the_service_is_told_who_it_is" {
  command = plan
  module {
    source = "./modules/app"
  }

  assert {
    condition = alltrue([
      for k, v in { CATALOG_PUBLIC_URL = "https://catalog.example.com", CATALOG_ADDR = "0.0.0.0:8080", CATALOG_MAILGUN_DOMAIN = "mg.example.com", CATALOG_CLIENT_ADDRESS_HEADER = "do-connecting-ip" } :
      one([for e in digitalocean_app.catalog.spec[0].service[0].env : e.value if e.key == k]) == v
    ])
    error_message = "The service's settings are wrong."
  }
  assert {
    condition = (
      digitalocean_app.catalog.spec[0].domain[0].name == "catalog.example.com" &&
      digitalocean_app.catalog.spec[0].domain[0].zone == "example.com" && digitalocean_app.catalog.spec[0].domain[0].type == "PRIMARY"
    )
    error_message = "The platform must keep the domain's record and certificate."
  }
}

run "alerts" {
  command = plan
  module {
    source = "./modules/app"
  }

  assert {
    condition     = toset([for a in digitalocean_app.catalog.spec[0].alert : a.rule]) == toset(["AUTOSCALE_FAILED", "DEPLOYMENT_FAILED", "DOMAIN_FAILED"])
    error_message = "What fails must alert."
  }
  assert {
    condition = toset([
      for a in digitalocean_app.catalog.spec[0].service[0].alert : a.rule if one(a.destinations).emails == tolist(["ops@example.com"])
    ]) == toset(["CPU_UTILIZATION", "MEM_UTILIZATION", "RESTART_COUNT"])
    error_message = "Too much work and restarts must alert the maintainer."
  }
}
