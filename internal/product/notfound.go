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

// How much an error says of many missing products. In gRPC and gRPC-Web it travels in headers or trailers,
// with the details in base64, and nginx takes 4 KiB of those unless told otherwise.
const (
	// maxListed is the size of the two lists in the metadata, together.
	maxListed = 1 << 10
	// maxNamed is how many products the message names, and maxNamedBytes the size of that.
	maxNamed, maxNamedBytes = 10, 250
)

func notFound(id, sku string) *fault.Error {
	if sku != "" {
		return fault.New(fault.NotFound, fault.ProductNotFound, "There is no live product with SKU %q.", sku)
	}
	return fault.New(fault.NotFound, fault.ProductNotFound, "There is no such product: %q.", id)
}

// allNotFound returns PRODUCT_NOT_FOUND for ids and SKUs, one of them at least.
func allNotFound(ids, skus []string) *fault.Error {
	count := len(ids) + len(skus)
	idList, room := listWithin(maxListed, ids)
	skuList, _ := listWithin(room, skus)
	return fault.New(fault.NotFound, fault.ProductNotFound, "There is no live product with %s.", nameSome(ids, skus)).
		With("missing_count", strconv.Itoa(count)).
		With("missing_ids", idList).
		With("missing_skus", skuList)
}

// nameSome names the first products, one at least, and says how many more there are.
func nameSome(ids, skus []string) string {
	var names []string
	room := maxNamedBytes
	for i, key := range slices.Concat(ids, skus) {
		name := "id " + key
		if i >= len(ids) {
			name = "SKU " + strconv.Quote(text.First(key, fields.MaxSKU)) // none is longer
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

// listWithin returns the first of the texts as a JSON list, as many as fit into some bytes but the very
// first in any case, and how many bytes are left.
func listWithin(room int, texts []string) (list string, left int) {
	var quoted []string
	for _, text := range texts {
		item, err := json.Marshal(text)
		if err != nil || len(item) >= room && room < maxListed { // a text marshals
			room = 0
			break
		}
		room -= len(item) + len(",")
		quoted = append(quoted, string(item))
	}
	return "[" + strings.Join(quoted, ",") + "]", room
}
