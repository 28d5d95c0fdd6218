package fields_test

import (
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
