package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/importer"
)

const header = "sku,name,brand,price,currency,colour\n"

func run(t *testing.T, server string, file *importer.File) importer.Result {
	t.Helper()
	im := importer.Import{Products: importer.Connect(server).Products}
	result, err := im.Run(t.Context(), file)
	require.NoError(t, err)
	return result
}

func TestImportCreatesUpdatesAndLeavesAlone(t *testing.T) {
	catalog := &fakeCatalog{}
	server := catalog.serve(t)
	first := parse(t, header+"a,A,X,1,USD,red\nb,B,X,2.50,USD,\nc,C,X,3,USD,\n")
	require.Equal(t, importer.Result{Created: 3}, run(t, server, first))
	require.Equal(t, 1, catalog.writes)
	require.Equal(t, map[string]string{"colour": "red"}, catalog.product(t, "a").GetAttributes())

	require.Equal(t, importer.Result{Unchanged: 3}, run(t, server, first))
	require.Equal(t, 1, catalog.writes, "nothing was sent")

	id := catalog.product(t, "b").GetId()
	second := parse(t, header+"a,A,X,1.00,USD,red\nb,B,X,2.51,USD,blue\nd,D,X,3,USD,\n")
	require.Equal(t, importer.Result{Created: 1, Updated: 1, Unchanged: 1}, run(t, server, second))
	require.Equal(t, id, catalog.product(t, "b").GetId())
	require.Equal(t, "2.51", catalog.product(t, "b").GetPrice().GetAmount())
	require.Equal(t, map[string]string{"colour": "blue"}, catalog.product(t, "b").GetAttributes())
}

// An error names only the first of many missing SKUs.
func TestImportFindsEveryNewRow(t *testing.T) {
	catalog := &fakeCatalog{named: 3}
	server := catalog.serve(t)
	rows := func(from, to int) *importer.File {
		text := header
		for i := from; i < to; i++ {
			text += fmt.Sprintf("s%d,N,X,1,USD,\n", i)
		}
		return parse(t, text)
	}
	require.Equal(t, importer.Result{Created: 20}, run(t, server, rows(0, 20)))
	require.Equal(t, 1, catalog.lookUps, "all of them are new")
	catalog.lookUps = 0
	require.Equal(t, importer.Result{Created: 8, Unchanged: 12}, run(t, server, rows(8, 28)))
	require.Equal(t, 4, catalog.lookUps, "eight are told of by three, and then those that are there are read")
}

func TestImportKeepsWhatTheFileDoesNotName(t *testing.T) {
	catalog := &fakeCatalog{}
	server := catalog.serve(t)
	all := "sku,name,brand,price,currency,description,tags,attributes\n" + `a,A,X,1,USD,Long,"red,blue","{""k"":""v"",""colour"":""red""}"` + "\n"
	run(t, server, parse(t, all))

	require.Equal(t, importer.Result{Updated: 1}, run(t, server, parse(t, header+"a,A2,X,1,USD,\n")))
	p := catalog.product(t, "a")
	require.Equal(t, "A2", p.GetName())
	require.Equal(t, "Long", p.GetDescription())
	require.Equal(t, []string{"red", "blue"}, p.GetTags())
	require.Equal(t, map[string]string{"k": "v"}, p.GetAttributes(), "an empty cell removes its attribute alone")

	without := "sku,name,brand,price,currency,description,tags,attributes\na,A2,X,1,USD,,,\n"
	require.Equal(t, importer.Result{Updated: 1}, run(t, server, parse(t, without)))
	require.Empty(t, catalog.product(t, "a").GetAttributes())
	require.Empty(t, catalog.product(t, "a").GetDescription())
}

func TestRefusedRowsDoNotKeepOthersOut(t *testing.T) {
	catalog := &fakeCatalog{}
	server := catalog.serve(t)
	result := run(t, server, parse(t, header+
		"a,A,X,1,USD,\nb,B,refused,1,USD,\nc,C,X,-1,USD,\nd,mystery,X,1,USD,\ne,E,X,1,USD,\n"))
	require.Equal(t, 2, result.Created)
	require.Equal(t, 3, result.Failed)
	require.Equal(t, []string{
		"line 3: brand: is refused", "line 4: price: must not be negative", "line 5: FIELD_INVALID",
	}, lines(result.Problems))
}

func TestRequestTooLargeIsDivided(t *testing.T) {
	catalog := &fakeCatalog{limit: 3}
	require.Equal(t, importer.Result{Created: 10}, run(t, catalog.serve(t), parse(t, manyRows(10))))
}

func TestLargeRowsGoInSeveralRequests(t *testing.T) {
	catalog := &fakeCatalog{}
	const rows = 60 // of 40 KB: the longest valid description
	csv := "sku,name,brand,price,description\n"
	for i := range rows {
		csv += fmt.Sprintf("s%d,N,X,1,%s\n", i, strings.Repeat("😀", 10_000))
	}
	require.Equal(t, importer.Result{Created: rows}, run(t, catalog.serve(t), parse(t, csv)))
	require.Equal(t, 3, catalog.writes)
}

func manyRows(n int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, "sku-%d,Name,X,1,USD,\n", i)
	}
	return b.String()
}

func TestLostAnswerIsNotDoneTwice(t *testing.T) {
	catalog := &fakeCatalog{lose: 1}
	server := catalog.serve(t)
	require.Equal(t, importer.Result{Created: 1200}, run(t, server, parse(t, manyRows(1200))))
	require.Equal(t, 3, catalog.writes)

	catalog.lose = 1
	require.Equal(t, importer.Result{Updated: 1}, run(t, server, parse(t, header+"sku-0,Other,X,1,USD,\n")))
	require.Equal(t, 4, catalog.writes)
}

func TestDryRunWritesNothing(t *testing.T) {
	catalog := &fakeCatalog{}
	im := importer.Import{Products: importer.Connect(catalog.serve(t)).Products, DryRun: true}
	result, err := im.Run(t.Context(), parse(t, manyRows(3)))
	require.NoError(t, err)
	require.Equal(t, importer.Result{Created: 3}, result)
	require.Zero(t, catalog.writes)
}

func TestProgressCoversEveryRow(t *testing.T) {
	catalog := &fakeCatalog{}
	steps := 0
	im := importer.Import{Products: importer.Connect(catalog.serve(t)).Products, Progress: func(n int) { steps += n }}
	file := parse(t, manyRows(700)+"b,B,refused,1,USD,\n")
	_, err := im.Run(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, len(file.Rows), steps)
}

func TestImportStopsIfTheCallerMayNot(t *testing.T) {
	catalog := &fakeCatalog{session: 7}
	im := importer.Import{Products: importer.Connect(catalog.serve(t)).Products}
	_, err := im.Run(t.Context(), parse(t, manyRows(3)))
	require.ErrorContains(t, err, "TOKEN_EXPIRED")
}

func TestSessionOutlivesItsAccessToken(t *testing.T) {
	catalog := &fakeCatalog{}
	session := importer.Connect(catalog.serve(t))
	require.NoError(t, session.SignIn(t.Context(), "ann@example.com", "a good password"))
	im := importer.Import{Products: session.Products, Progress: func(int) {}}
	for range 3 {
		catalog.session++ // the old token expires, or its key is retired
		catalog.retired = !catalog.retired
		_, err := im.Run(t.Context(), parse(t, manyRows(3)))
		require.NoError(t, err)
	}
	require.NoError(t, session.Close(context.WithoutCancel(t.Context())))
	require.True(t, catalog.ended)
}

func TestExportedFileChangesNothing(t *testing.T) {
	catalog := &fakeCatalog{}
	server := catalog.serve(t)
	run(t, server, openFile(t, "own.csv"))
	run(t, server, openFile(t, "shopify.csv"))
	run(t, server, parse(t, header+"=1+1,\"-quoted\"\",;'\",@X,1,JPY,a<b>&\n"))
	writes, count := catalog.writes, len(catalog.products)

	var file bytes.Buffer
	n, err := importer.Export(t.Context(), importer.Connect(server).Products, "", &file, nil)
	require.NoError(t, err)
	require.Equal(t, count, n)
	require.Equal(t, importer.Result{Unchanged: count}, run(t, server, parse(t, file.String())))
	require.Equal(t, writes, catalog.writes)
}

func TestExportOfAnEmptyCatalogHasAHeader(t *testing.T) {
	var file bytes.Buffer
	_, err := importer.Export(t.Context(), importer.Connect((&fakeCatalog{}).serve(t)).Products, "", &file, nil)
	require.NoError(t, err)
	require.Equal(t, "sku,name,brand,price,currency,description,image_urls,tags,attributes,weight_grams\n", file.String())
}
