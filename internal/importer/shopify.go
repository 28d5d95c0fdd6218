package importer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// The columns of a Shopify product export that are used.
const (
	colHandle       = "Handle"
	colTitle        = "Title"
	colBody         = "Body (HTML)"
	colVendor       = "Vendor"
	colType         = "Type"
	colTags         = "Tags"
	colPublished    = "Published"
	colStatus       = "Status"
	colSKU          = "Variant SKU"
	colPrice        = "Variant Price"
	colBarcode      = "Variant Barcode"
	colVariantImage = "Variant Image"
	colImage        = "Image Src"
	colPosition     = "Image Position"

	options = 3
	// noOption is the option value of a product without variants.
	noOption = "Default Title"

	// hashDigits is the length of the hash that makes generated SKUs unique.
	hashDigits = 8
)

func isShopify(header []string) bool {
	for _, name := range []string{colHandle, colTitle, colPrice} {
		if !slices.Contains(header, name) {
			return false
		}
	}
	return true
}

// shopProduct has the rows of one handle.
type shopProduct struct {
	handle   string
	first    record // has the title and the other cells that all variants share
	variants []record
	images   []shopImage
}

type shopImage struct {
	url      string
	position int
}

func (f *File) readShopify(t *table, currency string) error {
	f.paths = []string{"name", "brand", "price", "description", "image_urls", "tags"}
	f.columns = map[string]string{
		"sku": colSKU, "name": colTitle, "brand": colVendor, "price": colPrice,
		"description": colBody, "image_urls": colImage, "tags": colTags,
	}
	byHandle := map[string]*shopProduct{}
	var products []*shopProduct
	for rec, err := range t.rows() {
		if err == nil && rec.cells[colHandle] == "" {
			err = rowError{Line: rec.line, Field: colHandle, Reason: "must not be empty"}
		}
		if err != nil {
			if f.note(err) != nil {
				return err
			}
			continue
		}
		handle := rec.cells[colHandle]
		p := byHandle[handle]
		if p == nil {
			p = &shopProduct{handle: handle, first: rec}
			byHandle[handle] = p
			products = append(products, p)
		}
		p.add(rec)
	}
	made := map[string][]madeSKU{}
	for _, p := range products {
		f.addShopProduct(p, currency, made)
	}
	f.tellApart(made)
	return nil
}

// add adds one row: a variant, a picture, or both.
func (p *shopProduct) add(rec record) {
	if url := rec.cells[colImage]; url != "" {
		position, err := strconv.Atoi(rec.cells[colPosition])
		if err != nil { // a picture without a position is last
			position = len(p.images) + 1
		}
		p.images = append(p.images, shopImage{url: url, position: position})
	}
	if rec.cells[optionValue(0)] != "" || rec.cells[colPrice] != "" || rec.cells[colSKU] != "" {
		p.variants = append(p.variants, rec)
	}
}

func optionName(i int) string  { return fmt.Sprintf("Option%d Name", i+1) }
func optionValue(i int) string { return fmt.Sprintf("Option%d Value", i+1) }

// published reports whether the shop publishes the product. Exports have one or both of two columns.
func (p *shopProduct) published() bool {
	cells := p.first.cells
	hidden := strings.EqualFold(cells[colPublished], "false")
	return !hidden && (cells[colStatus] == "" || strings.EqualFold(cells[colStatus], "active"))
}

// madeSKU is a row with a generated SKU, and the source of that SKU.
type madeSKU struct {
	row    int // index in File.Rows
	source string
}

func (f *File) addShopProduct(p *shopProduct, currency string, made map[string][]madeSKU) {
	if !p.published() {
		f.Unpublished += len(p.variants)
		return
	}
	if len(p.variants) == 0 {
		f.Problems = append(f.Problems, Problem{Line: p.first.line, Reason: "has neither a variant nor a price"})
	}
	for _, variant := range p.variants {
		names, values := p.optionsOf(variant)
		row := Row{Line: variant.line, Attributes: p.attributes(variant, names, values)}
		row.Product = &catalogv1.Product{
			Sku:         text.Mend(variant.cells[colSKU]),
			Name:        text.Mend(p.first.cells[colTitle]),
			Brand:       text.Mend(p.first.cells[colVendor]),
			Price:       &catalogv1.Money{Amount: variant.cells[colPrice], CurrencyCode: currency},
			Description: text.Mend(plainText(p.first.cells[colBody])),
			ImageUrls:   p.pictures(variant),
			Tags:        shopTags(p.first.cells[colTags]),
		}
		if len(values) > 0 && row.Product.GetName() != "" {
			row.Product.Name += " - " + strings.Join(values, " / ")
		}
		if row.Product.GetSku() == "" {
			sku, source := makeSKU(p.handle, values)
			row.Product.Sku = sku
			made[sku] = append(made[sku], madeSKU{row: len(f.Rows), source: source})
		}
		f.Rows = append(f.Rows, row)
	}
}

// optionsOf returns the options of a variant; none if it is the only one. Only the product's first row has their
// names.
func (p *shopProduct) optionsOf(variant record) (names, values []string) {
	for i := range options {
		value := text.Mend(variant.cells[optionValue(i)])
		if value == "" || value == noOption {
			continue
		}
		names = append(names, text.Mend(p.first.cells[optionName(i)]))
		values = append(values, value)
	}
	return names, values
}

func (p *shopProduct) attributes(variant record, names, values []string) map[string]string {
	attributes := map[string]string{
		"handle":  text.Mend(p.handle),
		"type":    text.Mend(p.first.cells[colType]),
		"barcode": text.Mend(strings.TrimPrefix(variant.cells[colBarcode], "'")), // spreadsheets add the quote
	}
	for i, name := range names {
		if name != "" {
			attributes[name] = values[i]
		}
	}
	return attributes
}

// pictures returns the URLs of a variant's pictures, its own first.
func (p *shopProduct) pictures(variant record) []string {
	images := slices.Clone(p.images)
	slices.SortStableFunc(images, func(a, b shopImage) int { return cmp.Compare(a.position, b.position) })
	var urls []string
	if own := variant.cells[colVariantImage]; own != "" {
		urls = append(urls, own)
	}
	for _, image := range images {
		if !slices.Contains(urls, image.url) {
			urls = append(urls, image.url)
		}
	}
	return urls[:min(len(urls), fields.MaxImageURLs)]
}

// shopTags parses a Shopify list: separated by commas, without quotes.
func shopTags(cell string) []string {
	var tags []string
	for tag := range strings.SplitSeq(cell, ",") {
		if tag = text.Mend(tag); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

// makeSKU generates a SKU from the words of a handle and of option values, and returns it with its source. It shortens
// a SKU that is too long and appends a hash.
func makeSKU(handle string, values []string) (sku, source string) {
	parts := append([]string{handle}, values...)
	source = strings.Join(parts, "\x00")
	sku = strings.Join(text.Words(strings.Join(parts, " ")), "-")
	if len([]rune(sku)) > fields.MaxSKU {
		sku = withHash(sku, source)
	}
	return sku, source
}

// withHash returns a SKU that ends with a hash of its source.
func withHash(sku, source string) string {
	sum := sha256.Sum256([]byte(source))
	runes := []rune(sku)
	runes = runes[:min(len(runes), fields.MaxSKU-hashDigits-1)]
	return strings.TrimRight(string(runes), "-") + "-" + hex.EncodeToString(sum[:])[:hashDigits]
}

// tellApart appends a hash to generated SKUs that are not unique in the file.
func (f *File) tellApart(made map[string][]madeSKU) {
	holders := map[string]int{}
	for _, row := range f.Rows {
		holders[row.Product.GetSku()]++
	}
	for sku, rows := range made {
		if holders[sku] == 1 {
			continue
		}
		for _, m := range rows {
			f.Rows[m.row].Product.Sku = withHash(sku, m.source)
		}
	}
}
