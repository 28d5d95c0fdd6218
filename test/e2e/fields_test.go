package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

// ruledFields are the fields that have rules of their own: each needs a value that keeps them. The others
// get one by their kind.
var ruledFields = map[protoreflect.Name]func(n int) *catalogv1.Product{
	"price": func(n int) *catalogv1.Product {
		return &catalogv1.Product{Price: &catalogv1.Money{Amount: fmt.Sprintf("%d.50", n), CurrencyCode: "MXN"}}
	},
	"image_urls": func(n int) *catalogv1.Product {
		return &catalogv1.Product{ImageUrls: []string{
			fmt.Sprintf("https://example.com/%d.png?a,b", n), "https://example.com/also.png",
		}}
	},
}

// inMails is how people read fields in mails, where that is not the field's name and its JSON.
var inMails = map[protoreflect.Name]struct {
	label string
	value func(*catalogv1.Product) string
}{
	"sku":        {label: "SKU"},
	"price":      {value: func(p *catalogv1.Product) string { return p.GetPrice().GetAmount() + " MXN" }},
	"image_urls": {label: "images"},
	"weight_grams": {
		label: "weight", value: func(p *catalogv1.Product) string { return fmt.Sprintf("%d g", p.GetWeightGrams()) },
	},
}

// TestEveryFieldSurvives walks catalog.v1.Product, and gives every field that callers write a value, another
// one, and none. Each must survive all that a product goes through, on its own: a field that anything
// forgets fails by its name.
func TestEveryFieldSurvives(t *testing.T) {
	t.Parallel()
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dialect, 2)
			w := &walk{
				server: s, other: newServer(t, dialect, 1),
				products: clientOf(t, s), ids: map[protoreflect.Name]string{}, were: map[protoreflect.Name]*catalogv1.Product{},
				updates: map[protoreflect.Name][]update{},
			}
			w.create(t)
			w.exportAndImport(t, "create")
			w.update(t, "update by mask", func(f protoreflect.FieldDescriptor) *catalogv1.Product { return valueOf(t, f, 2) })
			w.exportAndImport(t, "update")
			w.update(t, "clear by mask", func(f protoreflect.FieldDescriptor) *catalogv1.Product {
				if has(f, annotations.FieldBehavior_REQUIRED) {
					return nil
				}
				return &catalogv1.Product{}
			})
			w.exportAndImport(t, "clear")
			w.revert(t)
		})
	}
}

// walk is what products with one field each go through.
type walk struct {
	server, other *server
	products      catalogv1connect.ProductServiceClient
	ids           map[protoreflect.Name]string
	// were has the products as they are now.
	were map[protoreflect.Name]*catalogv1.Product
	// updates are those of each product, in order.
	updates map[protoreflect.Name][]update
}

// update is a change of a product.
type update struct {
	sequence int64
	was      *catalogv1.Product
}

// written returns the fields that callers write: those that the server does not set.
func written() []protoreflect.FieldDescriptor {
	var all []protoreflect.FieldDescriptor
	fields := (*catalogv1.Product)(nil).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Name() != "etag" && !has(f, annotations.FieldBehavior_OUTPUT_ONLY) {
			all = append(all, f)
		}
	}
	return all
}

func has(f protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	behaviors, _ := proto.GetExtension(f.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, behavior)
}

// valueOf returns a product that has the nth value of a field, and nothing else.
func valueOf(t *testing.T, f protoreflect.FieldDescriptor, n int) *catalogv1.Product {
	t.Helper()
	if ruled, ok := ruledFields[f.Name()]; ok {
		return ruled(n)
	}
	p := &catalogv1.Product{}
	m := p.ProtoReflect()
	text := fmt.Sprintf("%s %d", f.Name(), n)
	switch {
	case f.IsMap():
		m.Mutable(f).Map().Set(protoreflect.ValueOfString(text).MapKey(), protoreflect.ValueOfString("value of "+text))
	case f.IsList():
		m.Mutable(f).List().Append(protoreflect.ValueOfString(text))
		m.Mutable(f).List().Append(protoreflect.ValueOfString("big, round"))
	default:
		m.Set(f, scalar(t, f, n, text))
	}
	return p
}

func scalar(t *testing.T, f protoreflect.FieldDescriptor, n int, text string) protoreflect.Value {
	t.Helper()
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n%2 == 1)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n) + 0.5)
	default:
		require.Fail(t, "no value", "give %s one in ruledFields", f.FullName())
		return protoreflect.Value{}
	}
}

// baseOf returns the product on which a field is tried: with what is required.
func baseOf(t *testing.T, tried protoreflect.FieldDescriptor) *catalogv1.Product {
	t.Helper()
	p := &catalogv1.Product{}
	for _, f := range written() {
		if has(f, annotations.FieldBehavior_REQUIRED) && f.Name() != "sku" {
			proto.Merge(p, valueOf(t, f, 0))
		}
	}
	p.Sku = "for " + string(tried.Name())
	return p
}

// put replaces a field of a product by that of another.
func put(to, from *catalogv1.Product, f protoreflect.FieldDescriptor) {
	to.ProtoReflect().Clear(f)
	if from.ProtoReflect().Has(f) {
		to.ProtoReflect().Set(f, from.ProtoReflect().Get(f))
	}
}

// requireSame fails for each field in which two products differ, by its name.
func requireSame(t *testing.T, step string, tried protoreflect.FieldDescriptor, want, got *catalogv1.Product) {
	t.Helper()
	for _, f := range written() {
		w, g := want.ProtoReflect(), got.ProtoReflect()
		if w.Has(f) != g.Has(f) || !w.Get(f).Equal(g.Get(f)) {
			t.Errorf("field %s did not survive: %s (of a product with %s): %v, want %v",
				f.Name(), step, tried.Name(), g.Get(f), w.Get(f))
		}
	}
}

func clientOf(t *testing.T, s *server) catalogv1connect.ProductServiceClient {
	t.Helper()
	token := s.token(t, "admin")
	sign := func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			req.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, req)
		}
	}
	return catalogv1connect.NewProductServiceClient(http1, s.base,
		connect.WithInterceptors(connect.UnaryInterceptorFunc(sign)))
}

func (w *walk) create(t *testing.T) {
	t.Helper()
	for _, f := range written() {
		want := baseOf(t, f)
		put(want, valueOf(t, f, 1), f)
		created, err := w.products.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: want})
		if err != nil {
			t.Errorf("field %s did not survive: create: %v", f.Name(), err)
			continue
		}
		requireSame(t, "create", f, want, created.GetProduct())
		w.ids[f.Name()], w.were[f.Name()] = created.GetProduct().GetId(), want
		w.requireRead(t, "create", f)
		w.requireHistory(t, "create", f, &catalogv1.Product{})
	}
}

// update changes the field that is tried of each product, and nothing else. A nil value leaves it.
func (w *walk) update(t *testing.T, step string, to func(protoreflect.FieldDescriptor) *catalogv1.Product) {
	t.Helper()
	for _, f := range written() {
		was, value := w.were[f.Name()], to(f)
		if was == nil || value == nil {
			continue
		}
		change := proto.CloneOf(value)
		change.Id = w.ids[f.Name()]
		updated, err := w.products.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{
			Product: change, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{string(f.Name())}},
		})
		if err != nil {
			t.Errorf("field %s did not survive: %s: %v", f.Name(), step, err)
			continue
		}
		want := proto.CloneOf(was)
		put(want, value, f)
		requireSame(t, step, f, want, updated.GetProduct())
		w.were[f.Name()] = want
		w.requireRead(t, step, f)
		sequence := w.requireHistory(t, step, f, was)
		w.updates[f.Name()] = append(w.updates[f.Name()], update{sequence, was})
		w.requireMail(t, step, f, was)
	}
}

// revert undoes the updates of each product, the last one first.
func (w *walk) revert(t *testing.T) {
	t.Helper()
	const step = "revert"
	for _, f := range written() {
		for _, u := range slices.Backward(w.updates[f.Name()]) {
			reverted, err := w.products.RevertProductChange(t.Context(), &catalogv1.RevertProductChangeRequest{Sequence: u.sequence})
			if err != nil {
				t.Errorf("field %s did not survive: %s: %v", f.Name(), step, err)
				break
			}
			requireSame(t, step, f, u.was, reverted.GetProduct())
			was := w.were[f.Name()]
			w.were[f.Name()] = u.was
			w.requireRead(t, step, f)
			w.requireHistory(t, step, f, was)
			w.requireMail(t, step, f, was)
		}
	}
}

// requireRead reads the product in every way.
func (w *walk) requireRead(t *testing.T, step string, f protoreflect.FieldDescriptor) {
	t.Helper()
	id, want := w.ids[f.Name()], w.were[f.Name()]
	got, err := w.products.GetProduct(t.Context(), &catalogv1.GetProductRequest{
		Key: &catalogv1.GetProductRequest_Id{Id: id},
	})
	if err != nil {
		t.Errorf("field %s did not survive: get after %s: %v", f.Name(), step, err)
		return
	}
	requireSame(t, "get after "+step, f, want, got.GetProduct())
	list, err := w.products.ListProducts(t.Context(), &catalogv1.ListProductsRequest{
		Filter: fmt.Sprintf("sku = %q", want.GetSku()),
	})
	require.NoError(t, err)
	require.Len(t, list.GetProducts(), 1, "list after %s of field %s", step, f.Name())
	requireSame(t, "list after "+step, f, want, list.GetProducts()[0])
}

// jsonOf returns a field in its JSON form, nil if the product never had one.
func jsonOf(t *testing.T, p *catalogv1.Product, f protoreflect.FieldDescriptor) any {
	t.Helper()
	raw, err := protojson.MarshalOptions{EmitDefaultValues: p.GetSku() != ""}.Marshal(p)
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(raw, &fields))
	return fields[f.JSONName()]
}

// requireHistory expects that the newest change of the product tells of the field, and returns its sequence.
func (w *walk) requireHistory(t *testing.T, step string, f protoreflect.FieldDescriptor, was *catalogv1.Product) int64 {
	t.Helper()
	resp, err := w.products.ListProductChanges(t.Context(), &catalogv1.ListProductChangesRequest{
		ProductId: w.ids[f.Name()], PageSize: 1,
	})
	require.NoError(t, err)
	var told []string
	for _, c := range resp.GetChanges()[0].GetFields() {
		told = append(told, c.GetField())
		if c.GetField() != string(f.Name()) {
			continue
		}
		assert.Equal(t, jsonOf(t, was, f), c.GetOldValue().AsInterface(), "history of field %s after %s", f.Name(), step)
		assert.Equal(t, jsonOf(t, w.were[f.Name()], f), c.GetNewValue().AsInterface(),
			"history of field %s after %s", f.Name(), step)
	}
	isCreate := was.GetSku() == ""
	if !slices.Contains(told, string(f.Name())) || (!isCreate && len(told) > 1) {
		t.Errorf("field %s did not survive: history after %s tells of %v", f.Name(), step, told)
	}
	return resp.GetChanges()[0].GetSequence()
}

// requireMail waits for the mail that tells the other administrator of the field.
func (w *walk) requireMail(t *testing.T, step string, f protoreflect.FieldDescriptor, was *catalogv1.Product) {
	t.Helper()
	label := inMails[f.Name()].label
	if label == "" {
		label = strings.ReplaceAll(string(f.Name()), "_", " ")
	}
	line := fmt.Sprintf("- %s: %s → %s\n", label, readable(t, was, f), readable(t, w.were[f.Name()], f))
	var letters []letter
	wait.For(t, func() bool {
		letters = w.server.mailbox(t)
		return slices.ContainsFunc(letters, func(l letter) bool {
			return l.to == accounts[1].email && strings.Contains(l.text, line)
		})
	}, "field %s did not survive: no mail after %s has %q: %v", f.Name(), step, line,
		&lazy{func() string { return fmt.Sprint(letters) }})
}

// readable is how a mail writes the field.
func readable(t *testing.T, p *catalogv1.Product, f protoreflect.FieldDescriptor) string {
	t.Helper()
	if !p.ProtoReflect().Has(f) {
		return "(none)"
	}
	if write := inMails[f.Name()].value; write != nil {
		return write(p)
	}
	switch v := jsonOf(t, p, f).(type) {
	case []any:
		return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%q", v), `" "`, ", "), `["]`)
	case map[string]any:
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, fmt.Sprintf("%s: %v", key, v[key]))
		}
		return strings.Join(pairs, "; ")
	default:
		return fmt.Sprint(v)
	}
}

// exportAndImport takes all products into a file and into another catalog, where they must be the same.
func (w *walk) exportAndImport(t *testing.T, step string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export.csv")
	got := w.server.runAsAdmin(t, accounts[0].password, "export", file)
	require.Zero(t, got.status, "%s", got.stderr)
	got = w.server.importFile(t, file)
	require.Equal(t, fmt.Sprintf("0 created, 0 updated, %d unchanged, 0 failed\n", len(w.were)), got.stdout, "%s", got.stderr)
	got = w.other.importFile(t, file)
	require.Zero(t, got.status, "import after %s: %s", step, got.stderr)
	other := clientOf(t, w.other)
	for _, f := range written() {
		want := w.were[f.Name()]
		if want == nil {
			continue
		}
		imported, err := other.GetProduct(t.Context(), &catalogv1.GetProductRequest{
			Key: &catalogv1.GetProductRequest_Sku{Sku: want.GetSku()},
		})
		if err != nil {
			t.Errorf("field %s did not survive: export and import after %s: %v", f.Name(), step, err)
			continue
		}
		requireSame(t, "export and import after "+step, f, want, imported.GetProduct())
	}
}
