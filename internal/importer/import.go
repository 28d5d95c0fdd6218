package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sethvargo/go-retry"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

const (
	// chunkRows is the maximum number of rows that are compared and sent together.
	chunkRows = 500
	// chunkBytes is the maximum size of a request, unless a single row is larger.
	chunkBytes = 1 << 20
	// The backoff while the server is unavailable: first delay, maximum delay, number of retries.
	retryFirst = 200 * time.Millisecond
	retryMax   = 5 * time.Second
	retryTimes = 10
)

// Import imports the rows of a file into a catalog.
type Import struct {
	// Products must be authorized as an administrator.
	Products catalogv1connect.ProductServiceClient
	// DryRun reports the changes without making them.
	DryRun bool
	// Progress, if set, is called with the number of newly finished rows.
	Progress func(rows int)
}

// Result counts the outcomes of an import, in rows.
type Result struct {
	Created, Updated, Unchanged, Failed int
	// Problems are all problems of the rows that failed, by line.
	Problems []Problem
}

// outcome is the outcome of a row.
type outcome int

const (
	pending outcome = iota
	unchanged
	created
	updated
	failed
)

// task is the state of a row during the import.
type task struct {
	row   Row
	state outcome
	// tried is the last attempt for the row. If its response was lost, it may have succeeded.
	tried outcome
	now   *catalogv1.Product // nil if there is none with the SKU
}

// run is an import of one file.
type run struct {
	*Import

	file   *File
	result Result
}

// Run imports the rows of a file and returns the result. Rejected rows do not block the others. Returns an error,
// besides the result so far, if the server is unreachable or denies the caller; the import is idempotent, so it is
// safe to run again.
func (im *Import) Run(ctx context.Context, file *File) (Result, error) {
	r := &run{Import: im, file: file}
	r.result.Problems = slices.Clone(file.Problems)
	var err error
	for rows := range slices.Chunk(file.Rows, chunkRows) {
		if err = r.chunk(ctx, rows); err != nil {
			break
		}
	}
	slices.SortStableFunc(r.result.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	lines := map[int]bool{}
	for _, p := range r.result.Problems {
		lines[p.Line] = true
	}
	r.result.Failed = len(lines)
	return r.result, err
}

// chunk imports some rows. After a transient error it starts again from the catalog's current state, which makes
// retries idempotent.
func (r *run) chunk(ctx context.Context, rows []Row) error {
	tasks := make([]*task, len(rows))
	for i, row := range rows {
		tasks[i] = &task{row: row}
	}
	backoff := retry.WithMaxRetries(retryTimes, retry.WithCappedDuration(retryMax, retry.NewExponential(retryFirst)))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := r.try(ctx, tasks)
		if isPassing(err) {
			return retry.RetryableError(err)
		}
		return err
	})
	for _, t := range tasks {
		switch t.state {
		case created:
			r.result.Created++
		case updated:
			r.result.Updated++
		case unchanged:
			r.result.Unchanged++
		case pending, failed: // reported by the error, or counted by its problems
		}
	}
	return err
}

func (r *run) try(ctx context.Context, tasks []*task) error {
	tasks = withState(tasks, pending)
	if err := r.lookUp(ctx, tasks); err != nil {
		return err
	}
	var creates, updates []*task
	for _, t := range tasks {
		switch {
		case t.now == nil:
			t.tried = created
			creates = append(creates, t)
		case r.file.toUpdate(t.row, t.now) != nil:
			t.tried = updated
			updates = append(updates, t)
		default:
			r.done(t, max(t.tried, unchanged))
		}
	}
	if err := r.send(ctx, creates, r.create); err != nil {
		return err
	}
	return r.send(ctx, updates, r.update)
}

func withState(tasks []*task, state outcome) []*task {
	return slices.DeleteFunc(slices.Clone(tasks), func(t *task) bool { return t.state != state })
}

func (r *run) done(t *task, state outcome) {
	t.state = state
	if r.Progress != nil {
		r.Progress(1)
	}
}

// lookUp finds the products with the SKUs of tasks.
func (r *run) lookUp(ctx context.Context, tasks []*task) error {
	bySKU := make(map[string]*task, len(tasks))
	skus := make([]string, len(tasks))
	for i, t := range tasks {
		t.now = nil
		skus[i] = t.row.Product.GetSku()
		bySKU[skus[i]] = t
	}
	for len(skus) > 0 {
		resp, err := r.Products.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Skus: skus})
		if err == nil {
			for _, p := range resp.GetProducts() {
				if t := bySKU[p.GetSku()]; t != nil {
					t.now = p
				}
			}
			return nil
		}
		missing, metaErr := missingSKUs(err)
		if len(missing.skus) == 0 {
			return errors.Join(err, metaErr)
		}
		if missing.count == len(skus) {
			return nil // all of them are new
		}
		before := len(skus)
		skus = slices.DeleteFunc(skus, func(sku string) bool { return slices.Contains(missing.skus, sku) })
		if len(skus) == before { // the response would never change
			return fmt.Errorf("the server misses SKUs that were not asked for: %w", err)
		}
	}
	return nil
}

// send sends tasks in as few calls as their sizes allow, and marks those that succeed or are rejected. Returns the
// error of a call that failed for another reason than its rows.
func (r *run) send(ctx context.Context, tasks []*task, call func(context.Context, []*task) error) error {
	for len(tasks) > 0 {
		batch := tasks[:r.fitting(tasks)]
		if r.DryRun {
			r.finish(batch)
			tasks = tasks[len(batch):]
			continue
		}
		err := call(ctx, batch)
		switch {
		case err == nil:
			r.finish(batch)
		case !isRowFault(err):
			return err
		default:
			if err := r.refused(ctx, batch, err, call); err != nil {
				return err
			}
		}
		tasks = tasks[len(batch):]
	}
	return nil
}

// refused handles a batch that the server rejected as a whole: the invalid rows fail, the others are sent again. If
// the error names no row, it bisects the batch until one row is left.
func (r *run) refused(
	ctx context.Context, batch []*task, cause error, call func(context.Context, []*task) error,
) error {
	for _, b := range blame(cause, len(batch)) {
		r.fail(batch[b.request], b.field, b.reason)
	}
	rest := withState(batch, pending)
	switch {
	case len(rest) < len(batch):
		return r.send(ctx, rest, call)
	case len(batch) == 1:
		r.fail(batch[0], "", messageOf(cause))
		return nil
	}
	half := len(batch) / 2 //nolint:mnd // halves
	if err := r.send(ctx, batch[:half], call); err != nil {
		return err
	}
	return r.send(ctx, batch[half:], call)
}

func (r *run) fail(t *task, field, reason string) {
	if field != "" {
		field = r.file.column(field)
	}
	r.result.Problems = append(r.result.Problems, Problem{Line: t.row.Line, Field: field, Reason: reason})
	if t.state == pending {
		r.done(t, failed)
	}
}

func (r *run) finish(batch []*task) {
	for _, t := range batch {
		r.done(t, t.tried)
	}
}

// fitting returns how many of the tasks fit into one request, at least one.
func (r *run) fitting(tasks []*task) int {
	size := 0
	for i, t := range tasks {
		size += proto.Size(t.row.Product)
		if i > 0 && size > chunkBytes {
			return i
		}
	}
	return len(tasks)
}

func (r *run) create(ctx context.Context, batch []*task) error {
	req := &catalogv1.BatchCreateProductsRequest{}
	for _, t := range batch {
		req.Requests = append(req.Requests, r.file.toCreate(t.row))
	}
	if _, err := r.Products.BatchCreateProducts(ctx, req); err != nil {
		return fmt.Errorf("create products: %w", err)
	}
	return nil
}

func (r *run) update(ctx context.Context, batch []*task) error {
	req := &catalogv1.BatchUpdateProductsRequest{}
	for _, t := range batch {
		req.Requests = append(req.Requests, r.file.toUpdate(t.row, t.now))
	}
	if _, err := r.Products.BatchUpdateProducts(ctx, req); err != nil {
		return fmt.Errorf("update products: %w", err)
	}
	return nil
}
