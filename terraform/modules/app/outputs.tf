output "id" {
  description = "Id of the app."
  value       = digitalocean_app.catalog.id
}

output "default_url" {
  description = "Address that the platform gave the app, which works before the domain does."
  value       = digitalocean_app.catalog.default_ingress
}
