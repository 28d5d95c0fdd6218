package product

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zebrands/catalog/internal/fault"
)

// How much an error says of many missing products. In gRPC it travels in the trailers, and proxies and
// clients take 8 KiB of those and less, in base64.
const (
	// maxListed is the size of the two lists in the metadata, together.
	maxListed = 2 << 10
	// maxNamed is how many products the message names, and maxNamedBytes the size of that.
	maxNamed, maxNamedBytes = 10, 500
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
	names := make([]string, 0, maxNamed)
	room := maxNamedBytes
	for i, key := range slices.Concat(ids, skus) {
		name := "SKU " + strconv.Quote(key)
		if i < len(ids) {
			name = "id " + key
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

// listWithin returns the first of the texts as a JSON list, as many as fit into some bytes, and how many
// bytes are left.
func listWithin(room int, texts []string) (list string, left int) {
	var quoted []string
	for _, text := range texts {
		item, err := json.Marshal(text)
		if err != nil || len(item) >= room { // a text marshals
			room = 0 // nothing behind a gap
			break
		}
		room -= len(item) + len(",")
		quoted = append(quoted, string(item))
	}
	return "[" + strings.Join(quoted, ",") + "]", room
}
