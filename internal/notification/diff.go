package notification

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/product"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/money"
)

// columns returns the value of a column of one product at one moment.
type columns func(column string) (any, error)

// columnsOf returns the columns of a row that hold history, and those derived from them.
func columnsOf(p *ent.Product) columns {
	return func(column string) (any, error) {
		switch column {
		case product.FieldSku:
			return p.Sku, nil
		case product.FieldName:
			return p.Name, nil
		case product.FieldBrand:
			return p.Brand, nil
		case product.FieldPriceMinor:
			return p.PriceMinor, nil
		case product.FieldPriceExponent:
			return p.PriceExponent, nil
		case product.FieldCurrency:
			return p.Currency, nil
		case product.FieldDescription:
			return p.Description, nil
		case product.FieldImageUrls:
			return p.ImageUrls, nil
		case product.FieldTags:
			return p.Tags, nil
		case product.FieldAttributes:
			return p.Attributes, nil
		case product.FieldDeleteTime:
			return p.DeleteTime, nil
		default:
			return derivedColumn(p, column)
		}
	}
}

func derivedColumn(p *ent.Product, column string) (any, error) {
	switch column {
	case product.FieldSkuKey:
		return p.SkuKey, nil
	case product.FieldNameKey:
		return p.NameKey, nil
	case product.FieldBrandKey:
		return p.BrandKey, nil
	case product.FieldSearchText:
		return p.SearchText, nil
	default:
		return nil, fmt.Errorf("notification: column %q of products has no history", column)
	}
}

// touch says what a mutation changes of a row.
type touch int

const (
	// nothing changes.
	nothing touch = iota
	// derived: only columns that are made from others.
	derived
	// history: something that people hear of.
	history
)

// touches says what the mutation would change of the row that before describes.
func touches(m *ent.ProductMutation, before columns) (touch, error) {
	tags, _ := m.AppendedTags()
	imageURLs, _ := m.AppendedImageUrls()
	if len(tags) > 0 || len(imageURLs) > 0 {
		return history, nil
	}
	for _, column := range m.AddedFields() {
		if by, _ := m.AddedField(column); column != product.FieldVersion && !reflect.ValueOf(by).IsZero() {
			return history, nil
		}
	}
	result := nothing
	for _, column := range append(m.Fields(), m.ClearedFields()...) {
		switch column {
		case product.FieldVersion, product.FieldUpdateTime:
			continue
		}
		old, err := before(column)
		if err != nil {
			return nothing, err
		}
		if unchanged(m, column, old) {
			continue
		}
		switch column {
		case product.FieldSkuKey, product.FieldNameKey, product.FieldBrandKey, product.FieldSearchText:
			result = derived
		default:
			return history, nil
		}
	}
	return result, nil
}

// unchanged reports whether the mutation leaves a column that it sets or clears as it was. To delete
// what is deleted changes nothing, whatever the time.
func unchanged(m *ent.ProductMutation, column string, old any) bool {
	if deleteTime, ok := old.(*time.Time); ok {
		return m.DeleteTimeCleared() == (deleteTime == nil)
	}
	value, _ := m.Field(column)
	return same(old, value)
}

// same reports whether two values are equal. Lists and objects without entries are all the same.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	return isEmpty(a) && isEmpty(b)
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []byte:
		return len(v) == 0
	case []string:
		return len(v) == 0
	case map[string]string:
		return len(v) == 0
	default:
		return false
	}
}

// operationOf says what the mutation does to a product that was as before says.
func operationOf(m *ent.ProductMutation, before columns) (change.Operation, error) {
	old, err := before(product.FieldDeleteTime)
	if err != nil {
		return "", err
	}
	deleteTime, _ := old.(*time.Time)
	if _, sets := m.DeleteTime(); sets && deleteTime == nil {
		return change.Deleted, nil
	}
	if m.DeleteTimeCleared() && deleteTime != nil {
		return change.Undeleted, nil
	}
	return change.Updated, nil
}

// fieldPrice is the field of the API that three columns make up.
const fieldPrice = "price"

// historyFields are the fields of catalog.v1.Product that history tells of, in the order in which
// people read them. All but the price are columns of the same name.
var historyFields = []string{
	product.FieldName, product.FieldSku, product.FieldBrand, fieldPrice, product.FieldDescription,
	product.FieldImageUrls, product.FieldTags, product.FieldAttributes,
}

// price is a price in the JSON form of catalog.v1.Money.
type price struct {
	Amount       string `json:"amount"`
	CurrencyCode string `json:"currencyCode"`
}

// diff returns the fields that differ. A nil before is a product that did not exist.
func diff(before, after columns) ([]change.Field, error) {
	fields := []change.Field{}
	for _, name := range historyFields {
		var old any
		if before != nil {
			var err error
			if old, err = fieldOf(before, name); err != nil {
				return nil, err
			}
		}
		value, err := fieldOf(after, name)
		if err != nil {
			return nil, err
		}
		if same(old, value) {
			continue
		}
		f := change.Field{Name: name}
		if f.Old, err = json.Marshal(old); err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		if f.New, err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func fieldOf(of columns, name string) (any, error) {
	if name != fieldPrice {
		return of(name)
	}
	minor, err := of(product.FieldPriceMinor)
	if err != nil {
		return nil, err
	}
	exponent, err := of(product.FieldPriceExponent)
	if err != nil {
		return nil, err
	}
	currency, err := of(product.FieldCurrency)
	if err != nil {
		return nil, err
	}
	m, _ := minor.(int64)
	e, _ := exponent.(int8)
	code, _ := currency.(string)
	return price{Amount: money.Format(m, e), CurrencyCode: code}, nil
}
