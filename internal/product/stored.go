package product

import (
	"maps"
	"slices"
	"strings"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/money"
	"github.com/zebrands/catalog/internal/text"
)

// maxKeyBytes keeps the key of a text within what an index of PostgreSQL can hold. Only texts full of
// characters that fold into many others are longer; they are ordered by their beginning.
const maxKeyBytes = 1_000

// maxWord is the length, in characters, to which words are cut for search: PostgreSQL cannot hold
// words of any length.
const maxWord = 100

// stored returns the fields of a product as they are.
func stored(p *ent.Product) fields {
	return fields{
		sku:         p.Sku,
		name:        p.Name,
		brand:       p.Brand,
		description: p.Description,
		price:       money.Money{Minor: p.PriceMinor, Exponent: p.PriceExponent, Currency: p.Currency},
		imageURLs:   p.ImageUrls,
		tags:        p.Tags,
		attributes:  p.Attributes,
	}
}

// onto returns the fields that a product has once the patch is applied to what it is now. Returns a
// fault that names the half of the price that does not go with the other.
func (pt patch) onto(now fields) (fields, error) {
	next, from := now, pt.fields
	m := pt.mask
	if m[pathSKU] {
		next.sku = from.sku
	}
	if m[pathName] {
		next.name = from.name
	}
	if m[pathBrand] {
		next.brand = from.brand
	}
	if m[pathDescription] {
		next.description = from.description
	}
	if m[pathImageURLs] {
		next.imageURLs = from.imageURLs
	}
	if m[pathTags] {
		next.tags = from.tags
	}
	if m[pathAttributes] {
		next.attributes = from.attributes
	}
	var err error
	next.price, err = pt.priceOnto(now.price)
	return next, err
}

func (pt patch) priceOnto(now money.Money) (money.Money, error) {
	hasAmount, hasCurrency := pt.mask[pathAmount], pt.mask[pathCurrency]
	amount, currency := money.Format(now.Minor, now.Exponent), now.Currency
	switch {
	case hasAmount && hasCurrency:
		return pt.fields.price, nil
	case hasAmount:
		amount = pt.price.GetAmount()
	case hasCurrency:
		currency = pt.price.GetCurrencyCode()
	default:
		return now, nil
	}
	var ps problems
	price, err := money.Parse(amount, currency)
	ps.within("product.price", err)
	return price, ps.fault()
}

// write sets the columns of next that differ from those of now, and reports whether any did.
func write(m *ent.ProductMutation, now, next fields) bool {
	if next.sku != now.sku {
		m.SetSku(next.sku)
		m.SetSkuKey(orderKey(next.sku))
	}
	if next.name != now.name {
		m.SetName(next.name)
		m.SetNameKey(orderKey(next.name))
	}
	if next.brand != now.brand {
		m.SetBrand(next.brand)
		m.SetBrandKey(orderKey(next.brand))
	}
	if next.price != now.price {
		m.SetPriceMinor(next.price.Minor)
		m.SetPriceExponent(next.price.Exponent)
		m.SetCurrency(next.price.Currency)
	}
	if next.description != now.description {
		m.SetDescription(next.description)
	}
	if !slices.Equal(next.imageURLs, now.imageURLs) {
		m.SetImageUrls(next.imageURLs)
	}
	if !slices.Equal(next.tags, now.tags) {
		m.SetTags(next.tags)
	}
	if !maps.Equal(next.attributes, now.attributes) {
		m.SetAttributes(next.attributes)
	}
	if isFoundBy(m) {
		m.SetSearchText(searchText(next))
	}
	return len(m.Fields()) > 0
}

// isFoundBy reports whether the mutation changes a field that search looks into.
func isFoundBy(m *ent.ProductMutation) bool {
	return slices.ContainsFunc(m.Fields(), func(name string) bool {
		switch name {
		case product.FieldSku, product.FieldName, product.FieldBrand, product.FieldDescription, product.FieldTags:
			return true
		default:
			return false
		}
	})
}

// orderKey returns the bytes by which both databases order a text.
func orderKey(s string) []byte {
	key := []byte(text.Fold(s))
	return key[:min(len(key), maxKeyBytes)]
}

// searchText returns the words that a product is found by, each once, separated by single spaces.
func searchText(f fields) string {
	all := append([]string{f.sku, f.name, f.brand, f.description}, f.tags...)
	return strings.Join(words(strings.Join(all, "\n")), " ")
}

// words returns the different words of s in the form in which they are searched.
func words(s string) []string {
	all := text.Words(s)
	seen := make(map[string]bool, len(all))
	distinct := all[:0]
	for _, w := range all {
		if w = firstRunes(w, maxWord); !seen[w] {
			seen[w] = true
			distinct = append(distinct, w)
		}
	}
	return distinct
}
