package bounds_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc/bounds"
)

// scan scans data in pieces of a size and returns the number of elements.
func scan(m proto.Message, format bounds.Format, data []byte, piece int) (int, error) {
	s := bounds.New(m.ProtoReflect().Descriptor(), format)
	for len(data) > 0 {
		n := min(piece, len(data))
		if _, err := s.Write(data[:n]); err != nil {
			return s.Elements(), err
		}
		data = data[n:]
	}
	return s.Elements(), nil
}

// elements counts what a scanner counts, in a decoded message.
func elements(m protoreflect.Message) int {
	sum := 0
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case fd.IsMap():
			sum += v.Map().Len()
			if fd.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					sum += elements(v.Message())
					return true
				})
			}
		case fd.IsList():
			sum += v.List().Len()
			for i := range v.List().Len() {
				if fd.Message() != nil {
					sum += elements(v.List().Get(i).Message())
				}
			}
		case fd.Message() != nil:
			sum += elements(v.Message())
		}
		return true
	})
	return sum
}

func encode(t *testing.T, m proto.Message, format bounds.Format) []byte {
	t.Helper()
	var data []byte
	var err error
	if format == bounds.JSON {
		data, err = protojson.Marshal(m)
	} else {
		data, err = proto.Marshal(m)
	}
	require.NoError(t, err)
	return data
}

func rich() *catalogv1.Product {
	return &catalogv1.Product{
		Sku: `A "quoted", [bracketed] {name}\`, Name: "Lamp", Price: &catalogv1.Money{Amount: "1.50", CurrencyCode: "MXN"},
		ImageUrls: []string{"https://a.example/1", "https://a.example/2"}, Tags: []string{"a", "", "c"},
		Attributes: map[string]string{"color": "red", "tags": "[1,2,3]", "": ""},
	}
}

func batch(n int) *catalogv1.BatchUpdateProductsRequest {
	req := &catalogv1.BatchUpdateProductsRequest{}
	for range n {
		req.Requests = append(req.Requests, &catalogv1.UpdateProductRequest{
			Product: rich(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"tags", "image_urls"}},
		})
	}
	return req
}

func TestElementsAreCountedWhereverABodyIsCut(t *testing.T) {
	for _, m := range []proto.Message{
		batch(3),
		&catalogv1.CreateProductRequest{Product: rich()},
		&catalogv1.BatchGetProductsRequest{Ids: []string{"a", "b"}, Skus: []string{"", "c"}},
		&catalogv1.ListProductChangesRequest{Sequences: []int64{1, 300, 1 << 60, -1}},
		&catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: `\"[{`}},
	} {
		for _, format := range []bounds.Format{bounds.Proto, bounds.JSON} {
			data := encode(t, m, format)
			for piece := 1; piece < len(data)+1; piece = piece*2 + 1 {
				counted, err := scan(m, format, data, piece)
				require.NoError(t, err)
				require.Equal(t, elements(m.ProtoReflect()), counted, "%T, format %v, in pieces of %d", m, format, piece)
			}
		}
	}
}

// tags returns an update of a product with n tags.
func tags(n int) *catalogv1.UpdateProductRequest {
	return &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Tags: make([]string, n)}}
}

func TestListsHaveTheLimitsOfTheContract(t *testing.T) {
	attributes := map[string]string{}
	for i := range 1001 {
		attributes[fmt.Sprint(i)] = ""
	}
	nested := batch(3)
	nested.Requests[2] = tags(1001)
	for name, c := range map[string]struct {
		within, beyond proto.Message
		field          string
	}{
		"messages": {batch(1000), batch(1001), "requests"},
		"texts": {
			&catalogv1.BatchGetProductsRequest{Skus: make([]string, 1000)},
			&catalogv1.BatchGetProductsRequest{Skus: make([]string, 1001)}, "skus",
		},
		"numbers": {
			&catalogv1.ListProductChangesRequest{Sequences: make([]int64, 1000)},
			&catalogv1.ListProductChangesRequest{Sequences: make([]int64, 1001)}, "sequences",
		},
		"without a rule":        {tags(1000), tags(1001), "product.tags"},
		"in an item of a list":  {batch(3), nested, "requests[2].product.tags"},
		"of another service":    {&catalogv1.BatchRetryDeliveriesRequest{Ids: make([]string, 1000)}, &catalogv1.BatchRetryDeliveriesRequest{Ids: make([]string, 1001)}, "ids"},
		"a map without a rule":  {&catalogv1.CreateProductRequest{Product: rich()}, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{Attributes: attributes}}, "product.attributes"},
		"the paths of one mask": {batch(1), &catalogv1.UpdateProductRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: strings.Split(strings.Repeat("sku,", 1000)+"sku", ",")}}, "update_mask.paths"},
	} {
		for _, format := range []bounds.Format{bounds.Proto, bounds.JSON} {
			_, err := scan(c.within, format, encode(t, c.within, format), 100)
			require.NoError(t, err, name)
			_, err = scan(c.beyond, format, encode(t, c.beyond, format), 100)
			var f *fault.Error
			require.ErrorAs(t, err, &f, name)
			require.Equal(t, fault.FieldInvalid, f.Reason, name)
			require.Equal(t, c.field, f.Violations[0].Field, name)
			require.Equal(t, fault.FieldTooMany, f.Violations[0].Reason, name)
		}
	}
}

func TestAMessageThatOccursTwiceIsCountedAsOne(t *testing.T) {
	data := encode(t, tags(600), bounds.Proto)
	_, err := scan(tags(0), bounds.Proto, data, 100)
	require.NoError(t, err)
	_, err = scan(tags(0), bounds.Proto, append(data, data...), 100)
	require.True(t, fault.Is(err, fault.FieldInvalid), "%v", err)
}

func TestAllListsTogetherHaveALimit(t *testing.T) {
	req := &catalogv1.BatchUpdateProductsRequest{}
	for range 300 {
		req.Requests = append(req.Requests, tags(1000))
	}
	for _, format := range []bounds.Format{bounds.Proto, bounds.JSON} {
		_, err := scan(req, format, encode(t, req, format), 4096)
		require.True(t, fault.Is(err, fault.RequestTooLarge), "%v", err)
	}
	unknown := []byte(`{"unknown":[` + strings.Repeat(`{},`, bounds.MaxElements) + `{}]}`)
	_, err := scan(req, bounds.JSON, unknown, 4096)
	require.True(t, fault.Is(err, fault.RequestTooLarge), "%v", err)
}

func TestDepthHasALimit(t *testing.T) {
	group := protowire.AppendTag(nil, 1000, protowire.StartGroupType)
	for name, c := range map[string]struct {
		format bounds.Format
		unit   []byte
	}{
		"unknown groups": {bounds.Proto, group},
		"lists":          {bounds.JSON, []byte(`[`)},
		"objects":        {bounds.JSON, []byte(`{"a":`)},
	} {
		_, err := scan(tags(0), c.format, bytes.Repeat(c.unit, bounds.MaxDepth), 7)
		require.NoError(t, err, name)
		_, err = scan(tags(0), c.format, bytes.Repeat(c.unit, bounds.MaxDepth+1), 7)
		require.True(t, fault.Is(err, fault.RequestMalformed), "%s: %v", name, err)
	}
}

// TestRequestsAreWithinWhatScannersKnow fails if a request has a type that they do not count: add it to them.
func TestRequestsAreWithinWhatScannersKnow(t *testing.T) {
	allowed := map[protoreflect.FullName]bool{
		"google.protobuf.Timestamp": true, "google.protobuf.FieldMask": true, "google.protobuf.Duration": true,
	}
	requests := 0
	var look func(m protoreflect.MessageDescriptor, path []protoreflect.FullName)
	look = func(m protoreflect.MessageDescriptor, path []protoreflect.FullName) {
		if m.ParentFile().Package() == "google.protobuf" {
			require.True(t, allowed[m.FullName()], "%s in %v", m.FullName(), path)
			return
		}
		require.NotContains(t, path, m.FullName(), "a recursive message")
		for i := range m.Fields().Len() {
			fd := m.Fields().Get(i)
			require.NotEqual(t, protoreflect.GroupKind, fd.Kind(), "%s", fd.FullName())
			if fd.Message() != nil {
				look(fd.Message(), append(path, m.FullName()))
			}
		}
	}
	protoregistry.GlobalFiles.RangeFilesByPackage("catalog.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				look(methods.Get(j).Input(), nil)
				requests++
			}
		}
		return true
	})
	require.NotZero(t, requests)
}

// fuzzed are requests with every kind of list.
var fuzzed = []proto.Message{
	&catalogv1.BatchUpdateProductsRequest{},
	&catalogv1.BatchGetProductsRequest{},
	&catalogv1.ListProductChangesRequest{},
	&catalogv1.UpdateProductRequest{},
	&catalogv1.ListProductChangesResponse{}, // recursive
}

// fuzz checks that a scanner counts at least what a decoder makes, wherever the data is cut.
func fuzz(f *testing.F, format bounds.Format, unmarshal func([]byte, proto.Message) error) {
	f.Helper()
	f.Fuzz(func(t *testing.T, which, piece uint8, data []byte) {
		m := fuzzed[int(which)%len(fuzzed)].ProtoReflect().New().Interface()
		counted, err := scan(m, format, data, len(data)+1)
		again, errAgain := scan(m, format, data, int(piece)+1)
		require.Equal(t, counted, again)
		require.Equal(t, err, errAgain)
		if err != nil {
			var bad *fault.Error
			require.ErrorAs(t, err, &bad)
			return
		}
		decoded := unmarshal(data, m)
		if elements(m.ProtoReflect()) > counted { // also of what was decoded before a mistake
			require.Fail(t, "not counted", "%d of %d: %v, %v", counted, elements(m.ProtoReflect()), m, decoded)
		}
	})
}

func FuzzProto(f *testing.F) {
	for i, m := range []proto.Message{
		batch(2), &catalogv1.BatchGetProductsRequest{Ids: []string{"a"}, Skus: []string{""}},
		&catalogv1.ListProductChangesRequest{Sequences: []int64{1, 300, -1}}, tags(3),
	} {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), uint8(3), data)
		f.Add(uint8(i), uint8(0), append(protowire.AppendTag(nil, 99, protowire.StartGroupType), data...))
	}
	fuzz(f, bounds.Proto, proto.Unmarshal)
}

func FuzzJSON(f *testing.F) {
	for i, m := range []proto.Message{
		batch(2), &catalogv1.BatchGetProductsRequest{Ids: []string{"a"}, Skus: []string{""}},
		&catalogv1.ListProductChangesRequest{Sequences: []int64{1, 300, -1}}, tags(3),
	} {
		data, err := protojson.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), uint8(3), data)
	}
	f.Add(uint8(3), uint8(0), []byte(`{"update_mask":"a,b","pr\u006fduct":{"tags":["a",null,"b"],"attributes":{"a":"b"}}}`))
	fuzz(f, bounds.JSON, protojson.Unmarshal)
}

func BenchmarkScan(b *testing.B) {
	get := &catalogv1.GetProductRequest{Key: &catalogv1.GetProductRequest_Sku{Sku: "MAT-1"}}
	for _, m := range []proto.Message{get, batch(1000)} {
		for format, name := range []string{"proto", "json"} {
			data, err := proto.Marshal(m)
			unmarshal := proto.Unmarshal
			if name == "json" {
				data, err = protojson.Marshal(m)
				unmarshal = protojson.Unmarshal
			}
			require.NoError(b, err)
			what := fmt.Sprintf("%s/%s/%d", m.ProtoReflect().Descriptor().Name(), name, len(data))
			b.Run(what+"/scan", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					_, err := scan(m, bounds.Format(format), data, 16<<10)
					require.NoError(b, err)
				}
			})
			b.Run(what+"/decode", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					require.NoError(b, unmarshal(data, m.ProtoReflect().New().Interface()))
				}
			})
		}
	}
}
