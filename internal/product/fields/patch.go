package fields

import (
	"strings"
	"time"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

// maxKeyBytes keeps a text's order key within the limit of PostgreSQL's indexes. Only texts full of characters that
// fold into several others exceed it; they are ordered by their prefix.
const maxKeyBytes = 1_000

// maxWord is the maximum length of an indexed word, in characters: PostgreSQL limits it, so longer words are
// truncated.
const maxWord = 100

// Patch is an update of the fields of a product in its mask.
type Patch struct {
	mask    Mask
	message *catalogv1.Product
	row     ent.Product
}

// NewPatch normalizes the fields of a message that the mask names. Returns a fault that names every invalid field.
func NewPatch(from *catalogv1.Product, mask Mask) (Patch, error) {
	if from == nil {
		from = &catalogv1.Product{}
	}
	p := Patch{mask: mask, message: from}
	var ps fault.Problems
	for _, f := range writable {
		if mask.names(f) {
			f.value.read(&ps, f.Name, mask, from, &p.row)
		}
	}
	return p, ps.Fault()
}

// SKU returns the SKU that the patch sets; empty if it sets none.
func (p *Patch) SKU() string { return p.row.Sku }

// Onto returns the product with the patch applied to its current state. Returns a fault that names the part of
// the price that conflicts with the other.
func (p *Patch) Onto(now *ent.Product) (*ent.Product, error) {
	next := *now
	var ps fault.Problems
	for _, f := range writable {
		if p.mask.names(f) {
			f.value.merge(&ps, f.Name, p, &next)
		}
	}
	return &next, ps.Fault()
}

// Write sets the columns of next that differ from those of now, and reports whether any did.
func Write(m *ent.ProductMutation, now, next *ent.Product) bool {
	changed, isFoundBy := false, false
	for _, f := range writable {
		if f.same(now, next) {
			continue
		}
		f.value.write(m, next)
		changed = true
		isFoundBy = isFoundBy || f.searched
	}
	if isFoundBy {
		searchText.set(m, searched(next))
	}
	return changed
}

// Create sets the columns of a new product.
func (p *Patch) Create(m *ent.ProductMutation) { Write(m, &ent.Product{}, &p.row) }

// OrderKey returns the sort key of a text, which both databases compare byte-wise.
func OrderKey(s string) []byte {
	key := []byte(text.Fold(s))
	return key[:min(len(key), maxKeyBytes)]
}

// IsStorable reports whether both databases can store and order the time, as text and as a timestamp.
func IsStorable(t time.Time) bool {
	return t.Year() >= 1 && t.Year() <= 9999
}

// searched returns the distinct words of the product's search index, separated by single spaces.
func searched(row *ent.Product) string {
	var all []string
	for _, f := range writable {
		if f.searched {
			all = append(all, f.value.text(row)...)
		}
	}
	return strings.Join(Words(strings.Join(all, "\n")), " ")
}

// Words returns the distinct words of s, normalized for search.
func Words(s string) []string {
	all := text.Words(s)
	seen := make(map[string]bool, len(all))
	distinct := all[:0]
	for _, w := range all {
		if w = text.First(w, maxWord); !seen[w] {
			seen[w] = true
			distinct = append(distinct, w)
		}
	}
	return distinct
}
