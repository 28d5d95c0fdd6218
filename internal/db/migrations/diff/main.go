// Command diff adds a version to the schema's migrations: what the versions so far lack of ent/schema,
// for both databases, without rebuilding a table. It fails, and writes nothing, where that cannot be.
//
//	go run ./internal/db/migrations/diff NAME    # NAME says what changed, such as product_weight
//	go run ./internal/db/migrations/diff -rename products.old:new NAME
//	go run ./internal/db/migrations/diff -hash   # after writing or editing a new version by hand
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// root is where the versions are, from the root of the repository.
const root = "internal/db/migrations"

var versionName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "migration:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func run(ctx context.Context, args []string) error {
	var r request
	flags := flag.NewFlagSet("diff", flag.ContinueOnError)
	hash := flags.Bool("hash", false, "bring the checksums up to date")
	flags.Func("rename", "a `column` that was renamed, as products.old:new (can be repeated)", func(text string) error {
		renamed, err := parseRename(text)
		r.renames = append(r.renames, renamed)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	r.name = flags.Arg(0)
	switch {
	case *hash && flags.NArg() == 0:
		return errors.Join(writeSum("postgres"), writeSum("sqlite"))
	case !*hash && flags.NArg() == 1 && versionName.MatchString(r.name):
		return add(ctx, r)
	default:
		return errors.New("give one name in lower case, such as product_weight, or -hash")
	}
}

func writeSum(folder string) error {
	dir, err := sqltool.NewGooseDir(filepath.Join(root, folder))
	if err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	sum, err := dir.Checksum()
	if err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	if err := atlas.WriteSumFile(dir, sum); err != nil {
		return fmt.Errorf("write the checksum: %w", err)
	}
	return nil
}

// add writes a version for both databases, or for none.
func add(ctx context.Context, r request) (err error) {
	if r.tables, err = tables(); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "catalog-migration-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(temporary) //nolint:errcheck // in the system's folder for what may be left
	cluster, err := dbtest.StartCluster(ctx)
	if err != nil {
		return fmt.Errorf("diff PostgreSQL: %w", err)
	}
	defer cluster.Stop() //nolint:errcheck // its data is removed at the latest when we end
	urls := map[string]string{
		"postgres": cluster.URL, "sqlite": "sqlite:" + filepath.Join(temporary, "catalog.db"),
	}
	dirs, plans := map[string]atlas.Dir{}, map[string]*atlas.Plan{}
	for folder, url := range urls {
		if dirs[folder], err = sqltool.NewGooseDir(filepath.Join(root, folder)); err != nil {
			return fmt.Errorf("read %s: %w", folder, err)
		}
		if plans[folder], err = planFor(ctx, url, r); err != nil {
			return err
		}
	}
	number, err := nextNumber(slices.Collect(maps.Values(dirs))...)
	if err != nil {
		return err
	}
	for _, folder := range slices.Sorted(maps.Keys(plans)) {
		if plans[folder] == nil {
			fmt.Fprintln(os.Stdout, folder+": up to date")
			continue
		}
		if err := write(dirs[folder], number, plans[folder]); err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, folder+": written; read it, and test it on data, before you commit it")
	}
	return nil
}

// planFor plans a version in an empty database.
func planFor(ctx context.Context, url string, r request) (*atlas.Plan, error) {
	d, err := db.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open an empty database: %w", err)
	}
	defer d.Close() //nolint:errcheck // a scratch database
	if err := d.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("apply the versions so far: %w", err)
	}
	return plan(ctx, d, r)
}
