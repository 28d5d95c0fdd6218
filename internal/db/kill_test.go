package db_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// migrateVariable makes this test program migrate the database at its URL instead of testing.
const migrateVariable = "CATALOG_TEST_MIGRATE"

func TestMain(m *testing.M) {
	if url := os.Getenv(migrateVariable); url != "" {
		os.Exit(migrateAt(url))
	}
	os.Exit(m.Run())
}

func migrateAt(url string) int {
	ctx := context.Background()
	d, err := db.Open(ctx, url, slog.New(slog.DiscardHandler))
	if err == nil {
		err = d.Migrate(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Even if it is killed again and again, each time a little later, the migration must finally complete.
func TestMigrateAfterKills(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			url := dbtest.URL(t, name)
			for delay := 10 * time.Millisecond; delay < 200*time.Millisecond; delay += 10 * time.Millisecond {
				ctx, kill := context.WithTimeout(t.Context(), delay)
				child := exec.CommandContext(ctx, os.Args[0])
				child.Env = append(os.Environ(), migrateVariable+"="+url)
				err := child.Run()
				kill()
				if child.ProcessState.Success() { // err may come from the imminent kill
					break
				}
				require.False(t, child.ProcessState.Exited(), "it ended by itself, with %v", err)
			}
			d := dbtest.Open(t, url)
			require.NoError(t, d.Migrate(t.Context()))
			pending, err := d.Pending(t.Context())
			require.NoError(t, err)
			require.Empty(t, pending)
			id := dbtest.CreateProduct(t, d, "A", "creme")
			require.Equal(t, id, dbtest.Search(t, d, "cr")[0])
		})
	}
}
