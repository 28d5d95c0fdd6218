package fields_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/product/fields"
)

func TestMessage(t *testing.T) {
	at := time.Date(2026, 11, 22, 13, 5, 0, 123456000, time.UTC)
	id := uuid.MustParse("01900000-0000-7000-8000-000000000000")
	live := &ent.Product{
		ID: id, Version: 3, CreateTime: at, UpdateTime: at.Add(time.Second), Sku: "S", Name: "N", Brand: "B",
		PriceMinor: 1500, PriceExponent: 3, Currency: "KWD", Description: "D", ImageUrls: []string{"https://i"},
		Tags: []string{"t"}, Attributes: map[string]string{"k": "v"}, SearchText: "never shown",
	}
	expected := &catalogv1.Product{
		Id: id.String(), Etag: "3", CreateTime: timestamppb.New(at), UpdateTime: timestamppb.New(at.Add(time.Second)),
		Sku: "S", Name: "N", Brand: "B", Price: &catalogv1.Money{Amount: "1.500", CurrencyCode: "KWD"},
		Description: "D", ImageUrls: []string{"https://i"}, Tags: []string{"t"}, Attributes: map[string]string{"k": "v"},
	}
	require.True(t, proto.Equal(expected, fields.Message(live)))

	deleted := *live
	deleted.DeleteTime = &at
	expected.DeleteTime = timestamppb.New(at)
	require.True(t, proto.Equal(expected, fields.Messages([]*ent.Product{live, &deleted})[1]))
}

// Row is the inverse of Message, and Restore of Stored, for every field and for products without optional values.
func TestRowAndRestoreAreInverses(t *testing.T) {
	at := time.Date(2026, 11, 22, 13, 5, 0, 123456000, time.UTC)
	weight := int64(1 << 60)
	full := &ent.Product{
		ID: uuid.New(), Version: 3, CreateTime: at, UpdateTime: at.Add(time.Second), DeleteTime: &at, Sku: `S"\`, Name: "N", Brand: "B",
		PriceMinor: 5, PriceExponent: 3, Currency: "KWD", Description: "D\n", ImageUrls: []string{"https://i"},
		Tags: []string{"t", "null"}, Attributes: map[string]string{"k": "v"}, WeightGrams: &weight,
	}
	sparse := &ent.Product{
		ID: uuid.New(), Version: 1, CreateTime: at, UpdateTime: at, Sku: "S", Name: "N", Brand: "B",
		PriceMinor: math.MaxInt64, Currency: "ZZZ", // a currency that is no more
	}
	for _, row := range []*ent.Product{full, sparse} {
		back, err := fields.Row(fields.Message(row))
		require.NoError(t, err)
		require.Equal(t, row, back)

		restored := &ent.Product{
			ID: row.ID, Version: row.Version, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime, DeleteTime: row.DeleteTime,
		}
		for _, f := range fields.Writable() {
			stored, err := f.Stored(row)
			require.NoError(t, err)
			require.NoError(t, fields.Restore(restored, f.Name, stored))
			require.True(t, f.Same(row, restored), f.Name)
		}
		require.Equal(t, row, restored)
	}
	for _, f := range fields.Writable() {
		require.NoError(t, fields.Restore(full, f.Name, json.RawMessage("null")))
		require.True(t, f.Same(&ent.Product{}, full), f.Name)
		require.Error(t, fields.Restore(full, f.Name, json.RawMessage("true")), f.Name)
	}
	require.Error(t, fields.Restore(full, "colour", json.RawMessage(`"red"`)))
	for _, broken := range []func(*catalogv1.Product){
		func(m *catalogv1.Product) { m.Id = "x" },
		func(m *catalogv1.Product) { m.Etag = "x" },
		func(m *catalogv1.Product) { m.Price = nil },
		func(m *catalogv1.Product) { m.CreateTime = nil },
	} {
		m := fields.Message(sparse)
		broken(m)
		_, err := fields.Row(m)
		require.Error(t, err)
	}
}
