package fields_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/product/fields"
)

func BenchmarkMessage(b *testing.B) {
	at := time.Date(2026, 11, 22, 13, 5, 0, 123456000, time.UTC)
	row := &ent.Product{
		ID: uuid.New(), Version: 3, CreateTime: at, UpdateTime: at, Sku: "S", Name: "N", Brand: "B",
		PriceMinor: 1500, PriceExponent: 3, Currency: "KWD", Description: "D", ImageUrls: []string{"https://i"},
		Tags: []string{"t"}, Attributes: map[string]string{"k": "v"},
	}
	b.ReportAllocs()
	for b.Loop() {
		fields.Message(row)
	}
}
