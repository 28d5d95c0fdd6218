terraform {
  required_version = ">= 1.11"

  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = "~> 2.99"
    }
    mailgun = {
      source  = "wgebis/mailgun"
      version = "~> 0.10.0"
    }
  }

  # The state is in this folder. backend.tf.example is for a state that several people share.
}

provider "digitalocean" {
  token = var.do_token
}

provider "mailgun" {
  # It wants one also if it has nothing to do.
  api_key = coalesce(var.mailgun_api_key, "unused")
}
