package product

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/text"
)

// Limits of an error about many missing products. In gRPC and gRPC-Web it is sent in headers or trailers, with
// base64-encoded details, and nginx limits those to 4 KiB by default.
const (
	// maxListed is the size of both lists in the metadata together, in bytes.
	maxListed = 1 << 10
	// maxNamed is the maximum number of products in the message, and maxNamedBytes their maximum size.
	maxNamed, maxNamedBytes = 10, 250
)

func notFound(id, sku string) *fault.Error {
	if sku != "" {
		return fault.New(fault.NotFound, fault.ProductNotFound, "There is no live product with SKU %q.", sku)
	}
	return fault.New(fault.NotFound, fault.ProductNotFound, "There is no such product: %q.", id)
}

// allNotFound returns PRODUCT_NOT_FOUND for one or more ids and SKUs.
func allNotFound(ids, skus []string) *fault.Error {
	count := len(ids) + len(skus)
	idList, room := listWithin(maxListed, ids)
	skuList, _ := listWithin(room, skus)
	return fault.New(fault.NotFound, fault.ProductNotFound, "There is no live product with %s.", nameSome(ids, skus)).
		With("missing_count", strconv.Itoa(count)).
		With("missing_ids", idList).
		With("missing_skus", skuList)
}

// nameSome names the first products, at least one, and the number of the others.
func nameSome(ids, skus []string) string {
	var names []string
	room := maxNamedBytes
	for i, key := range slices.Concat(ids, skus) {
		name := "id " + key
		if i >= len(ids) {
			name = "SKU " + strconv.Quote(text.First(key, fields.MaxSKU)) // no SKU is longer
		}
		if room -= len(name); i == maxNamed || i > 0 && room < 0 {
			break
		}
		names = append(names, name)
	}
	list := strings.Join(names, ", ")
	if more := len(ids) + len(skus) - len(names); more > 0 {
		list = fmt.Sprintf("%s and %d more", list, more)
	}
	return list
}

// listWithin returns the first of the texts as a JSON list that fits into some bytes, though always with the very
// first text, and how many bytes are left.
func listWithin(room int, texts []string) (list string, left int) {
	var quoted []string
	for _, text := range texts {
		item, err := json.Marshal(text)
		if err != nil || len(item) >= room && room < maxListed { // a text always marshals
			room = 0
			break
		}
		room -= len(item) + len(",")
		quoted = append(quoted, string(item))
	}
	return "[" + strings.Join(quoted, ",") + "]", room
}
