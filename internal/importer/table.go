package importer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// Problem describes a problem of a row of a file.
type Problem struct {
	// Line is the line on which the row starts, counted from 1.
	Line int
	// Field is the column's name in the file; empty if the problem concerns the whole row.
	Field string
	// Reason describes the problem, without the field's name.
	Reason string
}

// String formats the problem as one line.
func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("line %d: %s", p.Line, p.Reason)
	}
	return fmt.Sprintf("line %d: %s: %s", p.Line, p.Field, p.Reason)
}

// record is a row of the file: text by column, trimmed.
type record struct {
	line  int
	cells map[string]string
}

// table is a CSV file with a parsed header.
type table struct {
	header []string // trimmed; "" for a column without a name
	reader *csv.Reader
}

var (
	utf8Mark  = []byte{0xEF, 0xBB, 0xBF}
	utf16Mark = [][]byte{{0xFF, 0xFE}, {0xFE, 0xFF}}
)

// errNotUTF8 says how to convert a file in another encoding.
var errNotUTF8 = errors.New("the file is not UTF-8: save it as \"CSV UTF-8\" and try again")

// openTable parses the header of a CSV file. Returns an error if the file is not UTF-8 text, is empty, or has
// duplicate columns.
func openTable(from io.Reader) (*table, error) {
	in := bufio.NewReader(from)
	start, err := in.Peek(len(utf8Mark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	for _, mark := range utf16Mark {
		if bytes.HasPrefix(start, mark) {
			return nil, fmt.Errorf("%w (it is UTF-16)", errNotUTF8)
		}
	}
	if bytes.Equal(start, utf8Mark) {
		if _, err := in.Discard(len(utf8Mark)); err != nil {
			return nil, fmt.Errorf("read the file: %w", err)
		}
	}
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1 // a wrong number of cells is a problem of its row
	reader.Comma = delimiter(in)
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, fmt.Errorf("the header is not CSV: %w", err)
	}
	return newTable(reader, header)
}

func newTable(reader *csv.Reader, header []string) (*table, error) {
	seen := map[string]bool{}
	for i, name := range header {
		if !utf8.ValidString(name) {
			return nil, errNotUTF8
		}
		header[i] = strings.TrimSpace(name)
		if key := strings.ToLower(header[i]); key != "" && seen[key] {
			return nil, fmt.Errorf("the header has the column %q twice", header[i])
		}
		seen[strings.ToLower(header[i])] = true
	}
	return &table{header: header, reader: reader}, nil
}

// delimiter detects the delimiter, a comma or a semicolon, from the start of the file.
func delimiter(in *bufio.Reader) rune {
	start, _ := in.Peek(in.Size()) // an error means that the file is shorter
	line, _, _ := bytes.Cut(start, []byte("\n"))
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		return ';'
	}
	return ','
}

// rows returns the rows of the file, or their problems. It skips empty rows. An error other than a rowError ends the
// iteration.
func (t *table) rows() iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for {
			cells, err := t.reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var bad *csv.ParseError
			if err != nil && !errors.As(err, &bad) {
				yield(record{}, fmt.Errorf("read the file: %w", err))
				return
			}
			if bad != nil {
				err = rowError(Problem{Line: bad.StartLine, Reason: "is not CSV: " + bad.Err.Error()})
				if !yield(record{}, err) {
					return
				}
				continue
			}
			row, err := t.record(cells)
			if (err != nil || row.cells != nil) && !yield(row, err) {
				return
			}
		}
	}
}

// record returns a row; without cells if it is empty.
func (t *table) record(cells []string) (record, error) {
	line, _ := t.reader.FieldPos(0)
	row := record{line: line}
	if strings.TrimSpace(strings.Join(cells, "")) == "" {
		return row, nil
	}
	if len(cells) != len(t.header) {
		return row, rowError(Problem{
			Line: line, Reason: fmt.Sprintf("has %d columns, but the header has %d", len(cells), len(t.header)),
		})
	}
	row.cells = make(map[string]string, len(cells))
	for i, name := range t.header {
		if !utf8.ValidString(cells[i]) {
			return record{line: line}, rowError(Problem{Line: line, Field: name, Reason: "is not valid UTF-8"})
		}
		if name != "" {
			row.cells[name] = strings.TrimSpace(cells[i])
		}
	}
	return row, nil
}

// rowError is the problem of one row, as an error.
type rowError Problem

// Error formats the problem as one line.
func (e rowError) Error() string { return Problem(e).String() }
