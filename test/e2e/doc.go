// Package e2e holds the end-to-end tests: they build the binary, start it on a free port with an empty database, and
// call it over the network as clients do.
//
// The corpus in testdata/cases says what every RPC answers, and to whom. Each case runs over Connect
// with JSON on HTTP/1.1, Connect with GET, Connect with protobuf on HTTP/2, gRPC and gRPC-Web, on
// SQLite and on PostgreSQL.
package e2e
