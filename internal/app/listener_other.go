//go:build !linux

package app

import "net"

// stopHandshakes does nothing: only Linux can. A connection that is made in the moment in which the port
// closes is lost.
func stopHandshakes(net.Listener) error { return nil }
