package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// TestOutageIsRetried makes Mailgun reject every mail permanently. A later bulk retry by an administrator must need
// as few API calls as the first attempt.
func TestOutageIsRetried(t *testing.T) {
	t.Parallel()
	const changes = 3
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			m := startMailgun(t, true)
			s := newCrashServer(t, dialect, m.Env()...)
			m.Refuse(http.StatusBadRequest)
			deliveries := func(state string) int {
				list := s.must(t, "admin", "NotificationService/ListDeliveries", object{"state": state})
				return len(list["deliveries"].([]any))
			}
			for i := range changes {
				s.must(t, "admin", "ProductService/CreateProduct", object{"product": product(fmt.Sprintf("outage-%d", i))})
				wait.For(t, func() bool { return deliveries("STATE_FAILED") == (i+1)*len(recipients) })
			}
			s.must(t, "admin", "AdminService/CreateAdmin", object{"admin": object{"email": "ida@example.com", "name": "Ida"}})
			wait.For(t, func() bool { return deliveries("STATE_FAILED") == changes*len(recipients)+1 })
			require.Empty(t, m.Taken())

			m.Refuse(0)
			answer := s.must(t, "second", "NotificationService/RetryFailedDeliveries", nil)
			require.Equal(t, fmt.Sprint(changes*len(recipients)+1), fmt.Sprint(answer["scheduledCount"]))
			require.Equal(t, "0", fmt.Sprint(answer["refusedCount"]))
			require.Empty(t, answer["nextPageToken"])
			wait.For(t, func() bool { return deliveries("STATE_SENT") == changes*len(recipients)+1 })
			require.Zero(t, requireTaken(t, s, m))
			messages := map[string]int{}
			for _, mail := range m.Taken() {
				messages[mail.MessageID]++
			}
			require.Len(t, messages, changes+1, "one call for each change, and one for the invitation")
		})
	}
}
