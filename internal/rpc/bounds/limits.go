// Package bounds limits the number of list elements and the depth of a request while its bytes arrive, before a
// decoder allocates memory for them: two bytes of protobuf can become a message of two hundred.
//
// The limits are those of the contract: repeated.max_items and map.max_pairs of each field of the method's request.
package bounds

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zebrands/catalog/internal/fault"
)

const (
	// defaultItems limits a list or map without a rule in the contract: no list of a request may have more.
	defaultItems = 1000
	// MaxElements limits the elements of all lists and maps of a message together. A thousand products whose lists are
	// all full have 120,000.
	MaxElements = 200_000
	// MaxDepth limits how deeply messages, groups, and JSON objects and lists are nested.
	MaxDepth = 100
)

// Format is an encoding of messages.
type Format int

// The formats.
const (
	Proto Format = iota
	JSON
)

// Scanner checks a message in pieces of any size.
type Scanner interface {
	// Write scans the next bytes. It always consumes all of them or returns a fault: FIELD_INVALID if a list has too
	// many items, REQUEST_TOO_LARGE if all lists together have, REQUEST_MALFORMED if the message is nested too deeply.
	//
	// It does not check whether the message is valid otherwise. A decoder that reads it fails at the same place.
	Write(p []byte) (int, error)
	// Elements returns the number of elements so far, in all lists and maps.
	Elements() int
}

// New returns a scanner for a message.
func New(message protoreflect.MessageDescriptor, format Format) Scanner {
	if format == JSON {
		return newJSONScanner(layoutOf(message))
	}
	return newProtoScanner(layoutOf(message))
}

// layout is what a scanner knows of a message type.
//
// The lists of a message and of its singular messages share an array of counters, because a decoder merges a singular
// message that occurs twice. A list's element has its own counters.
type layout struct {
	message  protoreflect.MessageDescriptor
	byNumber map[protoreflect.FieldNumber]*field
	byName   map[string]*field // by JSON name and by name
	counters int
	// mask marks google.protobuf.FieldMask, whose JSON form is one string; opaque, a type with another JSON form.
	mask, opaque bool
}

// field is a field that is a list, a map, or a message.
type field struct {
	name  string
	limit int // of items; 0 for a singular message
	isMap bool
	// counter is the index of the items' number among the counters of the message.
	counter int
	// packable is the kind of numbers that can be packed; 0 for others.
	packable protoreflect.Kind
	// child is the layout of the elements, of the map's entries, or of the singular message; nil for scalars.
	child *layout
	// offset is the index of a singular message's counters among those of the message; -1 if it has its own, because
	// its type is recursive.
	offset int
}

func (f *field) isList() bool { return f.limit > 0 }

var layouts sync.Map // of *layout, by full name

func layoutOf(message protoreflect.MessageDescriptor) *layout {
	if known, ok := layouts.Load(message.FullName()); ok {
		return known.(*layout) //nolint:errcheck,forcetypeassert // nothing else is in it
	}
	known, _ := layouts.LoadOrStore(message.FullName(), build(message, nil, map[protoreflect.FullName]*layout{}))
	return known.(*layout) //nolint:errcheck,forcetypeassert // see above
}

// build returns the layout of a message. outer are the messages that contain it as a singular message.
func build(
	message protoreflect.MessageDescriptor, outer []protoreflect.FullName, built map[protoreflect.FullName]*layout,
) *layout {
	name := message.FullName()
	if l, ok := built[name]; ok {
		return l
	}
	l := &layout{
		message:  message,
		byNumber: map[protoreflect.FieldNumber]*field{},
		byName:   map[string]*field{},
		mask:     name == "google.protobuf.FieldMask",
		opaque:   strings.HasPrefix(string(name), "google.protobuf.") && name != "google.protobuf.FieldMask",
	}
	built[name] = l
	outer = append(outer, name)
	for i := range message.Fields().Len() {
		fd := message.Fields().Get(i)
		f := &field{name: string(fd.Name()), isMap: fd.IsMap(), offset: -1}
		switch {
		case fd.IsList() || fd.IsMap():
			f.limit, f.counter = itemsOf(fd), l.counters
			l.counters++
			if fd.Message() != nil {
				f.child = build(fd.Message(), nil, built)
			} else if fd.Kind() != protoreflect.StringKind && fd.Kind() != protoreflect.BytesKind {
				f.packable = fd.Kind()
			}
		case fd.Message() != nil:
			f.child = build(fd.Message(), outer, built)
			if !slices.Contains(outer, fd.Message().FullName()) {
				f.offset = l.counters
				l.counters += f.child.counters
			}
		default:
			continue
		}
		l.byNumber[fd.Number()] = f
		l.byName[fd.JSONName()], l.byName[string(fd.Name())] = f, f
	}
	return l
}

// itemsOf returns the maximum number of items of a list or map.
func itemsOf(fd protoreflect.FieldDescriptor) int {
	rules, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	if limit := rules.GetRepeated().GetMaxItems(); limit > 0 {
		return int(limit) //nolint:gosec // the contract's are small
	}
	if limit := rules.GetMap().GetMaxPairs(); limit > 0 {
		return int(limit) //nolint:gosec // see above
	}
	return defaultItems
}

// tooManyItems returns the fault for a list, with the text of the contract's rule.
func tooManyItems(path string, f *field) error {
	if f.isMap {
		return fault.Field(path, fault.FieldTooMany, "map must be at most %d entries", f.limit)
	}
	return fault.Field(path, fault.FieldTooMany, "must contain no more than %d item(s)", f.limit)
}

func tooManyElements() error {
	return fault.New(fault.TooLarge, fault.RequestTooLarge,
		"The request has more than %d elements in its lists.", MaxElements)
}

func tooDeep() error {
	return fault.New(fault.Invalid, fault.RequestMalformed,
		"The request cannot be read: it is nested more than %d levels deep.", MaxDepth)
}

// counts are the counters of the messages that a scanner is in, innermost last, and the elements of all.
type counts struct {
	items    []int32
	elements int
}

// open adds counters of a message and returns the index of the first.
func (c *counts) open(n int) int {
	base := len(c.items)
	for range n {
		c.items = append(c.items, 0)
	}
	return base
}

// add counts n items of a list. Returns false if they are too many.
func (c *counts) add(base int, f *field, n int) bool {
	at := base + f.counter
	if n > f.limit-int(c.items[at]) {
		return false
	}
	c.items[at] += int32(n) //nolint:gosec // at most the limit
	c.elements += n
	return true
}

// index returns the index of the last item of a list.
func (c *counts) index(base int, f *field) int { return int(c.items[base+f.counter]) - 1 }

// step is a part of a path in a request.
func step(f *field, index int) string {
	if f.isList() {
		return fmt.Sprintf("%s[%d]", f.name, index)
	}
	return f.name
}
