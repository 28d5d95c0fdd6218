// Package product implements the catalog's products: access, validation, and how products are created, updated,
// deleted, restored, listed and searched.
package product

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// Service implements ProductService. It relies on validated requests: ids, sizes and lengths are within the contract.
type Service struct {
	db         *db.DB
	statements statements
	cache      *cache
	streams    *streams
}

var _ catalogv1connect.ProductServiceHandler = (*Service)(nil)

// NewService returns a service on a database. cacheBytes approximately bounds the read cache's memory; 0 disables it.
// On PostgreSQL the cache needs db.Watch. A response is at most db.StaleBound older than the database, and callers
// always read the writes that they made through this service.
func NewService(d *db.DB, cacheBytes int, options ...Option) (*Service, error) {
	c, err := newCache(d, cacheBytes)
	if err != nil {
		return nil, err
	}
	s := &Service{db: d, statements: newStatements(d.Dialect()), cache: c, streams: newStreams(d)}
	for _, option := range options {
		option(s)
	}
	return s, nil
}

// CacheStats returns the cache's statistics.
func (s *Service) CacheStats() CacheStats { return s.cache.stats() }

// BatchGetProducts returns live products in the requested order, with at most one query. Returns PRODUCT_NOT_FOUND if
// any is missing; its metadata has their number, missing_count, and the first of them in two JSON lists, missing_ids
// and missing_skus.
func (s *Service) BatchGetProducts(
	ctx context.Context, req *catalogv1.BatchGetProductsRequest,
) (*catalogv1.BatchGetProductsResponse, error) {
	ids := make([]uuid.UUID, len(req.GetIds()))
	skus := make([]string, len(req.GetSkus()))
	var err error
	for i, id := range req.GetIds() {
		if ids[i], err = convert.ParseID(fmt.Sprintf("ids[%d]", i), id); err != nil {
			return nil, err
		}
	}
	for i, sku := range req.GetSkus() {
		if skus[i], err = cleanSKU(fmt.Sprintf("skus[%d]", i), sku); err != nil {
			return nil, err
		}
	}
	found, err := s.batchGet(ctx, ids, skus)
	if err != nil {
		return nil, fmt.Errorf("batch get products: %w", err)
	}
	products, err := inOrder(found, req.GetIds(), skus)
	if err != nil {
		return nil, err
	}
	return &catalogv1.BatchGetProductsResponse{Products: products}, nil
}

// batchGet returns the live products with the ids and SKUs, in any order.
func (s *Service) batchGet(ctx context.Context, ids []uuid.UUID, skus []string) ([]*catalogv1.Product, error) {
	found, ids, skus := s.cache.batch(ids, skus)
	if len(ids)+len(skus) == 0 {
		return found, nil
	}
	since := s.cache.now()
	rows, err := s.db.Reader().Product.Query().
		Where(product.DeleteTimeIsNil(), product.Or(product.IDIn(ids...), product.SkuIn(skus...))).
		Select(fields.Columns()...).
		All(ctx)
	if err != nil {
		return nil, err
	}
	loaded := fields.Messages(rows)
	s.cache.keepAll(since, loaded)
	return append(found, loaded...), nil
}

// inOrder returns the products with the given ids, followed by those with the given SKUs.
func inOrder(found []*catalogv1.Product, ids, skus []string) ([]*catalogv1.Product, error) {
	byID := make(map[string]*catalogv1.Product, len(found))
	bySKU := make(map[string]*catalogv1.Product, len(found))
	for _, p := range found {
		byID[p.GetId()] = p
		bySKU[p.GetSku()] = p
	}
	products := make([]*catalogv1.Product, 0, len(ids)+len(skus))
	// pick appends the product with a key, and reports whether it is missing, once for each key.
	pick := func(from map[string]*catalogv1.Product, key string) (missing bool) {
		p, known := from[key]
		if p != nil {
			products = append(products, p)
		}
		from[key] = p
		return !known
	}
	var missingIDs, missingSKUs []string
	for _, id := range ids {
		if pick(byID, strings.ToLower(id)) {
			missingIDs = append(missingIDs, id)
		}
	}
	for _, sku := range skus {
		if pick(bySKU, sku) {
			missingSKUs = append(missingSKUs, sku)
		}
	}
	if len(missingIDs)+len(missingSKUs) > 0 {
		return nil, allNotFound(missingIDs, missingSKUs)
	}
	return products, nil
}

// cleanSKU normalizes a SKU for a lookup.
func cleanSKU(field, sku string) (string, error) {
	if text.HasControl(sku) {
		return "", fault.Field(field, fault.FieldControlCharacters, "must not contain control characters")
	}
	return text.Clean(sku), nil
}
