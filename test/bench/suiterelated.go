package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2" //nolint:depguard // the same sessions every time
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent/product"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	products "github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/tracking"
)

const (
	// relatedCatalog is the number of products, and shown the number of recommendations for each.
	relatedCatalog, shown = 1_000, 12
	// Of the steps of a made-up visitor, one in strayEvery leads to a popular product instead of a related one.
	strayEvery = 4
	// heldOut is the share of sessions that are predicted and not learned from: one in so many.
	heldOut = 10
)

// visitors are made-up sessions whose truth is known: a visitor has a need, which is one tag, and looks at products with
// it, the popular ones more often. Some steps stray to what is popular everywhere.
type visitors struct {
	random *rand.Rand
	// popular are all products, the most popular first, and needs those of each tag, in the same order.
	popular []uuid.UUID
	needs   [][]uuid.UUID
}

func newVisitors(ctx context.Context, d *db.DB) (*visitors, error) {
	rows, err := d.Reader().Product.Query().Where(product.DeleteTimeIsNil()).Order(product.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	v := &visitors{random: rand.New(rand.NewPCG(1, 2))}
	v.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	byTag := map[string][]uuid.UUID{}
	for _, row := range rows {
		v.popular = append(v.popular, row.ID)
		for _, tag := range row.Tags {
			byTag[tag] = append(byTag[tag], row.ID)
		}
	}
	tags := make([]string, 0, len(byTag))
	for tag, with := range byTag {
		if len(with) >= 5 && len(with) <= 60 {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	for _, tag := range tags {
		v.needs = append(v.needs, byTag[tag])
	}
	if len(v.needs) == 0 {
		return nil, errors.New("no tag is frequent enough")
	}
	return v, nil
}

// pick picks one, the first ones more often: about as Zipf's law has it.
func (v *visitors) pick(from []uuid.UUID) uuid.UUID {
	return from[int(float64(len(from))*v.random.Float64()*v.random.Float64())]
}

// session returns the products that one visitor looks at: two to six.
func (v *visitors) session() []uuid.UUID {
	need := v.needs[v.random.IntN(len(v.needs))]
	path := []uuid.UUID{v.pick(need)}
	for range 1 + v.random.IntN(5) {
		next := v.pick(need)
		if v.random.IntN(strayEvery) == 0 {
			next = v.pick(v.popular[:len(v.popular)/10])
		}
		if next != path[len(path)-1] {
			path = append(path, next)
		}
	}
	return path
}

// measureRelated measures how often the next product of a visitor is among those recommended.
func measureRelated(ctx context.Context, b *bench) error {
	rows := [][]string{}
	for _, d := range databases() {
		at, err := d.create(ctx, b, "related")
		if err != nil {
			return err
		}
		if _, err := fill(ctx, at, relatedCatalog); err != nil {
			return err
		}
		opened, err := db.Open(ctx, at, slog.New(slog.DiscardHandler))
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		b.onClose(opened.Close)
		v, err := newVisitors(ctx, opened)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		for _, sessions := range []int{0, b.sessions / 10, b.sessions} {
			more, err := v.evaluate(ctx, opened, filepath.Join(b.folder, d.name+"-journal"), sessions)
			if err != nil {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			for _, row := range more {
				rows = append(rows, append([]string{d.name}, row...))
			}
		}
	}
	b.report.paragraphf("Made-up visitors of %s products look at two to six with a common tag, the popular ones more often; one "+
		"step in %d strays to a product that is popular everywhere. One session in %d is held out: hits are the share of its "+
		"steps whose target is among %d recommendations for their origin, and coverage is the share of products that are "+
		"recommended anywhere. Without sessions, products of the same brand, tags, name and price are all there is. "+
		"The time is that of one call without the cache:",
		number(relatedCatalog), strayEvery, heldOut, shown)
	b.report.table(3, []string{"database", "sessions", "recommended by", "hits", "coverage", "ms a call"}, rows)
	return nil
}

// evaluate learns from more sessions and returns rows of the report.
func (v *visitors) evaluate(ctx context.Context, d *db.DB, journal string, sessions int) ([][]string, error) {
	steps, err := v.learn(ctx, d, journal, sessions)
	if err != nil {
		return nil, err
	}
	lists, took, err := v.lists(ctx, d)
	if err != nil {
		return nil, err
	}
	random := map[uuid.UUID][]uuid.UUID{}
	for _, id := range v.popular {
		for range shown {
			random[id] = append(random[id], v.popular[v.random.IntN(len(v.popular))])
		}
	}
	popular := map[uuid.UUID][]uuid.UUID{}
	for _, id := range v.popular {
		popular[id] = v.popular[:shown]
	}
	row := func(name string, lists map[uuid.UUID][]uuid.UUID, ms string) []string {
		return []string{
			number(float64(sessions)), name,
			fmt.Sprintf("%.1f %%", 100*hits(steps, lists)), fmt.Sprintf("%.0f %%", 100*v.coverage(lists)), ms,
		}
	}
	return [][]string{
		row("ListRelatedProducts", lists, fmt.Sprintf("%.2f", took.Seconds()*1e3)),
		row("popularity", popular, ""),
		row("chance", random, ""),
	}, nil
}

// learn counts sessions as the server would, and returns the steps of those that are held out.
func (v *visitors) learn(ctx context.Context, d *db.DB, folder string, sessions int) (steps [][2]uuid.UUID, err error) {
	journal, err := tracking.OpenJournal(folder)
	if err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	now := d.Now()
	for i := range max(sessions, 1_000) {
		path := v.session()
		for at := 1; at < len(path); at++ {
			if i%heldOut == 0 {
				steps = append(steps, [2]uuid.UUID{path[at-1], path[at]})
			} else if sessions > 0 {
				err := journal.Append(tracking.Read{
					Time: now.Add(-time.Duration(v.random.IntN(30*24)) * time.Hour), Products: path[at : at+1], From: path[at-1],
				})
				if err != nil {
					return nil, fmt.Errorf("learn: %w", err)
				}
			}
		}
	}
	if err := tracking.NewRollup(d, journal, slog.New(slog.DiscardHandler)).Flush(ctx); err != nil {
		return nil, fmt.Errorf("learn: %w", err)
	}
	return steps, nil
}

// lists returns the recommendations for every product, and the average time of a call.
func (v *visitors) lists(ctx context.Context, d *db.DB) (map[uuid.UUID][]uuid.UUID, time.Duration, error) {
	service, err := products.NewService(d, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("recommend: %w", err)
	}
	found := map[uuid.UUID][]uuid.UUID{}
	start := time.Now()
	for _, id := range v.popular {
		resp, err := service.ListRelatedProducts(ctx, &catalogv1.ListRelatedProductsRequest{
			ProductId: id.String(), PageSize: shown,
		})
		if err != nil {
			return nil, 0, fmt.Errorf("recommend: %w", err)
		}
		for _, entry := range resp.GetEntries() {
			found[id] = append(found[id], uuid.MustParse(entry.GetProduct().GetId()))
		}
	}
	return found, time.Since(start) / time.Duration(len(v.popular)), nil
}

// hits returns the share of steps whose target is in the list of their origin.
func hits(steps [][2]uuid.UUID, lists map[uuid.UUID][]uuid.UUID) float64 {
	n := 0
	for _, step := range steps {
		if slices.Contains(lists[step[0]], step[1]) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(steps)))
}

// coverage returns the share of products that are in any list.
func (v *visitors) coverage(lists map[uuid.UUID][]uuid.UUID) float64 {
	covered := map[uuid.UUID]bool{}
	for _, list := range lists {
		for _, id := range list {
			covered[id] = true
		}
	}
	return float64(len(covered)) / float64(len(v.popular))
}
