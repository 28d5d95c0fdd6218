package filter_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/product/filter"
)

func TestFiltersOfChanges(t *testing.T) {
	ana := uuid.New()
	changed := filter.Change{ActorID: ana, ActorName: "Ana Núñez", Operation: change.Updated}
	before := &ent.Product{Brand: "Luuna", Name: "Old", PriceMinor: 5000, PriceExponent: 2, Currency: "MXN"}
	after := &ent.Product{Brand: "Nooz", Name: "New", PriceMinor: 15000, PriceExponent: 2, Currency: "MXN"}
	for text, expected := range map[string]bool{
		"":                               true,
		`brand = "Luuna"`:                true, // before
		`brand = Nooz`:                   true, // after
		`brand = "Else"`:                 false,
		`NOT brand = Nooz`:               true,  // before
		`price < 100 AND brand = "Nooz"`: false, // never at the same time
		`price < 100 OR brand = "Nooz"`:  true,
		`currency != MXN`:                false,
		`actor = "Ana Núñez"`:            true,
		`actor = "ana núñez"`:            false,
		`actor:"ANA nun"`:                true,
		`actor = "Ana*"`:                 true,
		`actor = "*ñez" actor = "*a N*"`: true,
		`actor = "Luis" OR actor = "` + ana.String() + `"`:    true,
		`actor = "` + strings.ToUpper(ana.String()) + `"`:     true,
		`actor != "` + ana.String() + `"`:                     false,
		`actor != "Ana*"`:                                     false,
		`actor != Luis`:                                       true,
		`operation = UPDATED`:                                 true,
		`operation = OPERATION_UPDATED`:                       true,
		`operation:"UPDATED"`:                                 true,
		`operation = "CREATED"`:                               false,
		`operation != UPDATED`:                                false,
		`NOT operation = UPDATED`:                             false,
		`operation != DELETED AND operation != UNDELETED`:     true,
		`brand = Luuna AND operation = UPDATED AND actor:ana`: true,
		`brand = Luuna AND operation = CREATED`:               false,
		`-(operation = CREATED OR brand = Luuna)`:             true, // after
	} {
		selected, err := filter.ParseChanges("filter", text)
		require.NoError(t, err, text)
		require.Equal(t, text == "", selected.IsBlank(), text)
		require.Equal(t, expected, selected.Match(changed, before, after), text)
	}
}

// A change whose product is unknown is matched unless the change itself is excluded.
func TestChangesOfUnknownProductsAreNotLost(t *testing.T) {
	changed := filter.Change{ActorName: "Ana", Operation: change.Deleted}
	for text, expected := range map[string]bool{
		`brand = Luuna`:                                       true,
		`NOT brand = Luuna`:                                   true,
		`NOT (brand = Luuna OR NOT price < 5)`:                true,
		`brand = Luuna AND operation = DELETED`:               true,
		`brand = Luuna AND operation = UPDATED`:               false,
		`brand = Luuna OR operation = UPDATED`:                true,
		`NOT (brand = Luuna OR operation = DELETED)`:          false,
		`NOT (brand = Luuna AND operation = DELETED)`:         true,
		`NOT (NOT (brand = Luuna) AND (operation = DELETED))`: true,
		`actor = Luis`:                                        false,
	} {
		selected, err := filter.ParseChanges("filter", text)
		require.NoError(t, err, text)
		require.Equal(t, expected, selected.Match(changed, nil, nil), text)
	}
}

func TestFiltersOfChangesAreRefused(t *testing.T) {
	for text, problem := range map[string]string{
		`colour = red`:              `at character 1: there is no field "colour": only actor, operation, sku, name`,
		`actor > Ana`:               "at character 9: actor can only be compared with =, != and :",
		`actor = timestamp("x")`:    "actor must be compared with the id or the name",
		`operation = RENAMED`:       "operation must be compared with one of CREATED, UPDATED, DELETED, UNDELETED",
		`operation = updated`:       "operation must be compared with one of",
		`operation = OPERATION_`:    "operation must be compared with one of",
		`operation < UPDATED`:       "operation can only be compared with = and !=",
		`operation = timestamp("")`: "operation must be compared with one of",
		`sku = a and actor = b`:     "write and in capitals",
	} {
		_, err := filter.ParseChanges("filter", text)
		var f *fault.Error
		require.ErrorAs(t, err, &f, text)
		require.Equal(t, fault.FilterInvalid, f.Reason)
		require.Contains(t, f.Violations[0].Description, problem, text)
	}
	for _, text := range []string{"actor = Ana", "operation = UPDATED"} {
		_, err := filter.Parse("filter", text)
		require.Error(t, err, "products have no such field")
	}
}

// A filter of products selects a change by the states of its product. An unknown product is never excluded.
func FuzzChanges(f *testing.F) {
	for _, seed := range []string{
		`actor = "Ana" AND operation = UPDATED`, `NOT (actor:"a" OR -operation = OPERATION_DELETED) brand = "Sony"`,
		`actor != "01900000-0000-7000-8000-000000000000"`, `operation != CREATED OR price < 100`, `actor = "*\x41*"`, "", "actor", `operation = (`,
	} {
		f.Add(seed, byte(0), byte(1))
	}
	g := newGenerator()
	var rows []*ent.Product
	for range 40 {
		rows = append(rows, &ent.Product{
			Sku: g.words(50), Name: g.words(200), Brand: g.words(100), Tags: g.tags(), PriceMinor: g.minor(), PriceExponent: 2,
			Currency: "MXN", CreateTime: g.time(), UpdateTime: g.time(),
		})
	}
	for range 30 {
		f.Add(g.filter(rows, 2), byte(g.IntN(len(rows))), byte(g.IntN(len(rows))))
	}
	f.Fuzz(func(t *testing.T, text string, first, second byte) {
		before, after := rows[int(first)%len(rows)], rows[int(second)%len(rows)]
		changed := filter.Change{ActorName: after.Brand, Operation: change.Updated}
		selected, err := filter.ParseChanges("rule", text)
		if err != nil {
			requireInvalid(t, err)
			_, err := filter.Parse("rule", text)
			require.Error(t, err, "filters of changes can do all that those of products can")
			return
		}
		matches := selected.Match(changed, before, after)
		require.Equal(t, matches, selected.Match(changed, nil, before) || selected.Match(changed, nil, after))
		require.True(t, !matches || selected.Match(changed, nil, nil), "an unknown product could be this one")
		if products, err := filter.Parse("rule", text); err == nil {
			require.Equal(t, products.Match(before) || products.Match(after), matches)
		}
	})
}
