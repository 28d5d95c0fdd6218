package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// match returns an error that says where got is not as wanted: an object must hold every wanted key, a
// list must be as long as the wanted one, and anything else must read the same. Some texts stand for
// more than themselves: <any> for anything but empty, <absent> for nothing or null, <contains TEXT>,
// <matches EXPRESSION> and, for a list, <length N>.
func match(path string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: want an object, got %v", path, got)
		}
		for key, value := range want {
			if err := match(path+"."+key, value, object[key]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s: want %d items, got %v", path, len(want), got)
		}
		for i := range want {
			if err := match(fmt.Sprintf("%s.%d", path, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	default:
		if !matchScalar(fmt.Sprint(want), got) {
			return fmt.Errorf("%s: want %v, got %v", path, want, got)
		}
		return nil
	}
}

func matchScalar(want string, got any) bool {
	name, argument, _ := strings.Cut(strings.TrimSuffix(want, ">"), " ")
	switch {
	case want == "<absent>":
		return got == nil
	case got == nil:
		return want == "<nil>" // how fmt prints YAML's null
	case want == "<any>":
		return fmt.Sprint(got) != ""
	case name == "<contains" && want != name:
		return strings.Contains(fmt.Sprint(got), argument)
	case name == "<matches" && want != name:
		return regexp.MustCompile(argument).MatchString(fmt.Sprint(got))
	case name == "<length" && want != name:
		list, ok := got.([]any)
		return ok && strconv.Itoa(len(list)) == argument
	default:
		return want == fmt.Sprint(got)
	}
}

// lookup returns the value at a path such as "products.0.id".
func lookup(value any, path string) (any, error) {
	for key := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("%s: no item %s in %v", path, key, v)
			}
			value = v[i]
		}
		if value == nil {
			return nil, fmt.Errorf("%s: no %s", path, key)
		}
	}
	return value, nil
}

// variables are the values that a case's texts may name.
type variables map[string]string

func newVariables() variables {
	return variables{"unique": "u" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12], "uuid": uuid.NewString()}
}

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// expand returns text with its variables replaced.
func (v variables) expand(t *testing.T, text string) string {
	t.Helper()
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		name := ref[2 : len(ref)-1]
		if words := strings.Fields(name); len(words) == 3 && words[0] == "repeat" {
			count, err := strconv.Atoi(words[2])
			require.NoError(t, err, ref)
			return strings.Repeat(words[1], count)
		}
		value, ok := v[name]
		require.True(t, ok, "no variable %s", ref)
		return value
	})
}

// expandAll returns value with the variables in its texts replaced.
func (v variables) expandAll(t *testing.T, value any) any {
	t.Helper()
	switch value := value.(type) {
	case string:
		return v.expand(t, value)
	case map[string]any:
		out := make(map[string]any, len(value))
		for key, item := range value {
			out[v.expand(t, key)] = v.expandAll(t, item)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = v.expandAll(t, item)
		}
		return out
	default:
		return value
	}
}

// save keeps the values at the wanted paths of an answer.
func (v variables) save(t *testing.T, wanted map[string]string, answer any) {
	t.Helper()
	for name, path := range wanted {
		value, err := lookup(answer, path)
		require.NoError(t, err)
		v[name] = fmt.Sprint(value)
	}
}

func TestMatchFindsWhatDiffers(t *testing.T) {
	got := decodeObject(t, []byte(`{"a": 1, "s": "text", "l": [{"x": "y"}, true], "n": null}`))
	for want, ok := range map[string]bool{
		`{"a": 1}`:                         true,
		`{"a": "1", "s": "<any>"}`:         true,
		`{"a": 2}`:                         false,
		`{"b": "<any>"}`:                   false,
		`{"b": "<absent>"}`:                true,
		`{"n": null, "l": "<length 2>"}`:   true,
		`{"s": "<contains ex>"}`:           true,
		`{"s": "<matches ^t.*t$>"}`:        true,
		`{"s": "<matches ^x>"}`:            false,
		`{"l": [{"x": "y"}, true]}`:        true,
		`{"l": [{"x": "y"}]}`:              false,
		`{"l": [{"x": "z"}, true]}`:        false,
		`{"s": {"not": "an object"}}`:      false,
		`{"l": "<length 1>", "s": "text"}`: false,
	} {
		var wanted any
		require.NoError(t, json.Unmarshal([]byte(want), &wanted))
		if ok {
			require.NoError(t, match("", wanted, any(got)), want)
		} else {
			require.Error(t, match("", wanted, any(got)), want)
		}
	}
}
