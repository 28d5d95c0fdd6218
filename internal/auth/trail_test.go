package auth_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestTrailKeepsOfAddressesWhatIsConfigured(t *testing.T) {
	for keep, want := range map[string][]string{
		auth.AddressFull:    {"192.0.2.77", "2001:db8:1:2::3", ""},
		auth.AddressNetwork: {"192.0.2.0/24", "2001:db8:1::/48", ""},
		auth.AddressNone:    {"", "", ""},
	} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			d.HookSecurityEvents(auth.ReduceAddresses(keep))
			for i, address := range []string{"::ffff:192.0.2.77", "2001:db8:1:2::3%eth0", ""} {
				client := auth.Client{}
				if address != "" {
					client.Address = netip.MustParseAddr(address)
				}
				require.NoError(t, d.InTx(auth.WithClient(t.Context(), client), func(ctx context.Context, tx *ent.Tx) error {
					event, err := auth.RecordEvent(ctx, tx, auth.Event{Type: catalogv1.SecurityEvent_TYPE_SIGN_IN})
					if err == nil {
						require.Equal(t, want[i], event.IPAddress)
					}
					return err
				}))
			}
		})
	}
}
