package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/importer"
)

// redraw is the minimum interval between updates of a progress bar.
const redraw = 50 * time.Millisecond

// signOutTimeout bounds signing out at the end of a command.
const signOutTimeout = 5 * time.Second

// Exit statuses of import and export; 0 means success.
const (
	statusRowsFailed = 1
	statusFailed     = 2
)

// statusError is an error with an exit status.
type statusError struct {
	error

	status int
}

// ExitCode returns the status.
func (e statusError) ExitCode() int { return e.status }

// Unwrap returns the error without its status.
func (e statusError) Unwrap() error { return e.error }

// remote holds the flags for connecting to a server.
type remote struct {
	Server string `default:"http://localhost:8080" env:"CATALOG_SERVER" help:"Address of the server."`

	APIKey config.Secret `env:"CATALOG_API_KEY" help:"API key of a program, instead of signing in. Set the environment variable rather than the flag: everybody on the machine sees the flags of processes." name:"api-key" placeholder:"KEY"`

	Email         string `env:"CATALOG_EMAIL" help:"Administrator to sign in as." placeholder:"ADDRESS"`
	PasswordStdin bool   `env:"CATALOG_PASSWORD_STDIN" help:"Read the password from standard input, one line."`
}

// errTwoCallers is returned for flags that name both a program and a person.
var errTwoCallers = errors.New("--api-key (CATALOG_API_KEY) and --email (CATALOG_EMAIL) exclude each other")

// anonymous reports whether the flags name nobody.
func (r remote) anonymous() bool { return r.Email == "" && r.APIKey == "" }

// session connects to the server, with the API key if one is set, or signs in if an e-mail address is set. Call the
// returned function at the end.
func (r remote) session(ctx context.Context) (*importer.Session, func(), error) {
	s := importer.Connect(r.Server)
	if r.APIKey != "" {
		if r.Email != "" {
			return nil, nil, errTwoCallers
		}
		s.UseAPIKey(string(r.APIKey))
	}
	if r.Email == "" {
		return s, func() {}, nil
	}
	if !r.PasswordStdin && !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, nil, errors.New("--password-stdin is required without a terminal")
	}
	password, err := readPassword()
	if err != nil {
		return nil, nil, err
	}
	if err := s.SignIn(ctx, r.Email, password); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", r.Server, err)
	}
	signOut := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTimeout)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "catalog: warning:", err)
		}
	}
	return s, signOut, nil
}

type importCmd struct {
	remote `embed:""`

	Currency string `default:"USD" env:"CATALOG_CURRENCY" help:"Currency of prices without one."`
	DryRun   bool   `env:"CATALOG_DRY_RUN" help:"Report the changes without making them."`
	File     string `arg:"" help:"CSV file: the catalog's own format, or a Shopify product export."`
}

// Help explains what import does.
func (*importCmd) Help() string {
	required, optional := importer.Columns()
	return fmt.Sprintf(`Creates or updates the products of FILE, matched by SKU. Unchanged products are skipped, so the import is
idempotent. Rejected rows are printed with line, field and reason, and do not stop the others.

FILE is CSV in UTF-8. Required columns: %s. Optional columns: %s.
Lists are written as red,"big, round", attributes as a JSON object; other columns become attributes. A Shopify
product export, recognized by its header, also works: rows without a SKU get one made of the handle and the options, unpublished products are skipped, and --currency is the currency of the prices.

Exit status: 0 on success, 1 if rows were rejected, 2 if the file is unreadable or the server unreachable.`,
		strings.Join(required, ", "), strings.Join(optional, ", "))
}

// Run imports the file.
func (c *importCmd) Run(ctx context.Context) error {
	file, err := c.read()
	if err != nil {
		return statusError{fmt.Errorf("%s: %w", c.File, err), statusFailed}
	}
	if c.anonymous() {
		return statusError{errors.New("--api-key or --email is needed: not everybody may import"), statusFailed}
	}
	session, signOut, err := c.session(ctx)
	if err != nil {
		return statusError{err, statusFailed}
	}
	defer signOut()
	progress, end := newProgress(len(file.Rows), "Importing")
	im := importer.Import{Products: session.Products, DryRun: c.DryRun, Progress: progress}
	result, err := im.Run(ctx, file)
	end()
	for _, p := range result.Problems {
		fmt.Fprintln(os.Stderr, p)
	}
	c.summarize(result, file.Unpublished)
	switch {
	case err != nil:
		return statusError{fmt.Errorf("the import stopped, and can be started again: %w", err), statusFailed}
	case result.Failed > 0:
		return statusError{fmt.Errorf("%d rows were refused", result.Failed), statusRowsFailed}
	}
	return nil
}

func (c *importCmd) read() (*importer.File, error) {
	from, err := os.Open(c.File)
	if err != nil {
		return nil, errors.Unwrap(err) // the caller names the file
	}
	file, err := importer.Parse(from, c.Currency)
	return file, errors.Join(err, from.Close())
}

func (c *importCmd) summarize(r importer.Result, unpublished int) {
	if c.DryRun {
		fmt.Print("dry run: ")
	}
	fmt.Printf("%d created, %d updated, %d unchanged, %d failed", r.Created, r.Updated, r.Unchanged, r.Failed)
	if unpublished > 0 {
		fmt.Printf(", %d left out because they are not published", unpublished)
	}
	fmt.Println()
}

// newProgress returns functions that advance and remove a progress bar. They do nothing if standard error is not
// a terminal. A total of -1 means unknown.
func newProgress(total int, what string) (step func(int), end func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(redraw),
		progressbar.OptionClearOnFinish(),
	)
	// Drawing errors are not fatal.
	return func(n int) { _ = bar.Add(n) }, func() { _ = bar.Clear() }
}
