package tracking

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Kind says how a product was read.
type Kind byte

// The kinds.
const (
	// View is a read of a product by id.
	View Kind = iota
	// Impression is a read of a product as part of a list.
	Impression
)

// Read is one counted call.
type Read struct {
	Time time.Time
	Kind Kind
	// Bot reports whether the caller is a known bot.
	Bot bool
	// Products are the ids of the products in the response.
	Products []uuid.UUID
	// From is the product that the reader came from; zero if that is unknown.
	From uuid.UUID
}

// format is the format of a segment, which begins with magic. Its records follow. A record is a header of headSize
// bytes, the length of the body and its checksum (CRC-32C), and the body: a byte for kind and bot, the time in seconds
// since 1970, and the ids. Numbers are little-endian.
type format struct {
	suffix, magic string
	// from says that the first id is Read.From.
	from bool
}

// The formats. Releases that do not know transitions leave their segments alone, and would take such a record in the
// older format for corruption.
var (
	views       = format{suffix: ".journal", magic: "catview\x01"}
	transitions = format{suffix: ".transitions", magic: "catmove\x01", from: true}

	formats = []format{views, transitions}
)

// formatOf returns the format of a read.
func formatOf(r Read) format {
	if r.From == uuid.Nil {
		return views
	}
	return transitions
}

// formatNamed returns the format of a segment by its file's name. Returns false for other files.
func formatNamed(name string) (format, bool) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.suffix == filepath.Ext(name) })
	if i < 0 {
		return format{}, false
	}
	return formats[i], true
}

const (
	headSize  = 8
	fixedSize = 9
	idSize    = 16
	maxBody   = 1 << 20

	flagImpression = 1 << 0
	flagBot        = 1 << 1
	knownFlags     = flagImpression | flagBot
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errTooMany is returned for a read of more products than a record can hold.
var errTooMany = errors.New("too many products in one read")

// errCorrupt is returned for a segment with a torn or invalid record.
var errCorrupt = errors.New("segment is torn or corrupt")

// appendRecord appends the record of a read to buf, in formatOf(r). Returns errTooMany and an unchanged buf if the read
// does not fit into a record.
func appendRecord(buf []byte, r Read) ([]byte, error) {
	size := fixedSize + idSize*len(r.Products)
	if r.From != uuid.Nil {
		size += idSize
	}
	if size > maxBody {
		return buf, fmt.Errorf("%w: %d", errTooMany, len(r.Products))
	}
	start := len(buf)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(size))
	buf = binary.LittleEndian.AppendUint32(buf, 0) // the checksum, below
	var flags byte
	if r.Kind == Impression {
		flags |= flagImpression
	}
	if r.Bot {
		flags |= flagBot
	}
	buf = append(buf, flags)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(r.Time.Unix())) //nolint:gosec // its bits
	if r.From != uuid.Nil {
		buf = append(buf, r.From[:]...)
	}
	for i := range r.Products {
		buf = append(buf, r.Products[i][:]...)
	}
	sum := crc32.Checksum(buf[start+headSize:], castagnoli)
	binary.LittleEndian.PutUint32(buf[start+4:], sum)
	return buf, nil
}

// readSegment calls fn with every read of a segment in a format. Returns errCorrupt after the valid prefix if the rest
// is corrupt. An empty segment is valid.
func readSegment(from io.Reader, f format, fn func(Read)) error {
	in := bufio.NewReaderSize(from, 64<<10)
	magic := make([]byte, len(f.magic))
	if _, err := io.ReadFull(in, magic); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return torn(err)
	}
	if string(magic) != f.magic {
		return errCorrupt
	}
	var body []byte
	for {
		next, err := readBody(in, body)
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		body = next
		r, err := f.parse(body)
		if err != nil {
			return err
		}
		fn(r)
	}
}

// readBody reads a record and returns its body, in buf if it is large enough. Returns io.EOF at the end, and
// errCorrupt for a torn or invalid record.
func readBody(in io.Reader, buf []byte) ([]byte, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(in, head[:]); errors.Is(err, io.EOF) {
		return nil, io.EOF
	} else if err != nil {
		return nil, torn(err)
	}
	size := int(binary.LittleEndian.Uint32(head[:]))
	if size < fixedSize || size > maxBody || (size-fixedSize)%idSize != 0 {
		return nil, errCorrupt
	}
	if cap(buf) < size {
		buf = make([]byte, size)
	}
	buf = buf[:size]
	if _, err := io.ReadFull(in, buf); err != nil {
		return nil, torn(err)
	}
	if crc32.Checksum(buf, castagnoli) != binary.LittleEndian.Uint32(head[4:]) || buf[0]&^knownFlags != 0 {
		return nil, errCorrupt
	}
	return buf, nil
}

// torn maps a premature end of the file to errCorrupt. It passes I/O errors through: they do not prove corruption.
func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCorrupt
	}
	return fmt.Errorf("read segment: %w", err)
}

// parse returns the read of a record's body. Returns errCorrupt if the format would not have written it.
func (f format) parse(body []byte) (Read, error) {
	r := Read{
		Bot:      body[0]&flagBot != 0,
		Time:     time.Unix(int64(binary.LittleEndian.Uint64(body[1:])), 0).UTC(), //nolint:gosec // its bits
		Products: make([]uuid.UUID, 0, (len(body)-fixedSize)/idSize),
	}
	if body[0]&flagImpression != 0 {
		r.Kind = Impression
	}
	ids := body[fixedSize:]
	if f.from {
		if len(ids) == 0 {
			return Read{}, errCorrupt
		}
		r.From, ids = uuid.UUID(ids[:idSize]), ids[idSize:]
		if r.From == uuid.Nil {
			return Read{}, errCorrupt
		}
	}
	for ; len(ids) > 0; ids = ids[idSize:] {
		r.Products = append(r.Products, uuid.UUID(ids[:idSize]))
	}
	return r, nil
}
