package fields

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

// kind has the common properties of fields of a kind, independent of the column.
type kind[T any] struct {
	// same compares two values.
	same func(a, b T) bool
	// check normalizes a value to its stored form, and adds problems at path.
	check func(ps *fault.Problems, path string, v T) T
	// stored returns a value in the JSON form of the contract, and readable formats that form for people.
	stored   func(v T) any
	readable func(stored any) string
	// restore is the inverse of stored: it parses the JSON form, in which null is the zero value.
	restore func(raw json.RawMessage, v *T) error
	// text returns the texts that search indexes.
	text func(v T) []string
	// parse is the inverse of format, which writes a cell.
	parse  func(cell string) (T, error)
	format func(v T) (string, error)
}

// line is a non-empty text of one line.
func line(limit int) kind[string] {
	return ofText(func(ps *fault.Problems, path, v string) string { return checkLine(ps, path, v, limit) })
}

// paragraphs is a text that can be empty and can have line breaks.
func paragraphs(limit int) kind[string] {
	return ofText(func(ps *fault.Problems, path, v string) string { return checkParagraphs(ps, path, v, limit) })
}

func ofText(check func(ps *fault.Problems, path, v string) string) kind[string] {
	return kind[string]{
		same:     func(a, b string) bool { return a == b },
		check:    check,
		stored:   func(v string) any { return v },
		readable: readable,
		restore:  restoreJSON[string],
		text:     func(v string) []string { return []string{v} },
		parse:    func(cell string) (string, error) { return cell, nil },
		format:   func(v string) (string, error) { return v, nil },
	}
}

// list is an ordered list of texts. Its cell is a line of CSV.
func list(check func(ps *fault.Problems, path string, v []string) []string) kind[[]string] {
	return kind[[]string]{
		same:     slices.Equal[[]string],
		check:    check,
		stored:   func(v []string) any { return v },
		readable: readable,
		restore:  restoreJSON[[]string],
		text:     func(v []string) []string { return v },
		parse:    splitList,
		format:   joinList,
	}
}

// texts is a map of texts. Its cell is a JSON object.
func texts(maxItems, maxKey, maxValue int) kind[map[string]string] {
	return kind[map[string]string]{
		same: maps.Equal[map[string]string, map[string]string],
		check: func(ps *fault.Problems, path string, v map[string]string) map[string]string {
			return checkTexts(ps, path, v, maxItems, maxKey, maxValue)
		},
		stored:   func(v map[string]string) any { return v },
		readable: readable,
		restore:  restoreJSON[map[string]string],
		text: func(v map[string]string) []string {
			return slices.Concat(slices.Sorted(maps.Keys(v)), slices.Sorted(maps.Values(v)))
		},
		parse:  parseTexts,
		format: printTexts,
	}
}

// whole is an optional integer with a unit, from 0 to limit.
func whole(limit int64, unit string) kind[*int64] {
	return kind[*int64]{
		same: func(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) },
		check: func(ps *fault.Problems, path string, v *int64) *int64 {
			if v != nil && (*v < 0 || *v > limit) {
				ps.Addf(path, fault.FieldOutOfRange, "must be a whole number from 0 to %d", limit)
			}
			return v
		},
		stored: func(v *int64) any {
			if v == nil {
				return nil
			}
			return strconv.FormatInt(*v, 10) // JSON numbers cannot hold 64 bits: the contract uses a string
		},
		readable: func(stored any) string { return readable(stored) + " " + unit },
		restore:  restoreWhole,
		text:     func(*int64) []string { return nil },
		parse:    parseWhole,
		format: func(v *int64) (string, error) {
			if v == nil {
				return "", nil
			}
			return strconv.FormatInt(*v, 10), nil
		},
	}
}

var errNotWhole = errors.New("is not a whole number: write 1500")

func parseWhole(cell string) (*int64, error) {
	if cell == "" {
		return nil, nil //nolint:nilnil // no number
	}
	v, err := strconv.ParseInt(cell, 10, 64)
	if err != nil {
		return nil, errNotWhole
	}
	return &v, nil
}

func restoreWhole(raw json.RawMessage, v **int64) error {
	var digits *string
	if err := json.Unmarshal(raw, &digits); err != nil || digits == nil {
		return err
	}
	n, err := strconv.ParseInt(*digits, 10, 64)
	*v = &n
	return err
}

// restoreJSON restores a value that is stored as encoding/json writes it.
func restoreJSON[T any](raw json.RawMessage, v *T) error { return json.Unmarshal(raw, v) }

func checkLine(ps *fault.Problems, path, value string, limit int) string {
	value = text.Clean(value)
	switch {
	case text.Blank(value):
		ps.Addf(path, fault.FieldRequired, "must not be empty")
	case text.HasControl(value) || strings.ContainsAny(value, "\u2028\u2029"):
		ps.Addf(path, fault.FieldControlCharacters, "must not contain control characters, such as line breaks")
	case utf8.RuneCountInString(value) > limit:
		ps.Addf(path, fault.FieldTooLong, "must have at most %d characters", limit)
	}
	return value
}

func checkParagraphs(ps *fault.Problems, path, value string, limit int) string {
	value = text.Clean(value)
	switch {
	case text.HasControl(strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(value)):
		ps.Addf(path, fault.FieldControlCharacters, "must not contain control characters other than line breaks and tabs")
	case utf8.RuneCountInString(value) > limit:
		ps.Addf(path, fault.FieldTooLong, "must have at most %d characters", limit)
	}
	return value
}

// webAddresses checks a list of web URLs.
func webAddresses(maxItems, limit int) func(*fault.Problems, string, []string) []string {
	return func(ps *fault.Problems, path string, urls []string) []string {
		if len(urls) > maxItems {
			ps.Addf(path, fault.FieldTooMany, "must have at most %d items", maxItems)
			return nil
		}
		cleaned := make([]string, len(urls))
		for i, u := range urls {
			item := fmt.Sprintf("%s[%d]", path, i)
			cleaned[i] = checkLine(ps, item, u, limit)
			if cleaned[i] != "" && !isWebAddress(cleaned[i]) {
				ps.Addf(item, fault.FieldNotWebAddress, "must be an absolute address that starts with http:// or https://")
			}
		}
		return cleaned
	}
}

func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		!strings.ContainsFunc(s, unicode.IsSpace)
}

// differentLines checks a list of distinct texts of one line.
func differentLines(maxItems, limit int) func(*fault.Problems, string, []string) []string {
	return func(ps *fault.Problems, path string, lines []string) []string {
		if len(lines) > maxItems {
			ps.Addf(path, fault.FieldTooMany, "must have at most %d items", maxItems)
			return nil
		}
		cleaned := make([]string, 0, len(lines))
		for i, v := range lines {
			item := fmt.Sprintf("%s[%d]", path, i)
			v = checkLine(ps, item, v, limit)
			if first := slices.Index(cleaned, v); first >= 0 && v != "" {
				ps.Addf(item, fault.FieldNotUnique, "must differ from the others: it is the same as %s[%d]", path, first)
			}
			cleaned = append(cleaned, v)
		}
		return cleaned
	}
}

func checkTexts(
	ps *fault.Problems, path string, values map[string]string, maxItems, maxKey, maxValue int,
) map[string]string {
	if len(values) > maxItems {
		ps.Addf(path, fault.FieldTooMany, "must have at most %d items", maxItems)
		return nil
	}
	cleaned := make(map[string]string, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		item := fmt.Sprintf("%s[%q]", path, text.First(key, maxKey))
		cleanedKey := checkLine(ps, item, key, maxKey)
		if _, taken := cleaned[cleanedKey]; taken && cleanedKey != "" {
			ps.Addf(item, fault.FieldNotUnique, "must differ from the other keys")
		}
		cleaned[cleanedKey] = checkParagraphs(ps, item, values[key], maxValue)
	}
	return cleaned
}

var errNotList = errors.New(`is not a list: write red,"big, round"`)

// splitList parses a list written as a line of CSV.
func splitList(cell string) ([]string, error) {
	if cell == "" {
		return nil, nil
	}
	reader := csv.NewReader(strings.NewReader(cell))
	reader.TrimLeadingSpace = true
	items, err := reader.Read()
	if err != nil {
		return nil, errNotList
	}
	if _, err := reader.Read(); !errors.Is(err, io.EOF) {
		return nil, errNotList
	}
	for i, item := range items {
		items[i] = text.Mend(item)
	}
	return items, nil
}

// joinList is the inverse of splitList.
func joinList(items []string) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	var b strings.Builder
	writer := csv.NewWriter(&b)
	if err := writer.Write(items); err != nil {
		return "", err
	}
	writer.Flush()
	return strings.TrimSuffix(b.String(), "\n"), writer.Error()
}

var errNotTexts = errors.New(`is not a JSON object of text: write {"colour": "red"}`)

func parseTexts(cell string) (map[string]string, error) {
	if cell == "" {
		return nil, nil //nolint:nilnil // no texts
	}
	var values map[string]string
	if err := json.Unmarshal([]byte(cell), &values); err != nil {
		return nil, errNotTexts
	}
	cleaned := make(map[string]string, len(values))
	for key, value := range values {
		cleaned[text.Mend(key)] = text.Mend(value)
	}
	return cleaned, nil
}

func printTexts(values map[string]string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(values)
	return string(raw), err
}
