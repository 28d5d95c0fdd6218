package rpc

import (
	"slices"
	"testing"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
)

// The items of an oversized message are not checked one by one: each could violate a rule.
func TestMessagesWithTooManyItemsBreakOneRule(t *testing.T) {
	tooMany := &catalogv1.BatchCreateProductsRequest{}
	for range 1001 {
		tooMany.Requests = append(tooMany.Requests, &catalogv1.CreateProductRequest{})
	}
	for want, m := range map[string]proto.Message{
		"":         &catalogv1.BatchGetProductsRequest{Ids: make([]string, 600), Skus: make([]string, 600)},
		"requests": tooMany,
	} {
		var f *fault.Error
		require.ErrorAs(t, checkRules(m), &f)
		require.Len(t, f.Violations, 1)
		require.Equal(t, want, f.Violations[0].Field)
	}
}

func TestMessagesTellOfEveryBrokenRule(t *testing.T) {
	var f *fault.Error
	require.ErrorAs(t, checkRules(&catalogv1.BatchGetProductsRequest{Ids: make([]string, 3), Skus: make([]string, 2)}), &f)
	require.Len(t, f.Violations, 5)
}

// Every rule of the contract has a reason: a new rule needs an entry in ruleReasons.
func TestRulesOfTheContractHaveReasons(t *testing.T) {
	found := map[string]bool{}
	protoregistry.GlobalFiles.RangeFilesByPackage("catalog.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Messages().Len() {
			rulesOf(file.Messages().Get(i), found)
		}
		return true
	})
	require.Contains(t, found, "string.max_len")
	for rule := range found {
		require.Contains(t, ruleReasons, rule)
	}
}

// rulesOf collects the ids of the rules of a message and of its fields.
func rulesOf(message protoreflect.MessageDescriptor, found map[string]bool) {
	for _, rule := range extension[*validatepb.MessageRules](message, validatepb.E_Message).GetCel() {
		found[rule.GetId()] = true
	}
	for i := range message.Fields().Len() {
		rules := extension[*validatepb.FieldRules](message.Fields().Get(i), validatepb.E_Field)
		if rules.GetRequired() {
			found["required"] = true
		}
		rulesOfType(rules.ProtoReflect(), found)
		rulesOfType(rules.GetRepeated().GetItems().ProtoReflect(), found)
	}
}

func rulesOfType(rules protoreflect.Message, found map[string]bool) {
	oneof := rules.Descriptor().Oneofs().ByName("type")
	kind := rules.WhichOneof(oneof)
	if kind == nil {
		return
	}
	var names []string
	rules.Get(kind).Message().Range(func(rule protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if rule.Name() != "items" { // items have their own rules
			names = append(names, string(rule.Name()))
		}
		return true
	})
	id := string(kind.Name()) + "."
	if kind.Kind() == protoreflect.MessageKind && slices.Contains(names, "gte") && slices.Contains(names, "lte") {
		found[id+"gte_lte"] = true // one rule for both
		return
	}
	for _, name := range names {
		found[id+name] = true
	}
}

func extension[T any](descriptor protoreflect.Descriptor, of protoreflect.ExtensionType) (none T) {
	if value, ok := proto.GetExtension(descriptor.Options(), of).(T); ok {
		return value
	}
	return none
}
