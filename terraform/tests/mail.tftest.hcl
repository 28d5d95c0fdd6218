# Mail: the records that receivers look at, and what Mailgun may do.

mock_provider "digitalocean" {
  override_during = plan

  mock_resource "digitalocean_domain" {
    defaults = { id = "example.com" }
  }
}

mock_provider "mailgun" {
  override_during = plan
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

run "every_record_is_written" {
  command = plan

  assert {
    condition = { for k, r in digitalocean_record.mail : k => "${r.domain} ${r.type} ${r.name}" } == {
      spf      = "example.com TXT mg.catalog"
      dkim     = "example.com TXT catalog._domainkey.mg.catalog"
      dmarc    = "example.com TXT _dmarc.mg.catalog"
      tracking = "example.com CNAME email.mg.catalog"
      mx_a     = "example.com MX mg.catalog"
      mx_b     = "example.com MX mg.catalog"
    }
    error_message = "SPF, DKIM, DMARC, MX or the tracking record is missing, or has a wrong name."
  }
  assert {
    condition     = alltrue([for k, r in digitalocean_record.mail : (r.type == "MX") == (coalesce(r.priority, 0) == 10)])
    error_message = "MX records, and only they, have a priority."
  }
}

run "links_in_mails_are_not_rewritten" {
  command = plan

  assert {
    condition     = !mailgun_domain.catalog[0].click_tracking && !mailgun_domain.catalog[0].open_tracking
    error_message = "Links carry secrets: they must not lead through Mailgun."
  }
  assert {
    condition     = mailgun_domain.catalog[0].dkim_key_size == 2048
    error_message = "DKIM keys of 1024 bits are too short."
  }
  assert {
    condition     = length(mailgun_webhook.catalog) == 0
    error_message = "Without the signing key, webhooks would be refused."
  }
}

run "europe_webhooks_and_reports" {
  command = plan

  variables {
    mailgun_region      = "eu"
    mailgun_webhook_key = "signing-key"
    dmarc_report_email  = "dmarc@example.com"
  }
  assert {
    condition     = digitalocean_record.mail["mx_a"].value == "mxa.eu.mailgun.org." && mailgun_domain.catalog[0].region == "eu"
    error_message = "The domain and its MX records must be Europe's."
  }
  assert {
    condition     = endswith(digitalocean_record.mail["dmarc"].value, "; rua=mailto:dmarc@example.com")
    error_message = "Reports must go to dmarc_report_email."
  }
  assert {
    condition = (
      toset(keys(mailgun_webhook.catalog)) == toset(["complained", "delivered", "permanent_fail", "temporary_fail"]) &&
      alltrue([for w in mailgun_webhook.catalog : w.urls == toset(["https://catalog.example.com/webhooks/mailgun"])])
    )
    error_message = "What happens to a mail must come back to the catalog."
  }
}

run "an_smtp_server_needs_nothing_of_mailgun" {
  command = plan

  variables {
    mailgun_api_key = null
    mail_password   = "abcd efgh"
    service_email   = "shop@gmail.com"
  }
  assert {
    condition = (
      length(mailgun_domain.catalog) == 0 && length(mailgun_api_key.catalog) == 0 && length(mailgun_webhook.catalog) == 0 &&
      length(digitalocean_record.mail) == 0 && output.mail_domain == null
    )
    error_message = "Nothing may be made at Mailgun, and no record of it."
  }
  assert {
    condition     = local.smtp_url == "smtp://shop%40gmail.com:abcd%20efgh@smtp.gmail.com:587"
    error_message = "The server, the user or the password is wrong."
  }
}

run "mail_of_the_zone_is_left_alone" {
  command = plan

  variables {
    mail_domain = "example.com"
  }
  expect_failures = [mailgun_domain.catalog]
}

run "values_are_those_that_mailgun_wants" {
  command = plan
  module {
    source = "./modules/mail-records"
  }

  variables {
    domain        = "mg.catalog.example.com"
    region        = "us"
    dkim_selector = "catalog"
    dmarc_policy  = "reject"
    sending_records = [
      { name = "mg.catalog.example.com", record_type = "TXT", value = "v=spf1 include:mailgun.org ~all" },
      { name = "catalog._domainkey.mg.catalog.example.com", record_type = "TXT", value = "k=rsa; p=MIIB" },
      { name = "email.mg.catalog.example.com", record_type = "CNAME", value = "mailgun.org" },
    ]
  }
  assert {
    condition = { for k, r in output.records : k => r.value } == {
      spf      = "v=spf1 include:mailgun.org ~all"
      dkim     = "k=rsa; p=MIIB"
      dmarc    = "v=DMARC1; p=reject; adkim=s; aspf=r"
      tracking = "mailgun.org."
      mx_a     = "mxa.mailgun.org."
      mx_b     = "mxb.mailgun.org."
    }
    error_message = "A record has a wrong value."
  }
}

run "a_mail_domain_may_be_its_own_zone" {
  command = plan
  module {
    source = "./modules/mail-records"
  }

  variables {
    domain          = "example.com"
    region          = "us"
    dkim_selector   = "catalog"
    dmarc_policy    = "reject"
    sending_records = []
  }
  assert {
    condition     = output.records.spf.name == "@" && output.records.dmarc.name == "_dmarc" && output.records.dkim.name == "catalog._domainkey"
    error_message = "Names in the zone itself must not name it again."
  }
}
