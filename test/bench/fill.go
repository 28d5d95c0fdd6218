package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/product"
)

// Who signs in to the measured catalog.
const (
	adminEmail    = "bench@example.com"
	adminPassword = "correct horse battery staple"
)

// prepare opens an empty database, and gives it the schema and an administrator.
func prepare(ctx context.Context, databaseURL string) (*db.DB, error) {
	d, err := db.Open(ctx, databaseURL, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	err = d.Migrate(ctx)
	if err == nil {
		_, err = admin.CreateWithPassword(ctx, d, adminEmail, "Bench", adminPassword)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare: %w", err), d.Close())
	}
	return d, nil
}

// fillBatch is how many products share a transaction and its INSERT.
const fillBatch = 1000

// contents is what a generated catalog holds, for who wants to ask for it.
type contents struct {
	size, live int
	// ids and skus are those of a sample of the live products, evenly over the catalog.
	ids, skus []string
	// words and brands say in how many live products each word and brand is, by rank.
	words, brands []int
	// took is how long it took to write it; bytes is what the database takes.
	took  time.Duration
	bytes int64
}

// sampleSize is about how many products of a catalog are asked for.
const sampleSize = 1000

// fill writes a generated catalog into an empty database, below the API: as rows that the API would have
// made, without history, mails and the time that those take.
func fill(ctx context.Context, databaseURL string, products int) (c contents, err error) {
	d, err := prepare(ctx, databaseURL)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if d.Dialect() == dialect.SQLite { // the indexes do not fit into the 2 MB that it has by itself
		if _, err := d.SQL().ExecContext(ctx, "PRAGMA cache_size = -500000"); err != nil {
			return c, fmt.Errorf("fill: %w", err)
		}
	}
	c = contents{size: products, words: make([]int, vocabularySize), brands: make([]int, brandCount(products))}
	start := time.Now()
	for from := 0; from < products; from += fillBatch {
		batch := c.next(newGenerator(products), from, min(fillBatch, products-from))
		if err := insert(ctx, d, batch); err != nil {
			return c, fmt.Errorf("fill: %w", err)
		}
	}
	c.took = time.Since(start)
	size := "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	if d.Dialect() == dialect.Postgres {
		size = "SELECT pg_database_size(current_database())"
		// It would do so by itself within a few minutes. Nobody does so on SQLite.
		if _, err := d.SQL().ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
			return c, fmt.Errorf("fill: %w", err)
		}
	}
	if err := d.SQL().QueryRowContext(ctx, size).Scan(&c.bytes); err != nil {
		return c, fmt.Errorf("fill: %w", err)
	}
	return c, nil
}

// next returns n products from the i-th on, and counts what they hold.
func (c *contents) next(g *generator, i, n int) []generated {
	batch := make([]generated, n)
	for at := range batch {
		p := g.product(i + at)
		batch[at] = p
		if p.deleted {
			continue
		}
		c.live++
		c.brands[p.brand]++
		for rank := range p.words {
			c.words[rank]++
		}
		if (i+at)%max(1, c.size/sampleSize) == 0 {
			c.ids = append(c.ids, p.id.String())
			c.skus = append(c.skus, p.product.GetSku())
		}
	}
	return batch
}

func insert(ctx context.Context, d *db.DB, batch []generated) error {
	return d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		var problems []error
		err := tx.Product.MapCreateBulk(batch, func(create *ent.ProductCreate, i int) {
			p := batch[i]
			create.SetID(p.id).SetVersion(p.version).SetCreateTime(p.created).SetUpdateTime(p.updated)
			if p.deleted {
				create.SetDeleteTime(p.updated)
			}
			problems = append(problems, product.Fill(create.Mutation(), p.product))
		}).Exec(ctx)
		return errors.Join(append(problems, err)...)
	})
}

// nearest returns the rank whose count is the nearest to what is wanted, among those that skip leaves.
func nearest(counts []int, want float64, skip ...int) int {
	best := -1
	for rank, n := range counts {
		if n == 0 || slices.Contains(skip, rank) {
			continue
		}
		if best < 0 || math.Abs(float64(n)-want) < math.Abs(float64(counts[best])-want) {
			best = rank
		}
	}
	return best
}
