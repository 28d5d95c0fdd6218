package db_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/test/dbtest"
)

// An older program works beside or after a newer one, and logs a warning.
func TestNewerSchemaIsLeftAlone(t *testing.T) {
	for _, name := range dbtest.Dialects() {
		t.Run(name, func(t *testing.T) {
			var logged strings.Builder
			d, err := db.Open(t.Context(), dbtest.URL(t, name), slog.New(slog.NewTextHandler(&logged, nil)))
			require.NoError(t, err)
			defer func() { require.NoError(t, d.Close()) }()
			require.NoError(t, d.Migrate(t.Context()))
			require.NotContains(t, logged.String(), "newer")
			_, err = d.SQL().ExecContext(t.Context(),
				"INSERT INTO schema_versions (version_id, is_applied) VALUES (20991231000000, true)")
			require.NoError(t, err)
			require.NoError(t, d.Migrate(t.Context()))
			require.Contains(t, logged.String(), "the schema is newer than this program")
		})
	}
}
