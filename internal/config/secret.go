package config

import "net/url"

const redacted = "[redacted]"

// Secret is a string that prints as a placeholder.
type Secret string

// String returns a placeholder, or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String, for JSON and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// URL is a URL that prints without its password.
type URL string

// String returns the URL without its secrets, or a placeholder if it does not parse.
func (u URL) String() string {
	parsed, err := url.Parse(string(u))
	if err != nil {
		return redacted
	}
	query := parsed.Query()
	for _, secret := range []string{"password", "sslkey", "sslpassword", "sslcert", "sslrootcert"} { // or just long
		if query.Has(secret) {
			query.Set(secret, redacted)
			parsed.RawQuery = query.Encode()
		}
	}
	return parsed.Redacted()
}

// GoString is String, for %#v.
func (u URL) GoString() string { return u.String() }

// MarshalText is String, for JSON and logs.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
