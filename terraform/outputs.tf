output "url" {
  description = "Where the catalog is."
  value       = "https://${local.host}"
}

output "app_id" {
  description = "Id of the app: doctl apps logs ID catalog --type run"
  value       = module.app.id
}

output "default_url" {
  description = "Address that works before the domain does."
  value       = module.app.default_url
}

output "name_servers" {
  description = "What the registrar must name as the zone's name servers, if it does not yet."
  value       = ["ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"]
}

output "mail_domain" {
  description = "Domain that Mailgun sends from; null if an SMTP server does."
  value       = local.smtp ? null : local.mail_domain
}

output "database_max_conns" {
  description = "Connections that each instance takes at most."
  value       = local.app_max_conns
}
