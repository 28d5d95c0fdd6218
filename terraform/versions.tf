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

  # State holds the database's passwords, so it lives in a private Spaces bucket: see backend.hcl.example.
  backend "s3" {
    key          = "catalog/terraform.tfstate"
    region       = "us-east-1" # Spaces ignores it; the client insists on one of Amazon's
    use_lockfile = true

    # What Amazon has and Spaces has not.
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    skip_s3_checksum            = true
  }
}

provider "digitalocean" {
  token = var.do_token
}

provider "mailgun" {
  api_key = var.mailgun_api_key
}
