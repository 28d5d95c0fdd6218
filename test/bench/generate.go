package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2" //nolint:depguard // the same catalog every time
	"strings"
	"time"

	"github.com/google/uuid"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// What a made-up catalog consists of. Words, brands and tags follow Zipf's law, as they do in real ones:
// few are everywhere, most are rare.
const (
	vocabularySize = 20_000
	tagCount       = 200
	productsABrand = 500 // on average, in a large catalog
	fewestBrands   = 20
	leastWords     = 15 // of a description
	mostWords      = 40
	// deletedShare is one of how many products is deleted.
	deletedShare = 50
)

var (
	things = []string{
		"mattress", "pillow", "bed frame", "duvet", "lamp", "night stand", "sofa", "sheet set",
		"blanket", "armchair", "desk", "bookcase", "rug", "curtain", "stool", "wardrobe",
	}
	colours = []string{"white", "black", "grey", "sand", "navy", "olive", "terracotta", "oak"}
	// syllables make up words. None is the beginning of another, so that no word of the same number of
	// them is either.
	syllables = []string{
		"ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu",
		"va", "we", "xi", "yo", "zu", "bre", "cla", "dro", "fli", "gre", "pla", "sni", "tro", "cré", "lün",
	}
)

// firstDay is when the first product of a made-up catalog was created; the last came two years later.
var firstDay = time.Date(2024, 11, 1, 0, 0, 0, 0, time.UTC)

const catalogAge = 2 * 365 * 24 * time.Hour

// word returns the word of a rank: three syllables.
func word(rank int) string {
	n := len(syllables)
	rank = rank * 7919 % vocabularySize // so that frequent words are not neighbours in the alphabet
	return syllables[rank%n] + syllables[rank/n%n] + syllables[rank/n/n%n]
}

// brand returns the brand of a rank.
func brand(rank int) string {
	n := len(syllables)
	name := syllables[rank*11%n] + syllables[rank/n%n] + syllables[(rank+rank/n)%n]
	name = strings.ToUpper(name[:1]) + name[1:]
	if more := rank / n / n; more > 0 {
		name += fmt.Sprintf(" %d", more+1)
	}
	return name
}

func tag(rank int) string { return fmt.Sprintf("%s %s", word(rank), things[rank%len(things)]) }

// generated is a product with what the API would set.
type generated struct {
	product *catalogv1.Product
	id      uuid.UUID
	created time.Time
	updated time.Time
	deleted bool
	version int64
	// brand and words are the ranks of its brand and of the different words of its text.
	brand int
	words map[int]bool
}

// generator makes up the products of a catalog. The i-th product of a size is always the same.
type generator struct {
	size                int
	source              *rand.PCG
	random              *rand.Rand
	words, brands, tags *rand.Zipf
}

func newGenerator(size int) *generator {
	source := rand.NewPCG(0, 0)
	random := rand.New(source)
	return &generator{
		size:   size,
		source: source,
		random: random,
		words:  rand.NewZipf(random, 1.05, 8, vocabularySize-1),
		brands: rand.NewZipf(random, 1.1, 4, uint64(brandCount(size)-1)),
		tags:   rand.NewZipf(random, 1.1, 4, tagCount-1),
	}
}

func brandCount(size int) int { return fewestBrands + size/productsABrand }

// product returns the i-th product: about 800 bytes as JSON.
func (g *generator) product(i int) generated {
	g.source.Seed(uint64(g.size), uint64(i))
	p := generated{brand: int(g.brands.Uint64()), words: map[int]bool{}, version: 1}
	age := catalogAge / time.Duration(g.size)
	p.created = firstDay.Add(time.Duration(i)*age + time.Duration(g.random.Int64N(int64(age)))).Truncate(time.Microsecond)
	p.updated = p.created
	if g.random.IntN(2) == 0 {
		left := firstDay.Add(catalogAge).Sub(p.created)
		p.updated = p.created.Add(time.Duration(g.random.Int64N(int64(left)))).Truncate(time.Microsecond)
		p.version += 1 + g.random.Int64N(9)
	}
	p.deleted = g.random.IntN(deletedShare) == 0
	p.id = g.id(p.created)
	thing := things[g.random.IntN(len(things))]
	title := g.text(&p, 2)
	colour := colours[g.random.IntN(len(colours))]
	p.product = &catalogv1.Product{
		Sku:         fmt.Sprintf("%s-%07d", strings.ToUpper(thing[:3]), i),
		Name:        fmt.Sprintf("%s %s %s, %s", brand(p.brand), thing, title, colour),
		Brand:       brand(p.brand),
		Price:       g.price(),
		Description: g.text(&p, leastWords+g.random.IntN(mostWords-leastWords)) + ".",
		Tags:        g.tagList(&p),
		Attributes:  map[string]string{"colour": colour, "warranty": fmt.Sprintf("%d years", 1+g.random.IntN(10))},
	}
	for n := range 1 + g.random.IntN(3) {
		p.product.ImageUrls = append(p.product.ImageUrls, fmt.Sprintf("https://images.example.com/products/%d/%d.jpg", i, n))
	}
	return p
}

// id returns a UUID of version 7 for a time.
func (g *generator) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|uint64(g.random.IntN(1<<12)))
	binary.BigEndian.PutUint64(id[8:], g.random.Uint64())
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// text returns n words, and notes them.
func (g *generator) text(p *generated, n int) string {
	words := make([]string, n)
	for i := range words {
		rank := int(g.words.Uint64())
		p.words[rank] = true
		words[i] = word(rank)
	}
	return strings.Join(words, " ")
}

// tagList returns some tags, and notes their words.
func (g *generator) tagList(p *generated) []string {
	var tags []string
	seen := map[int]bool{}
	for range 1 + g.random.IntN(6) {
		rank := int(g.tags.Uint64())
		if !seen[rank] {
			seen[rank], p.words[rank] = true, true
			tags = append(tags, tag(rank))
		}
	}
	return tags
}

// price returns one of many small and few large amounts.
func (g *generator) price() *catalogv1.Money {
	currency := "MXN"
	switch g.random.IntN(20) {
	case 0:
		currency = "EUR"
	case 1, 2, 3:
		currency = "USD"
	}
	amount := math.Exp(6.5 + g.random.NormFloat64())
	return &catalogv1.Money{Amount: fmt.Sprintf("%.2f", amount), CurrencyCode: currency}
}
