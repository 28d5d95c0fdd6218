package tracking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/journalsegment"
	"github.com/zebrands/catalog/ent/productview"
	"github.com/zebrands/catalog/internal/db"
)

const (
	// rollupInterval is how often closed segments are added to the database.
	rollupInterval = time.Second
	// rollupMaxWait is the maximum backoff after failures.
	rollupMaxWait = 30 * time.Second
	// liveLimit is the size in bytes at which a segment is always closed, which bounds the memory to add one.
	liveLimit = 64 << 20
	// maxWaiting is the number of pending segments above which the live one stays open longer.
	maxWaiting = 8
	// upsertChunk is the number of rows per statement.
	upsertChunk = 500
)

// Rollup adds the closed segments of a journal to the database. Run one in each process that counts reads.
type Rollup struct {
	db      *db.DB
	journal *Journal
	log     *slog.Logger

	done atomic.Int64 // end of the last complete pass, in Unix nanoseconds

	mu sync.Mutex // one pass at a time
	// removed are the ids of durably deleted segments, whose marks may be deleted too.
	removed []string
}

// NewRollup returns a rollup of a journal.
func NewRollup(d *db.DB, journal *Journal, log *slog.Logger) *Rollup {
	r := &Rollup{db: d, journal: journal, log: log}
	r.done.Store(time.Now().UnixNano())
	return r
}

// Run adds the journal, including segments of dead processes, to the database about once a second until ctx is
// done. Failures are logged and retried with exponential backoff; their data stays in the journal.
func (r *Rollup) Run(ctx context.Context) {
	wait := rollupInterval
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		switch err := r.pass(ctx, false); {
		case err == nil:
			wait = rollupInterval
		case ctx.Err() != nil:
			return
		default:
			wait = min(2*wait, rollupMaxWait)
			r.log.ErrorContext(ctx, "views were not added to the database; they stay in the journal",
				"error", err, "retry_in", wait)
		}
		timer.Reset(wait)
	}
}

// Flush adds everything counted before the call. Returns an error if something could not be added and stays in
// the journal.
func (r *Rollup) Flush(ctx context.Context) error {
	return r.pass(ctx, true)
}

// pass closes the live segment and adds all closed ones. While many are pending because the database is down, the
// live segment stays open and grows, unless flush is set.
func (r *Rollup) pass(ctx context.Context, flush bool) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if err == nil {
			r.done.Store(time.Now().UnixNano())
		}
	}()
	reopenErr := r.journal.reopen()
	spareErr := r.addSpare(ctx)
	if reopenErr != nil {
		return errors.Join(spareErr, reopenErr)
	}
	names, err := r.journal.names()
	if err != nil {
		return errors.Join(spareErr, err)
	}
	if flush || len(names) <= maxWaiting || r.journal.liveSize() >= liveLimit {
		if err := r.journal.Rotate(); err != nil {
			return err
		}
	}
	errs := []error{spareErr}
	var removed []string
	for _, name := range names {
		id, err := r.add(ctx, name)
		if err != nil {
			errs = append(errs, err)
		} else if id != "" {
			removed = append(removed, id)
		}
	}
	if len(removed) > 0 {
		// Marks may be deleted only once their files cannot reappear, even after a power failure.
		if err := r.journal.sync(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		r.removed = append(r.removed, removed...)
	}
	return errors.Join(errs...)
}

// addSpare adds the reads that the journal could not take.
func (r *Rollup) addSpare(ctx context.Context) error {
	id, sums := r.journal.spare.seal()
	if len(sums) == 0 {
		return nil
	}
	if err := r.save(ctx, id, sums); err != nil {
		return err
	}
	r.journal.spare.done()
	r.removed = append(r.removed, id)
	return nil
}

// add adds a segment and deletes its file. Returns the segment's id once the file is deleted, and "" if another
// process holds it.
func (r *Rollup) add(ctx context.Context, name string) (id string, err error) {
	file, err := r.journal.take(name)
	if err != nil || file == nil {
		return "", err
	}
	defer func() { err = errors.Join(err, wrap("close segment", file.Close())) }()

	id = strings.TrimSuffix(name, segmentSuffix)
	sums := totals{}
	readErr := readSegment(file, sums.add)
	if readErr != nil && !errors.Is(readErr, errCorrupt) {
		return "", readErr
	}
	if err := r.save(ctx, id, sums); err != nil {
		return "", err
	}
	if readErr == nil {
		return id, r.journal.remove(name)
	}
	aside, err := r.journal.setAside(name)
	if err != nil {
		return "", err
	}
	r.log.ErrorContext(ctx, "a journal segment was broken; what came before the break was counted",
		"kept_as", aside, "reads_counted", sums.reads())
	return id, nil
}

// save adds the sums and marks the segment as added, in one transaction. The mark makes it idempotent. Empty sums
// need no mark.
func (r *Rollup) save(ctx context.Context, id string, sums totals) error {
	if len(sums) == 0 {
		return nil
	}
	gone := r.removed
	err := r.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if len(gone) > 0 {
			if _, err := tx.JournalSegment.Delete().Where(journalsegment.IDIn(gone...)).Exec(ctx); err != nil {
				return fmt.Errorf("remove marks: %w", err)
			}
		}
		added, err := tx.JournalSegment.Query().Where(journalsegment.ID(id)).Exist(ctx)
		if err != nil || added {
			return wrap("look for mark", err)
		}
		if err := tx.JournalSegment.Create().SetID(id).Exec(ctx); err != nil {
			return fmt.Errorf("mark segment: %w", err)
		}
		return upsert(ctx, tx, sums)
	})
	if err != nil {
		return fmt.Errorf("add segment %s: %w", id, err)
	}
	r.removed = nil
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// upsert adds the sums to product_views. Every process locks rows in the same order, which prevents deadlocks.
func upsert(ctx context.Context, tx *ent.Tx, sums totals) error {
	for keys := range slices.Chunk(sums.keys(), upsertChunk) {
		rows := make([]*ent.ProductViewCreate, len(keys))
		for i, k := range keys {
			c := sums[k]
			rows[i] = tx.ProductView.Create().SetProductID(k.product).SetHour(k.hour).
				SetViews(c.views).SetImpressions(c.impressions).
				SetBotViews(c.botViews).SetBotImpressions(c.botImpressions)
		}
		err := tx.ProductView.CreateBulk(rows...).OnConflict(
			entsql.ConflictColumns(productview.FieldProductID, productview.FieldHour),
			entsql.ResolveWith(addExcluded),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add views: %w", err)
		}
	}
	return nil
}

func addExcluded(u *entsql.UpdateSet) {
	for _, column := range []string{
		productview.FieldViews, productview.FieldImpressions,
		productview.FieldBotViews, productview.FieldBotImpressions,
	} {
		u.Set(column, entsql.Expr(productview.Table+"."+column+" + excluded."+column))
	}
}
