package tracking

import (
	"context"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/journalsegment"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/productview"
)

// inSpan matches rows of product_views in a span.
func inSpan(span span) predicate.ProductView {
	return productview.And(productview.HourGTE(span.start), productview.HourLT(span.queryEnd()))
}

// sum aggregates a column under its own name. The sum of bigint is numeric on PostgreSQL, so it is cast.
func sum(column string) ent.AggregateFunc {
	return func(s *entsql.Selector) string {
		return entsql.As("CAST("+entsql.Sum(s.C(column))+" AS bigint)", column)
	}
}

// hours returns the sums of all products per hour of the span, without empty hours.
func (s *Service) hours(ctx context.Context, span span) (rows []*ent.ProductView, err error) {
	err = s.db.Reader().ProductView.Query().Where(inSpan(span)).
		GroupBy(productview.FieldHour).
		Aggregate(sum(productview.FieldViews), sum(productview.FieldImpressions),
			sum(productview.FieldBotViews), sum(productview.FieldBotImpressions)).
		Scan(ctx, &rows)
	return rows, err
}

// sums returns the views and impressions of products in the span, without products that have none.
func (s *Service) sums(ctx context.Context, span span, products []uuid.UUID) (map[uuid.UUID]counts, error) {
	var rows []*ent.ProductView
	err := s.db.Reader().ProductView.Query().Where(inSpan(span), productview.ProductIDIn(products...)).
		GroupBy(productview.FieldProductID).
		Aggregate(sum(productview.FieldViews), sum(productview.FieldImpressions)).
		Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	found := make(map[uuid.UUID]counts, len(rows))
	for _, row := range rows {
		found[row.ProductID] = counts{views: row.Views, impressions: row.Impressions}
	}
	return found, nil
}

// lastUpdate returns when reads were last added; nil if never. It is the time of the newest segment mark: marks
// are deleted only in a transaction that adds one.
func (s *Service) lastUpdate(ctx context.Context) (*timestamppb.Timestamp, error) {
	newest, err := s.db.Reader().JournalSegment.Query().
		Order(journalsegment.ByCreateTime(entsql.OrderDesc())).
		First(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // not set, as the contract says
	}
	if err != nil {
		return nil, err
	}
	return timestamppb.New(newest.CreateTime), nil
}
