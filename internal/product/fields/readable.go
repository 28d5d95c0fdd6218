package fields

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Readable returns the stored form of a field's value as people read it; empty if there is none.
func Readable(name string, raw json.RawMessage) string {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil { // not what the history holds: show it as it is
		return string(raw)
	}
	if f := named(name); f != nil && value != nil {
		return f.value.readable(value)
	}
	return readable(value)
}

// readable is how people read a value of JSON, whatever it stands for.
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
