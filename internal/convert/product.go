// Package convert turns stored rows into messages of the API, and checks what messages hold.
package convert

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/money"
)

// Product returns the message for a product.
func Product(p *ent.Product) *catalogv1.Product {
	return &catalogv1.Product{
		Id:    p.ID.String(),
		Sku:   p.Sku,
		Name:  p.Name,
		Brand: p.Brand,
		Price: &catalogv1.Money{
			Amount:       money.Format(p.PriceMinor, p.PriceExponent),
			CurrencyCode: p.Currency,
		},
		Description: p.Description,
		ImageUrls:   p.ImageUrls,
		Tags:        p.Tags,
		Attributes:  p.Attributes,
		Etag:        ETag(p.Version),
		CreateTime:  timestamppb.New(p.CreateTime),
		UpdateTime:  timestamppb.New(p.UpdateTime),
		DeleteTime:  timestamp(p.DeleteTime),
	}
}

// Products returns the messages for products, in their order.
func Products(ps []*ent.Product) []*catalogv1.Product {
	messages := make([]*catalogv1.Product, len(ps))
	for i, p := range ps {
		messages[i] = Product(p)
	}
	return messages
}

// ETag returns the etag of a resource's version.
func ETag(version int64) string {
	return strconv.FormatInt(version, 10)
}

func timestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
