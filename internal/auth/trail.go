package auth

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/hook"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
)

// What the audit trail keeps of callers' addresses.
const (
	// AddressFull keeps them in full.
	AddressFull = "full"
	// AddressNetwork keeps their networks.
	AddressNetwork = "network"
	// AddressNone keeps nothing.
	AddressNone = "none"
)

// The lengths of the prefixes that AddressNetwork keeps: the largest networks that are one site's in practice.
const (
	prefixIPv4 = 24
	prefixIPv6 = 48
)

// ReduceAddresses is the hook that keeps of a security event's address what keep says.
func ReduceAddresses(keep string) ent.Hook {
	return onEvents(func(ctx context.Context, m *ent.SecurityEventMutation, next ent.Mutator) (ent.Value, error) {
		if address, ok := m.IPAddress(); ok && m.Op().Is(ent.OpCreate) {
			m.SetIPAddress(reduced(address, keep))
		}
		return next.Mutate(ctx, m)
	})
}

// reduced returns what keep leaves of an address.
func reduced(address, keep string) string {
	if keep == AddressFull {
		return address
	}
	parsed, err := netip.ParseAddr(address)
	if err != nil || keep != AddressNetwork {
		return ""
	}
	bits := prefixIPv6
	if parsed.Is4() {
		bits = prefixIPv4
	}
	network, err := parsed.Prefix(bits)
	if err != nil { // never: the length fits
		return ""
	}
	return network.String()
}

// LogEvents is the hook that logs each security event once it is committed. It logs ids, and neither names nor
// addresses: logs go further than the database.
func LogEvents(log *slog.Logger) ent.Hook {
	return onEvents(func(ctx context.Context, m *ent.SecurityEventMutation, next ent.Mutator) (ent.Value, error) {
		value, err := next.Mutate(ctx, m)
		event, ok := value.(*ent.SecurityEvent)
		if err != nil || !ok || !m.Op().Is(ent.OpCreate) {
			return value, err
		}
		if err := db.AfterCommit(ctx, func() { logEvent(ctx, log, event) }); err != nil {
			return nil, fmt.Errorf("record security event: %w", err)
		}
		return value, nil
	})
}

func logEvent(ctx context.Context, log *slog.Logger, event *ent.SecurityEvent) {
	level := slog.LevelInfo
	if event.Type == storedType(catalogv1.SecurityEvent_TYPE_REFRESH_TOKEN_REUSED) {
		level = slog.LevelWarn // two parties have it
	}
	attrs := []slog.Attr{slog.Int64("event_id", event.ID), slog.String("type", event.Type)}
	for _, about := range []struct {
		name string
		id   *uuid.UUID
	}{
		{"actor_id", event.ActorID},
		{"admin_id", event.AdminID},
		{"session_id", event.SessionID},
		{"api_key_id", event.APIKeyID},
	} {
		if about.id != nil {
			attrs = append(attrs, slog.String(about.name, about.id.String()))
		}
	}
	log.LogAttrs(ctx, level, "security event", attrs...)
}

// onEvents returns a hook on mutations of security events.
func onEvents(
	mutate func(ctx context.Context, m *ent.SecurityEventMutation, next ent.Mutator) (ent.Value, error),
) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return hook.SecurityEventFunc(func(ctx context.Context, m *ent.SecurityEventMutation) (ent.Value, error) {
			return mutate(ctx, m, next)
		})
	}
}
