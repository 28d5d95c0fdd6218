package importer

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/product/fields"
)

// toCreate returns the request that creates the product of a row.
func (f *File) toCreate(row Row) *catalogv1.CreateProductRequest {
	p := proto.CloneOf(row.Product)
	p.Attributes = f.attributes(row, nil)
	return &catalogv1.CreateProductRequest{Product: p}
}

// toUpdate returns the request that updates a product to a row; nil if nothing differs.
func (f *File) toUpdate(row Row, now *catalogv1.Product) *catalogv1.UpdateProductRequest {
	wanted := f.toCreate(row).GetProduct()
	wanted.Id = now.GetId()
	wanted.Attributes = f.attributes(row, now.GetAttributes())
	var paths []string
	for _, field := range fields.Writable() {
		inFile := field.Name == fieldAttributes || slices.Contains(f.paths, field.Name)
		if inFile && !field.Equal(wanted, now) {
			paths = append(paths, field.Name)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	return &catalogv1.UpdateProductRequest{Product: wanted, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}}
}

// attributes returns the attributes of a product with the changes of a row.
func (f *File) attributes(row Row, now map[string]string) map[string]string {
	attributes := map[string]string{}
	if slices.Contains(f.paths, fieldAttributes) {
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
