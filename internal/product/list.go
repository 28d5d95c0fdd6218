package product

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/product/filter"
)

// listedColumns are the columns of a message and those of a product's position in a list.
var listedColumns = append(fields.Columns(),
	product.FieldSkuKey, product.FieldNameKey, product.FieldBrandKey)

// defaultOrder is the order of a list without order_by and query.
const defaultOrder = "create_time desc"

// listing identifies a list of products, apart from the page size. Page tokens are bound to it.
type listing struct {
	List        string `json:"list"`
	Filter      string `json:"filter"`
	OrderBy     string `json:"order_by"`
	Query       string `json:"query"`
	ShowDeleted bool   `json:"show_deleted"`
}

// ListProducts returns a page of products with at most one query. Returns ADMIN_REQUIRED if an anonymous caller sets
// show_deleted, FILTER_INVALID, ORDER_BY_INVALID, PAGE_TOKEN_INVALID, or a fault that names the query.
func (s *Service) ListProducts(
	ctx context.Context, req *catalogv1.ListProductsRequest,
) (*catalogv1.ListProductsResponse, error) {
	if _, isAdmin := auth.PrincipalFrom(ctx); req.GetShowDeleted() && !isAdmin {
		return nil, fault.New(fault.PermissionDenied, fault.AdminRequired,
			"Only administrators may list deleted products: sign in, or leave show_deleted out.")
	}
	return cachedList(ctx, s.cache, "products", req, func(ctx context.Context) (*catalogv1.ListProductsResponse, error) {
		return s.listProducts(ctx, req)
	})
}

func (s *Service) listProducts(
	ctx context.Context, req *catalogv1.ListProductsRequest,
) (*catalogv1.ListProductsResponse, error) {
	list := listing{"products", req.GetFilter(), req.GetOrderBy(), req.GetQuery(), req.GetShowDeleted()}
	conditions, order, err := list.parse()
	if err != nil {
		return nil, err
	}
	behind, err := behind(list, order, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := pagination.Size(req.GetPageSize())
	found, err := s.db.Reader().Product.Query().
		Where(append(conditions, behind...)...).
		Order(order.sort).
		Limit(size + 1).
		Select(listedColumns...).
		All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	return listPage(list, order, found, size)
}

// parse returns the conditions and the order of the list.
func (l listing) parse() ([]predicate.Product, order, error) {
	var conditions []predicate.Product
	if !l.ShowDeleted {
		conditions = append(conditions, product.DeleteTimeIsNil())
	}
	selected, err := filter.Parse("filter", l.Filter)
	if err != nil {
		return nil, nil, err
	}
	conditions = append(conditions, selected.SQL()...)
	search, err := parseSearch(l.Query)
	if err != nil {
		return nil, nil, err
	}
	if search != nil {
		conditions = append(conditions, search.match)
	}
	if l.OrderBy == "" && search != nil {
		return conditions, search.order(), nil
	}
	orderBy := l.OrderBy
	if orderBy == "" {
		orderBy = defaultOrder
	}
	order, err := parseOrder(orderBy)
	return conditions, order, err
}

// behind returns the condition for the page of a token; none for the first page.
func behind(list listing, order order, token string) ([]predicate.Product, error) {
	var position []json.RawMessage
	given, err := pagination.Parse(token, list, &position)
	if err != nil || !given {
		return nil, err
	}
	after, err := order.after(position)
	if err != nil {
		return nil, pagination.Invalid(err)
	}
	return []predicate.Product{after}, nil
}

// listPage returns the first size products of those found, and the token of the next page if there are more.
func listPage(list listing, order order, found []*ent.Product, size int) (*catalogv1.ListProductsResponse, error) {
	if len(found) <= size {
		return &catalogv1.ListProductsResponse{Products: fields.Messages(found)}, nil
	}
	token, err := pagination.Token(list, order.position(found[size-1]))
	if err != nil {
		return nil, err
	}
	return &catalogv1.ListProductsResponse{Products: fields.Messages(found[:size]), NextPageToken: token}, nil
}
