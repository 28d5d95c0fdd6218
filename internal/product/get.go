package product

import (
	"context"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/product/fields"
)

// statements are the SQL texts of the most frequent queries. They are built once, because Ent needs about as long to
// build one as SQLite needs to run it.
type statements struct {
	byID, liveBySKU string
	columns         []string // of each statement
}

func newStatements(dialect string) statements {
	columns := fields.Columns()
	build := func(predicates ...*entsql.Predicate) string {
		text, _ := entsql.Dialect(dialect).
			Select(columns...).
			From(entsql.Table(product.Table)).
			Where(entsql.And(predicates...)).
			Query()
		return text
	}
	live := entsql.IsNull(product.FieldDeleteTime)
	return statements{
		byID:      build(entsql.EQ(product.FieldID, "")),
		liveBySKU: build(entsql.EQ(product.FieldSku, ""), live),
		columns:   columns,
	}
}

// GetProduct returns a live product or, to an administrator who asks by id, also a deleted one. Returns
// PRODUCT_NOT_FOUND if there is none.
func (s *Service) GetProduct(
	ctx context.Context, req *catalogv1.GetProductRequest,
) (*catalogv1.GetProductResponse, error) {
	found, err := s.get(ctx, req)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, notFound(req.GetId(), req.GetSku())
	}
	return found.Give(ctx), nil
}

// get returns nil if the caller can see no such product.
func (s *Service) get(ctx context.Context, req *catalogv1.GetProductRequest) (*kept, error) {
	if sku, ok := req.GetKey().(*catalogv1.GetProductRequest_Sku); ok {
		cleaned, err := cleanSKU("sku", sku.Sku)
		if err != nil {
			return nil, err
		}
		return s.cache.bySKU(ctx, cleaned, func(ctx context.Context) (*kept, error) {
			return s.queryOne(ctx, s.statements.liveBySKU, cleaned)
		})
	}
	id, err := convert.ParseID("id", req.GetId())
	if err != nil {
		return nil, err
	}
	found, err := s.cache.byID(ctx, id, func(ctx context.Context) (*kept, error) {
		return s.queryOne(ctx, s.statements.byID, id)
	})
	if err != nil || found == nil {
		return nil, err
	}
	if _, isAdmin := auth.PrincipalFrom(ctx); !isAdmin && found.Message().GetProduct().GetDeleteTime() != nil {
		return nil, nil //nolint:nilnil // as documented
	}
	return found, nil
}

// queryOne returns nil if there is no row. key is the statement's only argument: a SKU or an id.
func (s *Service) queryOne(ctx context.Context, statement string, key any) (*kept, error) {
	rows, err := s.db.ReadSQL().QueryContext(ctx, statement, key) //nolint:rowserrcheck // ScanProduct checks it
	if err != nil {
		return nil, fmt.Errorf("get product: %w", err)
	}
	defer func() { _ = rows.Close() }() // the scan reports its error
	found, _, err := ent.ScanProduct(rows, s.statements.columns)
	if err != nil {
		return nil, fmt.Errorf("get product: %w", err)
	}
	if found == nil {
		return nil, nil //nolint:nilnil // as documented
	}
	return newKept(fields.Message(found)), nil
}
