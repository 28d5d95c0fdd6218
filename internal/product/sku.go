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

// skuIndex is the unique index on the SKUs of live products. It alone decides between concurrent claims, not an
// earlier check.
const skuIndex = "product_live_sku"

// claim is the SKU that a request sets on a product; empty if it sets none.
type claim struct {
	sku string
	id  uuid.UUID // of the product, if it already exists
}

// errValidated rolls back a transaction that would have committed.
var errValidated = errors.New("product: the request is valid")

// write is a request that may be for validation only.
type write interface{ GetValidateOnly() bool }

// inTx is db.InTx for a write with claims: one for each request of a batch, or just one. A write that is for validation
// only is rolled back at its end. Returns SKU_TAKEN if another live product has one of the SKUs. If the request is
// rejected because of a product's state, inTx invalidates that product in the cache at once: the caller may read it
// before this process is notified of the change.
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

// dependsOnState reports whether a request was rejected because of a product's state.
func dependsOnState(err error) bool {
	var f *fault.Error
	if !errors.As(err, &f) {
		return false
	}
	return f.Kind == fault.Aborted || f.Kind == fault.NotFound || f.Kind == fault.FailedPrecondition
}

// skuTaken determines, after the transaction failed, which claim conflicts and which product has the SKU.
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

// noteValidateOnly adds a problem if a request of a batch is for validation only: only the whole batch can be.
func noteValidateOnly(ps *fault.Problems, i int, req write) {
	if req.GetValidateOnly() {
		ps.Addf(request(i)+".validate_only", fault.FieldReason(fault.FieldInvalid), "must be set on the batch instead")
	}
}

// noteRepeated adds a problem if an earlier request of the batch has the same value. It ignores empty values.
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

// pathProduct is the path of the product in a request that creates or updates it.
const pathProduct = "product"

// request returns the path of one request of a batch.
func request(i int) string {
	return fmt.Sprintf("requests[%d]", i)
}
