package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zebrands/catalog/internal/files"
	"github.com/zebrands/catalog/internal/importer"
)

// exportMode makes exported files world-readable, as the catalog is public.
const exportMode = 0o644

type exportCmd struct {
	remote `embed:""`

	Filter string `env:"CATALOG_FILTER" help:"Export only matching products; the syntax is that of ListProducts." placeholder:"FILTER"`
	File   string `arg:"" default:"-" help:"CSV file to write; - is standard output." optional:""`
}

// Help explains what export does.
func (*exportCmd) Help() string {
	return `Writes the live products as CSV in the catalog's own format; importing the file again changes nothing. FILE
is replaced atomically. Without --api-key and --email the export is an anonymous read: each product counts as an impression. Cells
are not escaped for spreadsheets: one may start with "=".

Exit status: 0 on success, 2 on failure.`
}

// Run exports the products.
func (c *exportCmd) Run(ctx context.Context) error {
	session, signOut, err := c.session(ctx)
	if err != nil {
		return statusError{err, statusFailed}
	}
	defer signOut()
	count := 0
	write := func(to io.Writer) error {
		progress, end := newProgress(-1, "Exporting")
		defer end()
		count, err = importer.Export(ctx, session.Products, c.Filter, to, progress)
		return err
	}
	if c.File == "-" {
		err = write(os.Stdout)
	} else {
		err = files.Write(c.File, func(file *os.File) error { return errors.Join(write(file), file.Chmod(exportMode)) })
	}
	if err != nil {
		return statusError{err, statusFailed}
	}
	fmt.Fprintf(os.Stderr, "%d products exported\n", count)
	return nil
}
