package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Product is a product of the catalog. Rows are soft-deleted: delete_time marks a deleted one.
type Product struct{ ent.Schema }

// Mixin of the Product.
func (Product) Mixin() []ent.Mixin {
	return []ent.Mixin{idMixin{}, versionedMixin{}}
}

// Fields of the Product.
//
// The three keys are the folded forms of their texts (lower case, no accents) as bytes, because both databases order
// bytes alike and texts differently. search_text holds the folded words of every field that full-text search indexes,
// separated by single spaces.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.String("sku").NotEmpty(),
		field.String("name").NotEmpty(),
		field.String("brand").NotEmpty(),
		field.Int64("price_minor").NonNegative().Comment("in minor units of the currency"),
		field.Int8("price_exponent").Comment("decimals of the currency by ISO 4217"),
		field.String("currency").MinLen(3).MaxLen(3),
		field.Text("description").Default(""),
		field.Strings("image_urls").Default([]string{}),
		field.Strings("tags").Default([]string{}),
		field.JSON("attributes", map[string]string{}).Default(map[string]string{}),
		field.Int64("weight_grams").Optional().Nillable(),
		field.Bytes("sku_key"),
		field.Bytes("name_key"),
		field.Bytes("brand_key"),
		field.Text("search_text"),
	}
}

// Indexes of the Product: the SKU is unique among live rows, and each order of a list has its own index.
func (Product) Indexes() []ent.Index {
	live := entsql.IndexWhere("delete_time IS NULL")
	return []ent.Index{
		index.Fields("sku").Unique().Annotations(live).StorageKey("product_live_sku"),
		index.Fields("sku_key", "id").Annotations(live).StorageKey("product_live_sku_key"),
		index.Fields("name_key", "id").Annotations(live).StorageKey("product_live_name_key"),
		index.Fields("brand_key", "id").Annotations(live).StorageKey("product_live_brand_key"),
		// The products of one brand in a shop, newest first.
		index.Fields("brand", "create_time", "id").Annotations(live).StorageKey("product_live_brand"),
		// The list of brands; delete_time is included because SQLite would otherwise read every row for it.
		index.Fields("brand_key", "brand", "delete_time").Annotations(live).StorageKey("product_brand_list"),
		index.Fields("currency", "price_minor", "id").Annotations(live).StorageKey("product_live_price"),
		index.Fields("create_time", "id").StorageKey("product_create_time"),
		index.Fields("update_time", "id").StorageKey("product_update_time"),
	}
}

// Annotations of the Product.
func (Product) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Checks(map[string]string{
		"product_price_not_negative": "price_minor >= 0",
	})}
}
