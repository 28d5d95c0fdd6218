package tracking

import (
	"context"
	"errors"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productview"
)

// ranked is an entry of the ranking.
type ranked struct {
	product            uuid.UUID
	views, impressions int64
}

// rank returns the products with the most views, then impressions, in a span of time.
//
// The join skips unknown products, which the journal may name after a restore from an older backup. The sum of
// bigint is numeric on PostgreSQL, so it is cast.
func (s *Service) rank(ctx context.Context, span span, limit int) (list []ranked, err error) {
	query, args := s.rankQuery(span, limit)
	rows, err := s.db.ReadSQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r ranked
		if err := rows.Scan(&r.product, &r.views, &r.impressions); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (s *Service) rankQuery(span span, limit int) (query string, args []any) {
	build := entsql.Dialect(s.db.Dialect())
	v, p := build.Table(productview.Table), build.Table(product.Table)
	sum := func(column string) string { return "CAST(" + entsql.Sum(v.C(column)) + " AS bigint)" }
	views, impressions := sum(productview.FieldViews), sum(productview.FieldImpressions)
	id := v.C(productview.FieldProductID)
	inSpan := entsql.And(
		entsql.GTE(v.C(productview.FieldHour), span.start),
		entsql.LT(v.C(productview.FieldHour), span.queryEnd()),
	)
	return build.Select(id).AppendSelectExpr(entsql.Raw(views), entsql.Raw(impressions)).
		From(v).Join(p).On(id, p.C(product.FieldID)).
		Where(inSpan).
		GroupBy(id).
		Having(entsql.ExprP(views+" + "+impressions+" > 0")).
		OrderExpr(entsql.Raw(views+" DESC"), entsql.Raw(impressions+" DESC"), entsql.Raw(id)).
		Limit(limit).
		Query()
}
