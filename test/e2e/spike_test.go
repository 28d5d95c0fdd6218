package e2e

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
)

// What TestSpike does. make spike does the whole of it.
var (
	spikeChanges = flag.Int("spike-changes", 1000, "how many changes TestSpike makes")
	spikeWindow  = flag.Duration("spike-window", 100*time.Millisecond, "how long changes wait for others that share their mail")
	spikeCalls   = flag.Int("spike-calls", 12, "how many calls a second Mailgun takes")
)

const (
	// spikeAdmins is how many administrators there are; spikeActors of them make changes.
	spikeAdmins, spikeActors = 50, 5
	// spikePause is what Mailgun answers to a call too many.
	spikePause = 3 * time.Second
	// underWay is for how long after its answer calls may come that had begun before: those in
	// other processes, and in other workers of the same.
	underWay = spikePause / 2
	// spikePatience bounds how long the mails may take.
	spikePatience = 30 * time.Minute
)

// TestSpike makes many changes at once under Mailgun's rate limit, with two sending processes. Every change must be in
// one mail to each other administrator, batched as documented, and no process may call Mailgun before its Retry-After.
func TestSpike(t *testing.T) {
	t.Parallel() // it waits more than it works
	m := startMailgun(t, true)
	m.Limit(*spikeCalls, spikePause)
	url := dbtest.URL(t, "postgres")
	env := append(m.Env(), "CATALOG_NOTIFY_WINDOW="+spikeWindow.String())
	s := prepareOn(t, url, 1, env...)
	s.start(t)
	second := prepareOn(t, url, 0, append(env, "CATALOG_ROLES=notification")...)
	second.start(t)
	d := dbtest.Open(t, url)
	sp := &spike{t: t, server: s, second: second, mailgun: m, db: d}
	sp.hire()

	start := time.Now()
	timeline := sp.watch(start)
	longest := sp.change()
	t.Logf("%d changes by %d administrators took %s, the longest call %s",
		*spikeChanges, spikeActors, time.Since(start).Round(time.Millisecond), longest.Round(time.Millisecond))
	require.Eventually(t, sp.drained, spikePatience, 10*tick)
	t.Logf("the last mail was handed over after %s\n%s", time.Since(start).Round(time.Millisecond), timeline())

	sp.requireLedger()
	sp.requireCoalescing(longest)
	require.Zero(t, requireTaken(t, s, m), "mails that came twice")
	sp.requirePauses()
	for _, process := range []*server{s, second} {
		peak, err := process.process.PeakMemory()
		require.NoError(t, err)
		t.Logf("peak memory of %s: %d MB", process.base, peak>>20)
	}
}

// spike is what TestSpike works with.
type spike struct {
	t              *testing.T
	server, second *server
	mailgun        *fleet.Mailgun
	db             *db.DB
	made           atomic.Int64
}

// hire adds administrators: those who make changes through the front door, the others, who only get
// mail, into the database.
func (sp *spike) hire() {
	for i := range spikeActors {
		email, password := fmt.Sprintf("actor%d@example.com", i), "a long enough password"
		sp.server.must(sp.t, "admin", "AdminService/CreateAdmin",
			object{"admin": object{"email": email, "name": fmt.Sprintf("Actor %d", i)}, "password": password})
		pair := sp.server.must(sp.t, "", "AuthService/SignIn", object{"email": email, "password": password})
		sp.server.tokens[actor(i)], _ = pair["accessToken"].(string)
	}
	require.NoError(sp.t, sp.db.InTx(sp.t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		var others []*ent.AdminCreate
		for i := range spikeAdmins - spikeActors - 1 {
			others = append(others, tx.Admin.Create().SetPasswordHash("none").
				SetName(fmt.Sprintf("Other %d", i)).SetEmail(fmt.Sprintf("other%d@example.com", i)))
		}
		return tx.Admin.CreateBulk(others...).Exec(ctx)
	}))
}

func actor(i int) string { return fmt.Sprintf("actor-%d", i) }

// change lets all make their changes at once: in batches, and one by one. It returns how long the
// longest call took.
func (sp *spike) change() time.Duration {
	var longest atomic.Int64
	var done sync.WaitGroup
	for i := range spikeActors {
		done.Go(func() { sp.changeAs(actor(i), *spikeChanges/spikeActors, &longest) })
	}
	done.Wait()
	require.EqualValues(sp.t, *spikeChanges, sp.made.Load())
	return time.Duration(longest.Load())
}

// changeAs makes n changes: creates a quarter as many products, changes all of them twice in batches,
// and each once more by itself, four at a time.
func (sp *spike) changeAs(role string, n int, longest *atomic.Int64) {
	call := func(rpc string, request object, changes int) object {
		start := time.Now()
		answer, err := sp.server.do(sp.t, protocols()[2], role, rpc, request)
		if !sp.noError(err) {
			return nil
		}
		sp.made.Add(int64(changes))
		for took := int64(time.Since(start)); ; {
			if old := longest.Load(); took <= old || longest.CompareAndSwap(old, took) {
				return answer
			}
		}
	}
	var ids []any
	for batch := range slices.Chunk(numbers(n/4), 250) {
		var requests []any
		for _, i := range batch {
			requests = append(requests, object{"product": product(fmt.Sprintf("%s-%d", role, i))})
		}
		answer := call("ProductService/BatchCreateProducts", object{"requests": requests}, len(batch))
		products, _ := answer["products"].([]any)
		for _, p := range products {
			ids = append(ids, p.(object)["id"])
		}
	}
	for round := range 2 {
		for batch := range slices.Chunk(ids, 250) {
			var requests []any
			for _, id := range batch {
				requests = append(requests, object{"product": object{"id": id, "name": fmt.Sprintf("round %d", round)}})
			}
			call("ProductService/BatchUpdateProducts", object{"requests": requests}, len(batch))
		}
	}
	var done sync.WaitGroup
	for quarter := range slices.Chunk(ids, max(1, (len(ids)+3)/4)) {
		done.Go(func() {
			for _, id := range quarter {
				call("ProductService/UpdateProduct", object{"product": object{"id": id, "brand": "single"}}, 1)
			}
		})
	}
	done.Wait()
}

// noError notes an error without ending the goroutine that has it, which is not the test's.
func (sp *spike) noError(err error) bool {
	if err != nil {
		sp.t.Error(err)
	}
	return err == nil
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// drained reports whether every change is in a mail, and every mail is handed over.
func (sp *spike) drained() bool {
	return sp.count("product_changes WHERE batch_id IS NULL") == 0 && sp.count("deliveries WHERE state = 'pending'") == 0
}

func (sp *spike) count(from string) int {
	sp.t.Helper()
	var n int
	require.NoError(sp.t, sp.db.SQL().QueryRowContext(sp.t.Context(), "SELECT count(*) FROM "+from).Scan(&n))
	return n
}

// watch notes every second how the mails come along. The function that it returns ends that, and tells.
func (sp *spike) watch(start time.Time) func() string {
	var lines strings.Builder
	fmt.Fprintf(&lines, "%8s %8s %8s %8s %8s %8s\n", "second", "changes", "pending", "oldest", "mails", "mails/s")
	ctx, cancel := context.WithCancel(sp.t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for before := 0; ; {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			var pending int
			var oldest float64
			err := sp.db.SQL().QueryRowContext(ctx, "SELECT count(*), coalesce(extract(epoch FROM now() - min(schedule_time)), 0)"+
				" FROM deliveries WHERE state = 'pending'").Scan(&pending, &oldest)
			if ctx.Err() != nil || !sp.noError(err) {
				return
			}
			mails := len(sp.mailgun.Taken())
			fmt.Fprintf(&lines, "%8.0f %8d %8d %7.1fs %8d %8d\n",
				time.Since(start).Seconds(), sp.made.Load(), pending, oldest, mails, mails-before)
			before = mails
		}
	})
	return func() string {
		cancel()
		done.Wait()
		return lines.String()
	}
}

// requireLedger fails the test unless every change is in one delivery to everybody but its actor, each
// of which was sent in one try.
func (sp *spike) requireLedger() {
	const told = `product_changes c
		JOIN notification_batch_deliveries bd ON bd.notification_batch_id = c.batch_id
		JOIN deliveries d ON d.id = bd.delivery_id`
	want := *spikeChanges * (spikeAdmins - 1)
	require.Equal(sp.t, *spikeChanges, sp.count("product_changes"))
	require.Equal(sp.t, want, sp.count(told+" WHERE d.state = 'sent' AND d.attempt_count = 1 AND d.recipient_id <> c.actor_id"))
	require.Equal(sp.t, want, sp.count("(SELECT DISTINCT c.id, d.recipient_id FROM "+told+") AS pairs"))
}

// requireCoalescing fails the test unless the batches of each administrator are as few as promised: one
// holds whatever is committed until a window after its first change has passed. Only a call that is
// under way at that moment, with changes that are older, misses it.
func (sp *spike) requireCoalescing(longest time.Duration) {
	rows, err := sp.db.SQL().QueryContext(sp.t.Context(), `SELECT actor_id, min(create_time), count(*)
		FROM product_changes GROUP BY actor_id, batch_id ORDER BY actor_id, min(create_time)`)
	require.NoError(sp.t, err)
	defer rows.Close()
	type batch struct {
		actor   string
		first   time.Time
		changes int
	}
	var batches []batch
	for rows.Next() {
		var b batch
		require.NoError(sp.t, rows.Scan(&b.actor, &b.first, &b.changes))
		batches = append(batches, b)
	}
	require.NoError(sp.t, rows.Err())
	largest := 0
	for i, b := range batches {
		largest = max(largest, b.changes)
		if i > 0 && batches[i-1].actor == b.actor {
			require.GreaterOrEqual(sp.t, b.first.Sub(batches[i-1].first), *spikeWindow-longest)
		}
	}
	require.Less(sp.t, len(batches), *spikeChanges/4)
	sp.t.Logf("%d changes are in %d batches (the largest of %d changes), each of which is one call with %d recipients",
		*spikeChanges, len(batches), largest, spikeAdmins-1)
}

// requirePauses fails the test unless Mailgun was left alone for as long as it asked.
func (sp *spike) requirePauses() {
	pauses, late := sp.mailgun.Pauses()
	slices.Sort(late)
	sp.t.Logf("%d pauses of %s; calls while one lasted, by how long it had lasted: %v", pauses, spikePause, late)
	require.Positive(sp.t, pauses)
	if len(late) > 0 {
		require.Less(sp.t, late[len(late)-1], underWay, "nobody calls who heard of the pause")
	}
}
