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
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/telemetry"
)

const description = `A headless product catalog: public reads, administrator writes, and a mail to every other ` +
	`administrator about each change.

Every flag is also an environment variable. A file .env in the working directory can set them.`

// commands are the subcommands. Their fields define flags, environment variables and help.
type commands struct {
	Serve   serveCmd   `cmd:"" help:"Run the server."`
	Backup  backupCmd  `cmd:"" help:"Back up the SQLite database into a file, online."`
	Migrate migrateCmd `cmd:"" help:"Migrate the database schema, as serve does at startup."`
	Admin   adminCmd   `cmd:"" help:"Manage administrators in the database."`
	Keys    keysCmd    `cmd:"" help:"Manage the signing keys of access tokens in the database."`
	Import  importCmd  `cmd:"" help:"Import products from a CSV file into a running server."`
	Export  exportCmd  `cmd:"" help:"Export the products of a running server as CSV."`
	Health  healthCmd  `cmd:"" help:"Check whether a running server is ready."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// main exits with 0 on success, 1 if the command failed, and 80 if the command line is invalid.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C kills the program. A second SIGTERM does not: supervisors repeat it.
	context.AfterFunc(ctx, func() { signal.Reset(os.Interrupt) })
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

// loadEnv loads an environment file, if it exists, without overriding variables that are set. Returns an error
// that names the malformed line without its text, which may be a secret.
func loadEnv(path string) error {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err //nolint:wrapcheck // it names the file
	}
	if _, err = godotenv.UnmarshalBytes(text); err == nil {
		return godotenv.Load(path) //nolint:wrapcheck // it was parsed just now
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	good := len(lines) - 1 // length of the valid prefix: a quoted value may span lines
	for ; good > 0; good-- {
		if _, err := godotenv.UnmarshalBytes(bytes.Join(lines[:good], nil)); err == nil {
			break
		}
	}
	return fmt.Errorf("%s: line %d is not of the form NAME=value, or its quotes do not end", path, good+1)
}

// unknownVariables returns the names of environment variables that begin with CATALOG_ and that no flag reads.
func unknownVariables(model *kong.Application, environ []string) []string {
	known := map[string]bool{}
	for _, command := range model.Leaves(false) {
		for _, flag := range command.Flags {
			for _, name := range flag.Envs {
				known[name] = true
			}
		}
	}
	var unknown []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "CATALOG_") && !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// newLogger returns a logger to standard error.
func newLogger(c config.Logging) *slog.Logger {
	return telemetry.NewLogger(os.Stderr, c.LogLevel, c.LogFormat == "json")
}
