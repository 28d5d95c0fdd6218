package tracking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/journalsegment"
	"github.com/zebrands/catalog/ent/productscore"
	"github.com/zebrands/catalog/ent/producttransition"
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
	// maxSuccessors is the number of products to which transitions from one product are kept. Up to pruneSlack more wait
	// for their deletion.
	maxSuccessors, pruneSlack = 200, 50
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
	if sums.empty() {
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

	id = segmentID(name)
	sums := newTotals()
	f, _ := formatNamed(name)
	readErr := readSegment(file, f, sums.add)
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
func (r *Rollup) save(ctx context.Context, id string, sums *totals) error {
	if sums.empty() {
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

// upsert adds the sums to the tables. Every process locks tables and rows in the same order, and prune waits for no
// lock, which prevents deadlocks.
func upsert(ctx context.Context, tx *ent.Tx, sums *totals) error {
	moves, err := sums.known(ctx, tx)
	if err != nil {
		return err
	}
	return errors.Join(
		upsertViews(ctx, tx, sums),
		upsertScores(ctx, tx, sums.scores(moves)),
		upsertMoves(ctx, tx, moves),
	)
}

func upsertViews(ctx context.Context, tx *ent.Tx, sums *totals) error {
	for keys := range slices.Chunk(sorted(sums.cells, compareCells), upsertChunk) {
		rows := make([]*ent.ProductViewCreate, len(keys))
		for i, k := range keys {
			c := sums.cells[k]
			rows[i] = tx.ProductView.Create().SetProductID(k.product).SetHour(k.hour).
				SetViews(c.views).SetImpressions(c.impressions).
				SetBotViews(c.botViews).SetBotImpressions(c.botImpressions)
		}
		err := tx.ProductView.CreateBulk(rows...).OnConflict(
			entsql.ConflictColumns(productview.FieldProductID, productview.FieldHour),
			entsql.ResolveWith(add(productview.Table, productview.FieldViews, productview.FieldImpressions,
				productview.FieldBotViews, productview.FieldBotImpressions)),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add views: %w", err)
		}
	}
	return nil
}

func upsertScores(ctx context.Context, tx *ent.Tx, scores map[uuid.UUID]score) error {
	for ids := range slices.Chunk(sorted(scores, compareIDs), upsertChunk) {
		rows := make([]*ent.ProductScoreCreate, len(ids))
		for i, id := range ids {
			rows[i] = tx.ProductScore.Create().SetID(id).SetTrend(scores[id].trend).SetArrivals(scores[id].arrivals)
		}
		err := tx.ProductScore.CreateBulk(rows...).OnConflict(
			entsql.ConflictColumns(productscore.FieldID),
			entsql.ResolveWith(add(productscore.Table, productscore.FieldTrend, productscore.FieldArrivals)),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add scores: %w", err)
		}
	}
	return nil
}

func upsertMoves(ctx context.Context, tx *ent.Tx, moves map[move]float64) error {
	for keys := range slices.Chunk(sorted(moves, compareMoves), upsertChunk) {
		rows := make([]*ent.ProductTransitionCreate, len(keys))
		for i, m := range keys {
			rows[i] = tx.ProductTransition.Create().SetFromID(m.from).SetToID(m.to).SetWeight(moves[m])
		}
		err := tx.ProductTransition.CreateBulk(rows...).OnConflict(
			entsql.ConflictColumns(producttransition.FieldFromID, producttransition.FieldToID),
			entsql.ResolveWith(add(producttransition.Table, producttransition.FieldWeight)),
		).Exec(ctx)
		if err != nil {
			return fmt.Errorf("add transitions: %w", err)
		}
	}
	return prune(ctx, tx, moves)
}

// prune deletes the rarest transitions from products that have more than maxSuccessors and some. It leaves those that
// another transaction adds to.
func prune(ctx context.Context, tx *ent.Tx, moves map[move]float64) error {
	from := map[uuid.UUID]bool{}
	for m := range moves {
		from[m.from] = true
	}
	for ids := range slices.Chunk(sorted(from, compareIDs), upsertChunk) {
		var crowded []struct {
			FromID uuid.UUID `json:"from_id"`
		}
		err := tx.ProductTransition.Query().Where(producttransition.FromIDIn(ids...)).
			Modify(func(s *entsql.Selector) {
				s.Select(s.C(producttransition.FieldFromID)).
					GroupBy(s.C(producttransition.FieldFromID)).
					Having(entsql.P().Append(func(b *entsql.Builder) {
						b.WriteString("COUNT(*) > ").Arg(maxSuccessors + pruneSlack)
					}))
			}).Scan(ctx, &crowded)
		if err != nil {
			return fmt.Errorf("count transitions: %w", err)
		}
		for _, c := range crowded {
			if err := pruneFrom(ctx, tx, c.FromID); err != nil {
				return err
			}
		}
	}
	return nil
}

// pruneFrom deletes the rarest transitions from a product.
func pruneFrom(ctx context.Context, tx *ent.Tx, from uuid.UUID) error {
	rare, err := tx.ProductTransition.Query().Where(producttransition.FromID(from)).
		Order(producttransition.ByWeight(entsql.OrderDesc()), producttransition.ByID()).
		Offset(maxSuccessors).Limit(upsertChunk).IDs(ctx)
	if err == nil && db.LocksRows(ctx) {
		// In a query of its own: the one above would also lock those that it skips.
		rare, err = tx.ProductTransition.Query().Where(producttransition.IDIn(rare...)).
			ForUpdate(entsql.WithLockAction(entsql.SkipLocked)).IDs(ctx)
	}
	if err != nil {
		return fmt.Errorf("find rare transitions: %w", err)
	}
	if _, err := tx.ProductTransition.Delete().Where(producttransition.IDIn(rare...)).Exec(ctx); err != nil {
		return fmt.Errorf("delete rare transitions: %w", err)
	}
	return nil
}

// add resolves a conflict: it adds the new values of columns to those of the row.
func add(table string, columns ...string) func(*entsql.UpdateSet) {
	return func(u *entsql.UpdateSet) {
		for _, column := range columns {
			u.Set(column, entsql.Expr(table+"."+column+" + excluded."+column))
		}
	}
}
