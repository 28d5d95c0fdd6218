package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"

	"connectrpc.com/connect"
)

// unzip reads a compressed body, decompressed.
type unzip struct {
	*body

	gunzip *gunzip
}

// Read returns io.EOF at the limit, which the reader finds exceeded by one byte.
func (u *unzip) Read(p []byte) (int, error) {
	if u.gunzip == nil {
		g := u.intake.gunzip()
		if err := g.Reset(&limitedBody{body: u.body, left: u.intake.maxBytes}); err != nil {
			return 0, u.corrupt(err)
		}
		u.gunzip = g
	}
	n, err := u.gunzip.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		err = u.finish()
	case err != nil:
		err = u.corrupt(err)
	}
	return n, err
}

// finish puts the decompressor back, and reads the end of the body.
func (u *unzip) finish() error {
	u.intake.putGunzip(u.gunzip)
	u.gunzip = nil
	if _, err := io.CopyN(io.Discard, rawBody{u.body}, u.intake.maxBytes); err != nil {
		return err
	}
	return u.tooLarge()
}

// limitedBody is a compressed body up to a size.
type limitedBody struct {
	*body

	left int64
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if l.left <= 0 {
		var one [1]byte
		if n, err := (rawBody{l.body}).Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, l.tooLarge()
	}
	n, err := rawBody{l.body}.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// tooLarge refuses a body whose compressed size exceeds the limit.
func (b *body) tooLarge() error {
	return b.refuse(refusedByConnect(connect.CodeResourceExhausted, "", int(b.intake.maxBytes)))
}

// corrupt refuses a body that cannot be decompressed, unless it was refused already.
func (b *body) corrupt(err error) error {
	if b.broken != nil {
		return b.broken
	}
	if b.call.refused != nil {
		return connect.NewError(codes[b.call.refused.Kind], b.call.refused)
	}
	return b.refuse(refusedByConnect(connect.CodeInvalidArgument, "decompress: "+err.Error(), int(b.intake.maxBytes)))
}

// unzipTo decompresses a message that is counted while it is written.
func (b *body) unzipTo(w io.Writer, packed io.Reader) error {
	g := b.intake.gunzip()
	defer b.intake.putGunzip(g)
	if err := g.Reset(packed); err != nil {
		return err
	}
	_, err := io.Copy(w, io.TeeReader(g, counter{b}))
	return err
}

// counter is count as a writer.
type counter struct{ *body }

func (c counter) Write(p []byte) (int, error) {
	if err := c.count(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (in *Intake) gunzip() *gunzip {
	return in.gunzips.Get().(*gunzip) //nolint:errcheck,forcetypeassert // nothing else is in it
}

func (in *Intake) putGunzip(g *gunzip) {
	_ = g.Reset(http.NoBody) // fails, and lets go of its source
	in.gunzips.Put(g)
}

const (
	// frameHead is the size of a frame's flags and of the size of the message that follows.
	frameHead = 5
	// compressed is the flags of a frame with a compressed message.
	compressed = 1
)

// frames reads a body of messages in frames. It decompresses them, so that none is left compressed.
type frames struct {
	*body

	zipped bool         // the flag means gzip
	ready  bytes.Buffer // what is read next: a head, and the message if it was decompressed
	left   int64        // bytes of the message that follow
	fits   bool         // the message is within the limit; the reader discards others
}

func (f *frames) Read(p []byte) (int, error) {
	for f.ready.Len() == 0 && f.left == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	if f.ready.Len() > 0 {
		return f.ready.Read(p)
	}
	n, err := rawBody{f.body}.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if f.fits && n > 0 {
		if refused := f.count(p[:n]); refused != nil {
			return 0, refused
		}
	}
	return n, err
}

// next reads the head of the next frame, and the message if it is compressed.
func (f *frames) next() error {
	f.endMessage()
	var head [frameHead]byte
	if _, err := io.ReadFull(rawBody{f.body}, head[:]); err != nil {
		return err
	}
	// Of other flags, Connect would decompress by one bit, and parse trailers.
	if head[0] != 0 && (head[0] != compressed || !f.zipped) {
		return f.refuse(refusedByConnect(connect.CodeInvalidArgument, fmt.Sprintf(
			"a frame has the flags %#02x, and a request's are 0, or 1 with gzip", head[0]), int(f.intake.maxBytes)))
	}
	size := int64(binary.BigEndian.Uint32(head[1:]))
	f.fits = size <= f.intake.maxBytes
	if f.fits {
		f.scanner = f.newScanner()
	}
	if head[0] != compressed || size == 0 || !f.fits {
		f.ready.Write(head[:])
		f.left = size
		return nil
	}
	return f.unzip(size)
}

// endMessage keeps what the last message took, and lets a stream pause.
func (f *frames) endMessage() {
	if f.scanner != nil {
		f.elements += f.scanner.Elements()
		f.scanner = nil
	}
	if f.streams() {
		f.read, f.elements = 0, 0 // its messages follow each other
		f.pace.pause()
	}
}

// unzip decompresses the message of a frame.
func (f *frames) unzip(size int64) error {
	packed := &io.LimitedReader{R: rawBody{f.body}, N: size}
	f.ready.Write(make([]byte, frameHead))
	if err := f.unzipTo(&f.ready, packed); err != nil {
		return f.corrupt(err)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil {
		return err
	}
	if packed.N > 0 {
		return io.ErrUnexpectedEOF
	}
	message := f.ready.Bytes()
	if int64(len(message)-frameHead) > f.intake.maxBytes {
		return f.tooLarge()
	}
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-frameHead)) //nolint:gosec // within the limit
	return nil
}
