package history

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

// At returns products as they were at versions, in order. A version whose change was written by a release that did not
// store the product must be live: see rebuild.
func At(ctx context.Context, db *ent.Client, versions []change.Version) ([]*catalogv1.Product, error) {
	stored, err := snapshots(ctx, db, versions)
	if err != nil {
		return nil, err
	}
	products := make([]*catalogv1.Product, len(versions))
	for i, v := range versions {
		if products[i] = stored[v]; products[i] != nil {
			continue
		}
		if products[i], err = rebuild(ctx, db, v); err != nil {
			return nil, fmt.Errorf("product %s at version %d: %w", v.ProductID, v.Version, err)
		}
	}
	return products, nil
}

// snapshots returns the products that the changes to the versions have stored.
func snapshots(
	ctx context.Context, db *ent.Client, versions []change.Version,
) (map[change.Version]*catalogv1.Product, error) {
	stored := make(map[change.Version]*catalogv1.Product, len(versions))
	byNumber := map[int64][]uuid.UUID{}
	for _, v := range versions {
		byNumber[v.Version] = append(byNumber[v.Version], v.ProductID)
	}
	for number, ids := range byNumber {
		changes, err := db.ProductChange.Query().
			Where(productchange.ProductIDIn(ids...), productchange.Version(number), productchange.ProductNotNil()).
			Select(productchange.FieldProductID, productchange.FieldProduct).
			All(ctx)
		if err != nil {
			return nil, fmt.Errorf("products at version %d: %w", number, err)
		}
		for _, c := range changes {
			p := &catalogv1.Product{}
			if err := proto.Unmarshal(c.Product, p); err != nil {
				return nil, fmt.Errorf("product of change %d: %w", c.ID, err)
			}
			stored[change.Version{ProductID: c.ProductID, Version: number}] = p
		}
	}
	return stored, nil
}

// rebuild returns a live product as it was at a version, without the product that the change to the version would have
// stored: it undoes all later changes of the product as it is now.
func rebuild(ctx context.Context, db *ent.Client, v change.Version) (*catalogv1.Product, error) {
	row, err := db.Product.Query().
		Where(product.ID(v.ProductID)).
		Select(fields.Columns()...).
		Only(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := db.ProductChange.Query().
		Where(
			productchange.ProductID(v.ProductID),
			productchange.VersionGTE(v.Version), productchange.VersionLTE(row.Version),
		).
		Order(ent.Desc(productchange.FieldVersion)).
		Select(productchange.FieldVersion, productchange.FieldCreateTime, productchange.FieldFields).
		All(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		row.UpdateTime = c.CreateTime
		if c.Version == v.Version {
			break
		}
		for _, f := range c.Fields {
			if err := fields.Restore(row, f.Name, f.Old); err != nil {
				return nil, err
			}
		}
	}
	row.Version, row.DeleteTime = v.Version, nil
	return fields.Message(row), nil
}
