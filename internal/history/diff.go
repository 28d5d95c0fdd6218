package history

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
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

// States returns a product as it was before a change and after it. before is nil for a new product. Both are nil if
// the row does not hold the product, because an earlier release wrote it.
//
// before is the inverse of diff: after with the old values of the change. The history does not hold the other times of
// the product before the change, so its update_time and delete_time are those of after.
func States(c *ent.ProductChange) (before, after *ent.Product, err error) {
	if c.Product == nil {
		return nil, nil, nil
	}
	message := &catalogv1.Product{}
	if err := proto.Unmarshal(c.Product, message); err != nil {
		return nil, nil, fmt.Errorf("product of change %d: %w", c.ID, err)
	}
	if after, err = fields.Row(message); err != nil {
		return nil, nil, fmt.Errorf("product of change %d: %w", c.ID, err)
	}
	if c.Operation == change.Created {
		return nil, after, nil
	}
	former := *after
	former.Version--
	for _, f := range c.Fields {
		if err := fields.Restore(&former, f.Name, f.Old); err != nil {
			return nil, nil, fmt.Errorf("product before change %d: %w", c.ID, err)
		}
	}
	return &former, after, nil
}
