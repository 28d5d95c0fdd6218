package fields

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/text"
)

// Mask is a set of paths to update: fields such as "name", and parts of fields such as "price.amount".
type Mask map[string]bool

// Everything returns the mask "*".
func Everything() Mask {
	m := Mask{}
	for _, f := range writable {
		m.add(f)
	}
	return m
}

func (m Mask) add(f *Field) {
	for _, path := range f.paths {
		m[path] = true
	}
}

// names reports whether the mask names the field or a part of it.
func (m Mask) names(f *Field) bool {
	return slices.ContainsFunc(f.paths, func(path string) bool { return m[path] })
}

// ParseMask returns the paths that an update changes, without those that the server sets. A mask without paths means
// every non-empty field of p. Returns UPDATE_MASK_INVALID if a path is unknown.
func ParseMask(fm *fieldmaskpb.FieldMask, p *catalogv1.Product) (Mask, error) {
	if len(fm.GetPaths()) == 0 {
		return populated(p), nil
	}
	m, all := Mask{}, Everything()
	var unknown []string
	for _, path := range fm.GetPaths() {
		switch f := named(path); {
		case path == "*":
			m = Everything()
		case f != nil:
			m.add(f)
		case all[path]:
			m[path] = true
		case !isServerSet(path):
			unknown = append(unknown, path)
		}
	}
	if len(unknown) > 0 {
		return nil, unknownPaths(unknown)
	}
	return m, nil
}

// isServerSet reports whether path names a field of a product, or a part of one, that callers can send but not change.
func isServerSet(path string) bool {
	root, _, _ := strings.Cut(path, ".")
	known := (&fieldmaskpb.FieldMask{Paths: []string{path}}).IsValid((*catalogv1.Product)(nil))
	return known && slices.ContainsFunc(table, func(f Field) bool { return f.Name == root && f.value == nil })
}

func populated(p *catalogv1.Product) Mask {
	m := Mask{}
	for path := range Everything() {
		if has(p.ProtoReflect(), path) {
			m[path] = true
		}
	}
	return m
}

// has reports whether the field at path is set, or not empty.
func has(m protoreflect.Message, path string) bool {
	root, part, hasPart := strings.Cut(path, ".")
	f := m.Descriptor().Fields().ByTextName(root)
	if !m.Has(f) {
		return false
	}
	return !hasPart || has(m.Get(f).Message(), part)
}

// unknownPaths names the first paths, each truncated.
func unknownPaths(paths []string) error {
	const few, little = 10, 64
	quoted := make([]string, 0, few)
	for _, p := range paths[:min(len(paths), few)] {
		quoted = append(quoted, strconv.Quote(text.First(p, little)))
	}
	return fault.ReasonedFields(fault.UpdateMaskInvalid, fault.Violation{
		Field:       "update_mask",
		Description: "names no field of a product that can be changed: " + strings.Join(quoted, ", "),
	})
}
