package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/wait"
)

// kills is how often a server is killed while administrators change products.
const kills = 20

// recipients are the administrators who do not make the changes.
var recipients = []account{
	accounts[1],
	{"third", "third@example.com", "Toni Third", "horse staple battery"},
}

// TestKilledServerLosesAndRepeatsNoMail kills the server twenty times while an administrator changes a product. In
// the end, all other administrators must have exactly one mail for each committed change.
//
// Against a Mailgun that cannot be asked whether it took a message, a message whose answer was still
// under way when the server died comes twice: at most one message for each kill.
func TestKilledServerLosesAndRepeatsNoMail(t *testing.T) {
	t.Parallel()
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect+"/mailbox", func(t *testing.T) {
			t.Parallel() // it waits more than it works
			s := newCrashServer(t, dialect)
			changes := changeAndKill(t, s, nil)
			requireEveryChangeDelivered(t, s, changes)
			requireLetters(t, s)
		})
		t.Run(dialect+"/mailgun", func(t *testing.T) {
			t.Parallel()
			m := startMailgun(t, true)
			s := newCrashServer(t, dialect, m.Env()...)
			changes := changeAndKill(t, s, m)
			requireEveryChangeDelivered(t, s, changes)
			repeats := requireTaken(t, s, m)
			require.Zero(t, repeats, "Mailgun could say that it had the message")
		})
		t.Run(dialect+"/mailgun that cannot say", func(t *testing.T) {
			t.Parallel()
			m := startMailgun(t, false)
			s := newCrashServer(t, dialect, m.Env()...)
			changes := changeAndKill(t, s, m)
			requireEveryChangeDelivered(t, s, changes)
			repeats := requireTaken(t, s, m)
			require.LessOrEqual(t, repeats, kills*len(recipients))
			t.Logf("%d mails to %d recipients were repeated after %d kills", repeats, len(recipients), kills)
		})
	}
}

func startMailgun(t *testing.T, eventLog bool) *fleet.Mailgun {
	t.Helper()
	m, err := fleet.StartMailgun(eventLog)
	require.NoError(t, err)
	t.Cleanup(m.Stop)
	return m
}

func newCrashServer(t *testing.T, dialect string, env ...string) *server {
	t.Helper()
	s := prepare(t, dialect, 1, append(env, "CATALOG_NOTIFY_WINDOW=50ms")...)
	for _, a := range recipients {
		s.createAdmin(t, a)
	}
	s.start(t)
	return s
}

// changeAndKill changes a product without a pause and kills the server again and again. It returns the
// names that the product was given and that the server confirmed. The server runs when it returns.
func changeAndKill(t *testing.T, s *server, m *fleet.Mailgun) []string {
	t.Helper()
	created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("crash")})
	id := created["product"].(object)["id"]
	var confirmed []string
	for round := range kills {
		stop := make(chan struct{})
		var done sync.WaitGroup
		done.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("change %d.%d", round, n)
				_, err := s.do(t, protocols()[0], "admin", "ProductService/UpdateProduct",
					object{"product": object{"id": id, "name": name}})
				if err != nil {
					return
				}
				confirmed = append(confirmed, name)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		awaitKill(round, m)
		s.kill(t)
		close(stop)
		done.Wait()
		s.start(t)
	}
	require.NotEmpty(t, confirmed)
	return confirmed
}

// awaitKill returns when it is time to kill the server: at a moment that differs from round to round
// or, every other round, while Mailgun has a message and has not answered yet.
func awaitKill(round int, m *fleet.Mailgun) {
	wait := time.After(time.Duration(100+round*37%400) * time.Millisecond)
	if m == nil || round%2 == 0 {
		<-wait
		return
	}
	m.HoldNext(true)
	select {
	case <-m.Held:
	case <-time.After(5 * time.Second): // nothing was sent; kill it all the same
		m.HoldNext(false)
	}
}

// everything returns all items of a paged list.
func (s *server) everything(t *testing.T, rpc, list string) []object {
	t.Helper()
	var items []object
	for token := ""; ; {
		page := s.must(t, "admin", rpc, object{"pageSize": 1000, "pageToken": token})
		for _, item := range page[list].([]any) {
			items = append(items, item.(object))
		}
		if token = page["nextPageToken"].(string); token == "" {
			return items
		}
	}
}

// requireEveryChangeDelivered waits until no delivery is left to do. Every confirmed change must be in
// the history once, and every change of the history in one sent delivery to each recipient.
func requireEveryChangeDelivered(t *testing.T, s *server, confirmed []string) {
	t.Helper()
	history := s.everything(t, "ProductService/ListProductChanges", "changes")
	named := map[string]int{}
	for _, change := range history {
		for _, f := range change["fields"].([]any) {
			if f.(object)["field"] == "name" {
				named[fmt.Sprint(f.(object)["newValue"])]++
			}
		}
	}
	for _, name := range confirmed {
		require.Equal(t, 1, named[name], "%s was confirmed", name)
	}
	var problem string
	wait.For(t, func() bool {
		problem = undelivered(history, s.everything(t, "NotificationService/ListDeliveries", "deliveries"))
		return problem == ""
	}, "%s", &lazy{func() string { return problem }})
}

// lazy is a message whose text is known only when it is printed.
type lazy struct{ text func() string }

func (l *lazy) String() string { return l.text() }

// undelivered says what is wrong with the ledger, or returns an empty text.
func undelivered(history, deliveries []object) string {
	count := map[string]int{}
	for _, d := range deliveries {
		if d["state"] != "STATE_SENT" {
			return fmt.Sprint("not sent: ", d)
		}
		for _, sequence := range d["changeSequences"].([]any) {
			count[fmt.Sprint(d["recipientEmail"], sequence)]++
		}
	}
	for _, change := range history {
		for _, r := range recipients {
			if n := count[fmt.Sprint(r.email, change["sequence"])]; n != 1 {
				return fmt.Sprintf("%d deliveries to %s about change %v", n, r.email, change["sequence"])
			}
		}
	}
	if len(count) != len(history)*len(recipients) {
		return "there are deliveries to somebody else"
	}
	return ""
}

// requireLetters compares the mailbox with the ledger.
func requireLetters(t *testing.T, s *server) {
	t.Helper()
	var want, got []string
	for _, d := range s.everything(t, "NotificationService/ListDeliveries", "deliveries") {
		want = append(want, fmt.Sprint(d["recipientEmail"], " ", d["messageId"]))
	}
	for _, l := range s.mailbox(t) {
		got = append(got, l.to+" "+strings.Trim(l.messageID, "<>"))
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got)
}

// requireTaken compares what Mailgun took with the ledger. Returns how many mails it took twice.
func requireTaken(t *testing.T, s *server, m *fleet.Mailgun) int {
	t.Helper()
	want := map[string]int{}
	for _, d := range s.everything(t, "NotificationService/ListDeliveries", "deliveries") {
		want[d["recipientEmail"].(string)]++
	}
	got, seen := map[string]int{}, map[string]int{}
	repeats := 0
	for _, mail := range m.Taken() {
		require.NotEmpty(t, mail.MessageID)
		key := mail.To + " " + mail.MessageID
		seen[key]++
		if seen[key] > 1 {
			repeats++
			continue
		}
		got[mail.To]++
	}
	require.Equal(t, want, got, "one message for each delivery")
	return repeats
}

// TestKilledServerCountsAnsweredReads kills the server while anonymous callers read a product. Every
// read that was answered must be counted, and none twice.
func TestKilledServerCountsAnsweredReads(t *testing.T) {
	t.Parallel()
	const rounds, readers = 5, 4
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dialect, 1)
			created := s.must(t, "admin", "ProductService/CreateProduct", object{"product": product("read")})
			id := created["product"].(object)["id"]
			var sent, answered atomic.Int64
			for round := range rounds {
				var done sync.WaitGroup
				for reader := range readers {
					done.Go(func() {
						for {
							sent.Add(1)
							_, err := s.do(t, protocols()[reader], "", "ProductService/GetProduct", object{"id": id})
							if err != nil {
								return
							}
							answered.Add(1)
						}
					})
				}
				<-time.After(time.Duration(200+round*330) * time.Millisecond) // before, during and after a rollup
				s.kill(t)
				done.Wait()
				s.start(t)
			}
			require.Positive(t, answered.Load())
			wait.For(t, func() bool { return s.views(t, id) >= answered.Load() })
			require.NoError(t, s.stop(t)) // writes what is left
			s.start(t)
			total := s.views(t, id)
			require.GreaterOrEqual(t, total, answered.Load(), "answered")
			require.LessOrEqual(t, total, sent.Load(), "sent")
			t.Logf("%d sent, %d answered, %d counted", sent.Load(), answered.Load(), total)
		})
	}
}

func (s *server) views(t *testing.T, id any) int64 {
	t.Helper()
	figures := s.must(t, "admin", "TrackingService/QueryProductViews", object{"productId": id})
	var total int64
	_, err := fmt.Sscan(fmt.Sprint(figures["totalViews"]), &total)
	require.NoError(t, err)
	return total
}

// TestSecondSIGTERM sends SIGTERM again while the server drains, as supervisors do: the graceful shutdown goes on.
func TestSecondSIGTERM(t *testing.T) {
	t.Parallel()
	s := newServer(t, "sqlite", 1, "CATALOG_DRAIN_DELAY=1s")
	require.NoError(t, s.process.Terminate())
	wait.For(t, func() bool { return strings.Contains(s.log.String(), "msg=stopping") })
	require.NoError(t, s.stop(t)) // SIGTERM again
	require.Contains(t, s.log.String(), "msg=stopped")
}
