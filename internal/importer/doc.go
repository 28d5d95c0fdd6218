// Package importer brings files of products into a catalog over its API, and products out of it into
// files.
//
// # Files
//
// A file is CSV in UTF-8 with a header, separated by commas or semicolons. The header tells the format.
// White space around cells does not count. Control characters that are left of Windows-1252 text in the
// wrong encoding (U+0099 for "™") become what was meant.
//
// The catalog's own format has the columns sku, name, brand and price, and may have one for each other
// field of a product, and currency (see package fields). Lists, such as tags, are themselves written as a
// line of CSV: red,"big, round". attributes holds a JSON object of text. Every other column is an
// attribute, named by the header: an empty cell removes it. Attributes that no column names stay as
// they are, unless the file has the column attributes, which stands for all of them.
//
// A Shopify product export has one row for each variant of a product, or picture, or both; each variant
// becomes a product. Its name is the title and the values of its options, its SKU that of the variant or,
// if there is none, made of the handle and the options. The pictures of the product are its pictures,
// 20 at most, after the variant's own. The handle, the type, the options and the barcode become
// attributes. Variants that are not published in the shop are left out.
//
// # What an import does
//
// A row whose SKU a live product has updates that product, in the fields for which the file has columns;
// others create one. Rows that change nothing send nothing, so an import that is repeated, also after it
// was cut off half-way, does what is left to do.
package importer
