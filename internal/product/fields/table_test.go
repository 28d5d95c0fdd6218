package fields

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// optional are the functions that a row of the table may omit.
var optional = []string{
	"pointer",   // only nullable columns have it
	"unchanged", // only fields that the history shows have it
}

func TestTableHasEveryFieldOfTheContract(t *testing.T) {
	var want, got []string
	contract := (*catalogv1.Product)(nil).ProtoReflect().Descriptor().Fields()
	for i := range contract.Len() {
		want = append(want, string(contract.Get(i).Name()))
	}
	for _, f := range table {
		got = append(got, f.Name)
	}
	require.ElementsMatch(t, want, got)
	require.Len(t, told, len(writable))
}

func TestTableHasEveryColumn(t *testing.T) {
	for _, name := range product.Columns {
		require.Contains(t, byColumn, name)
	}
	require.Len(t, byColumn, len(product.Columns))
}

func TestEveryRowIsComplete(t *testing.T) {
	for _, f := range table {
		if f.value == nil {
			requireFunctions(t, f.Name, "", reflect.ValueOf(f.shown).Elem(), "set")
			continue
		}
		_, isList := f.value.(*simple[[]string])
		if isList {
			requireFunctions(t, f.Name, "", reflect.ValueOf(f.value).Elem())
			continue
		}
		requireFunctions(t, f.Name, "", reflect.ValueOf(f.value).Elem(), "appended") // only lists have it
	}
}

// requireFunctions fails for each missing function of a row, by name.
func requireFunctions(t *testing.T, field, path string, v reflect.Value, without ...string) {
	t.Helper()
	switch v.Kind() { //nolint:exhaustive // only these hold functions
	case reflect.Func:
		require.False(t, v.IsNil(), "field %s lacks %s", field, path)
	case reflect.Slice:
		for i := range v.Len() {
			requireFunctions(t, field, path, v.Index(i).Elem(), without...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if !slices.Contains(optional, name) && !slices.Contains(without, name) {
				requireFunctions(t, field, path+"."+name, v.Field(i), without...)
			}
		}
	}
}
