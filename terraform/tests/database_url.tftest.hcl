run "is_escaped_and_checks_the_certificate" {
  command = plan
  module {
    source = "./modules/database-url"
  }
  variables {
    server                = { host = "private.db.example", port = 25060, name = "catalog" }
    user                  = "catalog"
    password              = "it's a/#?@:+"
    certificate_authority = "-----BEGIN CERTIFICATE-----\nQ+/=\n-----END CERTIFICATE-----\n"
  }

  assert {
    condition = output.url == join("", [
      "postgres://catalog:it%27s%20a%2F%23%3F%40%3A%2B@private.db.example:25060/catalog",
      "?sslmode=verify-ca&sslinline=true&sslrootcert=-----BEGIN+CERTIFICATE-----%0AQ%2B%2F%3D%0A-----END+CERTIFICATE-----%0A",
    ])
    error_message = "The URL is wrong."
  }
}
