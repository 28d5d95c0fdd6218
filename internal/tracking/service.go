package tracking

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productview"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/pagination"
	"github.com/zebrands/catalog/internal/product/fields"
)

// Service implements catalog.v1.TrackingService.
type Service struct {
	db *db.DB
}

// NewService returns the service on a database.
func NewService(d *db.DB) *Service {
	return &Service{db: d}
}

// QueryProductViews returns the time series of a product, or the faults listed in the contract.
func (s *Service) QueryProductViews(
	ctx context.Context, req *catalogv1.QueryProductViewsRequest,
) (*catalogv1.QueryProductViewsResponse, error) {
	id, err := convert.ParseID("product_id", req.GetProductId())
	if err != nil {
		return nil, err
	}
	span, err := seriesSpan(req)
	if err != nil {
		return nil, err
	}
	known, err := s.db.Reader().Product.Query().Where(product.ID(id)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("query product views: %w", err)
	}
	if !known {
		return nil, fault.New(fault.NotFound, fault.ProductNotFound, "There is no product with id %s.", id).
			With("id", id.String())
	}
	rows, err := s.db.Reader().ProductView.Query().Where(productview.ProductID(id), inSpan(span)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("query product views: %w", err)
	}
	points, total := series(span, rows)
	resp := &catalogv1.QueryProductViewsResponse{
		TotalViews: total.views, TotalImpressions: total.impressions,
		TotalBotViews: total.botViews, TotalBotImpressions: total.botImpressions,
	}
	for i, p := range points {
		resp.Points = append(resp.Points, &catalogv1.QueryProductViewsResponse_Point{
			StartTime: timestamppb.New(span.at(i)), Views: p.views, Impressions: p.impressions,
			BotViews: p.botViews, BotImpressions: p.botImpressions,
		})
	}
	return resp, nil
}

// QueryCatalogViews returns the time series of all products, or the faults listed in the contract.
func (s *Service) QueryCatalogViews(
	ctx context.Context, req *catalogv1.QueryCatalogViewsRequest,
) (*catalogv1.QueryCatalogViewsResponse, error) {
	span, err := seriesSpan(req)
	if err != nil {
		return nil, err
	}
	rows, err := s.hours(ctx, span)
	if err != nil {
		return nil, fmt.Errorf("query catalog views: %w", err)
	}
	updated, err := s.lastUpdate(ctx)
	if err != nil {
		return nil, fmt.Errorf("query catalog views: %w", err)
	}
	points, total := series(span, rows)
	resp := &catalogv1.QueryCatalogViewsResponse{
		TotalViews: total.views, TotalImpressions: total.impressions,
		TotalBotViews: total.botViews, TotalBotImpressions: total.botImpressions,
		LastUpdateTime: updated,
	}
	for i, p := range points {
		resp.Points = append(resp.Points, &catalogv1.QueryCatalogViewsResponse_Point{
			StartTime: timestamppb.New(span.at(i)), Views: p.views, Impressions: p.impressions,
			BotViews: p.botViews, BotImpressions: p.botImpressions,
		})
	}
	return resp, nil
}

// series returns the sums of the rows per step of the span, and the total.
func series(span span, rows []*ent.ProductView) (points []counts, total counts) {
	points = make([]counts, span.points())
	for _, row := range rows {
		c := counts{row.Views, row.Impressions, row.BotViews, row.BotImpressions}
		points[span.index(row.Hour)].plus(c)
		total.plus(c)
	}
	return points, total
}

// ListTopProducts returns the products with the most views, or the faults listed in the contract.
func (s *Service) ListTopProducts(
	ctx context.Context, req *catalogv1.ListTopProductsRequest,
) (*catalogv1.ListTopProductsResponse, error) {
	span, err := rankingSpan(req)
	if err != nil {
		return nil, err
	}
	ranking, err := s.rank(ctx, span, pagination.Size(req.GetPageSize()))
	if err != nil {
		return nil, fmt.Errorf("list top products: %w", err)
	}
	ids := make([]uuid.UUID, len(ranking))
	for i, r := range ranking {
		ids[i] = r.product
	}
	rows, err := s.db.Reader().Product.Query().Where(product.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list top products: %w", err)
	}
	before, err := s.sums(ctx, span.before(), ids)
	if err != nil {
		return nil, fmt.Errorf("list top products: %w", err)
	}
	products := make(map[uuid.UUID]*catalogv1.Product, len(rows))
	for _, row := range rows {
		products[row.ID] = fields.Message(row)
	}
	resp := &catalogv1.ListTopProductsResponse{}
	for _, r := range ranking {
		resp.Entries = append(resp.Entries, &catalogv1.ListTopProductsResponse_Entry{
			Product: products[r.product], Views: r.views, Impressions: r.impressions,
			PreviousViews: before[r.product].views,
		})
	}
	return resp, nil
}
