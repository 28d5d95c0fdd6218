package tracking_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/decay"
	"github.com/zebrands/catalog/internal/tracking"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openJournal(t testing.TB, dir string) *tracking.Journal {
	t.Helper()
	j, err := tracking.OpenJournal(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

func record(t testing.TB, j *tracking.Journal, reads ...tracking.Read) {
	t.Helper()
	for _, r := range reads {
		require.NoError(t, j.Append(r))
	}
}

func views(t testing.TB, d *db.DB) []*ent.ProductView {
	t.Helper()
	rows, err := d.Reader().ProductView.Query().Order(ent.Asc("product_id", "hour")).All(t.Context())
	require.NoError(t, err)
	return rows
}

// totalViews returns the sum of views of all products.
func totalViews(t testing.TB, d *db.DB) (total int64) {
	t.Helper()
	for _, row := range views(t, d) {
		total += row.Views
	}
	return total
}

func files(t testing.TB, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	return found
}

func TestReadsAreSummedByProductAndHour(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		a, b := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
		for range 2 { // the second time rows exist
			record(t, j,
				tracking.Read{Time: noon, Kind: tracking.View, Products: []uuid.UUID{a, b}},
				tracking.Read{Time: noon.Add(59 * time.Minute), Kind: tracking.Impression, Products: []uuid.UUID{a}},
				tracking.Read{Time: noon.Add(time.Minute), Kind: tracking.View, Bot: true, Products: []uuid.UUID{a}},
				tracking.Read{Time: noon.Add(time.Minute), Kind: tracking.Impression, Bot: true, Products: []uuid.UUID{a}},
				tracking.Read{Time: noon.Add(time.Hour), Kind: tracking.View, Products: []uuid.UUID{a}},
			)
			require.NoError(t, rollup.Flush(t.Context()))
		}
		rows := views(t, d)
		require.Len(t, rows, 3)
		for i, want := range []ent.ProductView{
			{ProductID: a, Hour: noon, Views: 2, Impressions: 2, BotViews: 2, BotImpressions: 2},
			{ProductID: a, Hour: noon.Add(time.Hour), Views: 2},
			{ProductID: b, Hour: noon, Views: 2},
		} {
			got := rows[i]
			require.Equal(t, want.ProductID, got.ProductID)
			require.True(t, want.Hour.Equal(got.Hour))
			require.Equal(t, []int64{want.Views, want.Impressions, want.BotViews, want.BotImpressions},
				[]int64{got.Views, got.Impressions, got.BotViews, got.BotImpressions})
		}
		require.Empty(t, files(t, dir, "*"))
	})
}

func TestTransitionsBetweenKnownProductsAreSummed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		a, b := dbtest.CreateProduct(t, d, "a", ""), dbtest.CreateProduct(t, d, "b", "")
		view := func(to, from uuid.UUID) tracking.Read {
			return tracking.Read{Time: noon, Kind: tracking.View, Products: []uuid.UUID{to}, From: from}
		}
		fromBot := view(b, a)
		fromBot.Bot = true
		for range 2 { // the second time rows exist
			record(t, j, view(b, a), view(b, a), view(a, b), view(b, uuid.Nil), fromBot,
				view(b, uuid.Must(uuid.NewV7())), // unknown: the view counts
				view(a, a))                       // itself: the view counts
			require.NoError(t, rollup.Flush(t.Context()))
		}
		require.Empty(t, files(t, dir, "*"))
		require.EqualValues(t, 12, totalViews(t, d))
		moves, err := d.Reader().ProductTransition.Query().Order(ent.Desc("weight")).All(t.Context())
		require.NoError(t, err)
		require.Len(t, moves, 2)
		require.Equal(t, []uuid.UUID{a, b, b, a}, []uuid.UUID{moves[0].FromID, moves[0].ToID, moves[1].FromID, moves[1].ToID})
		require.InDelta(t, 4, decay.Related.Now(moves[0].Weight, noon), 1e-6)
		require.InDelta(t, 2, decay.Related.Now(moves[1].Weight, noon), 1e-6)
		score, err := d.Reader().ProductScore.Get(t.Context(), b)
		require.NoError(t, err)
		require.InDelta(t, 8, decay.Trend.Now(score.Trend, noon), 1e-6)
		require.InDelta(t, 4, decay.Related.Now(score.Arrivals, noon), 1e-6)
	})
}

func TestRareTransitionsOfAProductAreDeleted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := openJournal(t, t.TempDir())
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		from, often := dbtest.CreateProduct(t, d, "from", ""), uuid.Must(uuid.NewV7())
		for range 3 {
			record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{often}, From: from})
		}
		for range 300 {
			record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}, From: from})
		}
		require.NoError(t, rollup.Flush(t.Context()))
		kept, err := d.Reader().ProductTransition.Query().Order(ent.Desc("weight")).All(t.Context())
		require.NoError(t, err)
		require.Len(t, kept, 200)
		require.Equal(t, often, kept[0].ToID)
	})
}

// TestDeletionOfRareTransitionsWaitsForNobody holds a row that is to be deleted, as the rollup of another process does.
// If two waited for each other, that would be a deadlock.
func TestDeletionOfRareTransitionsWaitsForNobody(t *testing.T) {
	d := dbtest.New(t, "postgres")
	j := openJournal(t, t.TempDir())
	rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
	from := dbtest.CreateProduct(t, d, "from", "")
	add := func(n int) {
		for range n {
			record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}, From: from})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		require.NoError(t, rollup.Flush(ctx))
	}
	add(240)
	rarest, err := d.Reader().ProductTransition.Query().Order(ent.Desc("id")).FirstID(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		if err := tx.ProductTransition.UpdateOneID(rarest).AddWeight(0).Exec(ctx); err != nil {
			return err
		}
		add(20)
		return nil
	}))
	require.Equal(t, 201, d.Reader().ProductTransition.Query().CountX(t.Context()))
	add(50)
	require.Equal(t, 200, d.Reader().ProductTransition.Query().CountX(t.Context()))
}

func TestManyProductsAreAddedInChunks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := openJournal(t, t.TempDir())
		products := make([]uuid.UUID, 1234)
		for i := range products {
			products[i] = uuid.Must(uuid.NewV7())
		}
		record(t, j, tracking.Read{Time: noon, Products: products})
		require.NoError(t, tracking.NewRollup(d, j, slog.New(slog.DiscardHandler)).Flush(t.Context()))
		require.EqualValues(t, 1234, totalViews(t, d))
	})
}

// A process that dies between the commit and the removal of the file leaves the file behind.
func TestReplayedSegmentAddsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
		require.NoError(t, j.Rotate())
		path := files(t, dir, "*.journal")[0]
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for range 3 { // each like a new process
			require.NoError(t, os.WriteFile(path, content, 0o600))
			require.NoError(t, tracking.NewRollup(d, openJournal(t, dir), slog.New(slog.DiscardHandler)).Flush(t.Context()))
			require.EqualValues(t, 1, totalViews(t, d))
			require.Empty(t, files(t, dir, "*"))
		}
	})
}

func TestMarksOfRemovedSegmentsGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		j := openJournal(t, t.TempDir())
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		for range 5 {
			record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
			require.NoError(t, rollup.Flush(t.Context()))
		}
		marks, err := d.Reader().JournalSegment.Query().Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, marks, "the last one's goes with the next transaction")
	})
}

func TestBrokenSegmentIsCountedUpToTheBreakAndKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		one := tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}}
		record(t, j, one, one, one)
		require.NoError(t, j.Rotate())
		path := files(t, dir, "*.journal")[0]
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Truncate(path, info.Size()-1))
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		for range 2 {
			require.NoError(t, rollup.Flush(t.Context()))
			require.EqualValues(t, 2, totalViews(t, d))
			require.Empty(t, files(t, dir, "*.journal"))
			require.Len(t, files(t, dir, "*.corrupt"), 1)
		}
	})
}

// Two processes share a folder while one replaces the other.
func TestProcessesThatShareAFolderCountEachReadOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		product := uuid.Must(uuid.NewV7())
		const processes, each = 3, 200
		var wg sync.WaitGroup
		for range processes {
			j := openJournal(t, dir)
			rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
			wg.Go(func() {
				for i := range each {
					record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{product}})
					if i%10 == 0 {
						require.NoError(t, rollup.Flush(t.Context()))
					}
				}
				require.NoError(t, j.Close())
			})
		}
		wg.Wait()
		require.NoError(t, tracking.NewRollup(d, openJournal(t, dir), slog.New(slog.DiscardHandler)).Flush(t.Context()))
		require.EqualValues(t, processes*each, totalViews(t, d))
		require.Empty(t, files(t, dir, "*"))
	})
}

func TestJournalWaitsForTheDatabase(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			away := dbtest.New(t, dialect)
			require.NoError(t, away.Close())
			dir := t.TempDir()
			j := openJournal(t, dir)
			rollup := tracking.NewRollup(away, j, slog.New(slog.DiscardHandler))
			for range 3 {
				record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
				require.Error(t, rollup.Flush(t.Context()))
			}
			d := dbtest.New(t, dialect)
			require.NoError(t, tracking.NewRollup(d, j, slog.New(slog.DiscardHandler)).Flush(t.Context()))
			require.EqualValues(t, 3, totalViews(t, d))
		})
	}
}

func TestRunAddsWhatWasLeftBehindAndWhatFollows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := t.TempDir()
		dead := openJournal(t, dir)
		record(t, dead, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
		require.NoError(t, dead.Close())

		j := openJournal(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { tracking.NewRollup(d, j, slog.New(slog.DiscardHandler)).Run(ctx) })
		wait.For(t, func() bool { return totalViews(t, d) == 1 })
		record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
		wait.For(t, func() bool { return totalViews(t, d) == 2 })
		stop()
		wg.Wait()
	})
}

func TestOutageLeavesFewSegments(t *testing.T) {
	away := dbtest.New(t, "sqlite")
	require.NoError(t, away.Close())
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { tracking.NewRollup(away, j, slog.New(slog.DiscardHandler)).Run(ctx) })
		for range 3600 {
			record(t, j, tracking.Read{Time: noon, Products: []uuid.UUID{uuid.Must(uuid.NewV7())}})
			<-time.After(time.Second) // of synctest's clock, which does not wait
		}
		stop()
		wg.Wait()
		require.LessOrEqual(t, len(files(t, dir, "*.journal")), 10)
	})
}

// TestReadsAreCountedWithoutTheJournal puts a file in the place of the folder, so that nothing can be written there.
func TestReadsAreCountedWithoutTheJournal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := filepath.Join(t.TempDir(), "journal")
		var logged bytes.Buffer
		j := openJournal(t, dir)
		url := openShop(t, j, slog.New(slog.NewTextHandler(&logged, nil)), anonymous)
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		read := func() { require.Equal(t, 200, call(t, url, "GetProduct", `{"sku":"lamp"}`, browser)) }

		read()
		require.NoError(t, os.RemoveAll(dir))
		read()
		require.NoError(t, os.WriteFile(dir, nil, 0o600))
		require.Error(t, rollup.Flush(t.Context()))
		for range 20 {
			read()
		}
		require.Error(t, rollup.Flush(t.Context()))
		require.EqualValues(t, 22, totalViews(t, d), "those of the removed segment, and straight into the database")
		require.Error(t, rollup.Flush(t.Context()))
		require.EqualValues(t, 22, totalViews(t, d), "once")
		require.Equal(t, 1, strings.Count(logged.String(), "counted in memory"), "at most once in ten seconds")

		require.NoError(t, os.Remove(dir))
		require.NoError(t, rollup.Flush(t.Context()))
		read()
		require.Len(t, files(t, dir, "*.journal"), 1)
		require.NoError(t, rollup.Flush(t.Context()))
		require.EqualValues(t, 23, totalViews(t, d))
	})
}

func TestReplacedFolderCountsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dir := filepath.Join(t.TempDir(), "journal")
		j := openJournal(t, dir)
		rollup := tracking.NewRollup(d, j, slog.New(slog.DiscardHandler))
		product := uuid.Must(uuid.NewV7())
		view := tracking.Read{Time: noon, Kind: tracking.View, Products: []uuid.UUID{product}}
		record(t, j, view)
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.Mkdir(dir, 0o700))
		record(t, j, view)
		require.NoError(t, rollup.Flush(t.Context()))
		record(t, j, view)
		require.Len(t, files(t, dir, "*.journal"), 1, "in the new folder")
		require.NoError(t, rollup.Flush(t.Context()))
		require.EqualValues(t, 3, totalViews(t, d))
	})
}
