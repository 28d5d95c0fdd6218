// Command diff adds a version to the schema's migrations: what the versions so far lack of ent/schema,
// for both databases.
//
//	go run ./internal/db/migrations/diff NAME    # NAME says what changed, such as product_weight
//	go run ./internal/db/migrations/diff -hash   # after writing or editing a new version by hand
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"

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
	switch {
	case len(args) == 1 && args[0] == "-hash":
		return errors.Join(writeSum("postgres"), writeSum("sqlite"))
	case len(args) == 1 && versionName.MatchString(args[0]):
		return add(ctx, args[0])
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

func add(ctx context.Context, name string) error {
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
	return errors.Join(
		addTo(ctx, "postgres", cluster.URL, name),
		addTo(ctx, "sqlite", "sqlite:"+filepath.Join(temporary, "catalog.db"), name),
	)
}

func addTo(ctx context.Context, folder, url, name string) error {
	dir, err := sqltool.NewGooseDir(filepath.Join(root, folder))
	if err != nil {
		return fmt.Errorf("read %s: %w", folder, err)
	}
	d, err := db.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("open an empty database: %w", err)
	}
	defer d.Close() //nolint:errcheck // a scratch database
	if err := d.Migrate(ctx); err != nil {
		return fmt.Errorf("apply the versions so far: %w", err)
	}
	written, err := diff(ctx, d, dir, name)
	if err != nil {
		return err
	}
	if !written {
		fmt.Fprintln(os.Stdout, folder+": up to date")
		return nil
	}
	fmt.Fprintln(os.Stdout, folder+": written; read it, and test it on data, before you commit it")
	return nil
}
