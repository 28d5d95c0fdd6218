package bounds

import (
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The states of a protoScanner: which part of a field comes next.
const (
	atTag = iota
	inVarint
	atLength
	inBytes  // left bytes that do not matter
	inPacked // left bytes of packed varints
	inBroken // the decoder fails at an earlier byte: nothing matters
)

// protoFrame is a message or a group whose fields are scanned.
type protoFrame struct {
	layout *layout // nil in a group, which no message of the contract has
	end    int64   // offset behind the message; -1 if unknown
	base   int     // index of its counters
	top    int     // number of counters before it
	group  protowire.Number
	in     *field // the field that holds it; nil for the outermost message
	index  int    // the index in that field, if it is a list
}

// protoScanner scans protobuf's binary format.
type protoScanner struct {
	counts

	frames []protoFrame
	state  int
	pos    int64 // offset of the next byte
	left   int64 // see inBytes and inPacked
	value  uint64
	shift  uint
	number protowire.Number // of the field whose length comes next
	list   *field           // whose items are in packed bytes
}

func newProtoScanner(root *layout) *protoScanner {
	s := &protoScanner{}
	s.frames = append(make([]protoFrame, 0, 8), protoFrame{layout: root, end: -1, base: s.open(root.counters)})
	return s
}

func (s *protoScanner) Elements() int { return s.elements }

func (s *protoScanner) Write(p []byte) (int, error) {
	for i := 0; i < len(p) && s.state != inBroken; {
		n := 1
		var err error
		switch s.state {
		case inBytes:
			n = s.skip(len(p) - i)
		case inPacked:
			n, err = s.packed(p[i:])
		default:
			err = s.varint(p[i])
		}
		if err != nil {
			return i, err
		}
		i += n
	}
	return len(p), nil
}

// skip passes over bytes that do not matter.
func (s *protoScanner) skip(have int) int {
	n := min(int64(have), s.left)
	s.pos += n
	if s.left -= n; s.left == 0 {
		s.next()
	}
	return int(n)
}

// packed counts the packed varints of a list.
func (s *protoScanner) packed(p []byte) (int, error) {
	p = p[:min(int64(len(p)), s.left)]
	items := 0
	for _, b := range p {
		if b < 0x80 {
			items++
		}
	}
	if err := s.count(s.list, items); err != nil {
		return 0, err
	}
	return s.skip(len(p)), nil
}

// next goes on to the next field, and leaves the messages that end here.
func (s *protoScanner) next() {
	s.state, s.value, s.shift = atTag, 0, 0
	for {
		f := &s.frames[len(s.frames)-1]
		if f.end != s.pos {
			return
		}
		if f.group != 0 { // its message ends before it does
			s.state = inBroken
			return
		}
		s.pop()
	}
}

func (s *protoScanner) pop() {
	s.items = s.items[:s.frames[len(s.frames)-1].top]
	s.frames = s.frames[:len(s.frames)-1]
}

// varint takes a byte of a tag, a number or a length.
func (s *protoScanner) varint(b byte) error {
	beyond := !s.fits(1)
	s.pos++
	if beyond || s.shift == 63 && b > 1 {
		s.state = inBroken
		return nil
	}
	s.value |= uint64(b&0x7f) << s.shift
	s.shift += 7
	if b >= 0x80 {
		return nil
	}
	value := s.value
	s.value, s.shift = 0, 0
	switch s.state {
	case atTag:
		return s.tag(value)
	case atLength:
		return s.length(value)
	default:
		s.next()
		return nil
	}
}

// tag begins a field.
func (s *protoScanner) tag(value uint64) error {
	number, wireType := protowire.DecodeTag(value)
	if value>>3 > uint64(protowire.MaxValidNumber) || number < protowire.MinValidNumber {
		s.state = inBroken
		return nil
	}
	f := s.fieldOf(number)
	if f != nil && f.packable != 0 && wireType == packedType(f.packable) {
		if err := s.count(f, 1); err != nil {
			return err
		}
	}
	switch wireType {
	case protowire.VarintType:
		s.state = inVarint
	case protowire.Fixed32Type:
		s.jump(4)
	case protowire.Fixed64Type:
		s.jump(8)
	case protowire.BytesType:
		s.state, s.number = atLength, number
	case protowire.StartGroupType:
		top := &s.frames[len(s.frames)-1]
		return s.push(protoFrame{end: top.end, group: number, base: len(s.items), top: len(s.items)})
	case protowire.EndGroupType:
		s.endGroup(number)
	default:
		s.state = inBroken
	}
	return nil
}

func (s *protoScanner) endGroup(number protowire.Number) {
	if s.frames[len(s.frames)-1].group != number {
		s.state = inBroken
		return
	}
	s.pop()
	s.next()
}

// jump passes over n bytes.
func (s *protoScanner) jump(n int64) {
	switch {
	case !s.fits(n):
		s.state = inBroken
	case n == 0:
		s.next()
	default:
		s.state, s.left = inBytes, n
	}
}

// fits reports whether n more bytes are in the current message.
func (s *protoScanner) fits(n int64) bool {
	end := s.frames[len(s.frames)-1].end
	return end < 0 || n <= end-s.pos
}

// length begins the value of a field of variable size.
func (s *protoScanner) length(value uint64) error {
	const huge = 1 << 40 // no message is as large
	n, f := int64(min(value, huge)), s.fieldOf(s.number)
	if f == nil || !s.fits(n) {
		s.jump(n)
		return nil
	}
	if f.packable != 0 {
		return s.pack(f, n)
	}
	if f.isList() {
		if err := s.count(f, 1); err != nil {
			return err
		}
	}
	if f.child == nil || n == 0 {
		s.jump(n)
		return nil
	}
	return s.enter(f, n)
}

// pack begins the packed items of a list.
func (s *protoScanner) pack(f *field, n int64) error {
	if n == 0 {
		s.next()
		return nil
	}
	switch packedType(f.packable) {
	case protowire.Fixed32Type:
		s.jump(n)
		return s.count(f, int(n/4))
	case protowire.Fixed64Type:
		s.jump(n)
		return s.count(f, int(n/8))
	default:
		s.state, s.left, s.list = inPacked, n, f
		return nil
	}
}

// enter begins a message.
func (s *protoScanner) enter(f *field, n int64) error {
	parent := &s.frames[len(s.frames)-1]
	frame := protoFrame{layout: f.child, end: s.pos + n, top: len(s.items), in: f}
	switch {
	case f.isList():
		frame.index = s.index(parent.base, f)
		frame.base = s.open(f.child.counters)
	case f.offset < 0:
		frame.base = s.open(f.child.counters)
	default:
		frame.base = parent.base + f.offset
	}
	return s.push(frame)
}

func (s *protoScanner) push(frame protoFrame) error {
	if len(s.frames) > MaxDepth {
		return tooDeep()
	}
	s.frames = append(s.frames, frame)
	s.state = atTag
	return nil
}

// fieldOf returns the list or message with a number in the current message; nil if it has none.
func (s *protoScanner) fieldOf(number protowire.Number) *field {
	if l := s.frames[len(s.frames)-1].layout; l != nil {
		return l.byNumber[number]
	}
	return nil
}

// count counts n items of a list of the current message.
func (s *protoScanner) count(f *field, n int) error {
	if !s.add(s.frames[len(s.frames)-1].base, f, n) {
		return tooManyItems(s.path(f), f)
	}
	if s.elements > MaxElements {
		return tooManyElements()
	}
	return nil
}

// path returns the path of a list in the current message.
func (s *protoScanner) path(f *field) string {
	var steps []string
	for _, frame := range s.frames {
		if frame.in != nil {
			steps = append(steps, step(frame.in, frame.index))
		}
	}
	return strings.Join(append(steps, f.name), ".")
}

// packedType returns the wire type of a number.
func packedType(k protoreflect.Kind) protowire.Type {
	switch k {
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	default:
		return protowire.VarintType
	}
}
