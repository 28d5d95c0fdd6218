package main

import (
	"fmt"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// catalogSize is how many products the measured catalog holds.
const catalogSize = 2500

var (
	brands = []string{"Luuna", "Nooz", "Mappa", "Crème", "Norte", "Sur", "Alba", "Duna"}
	things = []string{"mattress", "pillow", "bed frame", "duvet", "lamp", "night stand", "sofa", "sheet set"}
)

// newProduct returns the i-th product of a made-up catalog: about 650 bytes as JSON.
func newProduct(i int) *catalogv1.Product {
	brand, thing := brands[i%len(brands)], things[i/len(brands)%len(things)]
	return &catalogv1.Product{
		Sku:   fmt.Sprintf("BENCH-%06d", i),
		Name:  fmt.Sprintf("%s %s No. %d, queen size, with a ten-year warranty", brand, thing, i),
		Brand: brand,
		Price: &catalogv1.Money{Amount: fmt.Sprintf("%d.%02d", 100+i%900, i%100), CurrencyCode: "MXN"},
		Description: "Made of three layers that keep their form, in a cover that can be washed at 40 °C. " +
			"Comes rolled in a box, ready to use after a day.",
		ImageUrls:  []string{fmt.Sprintf("https://images.example.com/products/%d/main.jpg", i)},
		Tags:       []string{thing, "bedroom"},
		Attributes: map[string]string{"colour": "white", "warranty": "10 years"},
	}
}
