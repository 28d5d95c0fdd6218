// Command catalog is a product catalog: a server, and the tools around it.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/telemetry"
)

const description = `A product catalog for programs: anybody reads, administrators write, and every other ` +
	`administrator gets a mail about it.

Every flag is also an environment variable, which a file .env in the working folder can set.`

// commands are what the program can do. Their fields are flags, environment and help.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Serve the catalog."`
	Backup  backupCmd  `cmd:"" help:"Copy the SQLite database into a file, also while the server runs."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date, as serve does at its start."`
	Admin   adminCmd   `cmd:"" help:"Administrators, straight in the database."`
	Keys    keysCmd    `cmd:"" help:"Keys that sign access tokens, straight in the database."`
	Import  importCmd  `cmd:"" help:"Load products from a CSV file into a running server."`
	Export  exportCmd  `cmd:"" help:"Write the products of a running server as CSV."`
	Health  healthCmd  `cmd:"" help:"Ask a running server whether it is ready."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// main exits with 0, with 1 if the command failed, or with 80 if the command line makes no sense.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	parser := kong.Must(&commands{},
		kong.Name("catalog"),
		kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	parser.FatalIfErrorf(loadEnv(".env"))
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	parser.FatalIfErrorf(command.Run())
}

// loadEnv sets the environment variables of a file that are not set yet. There may be no such file.
// Returns an error that names the line that cannot be read and repeats nothing of it: it may hold a
// secret.
func loadEnv(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err //nolint:wrapcheck // it names the file
	}
	if _, err = godotenv.UnmarshalBytes(text); err == nil {
		return godotenv.Load(path) //nolint:wrapcheck // it was read just now
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	good := len(lines) - 1 // how many lines are right: a value in quotes may take several
	for ; good > 0; good-- {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:good], nil)); err == nil {
			break
		}
	}
	return fmt.Errorf("%s: line %d is not of the form NAME=value, or its quotes do not end", path, good+1)
}

// newLogger returns a logger to standard error.
func newLogger(c config.Logging) *slog.Logger {
	return telemetry.NewLogger(os.Stderr, c.LogLevel, c.LogFormat == "json")
}
