package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/db/migrations"
	"github.com/zebrands/catalog/test/dbtest"
)

// productsWith returns ent/schema with a table of products that a test changes.
func productsWith(t *testing.T, change func(products *schema.Table)) []*schema.Table {
	t.Helper()
	tables := slices.Clone(entTables(t))
	i := slices.IndexFunc(tables, func(table *schema.Table) bool { return table.Name == "products" })
	products := *tables[i]
	annotation := *products.Annotation
	annotation.Checks = maps.Clone(annotation.Checks)
	products.Annotation, products.Indexes = &annotation, slices.Clone(products.Indexes)
	products.Columns = slices.Clone(products.Columns)
	change(&products)
	tables[i] = &products
	return tables
}

func testColumns(products *schema.Table, weight string) {
	columns := []*schema.Column{
		{Name: weight, Type: field.TypeInt64, Nullable: true},
		{Name: "test_origin", Type: field.TypeString, Default: "it's unknown"},
		{Name: "test_count", Type: field.TypeInt, Default: 7},
		{Name: "test_hidden", Type: field.TypeBool, Default: true},
		{Name: "test_codes", Type: field.TypeJSON, Default: "[]"},
	}
	products.Columns = append(products.Columns, columns...)
	products.Indexes = append(products.Indexes, &schema.Index{
		Name: "product_test_weight", Columns: columns[:2],
		Annotation: &entsql.IndexAnnotation{Where: "delete_time IS NULL"},
	})
	products.Annotation.Checks["product_test_weight_not_negative"] = weight + " >= 0"
}

// checkout is a folder of versions and a database that has applied them.
type checkout struct {
	*db.DB

	dir      *sqltool.GooseDir
	products []uuid.UUID // that must be found
}

func newCheckout(t *testing.T, d *db.DB) *checkout {
	t.Helper()
	dir, err := sqltool.NewGooseDir(t.TempDir())
	require.NoError(t, err)
	versions, err := migrations.FS(d.Dialect())
	require.NoError(t, err)
	require.NoError(t, copyFS(dir, versions))
	return &checkout{DB: d, dir: dir}
}

// add writes a version, as make migration does, and returns its text.
func (c *checkout) add(t *testing.T, r request) string {
	t.Helper()
	planned, err := plan(t.Context(), c.DB, r)
	require.NoError(t, err)
	require.NotNil(t, planned)
	number, err := nextNumber(c.dir)
	require.NoError(t, err)
	require.NoError(t, write(c.dir, number, planned))
	text, err := os.ReadFile(filepath.Join(c.dir.Path(), number+"_"+r.name+".sql"))
	require.NoError(t, err)
	return string(text)
}

// move applies the newest version or undoes it, and requires that nothing is lost.
func (c *checkout) move(t *testing.T, up bool) {
	t.Helper()
	goDialect := map[string]goose.Dialect{"postgres": goose.DialectPostgres, "sqlite3": goose.DialectSQLite3}
	versions, err := goose.NewProvider(goDialect[c.Dialect()], c.SQL(), os.DirFS(c.dir.Path()),
		goose.WithTableName("schema_versions"), goose.WithDisableGlobalRegistry(true))
	require.NoError(t, err)
	if up {
		applied, err := versions.Up(t.Context())
		require.NoError(t, err)
		require.Len(t, applied, 1)
	} else {
		_, err := versions.Down(t.Context())
		require.NoError(t, err)
	}
	c.products = append(c.products, dbtest.CreateProduct(t, c.DB, uuid.NewString(), "creme brulee"))
	require.ElementsMatch(t, c.products, dbtest.Search(t, c.DB, "bru creme"))
}

func (c *checkout) exec(t *testing.T, statement string) error {
	t.Helper()
	_, err := c.SQL().ExecContext(t.Context(), statement)
	return err
}

func (c *checkout) count(t *testing.T, where string) (n int) {
	t.Helper()
	require.NoError(t, c.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM products WHERE "+where).Scan(&n))
	return n
}

// Columns of products come, get another name and go, and come back. Products stay, and search finds them.
func TestColumnsComeAndGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newCheckout(t, d)
		c.products = append(c.products, dbtest.CreateProduct(t, d, "BEFORE", "creme brulee"))

		var texts []string
		texts = append(texts, c.add(t, request{name: "add", tables: productsWith(t, func(products *schema.Table) {
			testColumns(products, "test_grams")
		})}))
		c.move(t, true)
		const defaults = "test_origin = 'it''s unknown' AND test_count = 7 AND test_hidden AND CAST(test_codes AS text) = '[]'"
		require.Equal(t, len(c.products), c.count(t, "test_grams IS NULL AND "+defaults))
		require.Error(t, c.exec(t, "UPDATE products SET test_grams = -1"))
		require.NoError(t, c.exec(t, "UPDATE products SET test_grams = 250 WHERE sku = 'BEFORE'"))

		texts = append(texts, c.add(t, request{
			name: "rename", renames: []rename{{"products", "test_grams", "test_weight"}},
			tables: productsWith(t, func(products *schema.Table) { testColumns(products, "test_weight") }),
		}))
		c.move(t, true)
		require.Equal(t, 1, c.count(t, "test_weight = 250"))

		texts = append(texts, c.add(t, request{name: "drop", tables: entTables(t)}))
		c.move(t, true)
		require.Error(t, c.exec(t, "UPDATE products SET test_weight = 1"))

		c.move(t, false)
		require.Equal(t, len(c.products), c.count(t, "test_weight IS NULL AND "+defaults))
		require.Error(t, c.exec(t, "UPDATE products SET test_weight = -1"))
		require.NoError(t, c.exec(t, "UPDATE products SET test_weight = 300 WHERE sku = 'BEFORE'"))
		c.move(t, false)
		require.Equal(t, 1, c.count(t, "test_grams = 300"))
		c.move(t, false)
		require.Error(t, c.exec(t, "UPDATE products SET test_grams = 1"))
		require.Equal(t, len(c.products), c.count(t, "true"))

		all := strings.Join(texts, "\n")
		require.NotContains(t, all, "TABLE `new_")
		require.NotContains(t, all, "DROP TABLE")
		planned, err := plan(t.Context(), d, request{tables: entTables(t)})
		require.NoError(t, err)
		require.Nil(t, planned, "every version was undone")
	})
}

func TestRefusals(t *testing.T) {
	column := func(products *schema.Table, name string) *schema.Column {
		i := slices.IndexFunc(products.Columns, func(c *schema.Column) bool { return c.Name == name })
		changed := *products.Columns[i]
		products.Columns[i] = &changed
		return &changed
	}
	for name, test := range map[string]struct {
		change  func(products *schema.Table)
		renames []rename
		want    []string
		only    string // the dialect that refuses
	}{
		"required column": {
			change: func(products *schema.Table) {
				products.Columns = append(products.Columns, &schema.Column{Name: "weight", Type: field.TypeInt64})
			},
			want: []string{"products.weight is NOT NULL without a default", "Optional"},
		},
		"drop of a required column": {
			change: func(products *schema.Table) {
				products.Columns = slices.DeleteFunc(products.Columns, func(c *schema.Column) bool { return c.Name == "price_exponent" })
			},
			want: []string{"products.price_exponent is NOT NULL without a default", "Down"},
		},
		"unnamed rename": {
			change: func(products *schema.Table) { column(products, "description").Name = "about" },
			want:   []string{"products gets about and loses description", "RENAME=products.description:about"},
		},
		"rename of nothing": {
			change:  func(*schema.Table) {},
			renames: []rename{{"products", "description", "about"}},
			want:    []string{"products.description cannot become about"},
		},
		"rename in no table": {
			change:  func(*schema.Table) {},
			renames: []rename{{"product", "description", "about"}},
			want:    []string{"product.description cannot become about"},
		},
		"nullability": {
			change: func(products *schema.Table) { column(products, "brand").Nullable = true },
			want: []string{
				"SQLite cannot change the type, nullability or default of column brand without rebuilding table products",
				"by hand", "product_search_insert, product_search_update, product_search_delete",
			},
			only: "sqlite3",
		},
		"constraint": {
			change: func(products *schema.Table) { products.Annotation.Checks["product_name"] = "name <> ''" },
			want:   []string{"SQLite cannot add constraint product_name without rebuilding table products"},
			only:   "sqlite3",
		},
		"foreign key": {
			change: func(products *schema.Table) {
				parent := &schema.Column{Name: "parent_id", Type: field.TypeUUID, Nullable: true}
				products.Columns = append(products.Columns, parent)
				products.ForeignKeys = []*schema.ForeignKey{{
					Symbol: "product_parent", Columns: []*schema.Column{parent},
					RefTable: products, RefColumns: products.Columns[:1],
				}}
			},
			want: []string{"SQLite cannot add foreign key product_parent without rebuilding table products"},
			only: "sqlite3",
		},
		"default that is an expression": {
			change: func(products *schema.Table) {
				products.Columns = append(products.Columns, &schema.Column{
					Name: "see_time", Type: field.TypeTime, Default: schema.Expr("CURRENT_TIMESTAMP"),
				})
			},
			want: []string{"SQLite cannot add column see_time with a default that is no constant without rebuilding"},
			only: "sqlite3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				planned, err := plan(t.Context(), d, request{tables: productsWith(t, test.change), renames: test.renames})
				if test.only != "" && test.only != d.Dialect() {
					require.NoError(t, err)
					require.NotNil(t, planned)
					return
				}
				for _, want := range test.want {
					require.ErrorContains(t, err, want)
				}
			})
		})
	}
}
