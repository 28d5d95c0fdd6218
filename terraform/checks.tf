# Warnings of every plan and apply, before it asks "Do you want to perform these actions?".

check "create_zone" {
  assert {
    condition     = !var.create_zone
    error_message = <<-TEXT
      create_zone makes a new DNS zone ${local.zone}, which has only the catalog's records. As soon as the registrar names
      DigitalOcean's name servers, every other record of ${local.zone} is gone: its website and its mail. Answer yes only
      if nothing uses ${local.zone} yet, or if its records were copied.
    TEXT
  }
}

check "domain" {
  assert {
    condition     = local.host != local.zone
    error_message = "The catalog takes ${local.zone} itself. If a website is there, it stops: use a name below it, such as catalog.${local.zone}."
  }
}

check "image" {
  assert {
    condition     = var.image.digest != null
    error_message = "image has no digest, so each deployment runs whatever the tag ${coalesce(local.image.tag, "latest")} is then. Set image.digest for production."
  }
}

check "secret_key" {
  assert {
    condition     = nonsensitive(var.secret_key == null) || local.signing_key != null
    error_message = "secret_key is not used: access tokens are signed with an Ed25519 key, and the catalog makes one and keeps it in the database. Remove secret_key."
  }
}

check "zebrands_postgres_password" {
  assert {
    condition     = var.zebrands_postgres_password == null
    error_message = "zebrands_postgres_password is not used: DigitalOcean generates the database's passwords, and nobody types them. Remove it."
  }
}
