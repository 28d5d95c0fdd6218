package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// floor answers every GetProduct with the same product from memory, through Connect alone: what a
// catalog on this transport cannot beat.
type floor struct {
	catalogv1connect.UnimplementedProductServiceHandler

	product *catalogv1.Product
}

// floorProduct returns the product that the floor has for every id.
func floorProduct() *catalogv1.Product {
	p := newGenerator(importSize).product(0).product
	p.Id = "019ab0c8-5f5e-7c1a-9d7b-3f6a1f0a2b3c"
	p.Etag = "1"
	p.CreateTime, p.UpdateTime = timestamppb.Now(), timestamppb.Now()
	return p
}

func newFloor() http.Handler {
	// As the catalog, it does not compress what is as small as this. By itself Connect does, for who asks.
	_, handler := catalogv1connect.NewProductServiceHandler(&floor{product: floorProduct()}, connect.WithCompressMinBytes(1<<10))
	return handler
}

// GetProduct returns the product.
func (f *floor) GetProduct(context.Context, *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	return &catalogv1.GetProductResponse{Product: f.product}, nil
}
