package product

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
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

// write is a request to write products. It may be for validation only, and may have a request id.
type write interface {
	proto.Message
	GetValidateOnly() bool
	GetRequestId() string
}

// inTx is db.InTx for a write with claims: one for each request of a batch, or just one. It returns the products that
// fn returns. A write that is for validation only is rolled back at its end. A write that repeats an earlier one, by
// its request id, is rolled back too, and gets the products of the earlier one.
//
// Returns SKU_TAKEN if another live product has one of the SKUs, and REQUEST_ID_REUSED. If the request is rejected
// because of a product's state, inTx invalidates that product in the cache at once: the caller may read it before this
// process is notified of the change.
func (s *Service) inTx(
	ctx context.Context, req write, claims []claim, fn func(ctx context.Context, tx *ent.Tx) ([]*ent.Product, error),
) ([]*catalogv1.Product, error) {
	request, err := identify(ctx, req)
	if err != nil {
		return nil, err
	}
	var written []*ent.Product
	err = s.db.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var err error
		if written, err = fn(ctx, tx); err != nil {
			return err
		}
		if req.GetValidateOnly() {
			return errValidated
		}
		return request.remember(ctx, tx, written)
	})
	if err == nil || errors.Is(err, errValidated) {
		return fields.Messages(written), nil
	}
	if dependsOnState(err) {
		s.cache.forgetClaimed(claims)
	}
	return s.repeated(ctx, request, s.withHolder(ctx, claims, err))
}

// one is a function for inTx that writes one product.
func one(
	fn func(ctx context.Context, tx *ent.Tx) (*ent.Product, error),
) func(ctx context.Context, tx *ent.Tx) ([]*ent.Product, error) {
	return func(ctx context.Context, tx *ent.Tx) ([]*ent.Product, error) {
		p, err := fn(ctx, tx)
		return []*ent.Product{p}, err
	}
}

// withHolder replaces the violation of the unique index on SKUs by a fault that names the holder of the SKU.
func (s *Service) withHolder(ctx context.Context, claims []claim, err error) error {
	if !db.IsUniqueViolation(err, skuIndex) {
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

// noteOwn adds a problem for each field of a batch's request that only the whole batch can have.
func noteOwn(ps *fault.Problems, i int, req write) {
	if req.GetValidateOnly() {
		ps.Addf(request(i)+".validate_only", fault.FieldReason(fault.FieldInvalid), "must be set on the batch instead")
	}
	if req.GetRequestId() != "" {
		ps.Addf(request(i)+".request_id", fault.FieldReason(fault.FieldInvalid), "must be set on the batch instead")
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
