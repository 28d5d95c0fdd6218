package product_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/product/fields"
)

// reverter makes changes and reverts them.
type reverter struct {
	*testing.T

	ctx context.Context //nolint:containedctx // of the test
	s   *product.Service
}

// newest returns the newest change of the catalog.
func (r reverter) newest() *catalogv1.ProductChange {
	r.Helper()
	resp, err := r.s.ListProductChanges(r.ctx, &catalogv1.ListProductChangesRequest{PageSize: 1})
	require.NoError(r, err)
	return resp.GetChanges()[0]
}

func (r reverter) revert(sequence int64) (*catalogv1.Product, error) {
	resp, err := r.s.RevertProductChange(r.ctx, &catalogv1.RevertProductChangeRequest{Sequence: sequence})
	return resp.GetProduct(), err
}

// mustRevert reverts a change, and requires an ordinary change that names it. It returns the sequence of that.
func (r reverter) mustRevert(sequence int64) (*catalogv1.Product, int64) {
	r.Helper()
	p, err := r.revert(sequence)
	require.NoError(r, err)
	c := r.newest()
	require.Equal(r, sequence, c.GetRevertedSequence())
	require.Equal(r, p.GetEtag(), c.GetEtag())
	require.True(r, proto.Equal(p, c.GetProduct()))
	return p, c.GetSequence()
}

// update updates all fields that are set, and returns the sequence of the change.
func (r reverter) update(p *catalogv1.Product, paths ...string) int64 {
	r.Helper()
	_, err := r.s.UpdateProduct(r.ctx, &catalogv1.UpdateProductRequest{Product: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	require.NoError(r, err)
	return r.newest().GetSequence()
}

func (r reverter) delete(id string) int64 {
	r.Helper()
	_, err := r.s.DeleteProduct(r.ctx, &catalogv1.DeleteProductRequest{Id: id})
	require.NoError(r, err)
	return r.newest().GetSequence()
}

func eachRevert(t *testing.T, fn func(r reverter, d *db.DB)) {
	t.Helper()
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) { fn(reverter{t, ctx, s}, d) })
}

// requireWritten requires the same values of the fields that administrators write.
func requireWritten(t *testing.T, want, got *catalogv1.Product) {
	t.Helper()
	for _, f := range fields.Writable() {
		require.True(t, f.Equal(want, got), f.Name)
	}
}

// A revert of an update gives its fields their old values and leaves the others, whatever the release that wrote the
// history. Reverting the revert brings the update back.
func TestRevertOfUpdate(t *testing.T) {
	eachRevert(t, func(r reverter, d *db.DB) {
		p := create(r.ctx, r.T, r.s, full("P"))
		all := r.update(&catalogv1.Product{
			Id: p.GetId(), Sku: "NEW", Name: "Other name", Brand: "Other", Price: &catalogv1.Money{Amount: "7", CurrencyCode: "JPY"},
		}, "*")
		emptied := get(r.ctx, r.T, r.s, p.GetId())
		forgetProducts(r.ctx, r.T, d)

		back, again := r.mustRevert(all)
		requireWritten(r.T, p, back)
		require.Equal(r, "3", back.GetEtag())
		found, err := r.s.ListProducts(r.ctx, &catalogv1.ListProductsRequest{Query: p.GetName(), OrderBy: "name"})
		require.NoError(r, err)
		require.Len(r, found.GetProducts(), 1, "search finds the old name")
		found, err = r.s.ListProducts(r.ctx, &catalogv1.ListProductsRequest{Query: "Other"})
		require.NoError(r, err)
		require.Empty(r, found.GetProducts())

		back, third := r.mustRevert(again)
		requireWritten(r.T, emptied, back)
		r.update(&catalogv1.Product{Id: p.GetId(), Description: "Later"})
		_, err = r.revert(third)
		f := requireFault(r.T, err, fault.ChangedSince)
		require.Equal(r, fault.Aborted, f.Kind)
		require.Equal(r, map[string]string{"fields": "description", "product_id": p.GetId()}, f.Metadata)
		r.update(&catalogv1.Product{Id: p.GetId()}, "description")
		r.mustRevert(third)
	})
}

// Only the fields of the change must be as it left them.
func TestRevertRefusesFieldsThatChangedSince(t *testing.T) {
	eachRevert(t, func(r reverter, _ *db.DB) {
		p := create(r.ctx, r.T, r.s, full("P"))
		both := r.update(&catalogv1.Product{Id: p.GetId(), Name: "N", Price: &catalogv1.Money{Amount: "1.00", CurrencyCode: "USD"}})
		r.update(&catalogv1.Product{Id: p.GetId(), Brand: "B"})
		back, _ := r.mustRevert(both)
		require.Equal(r, "B", back.GetBrand())
		require.Equal(r, p.GetName(), back.GetName())
		require.Equal(r, p.GetPrice().GetAmount(), back.GetPrice().GetAmount())
		_, err := r.revert(both)
		require.Equal(r, "name,price", requireFault(r.T, err, fault.ChangedSince).Metadata["fields"], "it is undone already")

		renamed := r.update(&catalogv1.Product{Id: p.GetId(), Sku: "FREE"})
		create(r.ctx, r.T, r.s, sample("P", "Holder"))
		_, err = r.revert(renamed)
		require.Equal(r, "P", requireFault(r.T, err, fault.SKUTaken).Metadata["sku"])
		_, err = r.revert(1 << 40)
		require.Equal(r, fault.NotFound, requireFault(r.T, err, fault.ChangeNotFound).Kind)
	})
}

func TestRevertOfCreationDeletionAndRestoration(t *testing.T) {
	eachRevert(t, func(r reverter, _ *db.DB) {
		p := create(r.ctx, r.T, r.s, sample("P", "N"))
		created := r.newest().GetSequence()
		weight := int64(5)
		r.update(&catalogv1.Product{Id: p.GetId(), Name: "Later", WeightGrams: &weight})
		_, err := r.revert(created)
		require.Equal(r, "name,weight_grams", requireFault(r.T, err, fault.ChangedSince).Metadata["fields"],
			"a creation sets every field, also to nothing")
		updated := r.newest().GetSequence()
		r.mustRevert(updated)
		gone, deleted := r.mustRevert(created)
		require.NotNil(r, gone.GetDeleteTime())
		for _, sequence := range []int64{created, updated} {
			_, err = r.revert(sequence)
			f := requireFault(r.T, err, fault.ProductDeleted)
			require.Equal(r, fault.FailedPrecondition, f.Kind)
			require.Equal(r, p.GetId(), f.Metadata["product_id"])
		}
		restored, undeleted := r.mustRevert(deleted)
		require.Nil(r, restored.GetDeleteTime())
		_, err = r.revert(deleted)
		requireFault(r.T, err, fault.ProductNotDeleted)
		r.update(&catalogv1.Product{Id: p.GetId(), Name: "Later"})
		gone, _ = r.mustRevert(undeleted)
		require.NotNil(r, gone.GetDeleteTime())

		create(r.ctx, r.T, r.s, sample("P", "Holder"))
		_, err = r.revert(r.newestOf(p.GetId()))
		require.Equal(r, "P", requireFault(r.T, err, fault.SKUTaken).Metadata["sku"])
	})
}

// newestOf returns the sequence of the newest change of a product.
func (r reverter) newestOf(id string) int64 {
	r.Helper()
	resp, err := r.s.ListProductChanges(r.ctx, &catalogv1.ListProductChangesRequest{ProductId: id, PageSize: 1})
	require.NoError(r, err)
	return resp.GetChanges()[0].GetSequence()
}

// A revert is guarded as other writes are.
func TestRevertIsGuarded(t *testing.T) {
	eachRevert(t, func(r reverter, d *db.DB) {
		p := create(r.ctx, r.T, r.s, full("P"))
		deleted := r.delete(p.GetId())
		before := state(r.ctx, d)
		tried, err := r.s.RevertProductChange(r.ctx, &catalogv1.RevertProductChangeRequest{Sequence: deleted, ValidateOnly: true})
		require.NoError(r, err)
		require.Nil(r, tried.GetProduct().GetDeleteTime())
		require.Equal(r, before, state(r.ctx, d))

		once := &catalogv1.RevertProductChangeRequest{Sequence: deleted, RequestId: uuid.NewString()}
		first, err := r.s.RevertProductChange(r.ctx, once)
		require.NoError(r, err)
		r.update(&catalogv1.Product{Id: p.GetId(), Name: "Later"})
		again, err := r.s.RevertProductChange(r.ctx, once)
		require.NoError(r, err)
		require.True(r, proto.Equal(first, again))
		once.Sequence = r.newest().GetSequence()
		_, err = r.s.RevertProductChange(r.ctx, once)
		requireFault(r.T, err, fault.RequestIDReused)
	})
}

// Of many reverts of one change at the same moment, one succeeds.
func TestOneOfManyRevertsSucceeds(t *testing.T) {
	eachRevert(t, func(r reverter, _ *db.DB) {
		p := create(r.ctx, r.T, r.s, full("P"))
		renamed := r.update(&catalogv1.Product{Id: p.GetId(), Name: "N"})
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = r.revert(renamed) })
		}
		all.Wait()
		succeeded := 0
		for _, err := range errs {
			if err == nil {
				succeeded++
				continue
			}
			requireFault(r.T, err, fault.ChangedSince)
		}
		require.Equal(r, 1, succeeded)
		require.Equal(r, "3", get(r.ctx, r.T, r.s, p.GetId()).GetEtag())
	})
}
