// Package e2e tests the catalog from its own front door: it builds the binary, starts it on a free
// port with an empty database, and talks to it over the network as clients do.
//
// The corpus in testdata/cases says what every RPC answers, and to whom. Each case runs over Connect
// with JSON on HTTP/1.1, Connect with GET, Connect with protobuf on HTTP/2, gRPC and gRPC-Web, on
// SQLite and on PostgreSQL.
package e2e
