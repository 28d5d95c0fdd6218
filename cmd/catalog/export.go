package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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
is replaced atomically. Without --email the export is an anonymous read: each product counts as an impression. Cells
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
		err = replaceFile(c.File, write)
	}
	if err != nil {
		return statusError{err, statusFailed}
	}
	fmt.Fprintf(os.Stderr, "%d products exported\n", count)
	return nil
}

// replaceFile replaces a file atomically with the output of write.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := write(file); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := errors.Join(file.Chmod(exportMode), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
