package product

import (
	"context"
	"fmt"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/filter"
	"github.com/zebrands/catalog/internal/text"
)

// brandList binds page tokens to a list of brands.
type brandList struct {
	List  string `json:"list"`
	Query string `json:"query"`
}

// brandPosition is the position of a brand in the list.
type brandPosition struct {
	Key  []byte `json:"key"`
	Name string `json:"name"`
}

// ListBrands returns a page of the brands of live products with at most one query. Brands whose names differ only in
// case or accents are distinct, as in a filter, and adjacent. Returns PAGE_TOKEN_INVALID.
func (s *Service) ListBrands(
	ctx context.Context, req *catalogv1.ListBrandsRequest,
) (*catalogv1.ListBrandsResponse, error) {
	return cachedList(ctx, s.cache, "brands", req, func(ctx context.Context) (*catalogv1.ListBrandsResponse, error) {
		return s.listBrands(ctx, req)
	})
}

func (s *Service) listBrands(
	ctx context.Context, req *catalogv1.ListBrandsRequest,
) (*catalogv1.ListBrandsResponse, error) {
	list := brandList{"brands", req.GetQuery()}
	var last brandPosition
	more, err := pagination.Parse(req.GetPageToken(), list, &last)
	if err != nil {
		return nil, err
	}
	query := s.db.Reader().Product.Query().Where(product.DeleteTimeIsNil())
	if wanted := text.Clean(req.GetQuery()); wanted != "" {
		query.Where(filter.BrandHas(wanted))
	}
	if more {
		if !utf8.ValidString(last.Name) || text.HasControl(last.Name) {
			return nil, pagination.Invalid(errPosition)
		}
		query.Where(behindBrand(last))
	}
	size := pagination.Size(req.GetPageSize())
	var found []struct {
		BrandKey []byte `sql:"brand_key"`
		Brand    string `sql:"brand"`
		Count    int32  `sql:"count"`
	}
	err = query.Order(byBrand).Limit(size+1).
		GroupBy(product.FieldBrandKey, product.FieldBrand).
		Aggregate(ent.Count()).
		Scan(ctx, &found)
	if err != nil {
		return nil, fmt.Errorf("list brands: %w", err)
	}
	resp := &catalogv1.ListBrandsResponse{}
	for _, b := range found[:min(size, len(found))] {
		resp.Brands = append(resp.Brands, &catalogv1.ListBrandsResponse_Brand{Name: b.Brand, ProductCount: b.Count})
	}
	if len(found) > size {
		resp.NextPageToken, err = pagination.Token(list, brandPosition{found[size-1].BrandKey, found[size-1].Brand})
	}
	return resp, err
}

// byBrand orders by the folded name, then by the bytes of the name.
func byBrand(s *sql.Selector) {
	s.OrderBy(s.C(product.FieldBrandKey))
	s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) { writeBrand(s, b) }))
}

// behindBrand is the condition for products of brands after a position.
func behindBrand(last brandPosition) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.WriteString("(" + s.C(product.FieldBrandKey) + ", ")
			writeBrand(s, b)
			b.WriteString(") > ").Wrap(func(b *sql.Builder) { b.Args(append([]byte{}, last.Key...), last.Name) })
		}))
	}
}

// writeBrand writes the name with a byte-wise collation, independent of the database's default.
func writeBrand(s *sql.Selector, b *sql.Builder) {
	b.WriteString(s.C(product.FieldBrand))
	if s.Dialect() == dialect.Postgres {
		b.WriteString(` COLLATE "C"`)
	}
}
