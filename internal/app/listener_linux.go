package app

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// noHandshake is a BPF program that drops connection requests (SYN without ACK) and passes all other segments.
var noHandshake = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: tcpFlags},
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: flagSYN | flagACK},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: flagSYN, Jt: 0, Jf: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},
}

const (
	tcpFlags = 13 // the offset in the header
	flagSYN  = 0x02
	flagACK  = 0x10
)

// stopHandshakes stops new TCP handshakes on a listener with a socket filter. Pending handshakes complete and queued
// connections are accepted. Later clients retransmit their SYN after a second, and get a reset once the port is
// closed.
func stopHandshakes(listener net.Listener) error {
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("stop handshakes: %T is not a TCP listener", listener)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return fmt.Errorf("stop handshakes: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(noHandshake)), Filter: &noHandshake[0]}) //nolint:gosec // five
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("stop handshakes: %w", err)
	}
	return nil
}
