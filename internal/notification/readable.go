package notification

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

const (
	// nameSize is how many characters of a product's name a mail repeats in its subject.
	nameSize = 100
	// valueSize is how many characters of a value a mail shows.
	valueSize = 600
)

// label is a field's name as people read it.
func label(name string) string {
	switch name {
	case "sku":
		return "SKU"
	case "image_urls":
		return "images"
	default:
		return strings.ReplaceAll(name, "_", " ")
	}
}

// readable returns the stored form of a field's value as people read it; empty if there is none.
func readable(raw json.RawMessage) string {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil { // not what the hook writes: show it as it is
		return shorten(string(raw), valueSize)
	}
	return shorten(readableValue(value), valueSize)
}

func readableValue(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		return strings.Join(each(v), ", ")
	case map[string]any:
		if amount, ok := v["amount"]; ok && len(v) == 2 && v["currencyCode"] != nil {
			return fmt.Sprintf("%v %v", amount, v["currencyCode"])
		}
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, key+": "+readableValue(v[key]))
		}
		return strings.Join(pairs, "; ")
	default:
		return fmt.Sprint(v)
	}
}

func each(values []any) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = readableValue(v)
	}
	return texts
}

// shorten cuts s to a number of characters.
func shorten(s string, size int) string {
	runes := []rune(s)
	if len(runes) <= size {
		return s
	}
	return string(runes[:size-1]) + "…"
}

// plain returns s on one line: line breaks and other control characters become spaces.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
}
