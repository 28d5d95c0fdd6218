package fields

import (
	"strings"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

// maxKeyBytes keeps the key of a text within what an index of PostgreSQL can hold. Only texts full of
// characters that fold into many others are longer; they are ordered by their beginning.
const maxKeyBytes = 1_000

// maxWord is the length, in characters, to which words are cut for search: PostgreSQL cannot hold
// words of any length.
const maxWord = 100

// Patch is a change of some fields of a product: those in its mask.
type Patch struct {
	mask    Mask
	message *catalogv1.Product
	row     ent.Product
}

// NewPatch brings the fields of a message that the mask names into the form in which they are stored.
// Returns a fault that names every field that is not valid.
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

// SKU returns the SKU that the patch gives a product; empty if it gives none.
func (p *Patch) SKU() string { return p.row.Sku }

// Onto returns a product as it is once the patch is applied to what it is now. Returns a fault that names
// the half of the price that does not go with the other.
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

// OrderKey returns the bytes by which both databases order a text.
func OrderKey(s string) []byte {
	key := []byte(text.Fold(s))
	return key[:min(len(key), maxKeyBytes)]
}

// searched returns the words that a product is found by, each once, separated by single spaces.
func searched(row *ent.Product) string {
	var all []string
	for _, f := range writable {
		if f.searched {
			all = append(all, f.value.text(row)...)
		}
	}
	return strings.Join(Words(strings.Join(all, "\n")), " ")
}

// Words returns the different words of s in the form in which they are searched.
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
