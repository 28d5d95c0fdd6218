# Variables and what is made of them, without a provider: scripts/check-terraform runs this with variables.tf, locals.tf
# and checks.tf alone.

variables {
  do_token         = "dop_v1_test"
  mailgun_api_key  = "key-of-the-account"
  domain           = "catalog.example.com"
  zone             = "example.com"
  maintainer_email = "ops@example.com"
  image = {
    repository = "catalog"
    digest     = "sha256:0123456789012345678901234567890123456789012345678901234567890123"
  }
}

run "a_careful_configuration_has_no_warning" {
  command = plan

  assert {
    condition     = local.host == "catalog.example.com" && local.zone == "example.com" && local.mail_domain == "mg.catalog.example.com"
    error_message = "With zone, domain is the catalog's host name."
  }
  assert {
    condition     = !var.create_zone
    error_message = "No zone may be made unless somebody asks for it."
  }
  assert {
    condition     = local.image.tag == null
    error_message = "A digest excludes a tag."
  }
}

run "nonsense_is_refused" {
  command = plan

  variables {
    domain           = "https://catalog.example.com"
    zone             = null
    do_region        = "nyc"
    vpc_ip_range     = "0.0.0.0/0"
    maintainer_email = "ops"
    app_size         = "apps-s-1vcpu-1gb"
    instances        = { min = 1 }
    database_nodes   = 1
    database_version = "14"
    trusted_proxies  = ["0.0.0.0/0"]
    mailgun_region   = "asia"
    dmarc_policy     = "maybe"
    secret_key       = "-----BEGIN RSA PRIVATE KEY-----"
    mail_server      = "smtp.example.com:25"
    otlp_endpoint    = "http://collector.example.com:4318"
    image            = { repository = "catalog", digest = "latest" }
  }
  expect_failures = [
    var.domain, var.do_region, var.vpc_ip_range, var.maintainer_email, var.app_size, var.instances, var.database_nodes,
    var.database_version, var.trusted_proxies, var.mailgun_region, var.dmarc_policy, var.secret_key, var.mail_server,
    var.otlp_endpoint, var.image,
  ]
}

# App Platform has these regions too, but an app in them joins no VPC.
run "regions_without_vpc_are_refused" {
  command = plan

  variables {
    do_region = "nyc3"
  }
  expect_failures = [var.do_region]
}

run "regions_with_vpc_are_accepted" {
  command = plan

  variables {
    do_region = "fra1"
  }
  assert {
    condition     = local.app_region == "fra"
    error_message = "The app must run in the database's metropolis."
  }
}

run "a_domain_outside_the_zone_is_refused" {
  command = plan

  variables {
    zone = "example.org"
  }
  expect_failures = [var.zone]
}

run "no_proxies_are_refused" {
  command = plan

  variables {
    trusted_proxies = []
  }
  expect_failures = [var.trusted_proxies]
}

run "mail_needs_one_way_out" {
  command = plan

  variables {
    mailgun_api_key = null
  }
  expect_failures = [var.mailgun_api_key]
}

run "mail_has_only_one_way_out" {
  command = plan

  variables {
    mail_password = "app password"
    service_email = "shop@gmail.com"
  }
  expect_failures = [var.mailgun_api_key]
}

run "an_smtp_password_needs_its_user" {
  command = plan

  variables {
    mailgun_api_key = null
    mail_password   = "app password"
  }
  expect_failures = [var.mail_password]
}

run "a_new_zone_is_warned_about" {
  command = plan

  variables {
    create_zone = true
  }
  expect_failures = [check.create_zone]
}

run "taking_the_zones_own_name_is_warned_about" {
  command = plan

  variables {
    domain = "example.com"
  }
  expect_failures = [check.domain]
}

run "a_signing_key_is_used" {
  command = plan

  variables {
    secret_key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
  }
  assert {
    condition     = local.signing_key == var.secret_key
    error_message = "The key must reach the catalog."
  }
}

# The file of the original document, as it stands there. Everything that has no meaning here is answered by a warning.
run "the_original_documents_file_works" {
  command = plan

  variables {
    mailgun_api_key            = null
    zone                       = null
    image                      = { registry = "zebrands", repository = "catalog" } # the default
    do_token                   = "my_digitalocean_token"
    do_region                  = "nyc1"
    maintainer_email           = "maintainer@example.com"
    zebrands_postgres_password = "postgresql_password"
    secret_key                 = "my_secret_key"
    service_email              = "service@example.com"
    mail_password              = "email_password"
    domain                     = "domain.com"
  }
  assert {
    condition     = local.host == "zebrands.domain.com" && local.zone == "domain.com" && !var.create_zone
    error_message = "The catalog must be below the domain, in the zone that is there."
  }
  assert {
    condition     = local.smtp_url == "smtp://service%40example.com:email_password@smtp.gmail.com:587"
    error_message = "service_email must send, with mail_password."
  }
  assert {
    condition     = local.signing_key == null
    error_message = "Text that is no key cannot sign."
  }
  expect_failures = [check.image, check.secret_key, check.zebrands_postgres_password]
}
