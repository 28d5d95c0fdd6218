package importer

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/money"
)

// toCreate returns the request that makes a product of a row.
func (f *File) toCreate(row Row) *catalogv1.CreateProductRequest {
	p := row.Product
	return &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Sku: p.GetSku(), Name: p.GetName(), Brand: p.GetBrand(), Price: p.GetPrice(),
		Description: p.GetDescription(), ImageUrls: p.GetImageUrls(), Tags: p.GetTags(),
		Attributes: f.attributes(row, nil),
	}}
}

// toUpdate returns the request that makes a product what a row says, nil if it is that already.
func (f *File) toUpdate(row Row, now *catalogv1.Product) *catalogv1.UpdateProductRequest {
	wanted := f.toCreate(row).GetProduct()
	wanted.Id = now.GetId()
	wanted.Attributes = f.attributes(row, now.GetAttributes())
	var paths []string
	for _, path := range append(slices.Clone(f.paths), "attributes") {
		if !same(path, wanted, now) && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return &catalogv1.UpdateProductRequest{Product: wanted, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}}
}

// attributes returns the attributes that a row gives a product that has some.
func (f *File) attributes(row Row, now map[string]string) map[string]string {
	attributes := map[string]string{}
	if slices.Contains(f.paths, "attributes") {
		now = row.Product.GetAttributes()
	}
	maps.Copy(attributes, now)
	for key, value := range row.Attributes {
		if value == "" {
			delete(attributes, key)
		} else {
			attributes[key] = value
		}
	}
	return attributes
}

// same reports whether two products have the same value in a field.
func same(path string, a, b *catalogv1.Product) bool {
	switch path {
	case "name":
		return a.GetName() == b.GetName()
	case "brand":
		return a.GetBrand() == b.GetBrand()
	case "price":
		return samePrice(a.GetPrice(), b.GetPrice())
	case "description":
		return a.GetDescription() == b.GetDescription()
	case "image_urls":
		return slices.Equal(a.GetImageUrls(), b.GetImageUrls())
	case "tags":
		return slices.Equal(a.GetTags(), b.GetTags())
	default:
		return maps.Equal(a.GetAttributes(), b.GetAttributes())
	}
}

// samePrice compares amounts, not how they are written: 129.9 is 129.90.
func samePrice(a, b *catalogv1.Money) bool {
	x, errX := money.Parse(a.GetAmount(), a.GetCurrencyCode())
	y, errY := money.Parse(b.GetAmount(), b.GetCurrencyCode())
	return errX == nil && errY == nil && x == y
}
