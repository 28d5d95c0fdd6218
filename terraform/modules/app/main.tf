locals {
  port = 8080

  # How an instance ends, in seconds. First the balancer sends it nothing new (drain), then it gets
  # SIGTERM: it answers what is under way, which takes at most a request's time limit, and writes the
  # counted views to the database, for its disk ends with it. Only then may it be killed (grace).
  drain    = 20
  request  = 30
  shutdown = 45
  grace    = 60

  env = merge({
    CATALOG_ADDR             = "0.0.0.0:${local.port}"
    CATALOG_PUBLIC_URL       = "https://${var.domain}"
    CATALOG_DATA_DIR         = "/data"
    CATALOG_LOG_FORMAT       = "json"
    CATALOG_REQUEST_TIMEOUT  = "${local.request}s"
    CATALOG_SHUTDOWN_TIMEOUT = "${local.shutdown}s"
    # X-Forwarded-For has the platform's ingress, which is the same for every caller.
    CATALOG_CLIENT_ADDRESS_HEADER = "do-connecting-ip"
  }, var.env)
  secret_names = nonsensitive(keys(var.secret_env))
}

resource "digitalocean_app" "catalog" {
  spec {
    name   = var.name
    region = var.region

    # Every read must reach the catalog, which counts it, and pages must stay as they are.
    disable_edge_cache        = true
    disable_email_obfuscation = true

    vpc {
      id = var.vpc_id
    }

    domain {
      name = var.domain
      type = "PRIMARY"
      zone = var.zone
    }

    ingress {
      rule {
        component {
          name                 = "catalog"
          preserve_path_prefix = true
        }
        match {
          path {
            prefix = "/"
          }
        }
      }
    }

    # Runs before instances are replaced. If it fails, the deployment ends and what runs goes on.
    job {
      name               = "migrate"
      kind               = "PRE_DEPLOY"
      instance_count     = 1
      instance_size_slug = "apps-s-1vcpu-0.5gb"
      run_command        = "/catalog migrate --grant-to=${var.migrate.grant_to}"

      image {
        registry_type        = var.image.registry_type
        registry             = var.image.registry
        repository           = var.image.repository
        tag                  = var.image.tag
        digest               = var.image.digest
        registry_credentials = var.registry_credentials
      }

      env {
        key   = "CATALOG_DATABASE_URL"
        value = var.migrate_database_url
        scope = "RUN_TIME"
        type  = "SECRET"
      }
      env {
        key   = "CATALOG_DATABASE_MAX_CONNS"
        value = tostring(var.migrate.max_conns)
        scope = "RUN_TIME"
      }
      env {
        key   = "CATALOG_DATA_DIR"
        value = local.env.CATALOG_DATA_DIR
        scope = "RUN_TIME"
      }
      env {
        key   = "CATALOG_LOG_FORMAT"
        value = local.env.CATALOG_LOG_FORMAT
        scope = "RUN_TIME"
      }

      # A migration that is under way is given time: killed, it leaves whole versions only, but no deployment.
      termination {
        grace_period_seconds = 600
      }
    }

    service {
      name               = "catalog"
      http_port          = local.port
      instance_size_slug = var.size

      image {
        registry_type        = var.image.registry_type
        registry             = var.image.registry
        repository           = var.image.repository
        tag                  = var.image.tag
        digest               = var.image.digest
        registry_credentials = var.registry_credentials
      }

      dynamic "env" {
        for_each = local.env
        content {
          key   = env.key
          value = env.value
          scope = "RUN_TIME"
        }
      }
      # Every plan shows these as changed: the platform answers with what it encrypted. They are not ignored,
      # because then a rotated password would not reach the app.
      dynamic "env" {
        for_each = local.secret_names
        content {
          key   = env.value
          value = var.secret_env[env.value]
          scope = "RUN_TIME"
          type  = "SECRET"
        }
      }

      # instance_count stays unset: it and autoscaling exclude each other.
      autoscaling {
        min_instance_count = var.instances.min
        max_instance_count = var.instances.max
        metrics {
          cpu {
            percent = 70
          }
        }
      }

      # Takes requests while the database answers and nobody asked it to stop.
      health_check {
        http_path             = "/readyz"
        port                  = local.port
        initial_delay_seconds = 2
        period_seconds        = 5
        timeout_seconds       = 4
        success_threshold     = 1
        failure_threshold     = 3
      }

      # Is restarted only if it hangs: a database that is away is no reason.
      liveness_health_check {
        http_path             = "/livez"
        port                  = local.port
        initial_delay_seconds = 10
        period_seconds        = 10
        timeout_seconds       = 5
        success_threshold     = 1
        failure_threshold     = 6
      }

      termination {
        drain_seconds        = local.drain
        grace_period_seconds = local.grace
      }

      dynamic "alert" {
        for_each = {
          CPU_UTILIZATION = 85
          MEM_UTILIZATION = 85
          RESTART_COUNT   = 2
        }
        content {
          rule     = alert.key
          value    = alert.value
          operator = "GREATER_THAN"
          window   = "TEN_MINUTES"
          destinations {
            emails = [var.alert_mail]
          }
        }
      }
    }

    dynamic "alert" {
      for_each = toset(["AUTOSCALE_FAILED", "DEPLOYMENT_FAILED", "DOMAIN_FAILED"])
      content {
        rule = alert.key
        destinations {
          emails = [var.alert_mail]
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = local.grace > local.shutdown && local.shutdown > local.request
      error_message = "An instance must have time to answer requests, then to write counted views, before it is killed."
    }
  }
}
