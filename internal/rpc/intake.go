package rpc

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc/bounds"
)

const (
	// freeBytes of a body are read without a reservation, so that ordinary reads are served while the budget is spent.
	freeBytes = 4 << 10
	// byteCost is the memory that a byte of a request takes: two in the buffer that grows by doubling, one in the
	// message, and one for what the message needs besides its texts.
	byteCost = 4
	// frameCost is byteCost of a compressed message in a frame, which needs a buffer of its own.
	frameCost = byteCost + 2
	// elementCost is the memory of an element of a list, apart from its text.
	elementCost = 64
	// reservation is the unit of reservations, so that there are few.
	reservation = 64 << 10
	// bodyGrace is how long a body may pause, and bodyRate how many bytes a second it must have otherwise.
	bodyGrace = 5 * time.Second
	bodyRate  = 16 << 10
	// paceStep is the least change of a deadline that is worth setting it.
	paceStep = 100 * time.Millisecond
)

// Intake bounds what a request costs while it is read and decoded, by its body's pace, its lists, its depth, and the
// memory that all requests of the process take together. It decompresses bodies itself, in order to count them.
type Intake struct {
	maxBytes int64
	grace    time.Duration // bodyGrace, less in tests
	budget   *budget
	sending  *budget // for responses
	gunzips  sync.Pool
}

// NewIntake returns an Intake for requests of up to maxRequestBytes, compressed or not.
func NewIntake(maxRequestBytes int) *Intake {
	most := int64(maxRequestBytes)
	return &Intake{
		maxBytes: most,
		grace:    bodyGrace,
		budget:   newBudget(budgetRequests * networkShares * byteCost * most),
		sending:  newBudget(responseBudget),
		gunzips:  sync.Pool{New: func() any { return newGunzip(maxRequestBytes + 1) }},
	}
}

// Wrap returns a handler whose requests are bounded. Observer must be outside of it, and Transport inside, which tells
// callers of the API what was refused.
func (in *Intake) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callFrom(r.Context())
		c.outgoing.budget = in.sending
		defer c.outgoing.release()
		hasBody := r.Body != nil && r.Body != http.NoBody
		isPacked := r.Method == http.MethodGet && mayBeCompressed(r.URL.RawQuery)
		if !hasBody && !isPacked {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{
			intake: in, call: c, client: auth.ClientFrom(r.Context()), method: methodOf(r.URL.Path),
		}
		if isPacked {
			b.packedQuery = r.URL.RawQuery
		}
		b.call.body = b
		defer b.release()
		if hasBody {
			b.open(w, r)
			r.Body = b
			defer b.hurry()
		}
		next.ServeHTTP(w, r)
	})
}

// methodOf returns the method of a path such as /catalog.v1.ProductService/GetProduct; nil if it is not known.
func methodOf(path string) protoreflect.MethodDescriptor {
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || !strings.Contains(service, ".") {
		return nil
	}
	name := protoreflect.FullName(service + "." + method)
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil
	}
	descriptor, _ := found.(protoreflect.MethodDescriptor)
	return descriptor
}

// body is the body of a request: decompressed, counted against the budget, and with a deadline.
type body struct {
	intake *Intake
	call   *call
	client auth.Client
	method protoreflect.MethodDescriptor // nil if it is not known

	packedQuery string // of a GET whose message may be compressed

	raw      io.ReadCloser
	received int64
	broken   error // of raw, apart from io.EOF
	pace     pace
	unpacked io.Reader // raw, or what it contains
	framed   bool      // unpacked counts what it returns
	format   bounds.Format
	scanner  bounds.Scanner // of the current message; nil for other content

	read     int64 // decompressed bytes
	cost     int64 // of each
	elements int   // of finished messages
	payer    payer
	reserved int64
	released bool
	err      error // of the last Read
}

// open prepares reading the body of a request.
func (b *body) open(w http.ResponseWriter, r *http.Request) {
	b.raw = r.Body
	b.pace = newPace(r.Context(), http.NewResponseController(w), r.ProtoMajor == 1, b.intake.grace)
	b.unpacked, b.cost = rawBody{b}, byteCost
	kind, codec := contentOf(r.Header.Get("Content-Type"))
	switch codec {
	case "json":
		b.format = bounds.JSON
	case "proto":
		b.format = bounds.Proto
	default:
		return // nothing of the API
	}
	switch kind {
	case unaryBody:
		b.scanner = b.newScanner()
		if r.Header.Get("Content-Encoding") == "gzip" {
			b.unpacked = &unzip{body: b}
			r.Header.Del("Content-Encoding")
			if r.Header.Get("Accept-Encoding") == "" { // Connect answers as it was asked
				r.Header.Set("Accept-Encoding", "gzip")
			}
		}
	default:
		zipped := r.Header.Get(string(kind)) == "gzip"
		b.unpacked, b.framed = &frames{body: b, zipped: zipped}, true
		if zipped {
			b.cost = frameCost
		}
	}
}

// bodyKind is the framing of a body: the name of the header with the compression of its messages.
type bodyKind string

const (
	unaryBody   bodyKind = "" // one message
	connectBody bodyKind = "Connect-Content-Encoding"
	grpcBody    bodyKind = "Grpc-Encoding"
)

// contentOf returns the framing and the codec of a Content-Type.
func contentOf(contentType string) (kind bodyKind, codec string) {
	contentType, _, _ = strings.Cut(contentType, ";")
	codec, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(contentType)), "application/")
	if !ok {
		return unaryBody, ""
	}
	for _, framed := range []struct {
		prefix string
		kind   bodyKind
	}{{"grpc-web", grpcBody}, {"grpc", grpcBody}, {"connect", connectBody}} {
		if rest, ok := strings.CutPrefix(codec, framed.prefix); ok {
			if rest == "" {
				return framed.kind, "proto"
			}
			return framed.kind, strings.TrimPrefix(rest, "+")
		}
	}
	return unaryBody, codec
}

// newScanner returns the scanner for a message; nil if its type is not known.
func (b *body) newScanner() bounds.Scanner {
	if b.method == nil {
		return nil
	}
	return bounds.New(b.method.Input(), b.format)
}

// streams reports whether the caller may send messages over a long time.
func (b *body) streams() bool { return b.method == nil || b.method.IsStreamingClient() }

// Read returns a *connect.Error with a fault for a body that is refused.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.unpacked.Read(p)
	if !b.framed && n > 0 {
		if refused := b.count(p[:n]); refused != nil {
			n, err = 0, refused
		}
	}
	b.err = err
	return n, err
}

// Close closes the body.
func (b *body) Close() error { return b.raw.Close() }

// count scans decompressed bytes and reserves memory for them.
func (b *body) count(p []byte) error {
	if b.read += int64(len(p)); b.read > b.intake.maxBytes && !b.framed {
		return nil // the reader refuses the message, and discards the rest
	}
	if b.scanner != nil {
		if _, err := b.scanner.Write(p); err != nil {
			return b.refuse(err)
		}
	}
	return b.reserve()
}

// reserve takes what the bytes and elements so far need from the budget.
func (b *body) reserve() error {
	elements := b.elements
	if b.scanner != nil {
		elements += b.scanner.Elements()
	}
	need := b.cost*max(b.read-freeBytes, 0) + elementCost*int64(elements) - b.reserved
	if b.read <= freeBytes || need <= 0 || b.released {
		return nil
	}
	need = (need + reservation - 1) / reservation * reservation
	if b.payer.network == "" {
		b.payer = payer{network: b.client.Network(), anonymous: b.call.adminID == ""}
	}
	if !b.intake.budget.take(b.payer, need) {
		return b.refuse(overloaded())
	}
	b.reserved += need
	return nil
}

// release returns the reservation, once the request is decoded and handled.
func (b *body) release() {
	if b == nil {
		return
	}
	if b.reserved > 0 {
		b.intake.budget.give(b.payer, b.reserved)
	}
	b.reserved, b.released = 0, true
}

// refuse returns the error for a body that is not read further. It discards the rest at the body's pace, so that the
// caller can send it and read the error.
func (b *body) refuse(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = internal(err)
	}
	if b.call.refused != nil { // while the rest was discarded
		return connect.NewError(codes[b.call.refused.Kind], b.call.refused)
	}
	b.call.refused = f
	if b.raw != nil && f.Kind != fault.TimedOut {
		_, _ = io.CopyN(io.Discard, rawBody{b}, bodyFactor*b.intake.maxBytes-b.received)
	}
	return connect.NewError(codes[f.Kind], f)
}

// hurry gives a body that was not read to its end little time: the server reads some more of it, to use the connection
// again.
func (b *body) hurry() {
	if b.pace.isConn && b.received > 0 && !errors.Is(b.err, io.EOF) {
		b.pace.begin()
	}
}

// rawBody reads a body as it was sent, at its pace.
type rawBody struct{ *body }

func (b rawBody) Read(p []byte) (int, error) {
	b.pace.begin()
	n, err := b.raw.Read(p)
	b.received += int64(n)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, b.refuse(tooSlow())
	case err == nil:
		b.pace.extend(n)
	case errors.Is(err, io.EOF):
		b.pace.end()
	default:
		b.broken = err
	}
	return n, err
}

func tooSlow() *fault.Error {
	return fault.New(fault.TimedOut, fault.DeadlineExceeded,
		"The request's body arrived too slowly: it may pause for %d seconds, and must have %d bytes a second otherwise.",
		int(bodyGrace.Seconds()), bodyRate)
}

// checkQuery counts the message of a GET, if it is compressed, once the call is authorized. Others are as small as the
// URL.
func (b *body) checkQuery() error {
	if b == nil || b.packedQuery == "" || b.method == nil {
		return nil
	}
	query, _ := url.ParseQuery(b.packedQuery) // like Connect, which takes what can be parsed
	if query.Get("compression") != "gzip" {
		return nil
	}
	packed := []byte(query.Get("message"))
	if query.Get("base64") == "1" {
		var err error
		packed, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(string(packed), "="))
		if err != nil {
			return nil //nolint:nilerr // Connect refuses it
		}
	}
	b.format = bounds.Proto
	if strings.HasPrefix(query.Get("encoding"), "json") { // also with a charset
		b.format = bounds.JSON
	}
	b.scanner, b.cost = b.newScanner(), byteCost
	_ = b.unzipTo(io.Discard, bytes.NewReader(packed)) // refused, or Connect refuses it
	if b.call.refused != nil {
		return b.call.refused
	}
	return nil
}

// mayBeCompressed reports whether a query may have the parameter compression.
func mayBeCompressed(query string) bool {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, _, _ := strings.Cut(pair, "=")
		if name == "compression" || strings.ContainsAny(name, "%+") {
			return true
		}
	}
	return false
}

// pace keeps the deadline of a body.
type pace struct {
	control  *http.ResponseController
	grace    time.Duration
	last     time.Time // the deadline of the whole request; zero if there is none
	deadline time.Time // for the next bytes; zero before the first
	armed    time.Time // the deadline that is set; zero if none is
	isConn   bool      // it is the deadline of the connection, and outlives the body
	idle     bool      // the caller may pause until the next bytes
}

func newPace(ctx context.Context, control *http.ResponseController, isConn bool, grace time.Duration) pace {
	last, _ := ctx.Deadline()
	return pace{control: control, grace: grace, last: last, isConn: isConn}
}

// begin sets the deadline for the next bytes.
func (p *pace) begin() {
	if p.idle {
		return
	}
	if p.deadline.IsZero() {
		p.deadline = time.Now().Add(p.grace)
	}
	until := p.deadline
	if !p.last.IsZero() && p.last.Before(until) {
		until = p.last
	}
	if change := until.Sub(p.armed); change > paceStep || change < 0 {
		p.arm(until)
	}
}

// extend adds the time that n bytes may take to the deadline.
func (p *pace) extend(n int) {
	latest := time.Now().Add(p.grace)
	p.deadline = p.deadline.Add(time.Duration(n) * time.Second / bodyRate)
	if p.idle || p.deadline.After(latest) {
		p.deadline = latest
	}
	p.idle = false
}

// pause lets the caller pause before the next message of a stream.
func (p *pace) pause() {
	p.idle, p.deadline = true, time.Time{}
	if !p.armed.IsZero() {
		p.arm(p.last)
	}
}

// end removes the deadline after the end of the body.
func (p *pace) end() {
	if p.isConn {
		p.arm(time.Time{})
	}
}

func (p *pace) arm(until time.Time) {
	p.armed = until
	_ = p.control.SetReadDeadline(until) // fails only if the connection cannot have one
}
