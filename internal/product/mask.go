package product

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// The paths of a product that a caller may change.
const (
	pathSKU         = "sku"
	pathName        = "name"
	pathBrand       = "brand"
	pathAmount      = "price.amount"
	pathCurrency    = "price.currency_code"
	pathDescription = "description"
	pathImageURLs   = "image_urls"
	pathTags        = "tags"
	pathAttributes  = "attributes"
)

// mask is a set of the paths above.
type mask map[string]bool

// everything returns the mask "*".
func everything() mask {
	return newMask(pathSKU, pathName, pathBrand, pathAmount, pathCurrency,
		pathDescription, pathImageURLs, pathTags, pathAttributes)
}

func newMask(paths ...string) mask {
	m := mask{}
	for _, p := range paths {
		m[p] = true
	}
	return m
}

// parseMask returns the paths that an update changes. Paths that the server sets are left out. Without
// paths, it is every field of p that is not empty. Returns UPDATE_MASK_INVALID if a path is unknown.
func parseMask(fm *fieldmaskpb.FieldMask, p *catalogv1.Product) (mask, error) {
	if len(fm.GetPaths()) == 0 {
		return populated(p), nil
	}
	m, all := mask{}, everything()
	var unknown []string
	for _, path := range fm.GetPaths() {
		switch {
		case path == "*":
			m = everything()
		case path == "price":
			m[pathAmount], m[pathCurrency] = true, true
		case all[path]:
			m[path] = true
		case !isServerSet(path):
			unknown = append(unknown, path)
		}
	}
	if len(unknown) > 0 {
		return nil, unknownPaths(unknown)
	}
	return m, nil
}

// isServerSet reports whether path names a field of a product, or a part of one, that callers may send
// but not change.
func isServerSet(path string) bool {
	root, _, _ := strings.Cut(path, ".")
	known := (&fieldmaskpb.FieldMask{Paths: []string{path}}).IsValid((*catalogv1.Product)(nil))
	return known && slices.Contains([]string{"id", "etag", "create_time", "update_time", "delete_time"}, root)
}

func populated(p *catalogv1.Product) mask {
	m := mask{}
	for path, isSet := range map[string]bool{
		pathSKU:         p.GetSku() != "",
		pathName:        p.GetName() != "",
		pathBrand:       p.GetBrand() != "",
		pathAmount:      p.GetPrice().GetAmount() != "",
		pathCurrency:    p.GetPrice().GetCurrencyCode() != "",
		pathDescription: p.GetDescription() != "",
		pathImageURLs:   len(p.GetImageUrls()) > 0,
		pathTags:        len(p.GetTags()) > 0,
		pathAttributes:  len(p.GetAttributes()) > 0,
	} {
		if isSet {
			m[path] = true
		}
	}
	return m
}

// unknownPaths names the first few paths, and little of each.
func unknownPaths(paths []string) error {
	const few, little = 10, 64
	quoted := make([]string, 0, few)
	for _, p := range paths[:min(len(paths), few)] {
		quoted = append(quoted, strconv.Quote(firstRunes(p, little)))
	}
	return fault.ReasonedFields(fault.UpdateMaskInvalid, fault.Violation{
		Field:       "update_mask",
		Description: "names no field of a product that can be changed: " + strings.Join(quoted, ", "),
	})
}
