package product

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productscore"
	"github.com/zebrands/catalog/ent/producttransition"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/decay"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/product/filter"
)

const (
	// recommendationAge bounds the age of cached recommendations: transitions are no changes, and invalidate nothing.
	recommendationAge = 30 * time.Second
	// recommendedByDefault is the number of products without page_size.
	recommendedByDefault = 12
	// minSupport is the number of transitions, after decay, below which a product is not recommended for them. One
	// network contributes at most two a process and hour of the clock: see package tracking.
	minSupport = 2.5
	// similarOfBrand and similarOfTag bound the products that are compared, and similarTags the tags.
	similarOfBrand, similarOfTag, similarTags = 100, 50, 3
	// followedBonus weighs the score of a follower without support against similarity, which is at most 7.
	followedBonus = 8
)

// recommendation is a product to show, without its message.
type recommendation struct {
	id     uuid.UUID
	score  float64
	reason catalogv1.ListRelatedProductsResponse_Reason
}

// recommended returns the name under which the lists of this moment are cached.
func (s *Service) recommended(kind string) string {
	return kind + " " + strconv.FormatInt(s.db.Now().UnixNano()/int64(recommendationAge), 36)
}

func recommendationSize(pageSize int32) int {
	if pageSize == 0 {
		return recommendedByDefault
	}
	return int(pageSize)
}

// ListRelatedProducts returns products to show beside another one. Returns PRODUCT_NOT_FOUND if that is not live.
func (s *Service) ListRelatedProducts(
	ctx context.Context, req *catalogv1.ListRelatedProductsRequest,
) (*catalogv1.ListRelatedProductsResponse, error) {
	return cachedList(ctx, s.cache, s.recommended("related"), req,
		func(ctx context.Context) (*catalogv1.ListRelatedProductsResponse, error) {
			return s.listRelated(ctx, req)
		})
}

func (s *Service) listRelated(
	ctx context.Context, req *catalogv1.ListRelatedProductsRequest,
) (*catalogv1.ListRelatedProductsResponse, error) {
	id, err := convert.ParseID("product_id", req.GetProductId())
	if err != nil {
		return nil, err
	}
	subject, err := s.db.Reader().Product.Query().Where(product.ID(id), product.DeleteTimeIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, notFound(req.GetProductId(), "")
	}
	if err != nil {
		return nil, fmt.Errorf("list related products: %w", err)
	}
	size := recommendationSize(req.GetPageSize())
	chosen, err := s.recommend(ctx, subject, size)
	if err != nil {
		return nil, fmt.Errorf("list related products: %w", err)
	}
	return s.entries(ctx, chosen)
}

// recommend returns the size best products to show beside another one.
func (s *Service) recommend(ctx context.Context, subject *ent.Product, size int) ([]recommendation, error) {
	often, rarely, err := s.followers(ctx, subject)
	if err != nil {
		return nil, err
	}
	chosen := appendNew(nil, best(often), subject.ID, size)
	if len(chosen) < size {
		similar, err := s.similar(ctx, subject, rarely)
		if err != nil {
			return nil, err
		}
		chosen = appendNew(chosen, best(similar), subject.ID, size)
	}
	if len(chosen) < size {
		trending, err := s.trending(ctx, size+1) // some may be chosen already, or be the subject
		if err != nil {
			return nil, err
		}
		chosen = appendNew(chosen, trending, subject.ID, size)
	}
	return chosen, nil
}

// appendNew appends those found that are neither chosen already nor the subject, until there are size.
func appendNew(chosen, found []recommendation, subject uuid.UUID, size int) []recommendation {
	for _, r := range found {
		known := slices.ContainsFunc(chosen, func(c recommendation) bool { return c.id == r.id })
		if len(chosen) < size && !known && r.id != subject {
			chosen = append(chosen, r)
		}
	}
	return chosen
}

// entries returns the response with those products that are still live.
func (s *Service) entries(
	ctx context.Context, chosen []recommendation,
) (*catalogv1.ListRelatedProductsResponse, error) {
	ids := make([]uuid.UUID, len(chosen))
	for i, r := range chosen {
		ids[i] = r.id
	}
	products, err := s.batchGet(ctx, ids, nil)
	if err != nil {
		return nil, fmt.Errorf("list related products: %w", err)
	}
	byID := make(map[string]*catalogv1.Product, len(products))
	for _, p := range products {
		byID[p.GetId()] = p
	}
	resp := &catalogv1.ListRelatedProductsResponse{}
	for _, r := range chosen {
		if p := byID[r.id.String()]; p != nil {
			resp.Entries = append(resp.Entries, &catalogv1.ListRelatedProductsResponse_Entry{Product: p, Reason: r.reason})
		}
	}
	return resp, nil
}

// best sorts by score, then by id.
func best(found []recommendation) []recommendation {
	slices.SortFunc(found, func(a, b recommendation) int {
		return cmp.Or(cmp.Compare(b.score, a.score), bytes.Compare(a.id[:], b.id[:]))
	})
	return found
}

// followers returns the products that readers looked at after a product: those with enough support to be recommended
// for that, and the scores of the others. The score is the cosine of their transitions (Ochiai coefficient; for items:
// Sarwar, Karypis, Konstan and Riedl, WWW 2001): w(a→b) / sqrt(w(a→·) · w(·→b)). So best sellers, to which readers come
// from everywhere, do not win everywhere. w(a→·) is the same for all, and left out.
func (s *Service) followers(
	ctx context.Context, subject *ent.Product,
) (often []recommendation, rarely map[uuid.UUID]float64, err error) {
	build := entsql.Dialect(s.db.Dialect())
	t, score, p := build.Table(producttransition.Table).As("t"), build.Table(productscore.Table).As("s"),
		build.Table(product.Table).As("p")
	query, args := build.Select(
		t.C(producttransition.FieldToID), t.C(producttransition.FieldWeight), score.C(productscore.FieldArrivals)).
		From(t).
		Join(score).On(score.C(productscore.FieldID), t.C(producttransition.FieldToID)).
		Join(p).On(p.C(product.FieldID), t.C(producttransition.FieldToID)).
		Where(entsql.And(
			entsql.EQ(t.C(producttransition.FieldFromID), subject.ID),
			entsql.IsNull(p.C(product.FieldDeleteTime)))).
		Query()
	rows, err := s.db.ReadSQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	now := s.db.Now()
	rarely = map[uuid.UUID]float64{}
	for rows.Next() {
		var weight, arrivals float64
		r := recommendation{reason: catalogv1.ListRelatedProductsResponse_REASON_ALSO_VIEWED}
		if err := rows.Scan(&r.id, &weight, &arrivals); err != nil {
			return nil, nil, err
		}
		weight, arrivals = decay.Related.Now(weight, now), decay.Related.Now(arrivals, now)
		r.score = weight / math.Sqrt(arrivals)
		if weight >= minSupport {
			often = append(often, r)
		} else {
			rarely[r.id] = r.score
		}
	}
	return often, rarely, rows.Err()
}

// similar returns the products of the same brand or with a common tag. Those to which few readers came from the product
// count as more similar: see followers.
func (s *Service) similar(
	ctx context.Context, subject *ent.Product, rarely map[uuid.UUID]float64,
) ([]recommendation, error) {
	candidates := map[uuid.UUID]*ent.Product{}
	collect := func(limit int, newest bool, where predicate.Product) error {
		query := s.db.Reader().Product.Query().
			Where(where, product.DeleteTimeIsNil(), product.IDNEQ(subject.ID)).Limit(limit)
		if newest {
			query.Order(product.ByCreateTime(entsql.OrderDesc()), product.ByID(entsql.OrderDesc()))
		}
		rows, err := query.Select(product.FieldID, product.FieldBrand, product.FieldName, product.FieldTags,
			product.FieldPriceMinor, product.FieldCurrency).All(ctx)
		for _, row := range rows {
			candidates[row.ID] = row
		}
		return err
	}
	if err := collect(similarOfBrand, true, product.Brand(subject.Brand)); err != nil {
		return nil, err
	}
	for _, tag := range subject.Tags[:min(similarTags, len(subject.Tags))] {
		search, err := parseSearch(tag)
		if err != nil || search == nil || len(search.words) == 0 {
			continue // a tag without words
		}
		if err := collect(similarOfTag, false, search.match); err != nil {
			return nil, err
		}
	}
	if len(rarely) > 0 {
		if err := collect(len(rarely), false, product.IDIn(slices.Collect(maps.Keys(rarely))...)); err != nil {
			return nil, err
		}
	}
	found := make([]recommendation, 0, len(candidates))
	for id, candidate := range candidates {
		if score := similarity(subject, candidate); score > 0 {
			score += followedBonus * rarely[id]
			found = append(found, recommendation{id, score, catalogv1.ListRelatedProductsResponse_REASON_SIMILAR})
		}
	}
	return found, nil
}

// similarity is 0 for products that have neither brand nor tags in common, and grows with the common tags, the common
// words of their names, the same brand, and close prices.
func similarity(a, b *ent.Product) float64 {
	tags := jaccard(a.Tags, b.Tags)
	sameBrand := 0.0
	if a.Brand == b.Brand {
		sameBrand = 1
	}
	if tags+sameBrand == 0 {
		return 0
	}
	price := 0.0
	if a.Currency == b.Currency && a.PriceMinor > 0 && b.PriceMinor > 0 {
		const far = 4 // as many times the price is no closeness any more
		price = max(0, 1-math.Abs(math.Log(float64(a.PriceMinor)/float64(b.PriceMinor)))/math.Log(far))
	}
	return 3*tags + 2*jaccard(fields.Words(a.Name), fields.Words(b.Name)) + sameBrand + price
}

// jaccard returns the share of common elements in all elements of two sets.
func jaccard(a, b []string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	common := 0
	for _, x := range a {
		if slices.Contains(b, x) {
			common++
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

// trending returns the products that are viewed most of late.
func (s *Service) trending(ctx context.Context, n int) ([]recommendation, error) {
	ids, err := s.trendingQuery(n).IDs(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]recommendation, len(ids))
	for i, id := range ids {
		found[i] = recommendation{id: id, reason: catalogv1.ListRelatedProductsResponse_REASON_TRENDING}
	}
	return found, nil
}

// ListTrendingProducts returns the products that are viewed most of late. Returns FILTER_INVALID.
func (s *Service) ListTrendingProducts(
	ctx context.Context, req *catalogv1.ListTrendingProductsRequest,
) (*catalogv1.ListTrendingProductsResponse, error) {
	return cachedList(ctx, s.cache, s.recommended("trending"), req,
		func(ctx context.Context) (*catalogv1.ListTrendingProductsResponse, error) {
			selected, err := filter.Parse("filter", req.GetFilter())
			if err != nil {
				return nil, err
			}
			rows, err := s.trendingQuery(recommendationSize(req.GetPageSize()), selected.SQL()...).
				Select(fields.Columns()...).All(ctx)
			if err != nil {
				return nil, fmt.Errorf("list trending products: %w", err)
			}
			return &catalogv1.ListTrendingProductsResponse{Products: fields.Messages(rows)}, nil
		})
}

// trendingQuery selects the n live products that match and are viewed most of late, in order.
func (s *Service) trendingQuery(n int, where ...predicate.Product) *ent.ProductQuery {
	return s.db.Reader().Product.Query().
		Where(append(where, product.DeleteTimeIsNil(), func(s *entsql.Selector) {
			score := entsql.Dialect(s.Dialect()).Table(productscore.Table).As("scores")
			s.Join(score).On(s.C(product.FieldID), score.C(productscore.FieldID))
			s.Where(entsql.GT(score.C(productscore.FieldTrend), 0))
			s.OrderBy(entsql.Desc(score.C(productscore.FieldTrend)), entsql.Desc(score.C(productscore.FieldID)))
		})...).
		Limit(n)
}
