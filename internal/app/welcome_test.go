package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/config"
)

func TestProgramIsCalledAsAShellReadsIt(t *testing.T) {
	for path, want := range map[string]string{
		"/tmp/go-build3208899495/b001/exe/catalog":    "go run ./cmd/catalog",
		"/root/.cache/go-build/7d/7d83584a-d/catalog": "go run ./cmd/catalog",
		"/tmp/catalog":          "/tmp/catalog",
		"./bin/catalog":         "./bin/catalog",
		"/opt/my tools/catalog": "'/opt/my tools/catalog'",
		"/opt/ana's/catalog":    `'/opt/ana'\''s/catalog'`,
	} {
		require.Equal(t, want, program(path))
	}
}

func TestCommandFindsTheSameData(t *testing.T) {
	for name, c := range map[string]struct {
		storage config.Storage
		want    string
	}{
		"default":       {config.Storage{DataDir: "./catalog-data"}, ""},
		"folder":        {config.Storage{DataDir: "/srv/catalog"}, " --data-dir /srv/catalog"},
		"folder, space": {config.Storage{DataDir: "/srv/my shop"}, " --data-dir '/srv/my shop'"},
		"SQLite":        {config.Storage{DataDir: "x", DatabaseURL: "sqlite:y/z.db"}, " --database-url sqlite:y/z.db"},
		"no password":   {config.Storage{DataDir: "x", DatabaseURL: "postgres://u@h/d?sslmode=disable"}, " --database-url 'postgres://u@h/d?sslmode=disable'"},
		"password":      {config.Storage{DataDir: "x", DatabaseURL: "postgres://u:secret@h/d"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, (&App{cfg: config.Config{Storage: c.storage}}).storageFlags())
		})
	}
}
