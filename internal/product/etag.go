package product

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/history/change"
)

// namedChanges is how many of the changes since an etag the fault tells about, the newest.
const namedChanges = 5

// checkETag returns nil if the etag is empty or that of the product, and otherwise ETAG_MISMATCH, which
// says who changed what since. Its metadata has the current etag and, of the latest change, actor_id,
// actor_name and change_time; fields lists what all the changes since changed, separated by commas.
func checkETag(ctx context.Context, tx *ent.Tx, p *ent.Product, etag string) error {
	current := convert.ETag(p.Version)
	if etag == "" || etag == current {
		return nil
	}
	changes, err := changesSince(ctx, tx, p, etag)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return fault.New(fault.Aborted, fault.ETagMismatch,
			"The etag is none that this product had. Read the product again and repeat the change on it.").
			With("etag", current)
	}
	return changedSince(changes).With("etag", current)
}

// changesSince returns the newest changes since an etag, the newest first; none for a made-up one.
func changesSince(ctx context.Context, tx *ent.Tx, p *ent.Product, etag string) ([]*ent.ProductChange, error) {
	version, err := strconv.ParseInt(etag, 10, 64)
	if err != nil || version < 1 || convert.ETag(version) != etag {
		return nil, nil //nolint:nilerr // it is made up
	}
	return history.Since(ctx, tx.Client(), p.ID, version, namedChanges)
}

// changedSince returns ETAG_MISMATCH for at least one change, the newest first.
func changedSince(changes []*ent.ProductChange) *fault.Error {
	told := make([]string, len(changes))
	var changed []string
	for i, c := range changes {
		names := fieldNames(c)
		told[i] = fmt.Sprintf("%s %s at %s", c.ActorName, whatWasDone(c, names), c.CreateTime.UTC().Format(time.RFC3339))
		for _, name := range names {
			if !slices.Contains(changed, name) {
				changed = append(changed, name)
			}
		}
	}
	latest := changes[0]
	return fault.New(fault.Aborted, fault.ETagMismatch,
		"The product has changed since it was read: %s. Read it again and repeat the change on it.",
		strings.Join(told, "; ")).
		With("actor_id", latest.ActorID.String()).
		With("actor_name", latest.ActorName).
		With("change_time", latest.CreateTime.UTC().Format(time.RFC3339Nano)).
		With("fields", strings.Join(changed, ","))
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
