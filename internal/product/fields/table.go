package fields

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
)

// Limits, in characters and in items, as proto/catalog/v1/product.proto documents them.
const (
	MaxSKU         = 64
	maxName        = 200
	maxBrand       = 100
	maxDescription = 10_000
	MaxImageURLs   = 20
	maxImageURL    = 2_000
	maxTags        = 50
	maxTag         = 120
	maxAttributes  = 50
	MaxKey         = 64
	maxValue       = 500
	maxWeight      = 1_000_000_000 // grams
)

// table has the fields in the order of the contract, which is also the order of problems and of columns in files.
var table = []Field{
	{Name: "id", shown: &output{
		of:      []columnOf{idColumn},
		message: func(r *ent.Product, m *catalogv1.Product) { m.Id = r.ID.String() },
		row: func(m *catalogv1.Product, r *ent.Product) (err error) {
			r.ID, err = uuid.Parse(m.GetId())
			return err
		},
	}},
	{Name: "sku", label: "SKU", searched: true, value: &keyed{
		simple: simple[string]{
			column: col(
				product.FieldSku, func(r *ent.Product) *string { return &r.Sku }, (*ent.ProductMutation).SetSku,
			),
			message: func(m *catalogv1.Product) *string { return &m.Sku },
			kind:    line(MaxSKU),
		},
		key: col(
			product.FieldSkuKey, func(r *ent.Product) *[]byte { return &r.SkuKey }, (*ent.ProductMutation).SetSkuKey,
		),
	}},
	{Name: "name", title: true, searched: true, value: &keyed{
		simple: simple[string]{
			column: col(
				product.FieldName, func(r *ent.Product) *string { return &r.Name }, (*ent.ProductMutation).SetName,
			),
			message: func(m *catalogv1.Product) *string { return &m.Name },
			kind:    line(maxName),
		},
		key: col(
			product.FieldNameKey, func(r *ent.Product) *[]byte { return &r.NameKey }, (*ent.ProductMutation).SetNameKey,
		),
	}},
	{Name: "brand", searched: true, value: &keyed{
		simple: simple[string]{
			column: col(
				product.FieldBrand, func(r *ent.Product) *string { return &r.Brand }, (*ent.ProductMutation).SetBrand,
			),
			message: func(m *catalogv1.Product) *string { return &m.Brand },
			kind:    line(maxBrand),
		},
		key: col(
			product.FieldBrandKey, func(r *ent.Product) *[]byte { return &r.BrandKey }, (*ent.ProductMutation).SetBrandKey,
		),
	}},
	{Name: "price", value: &price{
		minor: col(
			product.FieldPriceMinor, func(r *ent.Product) *int64 { return &r.PriceMinor },
			(*ent.ProductMutation).SetPriceMinor,
		),
		exponent: col(
			product.FieldPriceExponent, func(r *ent.Product) *int8 { return &r.PriceExponent },
			(*ent.ProductMutation).SetPriceExponent,
		),
		currency: col(
			product.FieldCurrency, func(r *ent.Product) *string { return &r.Currency },
			(*ent.ProductMutation).SetCurrency,
		),
		message: func(m *catalogv1.Product) **catalogv1.Money { return &m.Price },
	}},
	{Name: "description", searched: true, value: &simple[string]{
		column: col(
			product.FieldDescription, func(r *ent.Product) *string { return &r.Description },
			(*ent.ProductMutation).SetDescription,
		),
		message: func(m *catalogv1.Product) *string { return &m.Description },
		kind:    paragraphs(maxDescription),
	}},
	{Name: "image_urls", label: "images", value: &simple[[]string]{
		column: col(
			product.FieldImageUrls, func(r *ent.Product) *[]string { return &r.ImageUrls },
			(*ent.ProductMutation).SetImageUrls,
		),
		appended: (*ent.ProductMutation).AppendedImageUrls,
		message:  func(m *catalogv1.Product) *[]string { return &m.ImageUrls },
		kind:     list(webAddresses(MaxImageURLs, maxImageURL)),
	}},
	{Name: "tags", searched: true, value: &simple[[]string]{
		column: col(
			product.FieldTags, func(r *ent.Product) *[]string { return &r.Tags }, (*ent.ProductMutation).SetTags,
		),
		appended: (*ent.ProductMutation).AppendedTags,
		message:  func(m *catalogv1.Product) *[]string { return &m.Tags },
		kind:     list(differentLines(maxTags, maxTag)),
	}},
	{Name: "attributes", value: &simple[map[string]string]{
		column: col(
			product.FieldAttributes, func(r *ent.Product) *map[string]string { return &r.Attributes },
			(*ent.ProductMutation).SetAttributes,
		),
		message: func(m *catalogv1.Product) *map[string]string { return &m.Attributes },
		kind:    texts(maxAttributes, MaxKey, maxValue),
	}},
	{Name: "weight_grams", label: "weight", value: &simple[*int64]{
		column: nullable(
			product.FieldWeightGrams, func(r *ent.Product) **int64 { return &r.WeightGrams },
			(*ent.ProductMutation).SetWeightGrams, (*ent.ProductMutation).ClearWeightGrams,
		),
		message: func(m *catalogv1.Product) **int64 { return &m.WeightGrams },
		kind:    whole(maxWeight, "g"),
	}},
	{Name: "etag", shown: &output{
		of: []columnOf{column[int64]{
			name: product.FieldVersion, at: func(r *ent.Product) *int64 { return &r.Version },
		}},
		message: func(r *ent.Product, m *catalogv1.Product) { m.Etag = convert.ETag(r.Version) },
		row: func(m *catalogv1.Product, r *ent.Product) (err error) {
			r.Version, err = convert.Version(m.GetEtag())
			return err
		},
	}},
	{Name: "create_time", shown: &output{
		of: []columnOf{column[time.Time]{
			name: product.FieldCreateTime, at: func(r *ent.Product) *time.Time { return &r.CreateTime },
		}},
		message: func(r *ent.Product, m *catalogv1.Product) { m.CreateTime = timestamppb.New(r.CreateTime) },
		row: func(m *catalogv1.Product, r *ent.Product) error {
			r.CreateTime = m.GetCreateTime().AsTime()
			return m.GetCreateTime().CheckValid()
		},
	}},
	{Name: "update_time", shown: &output{
		of: []columnOf{column[time.Time]{
			name: product.FieldUpdateTime, at: func(r *ent.Product) *time.Time { return &r.UpdateTime },
		}},
		message: func(r *ent.Product, m *catalogv1.Product) { m.UpdateTime = timestamppb.New(r.UpdateTime) },
		row: func(m *catalogv1.Product, r *ent.Product) error {
			r.UpdateTime = m.GetUpdateTime().AsTime()
			return m.GetUpdateTime().CheckValid()
		},
	}},
	{Name: "delete_time", shown: deleteTime},
}

var idColumn = column[uuid.UUID]{name: product.FieldID, at: func(r *ent.Product) *uuid.UUID { return &r.ID }}

// deleteTime is set by the server, and shown by the history as an operation.
var deleteTime = &output{
	of: []columnOf{nullable(
		product.FieldDeleteTime, func(r *ent.Product) **time.Time { return &r.DeleteTime },
		(*ent.ProductMutation).SetDeleteTime, (*ent.ProductMutation).ClearDeleteTime,
	)},
	message: func(r *ent.Product, m *catalogv1.Product) {
		if r.DeleteTime != nil {
			m.DeleteTime = timestamppb.New(*r.DeleteTime)
		}
	},
	row: func(m *catalogv1.Product, r *ent.Product) error {
		if m.GetDeleteTime() == nil {
			return nil
		}
		at := m.GetDeleteTime().AsTime()
		r.DeleteTime = &at
		return m.GetDeleteTime().CheckValid()
	},
	unchanged: func(a, b *ent.Product) bool { return (a.DeleteTime == nil) == (b.DeleteTime == nil) },
}

// searchText has the words of every field that search indexes.
var searchText = col(
	product.FieldSearchText, func(r *ent.Product) *string { return &r.SearchText }, (*ent.ProductMutation).SetSearchText,
)
