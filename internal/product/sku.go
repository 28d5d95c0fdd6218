package product

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
)

// skuIndex lets only one live product hold a SKU. It, and no check before, decides between two who
// want the same.
const skuIndex = "product_live_sku"

// claim is a SKU that a request gives a product; empty if it gives none.
type claim struct {
	sku string
	id  uuid.UUID // of the product, if it exists already
}

// errValidated rolls back a transaction that would have committed.
var errValidated = errors.New("product: the request is valid")

// write is a request that may be for validation only.
type write interface{ GetValidateOnly() bool }

// inTx is db.InTx for a write that makes claims: one for each request of a batch, or just one. If the write is
// for validation only, it is rolled back at its end.
// Returns SKU_TAKEN if another live product holds one of the SKUs. A refusal that depends on the state of a
// product drops it from the cache at once: the caller reads it again before this process is told of the change.
func (s *Service) inTx(
	ctx context.Context, req write, claims []claim, fn func(ctx context.Context, tx *ent.Tx) error,
) error {
	err := s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := fn(ctx, tx); err != nil || !req.GetValidateOnly() {
			return err
		}
		return errValidated
	})
	if errors.Is(err, errValidated) {
		return nil
	}
	if dependsOnState(err) {
		s.cache.forgetClaimed(claims)
	}
	if err == nil || !db.IsUniqueViolation(err, skuIndex) {
		return err
	}
	taken, lookupErr := s.skuTaken(ctx, claims)
	if lookupErr != nil {
		return errors.Join(lookupErr, err)
	}
	return taken.Because(err)
}

// dependsOnState reports whether a request was refused for the state of a product.
func dependsOnState(err error) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	return f.Kind == fault.Aborted || f.Kind == fault.NotFound || f.Kind == fault.FailedPrecondition
}

// skuTaken finds out, after the transaction failed, which claim failed and who holds the SKU.
func (s *Service) skuTaken(ctx context.Context, claims []claim) (*fault.Error, error) {
	skus := make([]string, len(claims))
	for i, c := range claims {
		skus[i] = c.sku
	}
	holders, err := s.db.Reader().Product.Query().
		Where(product.DeleteTimeIsNil(), product.SkuIn(skus...)).
		Select(product.FieldID, product.FieldSku).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look up the holder of a SKU: %w", err)
	}
	bySKU := make(map[string]uuid.UUID, len(holders))
	for _, p := range holders {
		bySKU[p.Sku] = p.ID
	}
	for i, c := range claims {
		holder, ok := bySKU[c.sku]
		if !ok || holder == c.id {
			continue
		}
		taken := fault.New(fault.AlreadyExists, fault.SKUTaken,
			"The live product %s has the SKU %q already.", holder, c.sku).
			With("product_id", holder.String()).
			With("sku", c.sku)
		if len(claims) > 1 {
			taken = taken.Within(request(i))
		}
		return taken, nil
	}
	return fault.New(fault.Aborted, fault.ConcurrentChange,
		"Another product had the SKU at the same moment and gave it up again. Try again."), nil
}

// noteValidateOnly notes a problem if a request of a batch is for validation only: only the whole batch can be.
func noteValidateOnly(ps *fault.Problems, i int, req write) {
	if req.GetValidateOnly() {
		ps.Addf(request(i)+".validate_only", fault.FieldReason(fault.FieldInvalid), "must be set on the batch instead")
	}
}

// noteRepeated notes a problem if an earlier request of the batch has the same value. Empty values are no
// concern of it.
func noteRepeated(ps *fault.Problems, first map[string]int, i int, value, field string) {
	if value == "" {
		return
	}
	if earlier, taken := first[value]; taken {
		ps.Addf(request(i)+"."+field, fault.FieldNotUnique,
			"must differ from the others: it is the same as in requests[%d]", earlier)
		return
	}
	first[value] = i
}

// pathProduct is where requests hold the product that they create or change.
const pathProduct = "product"

// request names one request of a batch in a path.
func request(i int) string {
	return fmt.Sprintf("requests[%d]", i)
}
