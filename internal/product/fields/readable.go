package fields

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Readable formats a field's stored value for people; empty if there is none.
func Readable(name string, raw json.RawMessage) string {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil { // not a value of the history: return it unchanged
		return string(raw)
	}
	if f := named(name); f != nil && value != nil {
		return f.value.readable(value)
	}
	return readable(value)
}

// readable formats any JSON value for people.
func readable(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i] = readable(item)
		}
		return strings.Join(texts, ", ")
	case map[string]any:
		pairs := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, key+": "+readable(v[key]))
		}
		return strings.Join(pairs, "; ")
	default:
		return fmt.Sprint(v)
	}
}
