package tracking

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productview"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/fields"
)

// unviewedList identifies a list of unviewed products in page tokens.
type unviewedList struct {
	List  string     `json:"list"`
	Start *time.Time `json:"start"`
	End   *time.Time `json:"end"`
}

// ListUnviewedProducts returns a page of the products without views, or the faults listed in the contract.
func (s *Service) ListUnviewedProducts(
	ctx context.Context, req *catalogv1.ListUnviewedProductsRequest,
) (*catalogv1.ListUnviewedProductsResponse, error) {
	span, err := rankingSpan(req)
	if err != nil {
		return nil, err
	}
	list := unviewedListOf(req)
	query := s.db.Reader().Product.Query().Where(unviewed(span))
	total, err := query.Clone().Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("list unviewed products: %w", err)
	}
	var last uuid.UUID
	if more, err := pagination.Parse(req.GetPageToken(), list, &last); err != nil {
		return nil, err
	} else if more {
		query.Where(product.IDGT(last))
	}
	size := pagination.Size(req.GetPageSize())
	rows, err := query.Order(product.ByID()).Limit(size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list unviewed products: %w", err)
	}
	shown := rows[:min(size, len(rows))]
	ids := make([]uuid.UUID, len(shown))
	for i, row := range shown {
		ids[i] = row.ID
	}
	counted, err := s.sums(ctx, span, ids)
	if err != nil {
		return nil, fmt.Errorf("list unviewed products: %w", err)
	}
	resp := &catalogv1.ListUnviewedProductsResponse{TotalSize: int32(total)} //nolint:gosec // fewer than 2 billion
	for _, row := range shown {
		resp.Entries = append(resp.Entries, &catalogv1.ListUnviewedProductsResponse_Entry{
			Product: fields.Message(row), Impressions: counted[row.ID].impressions,
		})
	}
	if len(rows) > size {
		resp.NextPageToken, err = pagination.Token(list, shown[size-1].ID)
	}
	return resp, err
}

// unviewedListOf returns the identity of the list. It excludes defaulted times, because now advances between pages.
func unviewedListOf(req timeRange) unviewedList {
	list := unviewedList{List: "unviewed"}
	if start := req.GetStartTime(); start != nil {
		t := start.AsTime()
		list.Start = &t
	}
	if end := req.GetEndTime(); end != nil {
		t := end.AsTime()
		list.End = &t
	}
	return list
}

// unviewed matches live products without views in the span that were created before its end. Ids sort by creation
// time, oldest first.
func unviewed(span span) predicate.Product {
	return product.And(
		product.DeleteTimeIsNil(),
		product.CreateTimeLT(span.queryEnd()),
		func(s *entsql.Selector) {
			v := entsql.Dialect(s.Dialect()).Table(productview.Table)
			s.Where(entsql.NotExists(entsql.Dialect(s.Dialect()).Select(v.C(productview.FieldID)).From(v).Where(entsql.And(
				entsql.ColumnsEQ(v.C(productview.FieldProductID), s.C(product.FieldID)),
				entsql.GTE(v.C(productview.FieldHour), span.start),
				entsql.LT(v.C(productview.FieldHour), span.queryEnd()),
				entsql.GT(v.C(productview.FieldViews), 0),
			))))
		},
	)
}
