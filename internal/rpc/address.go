package rpc

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress returns the client's address, or the zero Addr if it is unknown. Only trusted proxies are believed:
// with a header, the one address in it, else the right-most address in X-Forwarded-For that is not a trusted proxy.
//
// A header that is missing, malformed or there twice is no reason to believe X-Forwarded-For: the proxy that sets the
// header may pass on what the client wrote there. The client is then the proxy itself.
func clientAddress(r *http.Request, trusted []netip.Prefix, header string) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap()
	if header == "" {
		return forwardedFor(r.Header.Values("X-Forwarded-For"), client, trusted)
	}
	if values := r.Header.Values(header); len(values) == 1 && contains(trusted, client) {
		if addr, ok := parseHop(values[0]); ok {
			return addr
		}
	}
	return client
}

// forwardedFor returns the right-most address that is not a trusted proxy: of the peer, and of the hops that it and the
// proxies before it wrote.
func forwardedFor(values []string, peer netip.Addr, trusted []netip.Prefix) netip.Addr {
	client := peer
	for _, hop := range slices.Backward(strings.Split(strings.Join(values, ","), ",")) {
		if !contains(trusted, client) {
			break
		}
		addr, ok := parseHop(hop)
		if !ok {
			break
		}
		client = addr
	}
	return client
}

// parseHop parses an address, with or without the port that some proxies append.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	addr, err := netip.ParseAddr(hop)
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(hop)
		addr = withPort.Addr()
	}
	// A zone names an interface of the proxy's machine.
	return addr.Unmap().WithZone(""), err == nil
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}
