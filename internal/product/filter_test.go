package product_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/product"
	"github.com/zebrands/catalog/internal/product/fields"
	"github.com/zebrands/catalog/internal/product/filter"
	"github.com/zebrands/catalog/test/dbtest"
)

func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		for _, p := range []struct{ sku, name, brand, amount, currency, tags string }{
			{"a", "Alpha ÉCLAIR", "Sony", "99.90", "MXN", "sale,new"},
			{"b", "Beta 100%", "sony", "100.00", "MXN", "ab"},
			{"c", "Gamma_x", "Łódź", "100", "JPY", ""},
			{"d", `Delta "q" \ '`, "Acme Sons", "99.900", "KWD", "Sale"},
			{"e", "5* hotel", "Acme", "92233720368547758.07", "USD", "x y,new"},
		} {
			message := sample(p.sku, p.name)
			message.Brand, message.Price = p.brand, &catalogv1.Money{Amount: p.amount, CurrencyCode: p.currency}
			if p.tags != "" {
				message.Tags = strings.Split(p.tags, ",")
			}
			create(ctx, t, s, message)
		}
		for filter, expected := range map[string]string{
			``:                                      "abcde",
			`  `:                                    "abcde",
			`brand = "Sony"`:                        "a",
			`brand = Sony`:                          "a",
			`brand != "Sony"`:                       "bcde",
			`NOT brand = "Sony"`:                    "bcde",
			`-brand = "Sony"`:                       "bcde",
			`brand = 'sony'`:                        "b",
			`brand = "So*"`:                         "a",
			`brand = "*ony"`:                        "ab",
			`brand = "*Son*"`:                       "ad",
			`brand = "*"`:                           "abcde",
			`brand != "*ony"`:                       "cde",
			`name = "5* hotel"`:                     "e",
			`name = "* hotel"`:                      "e",
			`brand:"SON"`:                           "abd",
			`brand:son`:                             "abd",
			`brand:"ŁÓDŹ"`:                          "c",
			`name:eclair`:                           "a",
			`name:"%"`:                              "b",
			`name:"_"`:                              "c",
			`name:"\""`:                             "d",
			`name:"\\"`:                             "d",
			`name:"'"`:                              "d",
			`name:*`:                                "abcde",
			`name:""`:                               "abcde",
			`name < "beta 100%"`:                    "ae",
			`name <= "BETA 100%"`:                   "abe",
			`name > "Delta"`:                        "cd",
			`name >= "gamma_X"`:                     "c",
			`sku = "a" OR sku = "b"`:                "ab",
			`sku = a OR sku = b AND brand = "Sony"`: "a",
			`(sku = "a" OR sku = "b") AND NOT (brand = "Sony" OR sku = "c")`: "b",
			`brand:"acme" price > 1000`:                                      "e",
			`price < 100`:                                                    "ad",
			`price <= 100`:                                                   "abcd",
			`price = 100`:                                                    "bc",
			`price = 100.00`:                                                 "bc",
			`price != 100`:                                                   "ade",
			`price = 99.9`:                                                   "ad",
			`price = 99.9000`:                                                "ad",
			`price = "99.90"`:                                                "ad",
			`price = 99.901`:                                                 "",
			`price != 99.901`:                                                "abcde",
			`price > 99.901 AND price < 1000`:                                "bc",
			`price < 99.90000000000000000000000000001`:                       "ad",
			`price > 99.89999999999999999999999999999`:                       "abcde",
			`price >= 92233720368547758.07`:                                  "e",
			`price > 92233720368547758.06`:                                   "e",
			`price > 92233720368547758.07`:                                   "",
			`price < 92233720368547758.07`:                                   "abcd",
			`price < "99999999999999999999999999999999"`:                     "abcde",
			`price > "99999999999999999999999999999999"`:                     "",
			`price > -1`:                                                     "abcde",
			`price < -0.5`:                                                   "",
			`price = -5`:                                                     "",
			`price >= 0`:                                                     "abcde",
			`price.amount < 100 AND price.currency_code = "KWD"`:             "d",
			`currency = "MXN"`:                                               "ab",
			`currency != MXN`:                                                "cde",
			`currency:JPY`:                                                   "c",
			`currency < "MXN"`:                                               "cd",
			`currency >= "MXN"`:                                              "abe",
			`currency = "mxn"`:                                               "",
			`currency > "é"`:                                                 "",
			`price.currencyCode = "USD"`:                                     "e",
			`tags:"sale"`:                                                    "a",
			`tags:sale OR tags:Sale`:                                         "ad",
			`tags:"x y"`:                                                     "e",
			`tags:"ab"`:                                                      "b", // six bytes of JSON that SQLite could mistake for JSONB
			`tags:new AND -tags:sale`:                                        "e",
			`tags:*`:                                                         "abde",
			`NOT tags:*`:                                                     "c",
			`tags:"\""`:                                                      "",
			`create_time > "2020-01-01T00:00:00Z"`:                           "abcde",
			`createTime < timestamp("2020-01-01T00:00:00+02:00")`:          "",
			`update_time >= timestamp("2020-01-01T00:00:00.123456-06:00")`: "abcde",
			`update_time > "9999-12-31T23:59:59Z"`:                         "",
		} {
			found := listAll(ctx, t, s, &catalogv1.ListProductsRequest{Filter: filter})
			slices.Sort(found)
			require.Equal(t, expected, strings.Join(found, ""), filter)
			require.Equal(t, expected, strings.Join(matched(ctx, t, d, filter), ""), "%s in memory", filter)
		}
	})
}

// matched returns the SKUs of the products that a filter selects in memory, in their order.
func matched(ctx context.Context, t *testing.T, d *db.DB, text string) []string {
	t.Helper()
	selected, err := filter.Parse("filter", text)
	require.NoError(t, err, text)
	var skus []string
	for _, row := range d.Reader().Product.Query().Select(fields.Columns()...).AllX(ctx) {
		if selected.Match(row) {
			skus = append(skus, row.Sku)
		}
	}
	slices.Sort(skus)
	return skus
}

func TestTimesInFiltersAreExact(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, d *db.DB) {
		for _, sku := range []string{"a", "b", "c"} {
			create(ctx, t, s, sample(sku, "x"))
		}
		resp, err := s.GetProduct(ctx, bySKU("b"))
		require.NoError(t, err)
		at := resp.GetProduct().GetCreateTime().AsTime()
		elsewhere := at.In(time.FixedZone("", -6*3600)).Format(time.RFC3339Nano)
		for op, expected := range map[string]string{"=": "b", "!=": "ac", "<": "a", "<=": "ab", ">": "c", ">=": "bc"} {
			asked := "create_time " + op + ` "` + elsewhere + `"`
			found := listAll(ctx, t, s, &catalogv1.ListProductsRequest{Filter: asked, OrderBy: "sku"})
			require.Equal(t, expected, strings.Join(found, ""), op)
			require.Equal(t, expected, strings.Join(matched(ctx, t, d, asked), ""), "%s in memory", op)
		}
	})
}

func TestFilterIsRefused(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, s *product.Service, _ *db.DB) {
		for filter, problem := range map[string]string{
			`brnad = "Sony"`:                       `at character 1: there is no field "brnad": only sku, name`,
			`sku = "é" AND colour = 1`:             `at character 15: there is no field "colour"`,
			`attributes.colour = "red"`:            `there is no field "attributes.colour"`,
			`delete_time > "2020-01-01T00:00:00Z"`: `there is no field`,
			`search_text:"x"`:                      `there is no field`,
			`"brand" = "Sony"`:                     "the left side must be a field",
			`1 = 1`:                                "the left side must be a field",
			`sony`:                                 "a value alone is no condition",
			`"x"`:                                  "a value alone",
			`5`:                                    "a value alone",
			`true`:                                 "a value alone",
			`sku = a and brand = b`:                "write and in capitals",
			`not sku = a`:                          "write not in capitals",
			`sku = `:                               "ends too early",
			`= "x"`:                                "at character 1: unexpected token =",
			`sku = "x`:                             "at character 7: unterminated string",
			`(sku = "x"`:                           "expected )",
			`sku = "x")`:                           "unexpected trailing token",
			`sku == "x"`:                           "unexpected token",
			`sku = "x" AND`:                        "",
			"sku = \"\xff\"":                       "invalid UTF-8",
			`sku = "a\0b"`:                         "",
			`sku = "a\x00b"`:                       "control characters",
			`sku = "a` + "\x00" + `b"`:             "control characters",
			`sku = "\ud800"`:                       "",
			`f(x)`:                                 `"f()" is no condition`,
			`sku = f(x)`:                           "the right side must be a value",
			`sku = (a = b)`:                        "the right side must be a value",
			`sku = timestamp("2020-01-01T00:00:00Z")`: "sku must be compared with a text",
			`price = abc`:   "price must be compared with a plain decimal number",
			`price = "1e3"`: "plain decimal",
			`price = 1e3`:   "unexpected trailing token",
			`price = 0x10`:  "plain decimal",
			`price = ".5"`:  "plain decimal",
			`price = "5."`:  "plain decimal",
			`price = "٥"`:   "plain decimal",
			`price = "--5"`: "plain decimal",
			`price = "` + strings.Repeat("1", 65) + `"`: "plain decimal",
			`price:5`: "price cannot be compared with :",
			`currency = timestamp("2020-01-01T00:00:00Z")`: "code",
			`tags = "x"`:                                                  `tags can only be asked for a tag`,
			`create_time:"2020-01-01T00:00:00Z"`:                          "cannot be compared with :",
			`create_time = "yesterday"`:                                   "must be compared with a time",
			`create_time = 5`:                                             "must be compared with a time",
			`create_time = timestamp("2020-01-01")`:                       "must be compared with a time",
			`create_time > "2020-01-01T00:00:00.1234567Z"`:                "whole microseconds",
			`create_time > "9999-12-31T23:59:59-01:00"`:                   "years 1 to 9999",
			`create_time > "0000-06-01T00:00:00Z"`:                        "years 1 to 9999",
			strings.Repeat("(", 21) + "sku = a" + strings.Repeat(")", 21): "nest no deeper than 20",
			strings.Repeat("(", 4000):                                     "nest no deeper than 20",
			"sku = a" + strings.Repeat(" AND sku = a", 100):               "at most 100 conditions",
			"sku:a" + strings.Repeat(` OR name = "a*" OR tags:a`, 10):     "at most 20 conditions that search in texts or tags, with : or *",
		} {
			_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{Filter: filter})
			require.Error(t, err, filter)
			f := requireFault(t, err, fault.FilterInvalid)
			require.Equal(t, []string{"filter"}, violated(f), filter)
			require.Contains(t, f.Violations[0].Description, problem, filter)
			require.Contains(t, f.Violations[0].Description, "at character", filter)
		}
		for _, filter := range []string{
			strings.Repeat("(", 20) + "sku = a" + strings.Repeat(")", 20),
			"price = 1" + strings.Repeat(" AND price != 1.5", 99),
			"tags:a" + strings.Repeat(" OR tags:a", 19) + strings.Repeat(" OR currency = MXN", 80),
			strings.Repeat("NOT (", 20) + "sku = a" + strings.Repeat(")", 20),
		} {
			_, err := s.ListProducts(ctx, &catalogv1.ListProductsRequest{Filter: filter})
			require.NoError(t, err, filter)
		}
	})
}

func FuzzListProducts(f *testing.F) {
	f.Add("name desc, price", "wh 1000", "AAAA")
	f.Add("", "\"near\" '*", "")
	d := dbtest.New(f, "sqlite")
	s := newService(f, d)
	f.Fuzz(func(t *testing.T, orderBy, query, token string) {
		_, err := s.ListProducts(t.Context(), &catalogv1.ListProductsRequest{OrderBy: orderBy, Query: query, PageToken: token})
		if err != nil {
			require.Contains(t, []fault.Reason{fault.OrderByInvalid, fault.FieldInvalid, fault.PageTokenInvalid}, reasonOf(err), "%v", err)
		}
	})
}
