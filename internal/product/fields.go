package product

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/money"
	"github.com/zebrands/catalog/internal/text"
)

// Limits, in characters and in items, as proto/catalog/v1/product.proto documents them.
const (
	maxSKU         = 64
	maxName        = 200
	maxBrand       = 100
	maxDescription = 10_000
	maxImageURLs   = 20
	maxImageURL    = 2_000
	maxTags        = 50
	maxTag         = 120
	maxAttributes  = 50
	maxKey         = 64
	maxValue       = 500
)

// fields are the values that a caller gives a product, in the form in which they are stored.
type fields struct {
	sku, name, brand, description string
	price                         money.Money
	imageURLs, tags               []string
	attributes                    map[string]string
}

// patch is a change of some fields of a product: those in mask. If the mask names only one half of the
// price, the other half is that of the product which the patch is applied to.
type patch struct {
	mask   mask
	fields fields
	price  *catalogv1.Money
}

// newPatch brings the fields of p that mask names into the form in which they are stored. Returns a
// fault that names every field that is not valid, below "product".
func newPatch(p *catalogv1.Product, m mask) (patch, error) {
	pt := patch{mask: m, price: p.GetPrice()}
	var ps problems
	if m[pathSKU] {
		pt.fields.sku = ps.line("product.sku", p.GetSku(), maxSKU)
	}
	if m[pathName] {
		pt.fields.name = ps.line("product.name", p.GetName(), maxName)
	}
	if m[pathBrand] {
		pt.fields.brand = ps.line("product.brand", p.GetBrand(), maxBrand)
	}
	if m[pathAmount] && m[pathCurrency] {
		pt.fields.price = ps.money(p.GetPrice())
	}
	if m[pathDescription] {
		pt.fields.description = ps.paragraphs("product.description", p.GetDescription(), maxDescription)
	}
	if m[pathImageURLs] {
		pt.fields.imageURLs = ps.imageURLs(p.GetImageUrls())
	}
	if m[pathTags] {
		pt.fields.tags = ps.tags(p.GetTags())
	}
	if m[pathAttributes] {
		pt.fields.attributes = ps.attributes(p.GetAttributes())
	}
	return pt, ps.fault()
}

// line checks a text of one line that must not be empty.
func (ps *problems) line(field, value string, limit int) string {
	value = text.Clean(value)
	switch {
	case text.Blank(value):
		ps.addf(field, fault.FieldRequired, "must not be empty")
	case hasControl(value) || strings.ContainsAny(value, "\u2028\u2029"):
		ps.addf(field, fault.FieldControlCharacters, "must not contain control characters, such as line breaks")
	case utf8.RuneCountInString(value) > limit:
		ps.addf(field, fault.FieldTooLong, "must have at most %d characters", limit)
	}
	return value
}

// paragraphs checks a text that may be empty and may hold line breaks.
func (ps *problems) paragraphs(field, value string, limit int) string {
	value = text.Clean(value)
	switch {
	case hasControl(strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(value)):
		ps.addf(field, fault.FieldControlCharacters, "must not contain control characters other than line breaks and tabs")
	case utf8.RuneCountInString(value) > limit:
		ps.addf(field, fault.FieldTooLong, "must have at most %d characters", limit)
	}
	return value
}

func (ps *problems) money(price *catalogv1.Money) money.Money {
	if price == nil {
		ps.addf("product.price", fault.FieldRequired, "must be set")
		return money.Money{}
	}
	m, err := money.Parse(price.GetAmount(), price.GetCurrencyCode())
	ps.within("product.price", err)
	return m
}

func (ps *problems) imageURLs(urls []string) []string {
	if len(urls) > maxImageURLs {
		ps.addf("product.image_urls", fault.FieldTooMany, "must have at most %d items", maxImageURLs)
		return nil
	}
	cleaned := make([]string, len(urls))
	for i, u := range urls {
		field := fmt.Sprintf("product.image_urls[%d]", i)
		cleaned[i] = ps.line(field, u, maxImageURL)
		if cleaned[i] != "" && !isWebAddress(cleaned[i]) {
			ps.addf(field, fault.FieldNotWebAddress, "must be an absolute address that starts with http:// or https://")
		}
	}
	return cleaned
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		!strings.ContainsFunc(s, unicode.IsSpace)
}

func (ps *problems) tags(tags []string) []string {
	if len(tags) > maxTags {
		ps.addf("product.tags", fault.FieldTooMany, "must have at most %d items", maxTags)
		return nil
	}
	cleaned := make([]string, 0, len(tags))
	for i, tag := range tags {
		field := fmt.Sprintf("product.tags[%d]", i)
		tag = ps.line(field, tag, maxTag)
		if first := slices.Index(cleaned, tag); first >= 0 && tag != "" {
			ps.addf(field, fault.FieldNotUnique, "must differ from the others: it is the same as tags[%d]", first)
		}
		cleaned = append(cleaned, tag)
	}
	return cleaned
}

func (ps *problems) attributes(attributes map[string]string) map[string]string {
	if len(attributes) > maxAttributes {
		ps.addf("product.attributes", fault.FieldTooMany, "must have at most %d items", maxAttributes)
		return nil
	}
	cleaned := make(map[string]string, len(attributes))
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		field := fmt.Sprintf("product.attributes[%q]", firstRunes(key, maxKey))
		cleanedKey := ps.line(field, key, maxKey)
		if _, taken := cleaned[cleanedKey]; taken && cleanedKey != "" {
			ps.addf(field, fault.FieldNotUnique, "must differ from the other keys")
		}
		cleaned[cleanedKey] = ps.paragraphs(field, attributes[key], maxValue)
	}
	return cleaned
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}

// firstRunes returns at most the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
