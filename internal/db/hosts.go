package db

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
)

var (
	errBadHosts = errors.New("open PostgreSQL: a host or port does not parse; write several servers as " +
		"postgres://USER:PASSWORD@HOST1:PORT1,HOST2:PORT2/NAME?target_session_attrs=read-write")
	errTwoHosts = errors.New("open PostgreSQL: the servers are in the URL and in its parameters; write them once")
)

// defaultPort is PostgreSQL's.
const defaultPort = "5432"

// normalizeURL moves several hosts of a database URL into the parameters host and port, as the driver needs them: it
// takes ports of several hosts only there. Returns an error that does not contain the URL, which may hold a password.
func normalizeURL(databaseURL string) (*url.URL, error) {
	scheme, rest, found := strings.Cut(databaseURL, "://")
	if !found {
		return nil, errBadURL
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	start := strings.LastIndexByte(rest[:end], '@') + 1
	list := rest[start:end]
	if !strings.Contains(list, ",") {
		return parseURL(databaseURL)
	}
	u, err := parseURL(scheme + "://" + rest[:start] + rest[end:])
	if err != nil {
		return nil, err
	}
	query := u.Query()
	if query.Has("host") || query.Has("hostaddr") {
		return nil, errTwoHosts
	}
	var hosts, ports []string
	hasPorts := false
	for item := range strings.SplitSeq(list, ",") {
		one, err := url.Parse("//" + item)
		if err != nil || one.Hostname() == "" {
			return nil, errBadHosts
		}
		hosts, ports = append(hosts, one.Hostname()), append(ports, cmp.Or(one.Port(), defaultPort))
		hasPorts = hasPorts || one.Port() != ""
	}
	query.Set("host", strings.Join(hosts, ","))
	switch {
	case hasPorts && query.Has("port"):
		return nil, errTwoHosts
	case hasPorts:
		query.Set("port", strings.Join(ports, ","))
	}
	u.RawQuery = query.Encode()
	return u, nil
}

func parseURL(databaseURL string) (*url.URL, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return nil, errBadURL // the error may contain the password
	}
	return u, nil
}

// CheckURL returns an error if a URL of PostgreSQL cannot be used. It does not contain the URL.
func CheckURL(databaseURL string) error {
	_, err := parsePostgres(databaseURL)
	return err
}
