// Command catalog is a product catalog: a server, and the tools around it.
package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

	"github.com/zebrands/catalog/internal/config"
)

const description = `A product catalog for programs: anybody reads, administrators write, and every other ` +
	`administrator gets a mail about it.

Every flag is also an environment variable, which a file .env in the working folder can set.`

// commands are what the program can do. Their fields are flags, environment and help.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Serve the catalog."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date, as serve does at its start."`
	Admin   adminCmd   `cmd:"" help:"Administrators, straight in the database."`
	Import  importCmd  `cmd:"" help:"Load products from a CSV file into a running server."`
	Export  exportCmd  `cmd:"" help:"Write the products of a running server as CSV."`
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
	if err := godotenv.Load(); !errors.Is(err, fs.ErrNotExist) {
		parser.FatalIfErrorf(err, ".env")
	}
	command, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)
	parser.FatalIfErrorf(command.Run())
}

// newLogger returns a logger to standard error.
func newLogger(c config.Logging) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
