package wire

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
)

// Answer is an immutable response that many callers share. Each encoding is computed on first use and cached. It is
// safe for concurrent use.
type Answer[T proto.Message] struct {
	message T
	forms   [formats]atomic.Pointer[Form]
	size    atomic.Int64
}

// NewAnswer returns an answer that is not encoded yet.
func NewAnswer[T proto.Message](message T) *Answer[T] { return &Answer[T]{message: message} }

// Message returns the message.
func (a *Answer[T]) Message() T { return a.message }

// Give returns the message as the response to the call of ctx, and makes the transport send its cached encoding.
func (a *Answer[T]) Give(ctx context.Context) T {
	if given, ok := ctx.Value(givenKey{}).(*Given); ok {
		given.Answer = a
	}
	return a.message
}

// Encode returns the message in a format.
func (a *Answer[T]) Encode(f Format) (*Form, error) {
	if form := a.forms[f].Load(); form != nil {
		return form, nil
	}
	form, err := encode(f, a.message)
	if err != nil {
		return nil, err
	}
	a.forms[f].Store(form) // another caller may have been faster, with the same
	return form, nil
}

// Size returns the size of the message in binary form, in bytes. It is computed on first use.
func (a *Answer[T]) Size() int {
	size := a.size.Load()
	if size == 0 {
		size = int64(proto.Size(a.message))
		a.size.Store(size)
	}
	return int(size)
}

// Encoder is an Answer of any type.
type Encoder interface {
	Encode(f Format) (*Form, error)
	Size() int
}

// Given records the last Answer of a call on which Give was called; nil if there is none.
type Given struct{ Answer Encoder }

type givenKey struct{}

// Expect returns a context for a call, and the record of the Answer that it gives.
func Expect(ctx context.Context) (context.Context, *Given) {
	given := &Given{}
	return context.WithValue(ctx, givenKey{}, given), given
}

// Form is an encoded message.
type Form struct {
	// Body must not be changed.
	Body []byte
	// Digest returns the Digest of Body.
	Digest func() string
}

// buffers pools the encoding buffers.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func encode(f Format, m proto.Message) (*Form, error) {
	buffer := buffers.Get().(*[]byte) //nolint:errcheck,forcetypeassert // as New makes them
	defer buffers.Put(buffer)
	grown, err := f.Append((*buffer)[:0], m)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", m.ProtoReflect().Descriptor().FullName(), err)
	}
	*buffer = grown
	body := slices.Clone(grown)
	return &Form{Body: body, Digest: sync.OnceValue(func() string { return Digest(body) })}, nil
}

// digestBytes is the length of a truncated SHA-256, in bytes.
const digestBytes = 16

// Digest returns a content hash of data that is valid in an entity tag.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(sum[:digestBytes])
}
