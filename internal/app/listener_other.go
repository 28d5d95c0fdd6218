//go:build !linux

package app

import "net"

// stopHandshakes is a no-op: only Linux has socket filters. A connection in the accept queue is lost when the port
// closes.
func stopHandshakes(net.Listener) error { return nil }
