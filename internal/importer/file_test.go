package importer_test

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/importer"
)

func parse(t *testing.T, csv string) *importer.File {
	t.Helper()
	f, err := importer.Parse(strings.NewReader(csv), "USD")
	require.NoError(t, err)
	return f
}

func lines(problems []importer.Problem) []string {
	list := make([]string, len(problems))
	for i, p := range problems {
		list[i] = p.String()
	}
	return list
}

func openFile(t *testing.T, name string) *importer.File {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return parse(t, string(content))
}

func TestOwnFormat(t *testing.T) {
	f := openFile(t, "own.csv")
	require.Equal(t, []string{
		"line 5: Price: must not be negative",
		"line 6: SKU: must not be empty",
		"line 6: Price: must be a plain decimal number, such as \"129.90\"",
		"line 7: has 5 columns, but the header has 10",
		"line 8: SKU: \"lamp-1\" is on line 2 already",
		"line 9: currency: must be the code of an active ISO 4217 currency in capitals, such as \"MXN\"",
		"line 10: tags: is not a list: write red,\"big, round\"",
		"line 11: attributes: is not a JSON object of text: write {\"colour\": \"red\"}",
	}, sortedLines(f.Problems))
	require.Len(t, f.Rows, 2)

	lamp := f.Rows[0]
	require.Equal(t, 2, lamp.Line)
	require.Equal(t, "lamp-1", lamp.Product.GetSku())
	require.Equal(t, "Lámpara \"Sol\"", lamp.Product.GetName())
	require.Equal(t, "129.90", lamp.Product.GetPrice().GetAmount())
	require.Equal(t, "MXN", lamp.Product.GetPrice().GetCurrencyCode())
	require.Equal(t, "Two lines,\nand more.", lamp.Product.GetDescription())
	require.Equal(t, []string{"https://img.example/1.jpg", "https://img.example/2,3.jpg"}, lamp.Product.GetImageUrls())
	require.Equal(t, []string{"red", "big, round"}, lamp.Product.GetTags())
	require.Equal(t, map[string]string{"colour": "red"}, lamp.Product.GetAttributes())
	require.Equal(t, map[string]string{"popularity": "7"}, lamp.Attributes)

	sofa := f.Rows[1]
	require.Equal(t, 4, sofa.Line, "the row before has two lines")
	require.Equal(t, "USD", sofa.Product.GetPrice().GetCurrencyCode())
	require.Equal(t, map[string]string{"popularity": ""}, sofa.Attributes)
}

func TestShopifyExport(t *testing.T) {
	f := openFile(t, "shopify.csv")
	require.Equal(t, []string{
		"line 8: Variant Price: must be a plain decimal number, such as \"129.90\"",
		"line 9: Handle: must not be empty",
		"line 12: Vendor: must not be empty",
	}, sortedLines(f.Problems))
	require.Equal(t, 1, f.Unpublished)

	var skus, names []string
	for _, row := range f.Rows {
		skus, names = append(skus, row.Product.GetSku()), append(names, row.Product.GetName())
	}
	require.Equal(t, []string{
		"clay-plant-pot-regular", "clay-plant-pot-extra-large", "LIGHT-1",
		"clash-a-b-c-d22b1bec", "clash-a-b-c-044aa6d9",
	}, skus)
	require.Equal(t, []string{
		"Clay Plant Pot - Regular", "Clay Plant Pot - Extra Large", "Copper Light", "Clash - A B / C", "Clash - A / B C",
	}, names)

	pot := f.Rows[1]
	require.Equal(t, 4, pot.Line)
	require.Equal(t, "Company 123", pot.Product.GetBrand())
	require.Equal(t, "15.99", pot.Product.GetPrice().GetAmount())
	require.Equal(t, "Classic blown clay pot\n- for plants & people\n- red", pot.Product.GetDescription())
	require.Equal(t, []string{"Pot", "Plants"}, pot.Product.GetTags())
	require.Equal(t, []string{
		"https://cdn.example/large.jpg", "https://cdn.example/front.jpg", "https://cdn.example/back.jpg",
	}, pot.Product.GetImageUrls(), "its own, then by position")
	require.Equal(t, map[string]string{
		"handle": "clay-plant-pot", "type": "Outdoor", "barcode": "0123", "Size": "Extra Large",
	}, pot.Attributes)
}

func TestMadeSKUsDoNotDependOnTheOrderOfRows(t *testing.T) {
	const header = "Handle,Title,Vendor,Option1 Name,Option1 Value,Option2 Value,Variant Price\n"
	a, b := "x,X,V,Size,A B,C,1\n", "x,X,V,Size,A,B C,1\n"
	one, other := parse(t, header+a+b).Rows, parse(t, header+b+a).Rows
	require.Equal(t, one[0].Product.GetSku(), other[1].Product.GetSku())
	require.Equal(t, one[1].Product.GetSku(), other[0].Product.GetSku())
}

func TestMadeSKUGivesWayToARealOne(t *testing.T) {
	f := parse(t, "Handle,Title,Vendor,Variant SKU,Variant Price\nx,X,V,,1\ny,Y,V,x,1\n")
	require.Empty(t, f.Problems)
	require.Equal(t, "x", f.Rows[1].Product.GetSku())
	require.Regexp(t, "^x-[0-9a-f]{8}$", f.Rows[0].Product.GetSku())
}

func TestMadeSKUFits(t *testing.T) {
	const header = "Handle,Title,Vendor,Option1 Value,Variant Price\n"
	f := parse(t, header+strings.Repeat("long-", 20)+",X,V,red,1\n"+strings.Repeat("long-", 20)+",X,V,blue,1\n")
	require.Empty(t, f.Problems)
	require.Len(t, f.Rows, 2)
	require.LessOrEqual(t, len(f.Rows[0].Product.GetSku()), 64)
	require.NotEqual(t, f.Rows[0].Product.GetSku(), f.Rows[1].Product.GetSku())
}

func TestWaysToWriteAFile(t *testing.T) {
	for name, csv := range map[string]string{
		"byte order mark":  "\uFEFFsku,name,brand,price\na,A,B,1\n",
		"CRLF":             "sku,name,brand,price\r\na,A,B,1\r\n",
		"semicolons":       "sku;name;brand;price\na;A;B;1\n",
		"capitals, spaces": "SKU , Name,BRAND,Price\n a , A,B,1\n",
		"empty rows":       "sku,name,brand,price\n\na,A,B,1\n,,,\n",
		"no line end":      "sku,name,brand,price\na,A,B,1",
		"empty column":     "sku,name,brand,price,,\na,A,B,1,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := parse(t, csv)
			require.Empty(t, f.Problems)
			require.Len(t, f.Rows, 1)
			require.Equal(t, "a", f.Rows[0].Product.GetSku())
			require.Equal(t, "1", f.Rows[0].Product.GetPrice().GetAmount())
			require.Empty(t, f.Rows[0].Attributes)
		})
	}
}

func TestCharactersInTheWrongEncodingAreMended(t *testing.T) {
	f := parse(t, "sku,name,brand,price\na,Insignia\u0099 \u0096 Case,B,1\n")
	require.Equal(t, "Insignia™ – Case", f.Rows[0].Product.GetName())
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"empty":          {"", "the file is empty"},
		"UTF-16":         {"\xFF\xFEs\x00k\x00u\x00", "not UTF-8"},
		"Latin-1":        {"sku,name,brand,price,a\xF1o\n", "not UTF-8"},
		"another header": {"id,title\n", "of no known format"},
		"column twice":   {"sku,name,brand,price,Name\n", "twice"},
		"not CSV":        {"sku,\"na\"me,brand,price\n", "the header is not CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := importer.Parse(strings.NewReader(test.content), "USD")
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestBadRowsDoNotStopTheOthers(t *testing.T) {
	f := parse(t, "sku,name,brand,price\na,\"A\"x,B,1\nb,B\xF1,B,1\nc,C,B,1\n")
	require.Equal(t, []string{
		"line 2: is not CSV: extraneous or missing \" in quoted-field", "line 3: name: is not valid UTF-8",
	}, lines(f.Problems))
	require.Len(t, f.Rows, 1)
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"own.csv", "shopify.csv"} {
		content, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(string(content))
	}
	f.Fuzz(func(t *testing.T, csv string) {
		file, err := importer.Parse(strings.NewReader(csv), "USD")
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, row := range file.Rows {
			p := row.Product
			require.NotEmpty(t, p.GetSku())
			require.NotEmpty(t, p.GetName())
			require.LessOrEqual(t, len([]rune(p.GetSku())), 64)
			require.False(t, seen[p.GetSku()], "twice: %q", p.GetSku())
			seen[p.GetSku()] = true
			require.LessOrEqual(t, len(p.GetImageUrls()), 1000)
		}
		for _, p := range file.Problems {
			require.Positive(t, p.Line)
			require.NotEmpty(t, p.Reason)
		}
	})
}

// sortedLines returns problems as text, by line.
func sortedLines(problems []importer.Problem) []string {
	slices.SortStableFunc(problems, func(a, b importer.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return lines(problems)
}
