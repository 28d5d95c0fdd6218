package rpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/zebrands/catalog/internal/fault"
)

// validation rejects a request that violates a rule of the contract or contains control characters: PostgreSQL cannot
// store NUL, and no text of the catalog needs any of them.
type validation struct{}

func (validation) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := validate(req.Any()); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

func (validation) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (validation) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return next(ctx, validated{conn})
	}
}

// validated is a stream whose requests are valid.
type validated struct{ connect.StreamingHandlerConn }

func (v validated) Receive(m any) error {
	if err := v.StreamingHandlerConn.Receive(m); err != nil {
		return err
	}
	return validate(m)
}

func validate(request any) error {
	m, ok := request.(proto.Message)
	if !ok {
		return errNotProto
	}
	if err := checkRules(m); err != nil {
		return err
	}
	if bad := appendControlled(nil, "", m.ProtoReflect()); len(bad) > 0 {
		return fault.Fields(bad...)
	}
	return nil
}

// checkRules checks all rules only in a message without too many items: a few compressed kilobytes can hold millions
// of items, and each violation costs a thousand times the item's size.
func checkRules(m proto.Message) error {
	broken, err := violations(m, protovalidate.WithFailFast())
	if err == nil && len(broken) > 0 && !isAboutAll(broken[0]) {
		broken, err = violations(m)
	}
	if err != nil || len(broken) == 0 {
		return err
	}
	told := make([]fault.Violation, len(broken))
	for i, v := range broken {
		told[i] = fault.Violation{
			Field:       protovalidate.FieldPathString(v.Proto.GetField()),
			Reason:      reasonOf(v),
			Description: v.Proto.GetMessage(),
		}
	}
	return fault.Fields(told...)
}

// ruleReasons are the reasons of fields that violate the rules of the contract. A test finds missing rules.
var ruleReasons = map[string]fault.FieldReason{
	"batch_get_products.size": fault.FieldOutOfRange,
	"enum.defined_only":       fault.FieldUnknownValue,
	"int32.gte_lte":           fault.FieldOutOfRange,
	"int64.gte":               fault.FieldOutOfRange,
	"repeated.max_items":      fault.FieldTooMany,
	"repeated.min_items":      fault.FieldRequired,
	"repeated.unique":         fault.FieldNotUnique,
	"required":                fault.FieldRequired,
	"string.max_len":          fault.FieldTooLong,
	"string.min_len":          fault.FieldTooShort,
	"string.uuid":             fault.FieldNotUUID,
	"string.uuid_empty":       fault.FieldRequired,
}

// reasonOf returns the reason of a field that violates a rule. An empty text with a minimum length of one is missing,
// not too short.
func reasonOf(v *protovalidate.Violation) fault.FieldReason {
	id := v.Proto.GetRuleId()
	if id == "string.min_len" && v.RuleValue.IsValid() && v.RuleValue.Uint() == 1 {
		return fault.FieldRequired
	}
	return ruleReasons[id]
}

// isAboutAll reports whether a rule concerns a whole message or list: such rules are checked before those of the
// elements.
func isAboutAll(v *protovalidate.Violation) bool {
	return v.Proto.GetField() == nil || v.Proto.GetRuleId() == "repeated.max_items"
}

func violations(m proto.Message, options ...protovalidate.ValidationOption) ([]*protovalidate.Violation, error) {
	err := protovalidate.Validate(m, options...)
	if err == nil {
		return nil, nil
	}
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return broken.Violations, nil
}

// appendControlled appends a violation for each string of m that contains a control character other than tab, line
// feed and carriage return. prefix is the path of m, with a trailing dot unless empty.
func appendControlled(found []fault.Violation, prefix string, m protoreflect.Message) []fault.Violation {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		path := prefix + string(fd.Name())
		switch {
		case fd.IsMap():
			v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
				entry := path + "[" + strconv.Quote(k.String()) + "]"
				if fd.MapKey().Kind() == protoreflect.StringKind {
					found = appendIfControlled(found, entry, k.String())
				}
				found = appendControlledValue(found, entry, fd.MapValue(), v)
				return true
			})
		case fd.IsList():
			for i := range v.List().Len() {
				found = appendControlledValue(found, path+"["+strconv.Itoa(i)+"]", fd, v.List().Get(i))
			}
		default:
			found = appendControlledValue(found, path, fd, v)
		}
		return true
	})
	return found
}

func appendControlledValue(
	found []fault.Violation, path string, fd protoreflect.FieldDescriptor, v protoreflect.Value,
) []fault.Violation {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return appendIfControlled(found, path, v.String())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return appendControlled(found, path+".", v.Message())
	default:
		return found
	}
}

func appendIfControlled(found []fault.Violation, path, s string) []fault.Violation {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return append(found, fault.Violation{
				Field:       path,
				Reason:      fault.FieldControlCharacters,
				Description: fmt.Sprintf("must not contain the control character U+%04X", r),
			})
		}
	}
	return found
}
