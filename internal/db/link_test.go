package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// told records the notifications of an observer.
type told struct {
	mu  sync.Mutex
	ids map[uuid.UUID]int
	all int
}

func observe(d *db.DB) *told {
	seen := &told{ids: map[uuid.UUID]int{}}
	d.OnProductsChanged(func(ids []uuid.UUID) {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if len(ids) == 0 {
			seen.all++
		}
		for _, id := range ids {
			seen.ids[id]++
		}
	})
	return seen
}

func (s *told) of(id uuid.UUID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

func (s *told) ofAll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

func rename(ctx context.Context, d *db.DB, id uuid.UUID, failure error) error {
	return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := tx.Product.UpdateOneID(id).SetName(uuid.NewString()).Exec(ctx); err != nil {
			return err
		}
		return failure
	})
}

func TestOwnChangesAreToldBeforeTheTransactionReturns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seen := observe(d)
		id := dbtest.CreateProduct(t, d, "A", "")
		require.Equal(t, 1, seen.of(id))
		require.NoError(t, rename(t.Context(), d, id, nil))
		require.Equal(t, 2, seen.of(id))
		failure := errors.New("on purpose")
		require.ErrorIs(t, rename(t.Context(), d, id, failure), failure)
		require.Equal(t, 2, seen.of(id), "nothing has changed")
		require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.Update().SetBrand("B").Exec(ctx)
		}))
		require.Equal(t, 1, seen.ofAll(), "nobody knows which")
	})
}

func TestSQLiteIsAlwaysInformed(t *testing.T) {
	d := dbtest.New(t, "sqlite")
	require.NoError(t, d.Watch(t.Context()))
	require.True(t, d.Informed())
	require.NoError(t, d.Ping(t.Context()))
}

// watched returns a database with Watch, and another process's connection to the same one.
func watched(t *testing.T) (watching, other *db.DB, seen *told, proxy *dbtest.Proxy) {
	t.Helper()
	url := dbtest.URL(t, "postgres")
	other = dbtest.Open(t, url)
	require.NoError(t, other.Migrate(t.Context()))
	proxy, through := dbtest.NewProxy(t, url)
	watching = dbtest.Open(t, through)
	seen = observe(watching)
	require.False(t, watching.Informed(), "nobody tells it anything")
	require.NoError(t, watching.Watch(t.Context()))
	wait.For(t, watching.Informed)
	return watching, other, seen, proxy
}

func TestChangesOfOthersAreTold(t *testing.T) {
	_, other, seen, _ := watched(t)
	id := dbtest.CreateProduct(t, other, "A", "")
	wait.For(t, func() bool { return seen.of(id) == 1 })
	require.NoError(t, rename(t.Context(), other, id, nil))
	wait.For(t, func() bool { return seen.of(id) == 2 })

	ids := make([]uuid.UUID, 501) // more than fit into a message
	require.NoError(t, other.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		rows := make([]*ent.ProductCreate, len(ids))
		for i := range rows {
			ids[i] = uuid.New()
			rows[i] = dbtest.NewProduct(tx, ids[i].String()).SetID(ids[i])
		}
		return tx.Product.CreateBulk(rows...).Exec(ctx)
	}))
	for _, id := range ids {
		wait.For(t, func() bool { return seen.of(id) == 1 })
	}
	before := seen.ofAll()
	_, err := other.SQL().ExecContext(t.Context(), "TRUNCATE products CASCADE")
	require.NoError(t, err)
	wait.For(t, func() bool { return seen.ofAll() == before+1 })
}

// A silent link is detected, calls that wait for it fail, and it recovers.
func TestSilentLink(t *testing.T) {
	t.Parallel()
	watching, other, seen, proxy := watched(t)
	id := dbtest.CreateProduct(t, other, "A", "")
	wait.For(t, func() bool { return seen.of(id) == 1 })
	before := seen.ofAll()

	proxy.Cut()
	waiting := make(chan error, 1)
	go func() { waiting <- rename(t.Context(), watching, id, nil) }()
	wait.For(t, func() bool { return !watching.Informed() })
	require.NoError(t, rename(t.Context(), other, id, nil), "the others work on")
	wait.For(t, func() bool { return watching.Ping(t.Context()) != nil })
	require.True(t, db.IsUnavailable(watching.Ping(t.Context())))
	require.True(t, db.IsUnavailable(<-waiting), "what waited for an answer is told")
	require.True(t, db.IsUnavailable(rename(t.Context(), watching, id, nil)), "and nothing waits any more")
	require.Equal(t, before, seen.ofAll())

	proxy.Heal()
	wait.For(t, func() bool { return watching.Ping(t.Context()) == nil })
	wait.For(t, watching.Informed)
	require.Greater(t, seen.ofAll(), before, "what was missed may be anything")
	require.NoError(t, rename(t.Context(), watching, id, nil))
}

// After a restart of the server no earlier connection is reused.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	watching, other, seen, proxy := watched(t)
	id := dbtest.CreateProduct(t, other, "A", "")
	conns := make([]context.CancelFunc, 4)
	for i := range conns { // give the pool idle connections
		conn, err := watching.SQL().Conn(t.Context())
		require.NoError(t, err)
		conns[i] = func() { require.NoError(t, conn.Close()) }
	}
	for _, giveBack := range conns {
		giveBack()
	}
	before := seen.ofAll()
	proxy.Reset()
	wait.For(t, func() bool { return seen.ofAll() > before })
	wait.For(t, watching.Informed)
	require.NoError(t, watching.Ping(t.Context()))
	for range 2 * len(conns) {
		require.NoError(t, rename(t.Context(), watching, id, nil))
	}
}
