package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// Where -update writes to, from the root of the repository.
const (
	document = "docs/benchmarks.md"
	images   = "docs/images"
)

// report is what a benchmark has found: paragraphs and tables in Markdown, and plots.
type report struct {
	markdown bytes.Buffer
	pictures []*picture
}

// paragraphf adds a text.
func (r *report) paragraphf(format string, args ...any) {
	fmt.Fprintf(&r.markdown, format+"\n\n", args...)
}

// picture adds a picture.
func (r *report) picture(p *picture) {
	r.pictures = append(r.pictures, p)
	r.paragraphf("![%s](images/%s)", p.title, p.file)
}

// table adds a table. The first columns, as many as words says, hold words, the others numbers.
func (r *report) table(words int, header []string, rows [][]string) {
	widths := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), len("---"))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < words {
				r.markdown.WriteString("| " + cell + space + " ")
			} else {
				r.markdown.WriteString("| " + space + cell + " ")
			}
		}
		r.markdown.WriteString("|\n")
	}
	line(header)
	for i, width := range widths {
		if i < words {
			r.markdown.WriteString("|" + strings.Repeat("-", width+2))
		} else {
			r.markdown.WriteString("|" + strings.Repeat("-", width+1) + ":")
		}
	}
	r.markdown.WriteString("|\n")
	for _, row := range rows {
		line(row)
	}
	r.markdown.WriteString("\n")
}

// text returns the report in Markdown.
func (r *report) text() string { return strings.TrimSpace(r.markdown.String()) + "\n" }

// write replaces what stands in the document between the marks of a benchmark, and the plots.
func (r *report) write(name string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("-update needs the root of the repository: %w", err)
	}
	begin, end := "<!-- "+name+": make bench wrote this -->\n", "<!-- end of "+name+" -->\n"
	before, rest, hasBegin := strings.Cut(string(text), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s: the lines %q and %q are missing", document, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if err := os.WriteFile(document, []byte(before+begin+"\n"+r.text()+"\n"+end+after), 0o644); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	for _, p := range r.pictures {
		if err := p.draw(images); err != nil {
			return err
		}
	}
	return nil
}
