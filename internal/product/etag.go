package product

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/history/change"
)

// namedChanges is the maximum number of changes since an etag that the fault describes, the latest ones.
const namedChanges = 5

// checkETag implements optimistic concurrency: it returns nil if the etag is empty or current, and otherwise
// ETAG_MISMATCH, which describes the changes since. Its metadata has the current etag and, of the latest change,
// actor_id, actor_name and change_time; fields lists all fields that changed since, separated by commas.
func checkETag(ctx context.Context, tx *ent.Tx, p *ent.Product, etag string) error {
	current := convert.ETag(p.Version)
	if etag == "" || etag == current {
		return nil
	}
	version, err := strconv.ParseInt(etag, 10, 64)
	if err != nil || version < 1 || convert.ETag(version) != etag {
		return neverHad(current)
	}
	changes, err := history.Since(ctx, tx.Client(), p.ID, version, namedChanges)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return neverHad(current)
	}
	changed, err := history.FieldsSince(ctx, tx.Client(), p.ID, version)
	if err != nil {
		return err
	}
	return changedSince(changes).With("fields", strings.Join(changed, ",")).With("etag", current)
}

// neverHad returns ETAG_MISMATCH for an etag that the product never had.
func neverHad(current string) *fault.Error {
	return fault.New(fault.Aborted, fault.ETagMismatch,
		"The etag is none that this product had. Read the product again and repeat the change on it.").
		With("etag", current)
}

// changedSince returns ETAG_MISMATCH for one or more changes, newest first.
func changedSince(changes []*ent.ProductChange) *fault.Error {
	told := make([]string, len(changes))
	for i, c := range changes {
		told[i] = fmt.Sprintf("%s %s at %s",
			c.ActorName, whatWasDone(c, fieldNames(c)), c.CreateTime.UTC().Format(time.RFC3339))
	}
	latest := changes[0]
	return fault.New(fault.Aborted, fault.ETagMismatch,
		"The product has changed since it was read: %s. Read it again and repeat the change on it.",
		strings.Join(told, "; ")).
		With("actor_id", latest.ActorID.String()).
		With("actor_name", latest.ActorName).
		With("change_time", latest.CreateTime.UTC().Format(time.RFC3339Nano))
}

func fieldNames(c *ent.ProductChange) []string {
	names := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		names[i] = f.Name
	}
	return names
}

func whatWasDone(c *ent.ProductChange, names []string) string {
	switch c.Operation {
	case change.Deleted:
		return "deleted it"
	case change.Undeleted:
		return "restored it"
	default:
		return "changed " + strings.Join(names, ", ")
	}
}
