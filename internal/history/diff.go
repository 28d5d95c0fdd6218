package history

import (
	"encoding/json"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/fields"
)

// diff returns the fields that differ. before is nil for a new product.
func diff(before, after *ent.Product) ([]change.Field, error) {
	changed := []change.Field{}
	from := before
	if from == nil {
		from = &ent.Product{}
	}
	for _, f := range fields.Told() {
		if f.Same(from, after) {
			continue
		}
		c := change.Field{Name: f.Name, Old: json.RawMessage("null")}
		var err error
		if before != nil {
			if c.Old, err = f.Stored(before); err != nil {
				return nil, err
			}
		}
		if c.New, err = f.Stored(after); err != nil {
			return nil, err
		}
		changed = append(changed, c)
	}
	return changed, nil
}
