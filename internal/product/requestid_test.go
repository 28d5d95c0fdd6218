package product_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	entproduct "github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/ent/writerequest"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/test/dbtest"
)

// renaming returns an update of a product's name with a request id.
func renaming(id, name, requestID string) *catalogv1.UpdateProductRequest {
	return &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: id, Name: name}, RequestId: requestID}
}

// state returns the rows of products and the numbers of changes and of request ids.
func state(ctx context.Context, d *db.DB) string {
	r := d.Reader()
	return fmt.Sprint(r.Product.Query().Order(entproduct.ByID()).AllX(ctx), r.ProductChange.Query().CountX(ctx),
		r.WriteRequest.Query().CountX(ctx))
}

// A repeat of each write answers as the first call did and writes nothing, also after the product has changed and was
// deleted, and in another process. Another request with the id is refused.
func TestRepeatedRequestAnswersAsTheFirst(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("P"))
		q := create(ctx, t, s, full("Q"))
		type call = func(ctx context.Context, s *product.Service, id string) (proto.Message, error)
		calls := []struct {
			name         string
			first, other call
		}{
			{"create", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("NEW"), RequestId: id})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("OTHER"), RequestId: id})
			}},
			{"batch create", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{
					Requests: []*catalogv1.CreateProductRequest{{Product: full("B2")}, {Product: full("B1")}}, RequestId: id,
				})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{
					Requests: []*catalogv1.CreateProductRequest{{Product: full("B1")}, {Product: full("B2")}}, RequestId: id,
				})
			}},
			{"update", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
					Product: &catalogv1.Product{Id: p.GetId(), Name: "Second", Etag: "1"}, RequestId: id,
				})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, renaming(p.GetId(), "Second", id)) // without the etag
			}},
			{"update of nothing", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, renaming(q.GetId(), q.GetName(), id))
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, renaming(q.GetId(), "Other", id))
			}},
			{"batch update", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{Requests: []*catalogv1.UpdateProductRequest{
					renaming(q.GetId(), "Third", ""), renaming(p.GetId(), "Third", ""),
				}, RequestId: id})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{Requests: []*catalogv1.UpdateProductRequest{
					renaming(q.GetId(), "Fourth", ""),
				}, RequestId: id})
			}},
			{"delete", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), RequestId: id})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), Etag: "7", RequestId: id})
			}},
			{"undelete", func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.UndeleteProduct(ctx, &catalogv1.UndeleteProductRequest{Id: p.GetId(), RequestId: id})
			}, func(ctx context.Context, s *product.Service, id string) (proto.Message, error) {
				return s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), RequestId: id})
			}},
		}
		first := make([]proto.Message, len(calls))
		ids := make([]string, len(calls))
		var err error
		repeatAll := func(until int, s *product.Service) {
			t.Helper()
			before := state(ctx, d)
			for i, c := range calls[:until] {
				again, err := c.first(ctx, s, ids[i])
				require.NoError(t, err, c.name)
				require.True(t, proto.Equal(first[i], again), "%s:\n%v\n%v", c.name, first[i], again)
				_, err = c.other(ctx, s, ids[i])
				require.Equal(t, fault.FailedPrecondition, requireFault(t, err, fault.RequestIDReused).Kind)
			}
			require.Equal(t, before, state(ctx, d))
		}
		for i, c := range calls {
			ids[i] = uuid.NewString()
			first[i], err = c.first(ctx, s, ids[i])
			require.NoError(t, err, c.name)
			repeatAll(i+1, s)
		}
		for _, gone := range []string{p.GetId(), q.GetId()} {
			_, err = s.UpdateProduct(ctx, renaming(gone, "Last", ""))
			require.NoError(t, err)
			_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: gone})
			require.NoError(t, err)
		}
		repeatAll(len(calls), s)
		restarted, err := product.NewService(d, 0)
		require.NoError(t, err)
		repeatAll(len(calls), restarted)

		_, err = calls[0].first(asAdmin(ctx, "Luis"), s, ids[0])
		requireFault(t, err, fault.SKUTaken) // the ids of another administrator are others
	})
}

// Equal calls at the same moment do one thing, and all answer alike.
func TestEqualRequestsAtOnceDoOneThing(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		const callers = 8
		p := create(ctx, t, s, full("P"))
		for name, call := range map[string]func(id string) (proto.Message, error){
			"create": func(id string) (proto.Message, error) {
				return s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("NEW"), RequestId: id})
			},
			"update": func(id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, renaming(p.GetId(), "Changed", id))
			},
			"update of nothing": func(id string) (proto.Message, error) {
				return s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
					Product: &catalogv1.Product{Id: p.GetId(), Brand: p.GetBrand()}, RequestId: id,
				})
			},
		} {
			before := d.Reader().ProductChange.Query().CountX(ctx)
			id := uuid.NewString()
			answers, errs := make([]proto.Message, callers), make([]error, callers)
			var all sync.WaitGroup
			for i := range callers {
				all.Go(func() { answers[i], errs[i] = call(id) })
			}
			all.Wait()
			for i := range callers {
				require.NoError(t, errs[i], name)
				require.True(t, proto.Equal(answers[0], answers[i]), name)
			}
			require.Equal(t, 1, d.Reader().WriteRequest.Query().Where(writerequest.RequestID(uuid.MustParse(id))).CountX(ctx))
			require.LessOrEqual(t, d.Reader().ProductChange.Query().CountX(ctx)-before, 1, name)
		}
	})
}

// A failed request is not remembered: its id can be used for a corrected one.
func TestFailedRequestIsNotRemembered(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("P"))
		id := uuid.NewString()
		_, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: full("P"), RequestId: id})
		requireFault(t, err, fault.SKUTaken)
		_, err = s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{
			Product: &catalogv1.Product{Id: p.GetId(), Name: "N", Etag: "9"}, RequestId: id,
		})
		requireFault(t, err, fault.ETagMismatch)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), RequestId: id, ValidateOnly: true})
		require.NoError(t, err, "nor is one for validation only")
		require.Zero(t, d.Reader().WriteRequest.Query().CountX(ctx))
		_, err = s.UpdateProduct(ctx, renaming(p.GetId(), "N", id))
		require.NoError(t, err)
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId(), RequestId: id, ValidateOnly: true})
		require.NoError(t, err, "nor does one for validation only consult it")
	})
}

func TestRequestIDIsThatOfTheWholeBatch(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		p := create(ctx, t, s, full("P"))
		id := uuid.NewString()
		_, err := s.BatchCreateProducts(ctx, &catalogv1.BatchCreateProductsRequest{
			Requests: []*catalogv1.CreateProductRequest{{Product: full("A")}, {Product: full("B"), RequestId: id}},
		})
		require.Equal(t, []string{"requests[1].request_id"}, violated(requireFault(t, err, fault.FieldInvalid)))
		_, err = s.BatchUpdateProducts(ctx, &catalogv1.BatchUpdateProductsRequest{
			Requests: []*catalogv1.UpdateProductRequest{renaming(p.GetId(), "N", id)}, RequestId: id,
		})
		require.Equal(t, []string{"requests[0].request_id"}, violated(requireFault(t, err, fault.FieldInvalid)))
	})
}

// A repeat of the largest batch answers in the order of the requests, whatever the versions of its products.
func TestRepeatedLargestBatch(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		const size = 1000
		creates := make([]*catalogv1.CreateProductRequest, size)
		for i := range creates {
			creates[i] = &catalogv1.CreateProductRequest{Product: sample(fmt.Sprintf("S%d", size-i), "N")}
		}
		batch := &catalogv1.BatchCreateProductsRequest{Requests: creates, RequestId: uuid.NewString()}
		first, err := s.BatchCreateProducts(ctx, batch)
		require.NoError(t, err)
		updates := &catalogv1.BatchUpdateProductsRequest{RequestId: uuid.NewString()}
		for i, p := range first.GetProducts() {
			if i%3 == 0 {
				_, err := s.UpdateProduct(ctx, renaming(p.GetId(), "Between", ""))
				require.NoError(t, err)
			}
			updates.Requests = append(updates.Requests, renaming(p.GetId(), "Between", ""))
		}
		second, err := s.BatchUpdateProducts(ctx, updates)
		require.NoError(t, err)
		before := state(ctx, d)
		again, err := s.BatchCreateProducts(ctx, batch)
		require.NoError(t, err)
		require.True(t, proto.Equal(first, again))
		twice, err := s.BatchUpdateProducts(ctx, updates)
		require.NoError(t, err)
		require.True(t, proto.Equal(second, twice))
		require.Equal(t, before, state(ctx, d))
	})
}

// The history of an earlier release has no products: a repeated update that had changed nothing is answered from what
// changed since.
func TestRepeatIsAnsweredWithoutStoredProducts(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("P"))
		_, err := s.UpdateProduct(ctx, renaming(p.GetId(), "Second", ""))
		require.NoError(t, err)
		forgetProducts(ctx, t, d)
		same := renaming(p.GetId(), "Second", uuid.NewString())
		first, err := s.UpdateProduct(ctx, same)
		require.NoError(t, err)
		repeat := func() {
			t.Helper()
			again, err := s.UpdateProduct(ctx, same)
			require.NoError(t, err)
			require.True(t, proto.Equal(first, again), "%v\n%v", first, again)
		}
		repeat()
		empty := &catalogv1.Product{Id: p.GetId(), Sku: "NOW", Name: "N", Brand: "B", Price: &catalogv1.Money{Amount: "1", CurrencyCode: "JPY"}}
		_, err = s.UpdateProduct(ctx, &catalogv1.UpdateProductRequest{Product: empty, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"*"}}})
		require.NoError(t, err)
		repeat()
		_, err = s.DeleteProduct(ctx, &catalogv1.DeleteProductRequest{Id: p.GetId()})
		require.NoError(t, err)
		repeat()
		forgetProducts(ctx, t, d)
		repeat()
	})
}

// forgetProducts makes the history one of a release that did not store the products.
func forgetProducts(ctx context.Context, t *testing.T, d *db.DB) {
	t.Helper()
	_, err := d.SQL().ExecContext(ctx, "UPDATE "+productchange.Table+" SET product = NULL")
	require.NoError(t, err)
}

// Expired request ids are deleted, and others are not.
func TestCleanupDeletesExpiredRequestIDs(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		p := create(ctx, t, s, full("P"))
		age := func(age time.Duration, n int) {
			require.NoError(t, d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
				return tx.WriteRequest.MapCreateBulk(make([]int, n), func(c *ent.WriteRequestCreate, _ int) {
					c.SetActorID(uuid.New()).SetRequestID(uuid.New()).SetMethod("M").SetDigest([]byte{1}).SetProducts(nil).
						SetCreateTime(time.Now().UTC().Add(-age))
				}).Exec(ctx)
			}))
		}
		age(26*time.Hour, 2500)
		age(24*time.Hour, 2)
		_, err := s.UpdateProduct(ctx, renaming(p.GetId(), "N", uuid.NewString()))
		require.NoError(t, err)
		require.NoError(t, product.Cleanup(ctx, d))
		require.Equal(t, 3, d.Reader().WriteRequest.Query().CountX(ctx))
	})
}

// A request id costs one statement.
func TestRequestIDCostsOneStatement(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			d := newTraced(t, dialect)
			d.HookProducts(history.NewHook())
			ctx, s := asAdmin(t.Context(), "Ana"), newService(t, d.DB)
			p := create(ctx, t, s, full("P"))
			update := func(name, id string) []string {
				return d.statements(ctx, func(ctx context.Context) {
					_, err := s.UpdateProduct(ctx, renaming(p.GetId(), name, id))
					require.NoError(t, err)
				})
			}
			without, with := update("One", ""), update("Two", uuid.NewString())
			require.Len(t, with, len(without)+1)
			require.True(t, slices.ContainsFunc(with, func(statement string) bool {
				return strings.HasPrefix(statement, "INSERT INTO") && strings.Contains(statement, writerequest.Table)
			}), "%q", with)
		})
	}
}

// BenchmarkRequestID measures updates with and without a request id, in turns, because the machine's speed varies.
func BenchmarkRequestID(b *testing.B) {
	for _, dialect := range dbtest.Dialects() {
		b.Run(dialect, func(b *testing.B) {
			d := dbtest.New(b, dialect)
			d.HookProducts(history.NewHook())
			ctx, s := asAdmin(b.Context(), "Ana"), newService(b, d)
			created, err := s.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: sample("S", "N")})
			require.NoError(b, err)
			took := map[bool][]time.Duration{}
			for b.Loop() {
				for _, withID := range []bool{false, true} {
					id := uuid.NewString()
					req := renaming(created.GetProduct().GetId(), id, "")
					if withID {
						req.RequestId = id
					}
					start := time.Now()
					_, err := s.UpdateProduct(ctx, req)
					took[withID] = append(took[withID], time.Since(start))
					require.NoError(b, err)
				}
			}
			for withID, all := range took {
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2].Microseconds()), fmt.Sprintf("µs/id=%t", withID))
			}
		})
	}
}

// The ids of a key are apart from those of its creator and of the creator's other keys.
func TestRequestIDsBelongToTheKey(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		ana, _ := auth.PrincipalFrom(ctx)
		id := uuid.NewString()
		for i, key := range []uuid.UUID{uuid.Nil, uuid.New(), uuid.New()} {
			by := ana
			by.Key = auth.Key{ID: key, Access: catalogv1.ApiKey_ACCESS_WRITE}
			sku := fmt.Sprintf("SAME-%d", i)
			for range 2 {
				resp, err := s.CreateProduct(auth.WithPrincipal(ctx, by),
					&catalogv1.CreateProductRequest{Product: full(sku), RequestId: id})
				require.NoError(t, err)
				require.Equal(t, sku, resp.GetProduct().GetSku())
			}
		}
	})
}
