// Package importer imports files of products into a catalog through its API, and exports products to files.
//
// # Files
//
// A file is CSV in UTF-8 with a header, separated by commas or semicolons. The header determines the format. White
// space around cells is ignored. Control characters that are wrongly decoded Windows-1252 text (U+0099 for "™") are
// replaced by the intended characters.
//
// The catalog's own format has the columns sku, name, brand and price. Optional columns are the other fields of a
// product, and currency (see package fields). Lists, such as tags, are a nested line of CSV: red,"big, round".
// attributes holds a JSON object of text. Every other column is an attribute, named by the header: an empty cell
// removes it. Attributes without a column stay unchanged, unless the file has the column attributes, which replaces
// all of them.
//
// A Shopify product export has one row for each variant of a product, or picture, or both. Each variant becomes a
// product. Its name is the title with the option values. Its SKU is the variant's, or is generated from the handle and
// the options if the variant has none. Its pictures are the variant's own, followed by the product's, 20 at most. The
// handle, the type, the options and the barcode become attributes. Unpublished variants are skipped.
//
// # Imports are idempotent
//
// A row whose SKU belongs to a live product updates that product, in the fields for which the file has columns. Other
// rows create a product. Rows without changes cause no writes, so repeating an import, also an interrupted one, does
// only the remaining work.
package importer
