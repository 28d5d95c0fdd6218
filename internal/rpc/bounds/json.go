package bounds

import (
	"bytes"
	"encoding/json"
	"strings"
)

// keyBytes is the maximum size of a key that is looked up. Those of the contract are shorter.
const keyBytes = 128

// The states of a jsonScanner.
const (
	between    = iota // between values
	inScalar          // in a number, true, false or null
	inText            // in a string
	afterSlash        // behind a backslash in a string
)

// jsonFrame is an object or a list.
type jsonFrame struct {
	list   bool
	layout *layout // of the object; nil for a map, and where the contract knows nothing
	field  *field  // of a list or map: which one; of an object: the field of the key that was read last
	base   int     // index of the counters of the object, or of the object that holds the list or map
	top    int     // number of counters before it
	in     *field  // the field that holds an object of a message; nil for the outermost
	index  int     // the index in that field, if it is a list
	key    bool    // the next string is a key
}

// jsonScanner scans JSON. It expects no valid JSON: brackets and strings suffice to count what is between them.
type jsonScanner struct {
	counts

	root   *layout
	frames []jsonFrame
	state  int
	isKey  bool   // the string is a key
	text   []byte // the key
	mask   *field // the paths of the mask that the string holds
	base   int    // index of that mask's counters
}

func newJSONScanner(root *layout) *jsonScanner {
	return &jsonScanner{root: root, frames: make([]jsonFrame, 0, 8)}
}

func (s *jsonScanner) Elements() int { return s.elements }

func (s *jsonScanner) Write(p []byte) (int, error) {
	for i := 0; i < len(p); i++ {
		if s.state == inText && !s.isKey && s.mask == nil {
			if i += plainText(p[i:]); i == len(p) {
				break
			}
		}
		var err error
		switch s.state {
		case afterSlash:
			s.state = inText
			s.keep(p[i])
		case inText:
			err = s.inString(p[i])
		default:
			err = s.token(p[i])
		}
		if err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// plainText returns the number of bytes before the next quote or backslash.
func plainText(p []byte) int {
	for i, b := range p {
		if b == '"' || b == '\\' {
			return i
		}
	}
	return len(p)
}

// inString takes a byte of a string.
func (s *jsonScanner) inString(b byte) error {
	switch {
	case b == '"':
		s.state = between
		if s.isKey {
			return s.endKey()
		}
		s.mask = nil
		return nil
	case b == '\\':
		s.state = afterSlash
	case b == ',' && s.mask != nil:
		return s.count(s.base, s.mask)
	}
	s.keep(b)
	return nil
}

func (s *jsonScanner) keep(b byte) {
	if s.isKey && len(s.text) <= keyBytes {
		s.text = append(s.text, b)
	}
}

// token takes a byte between strings.
func (s *jsonScanner) token(b byte) error {
	switch b {
	case ' ', '\t', '\r', '\n', ':':
		s.state = between
	case ',':
		s.state = between
		if top := s.top(); top != nil {
			top.key = !top.list
		}
	case '}', ']':
		s.state = between
		if top := s.top(); top != nil {
			s.items = s.items[:top.top]
			s.frames = s.frames[:len(s.frames)-1]
		}
	case '{', '[':
		s.state = between
		return s.open(b == '[')
	case '"':
		s.state = inText
		if top := s.top(); top != nil && top.key {
			s.isKey, s.text = true, s.text[:0]
			return nil
		}
		s.isKey = false
		return s.beginText()
	default:
		if s.state == inScalar {
			return nil
		}
		s.state = inScalar
		return s.value()
	}
	return nil
}

func (s *jsonScanner) top() *jsonFrame {
	if len(s.frames) == 0 {
		return nil
	}
	return &s.frames[len(s.frames)-1]
}

// value counts a value: the items of a list, and whatever is in a list that the contract does not know.
func (s *jsonScanner) value() error {
	top := s.top()
	if top == nil || !top.list {
		return nil
	}
	if top.field == nil {
		return s.unknown()
	}
	return s.count(top.base, top.field)
}

// endKey looks the key up, and counts the entries of maps and of objects that the contract does not know.
func (s *jsonScanner) endKey() error {
	s.isKey = false
	top := s.top()
	top.key = false
	if top.layout == nil {
		if top.field == nil {
			return s.unknown()
		}
		return s.count(top.base, top.field)
	}
	top.field = nil
	if bytes.IndexByte(s.text, '\\') < 0 {
		top.field = top.layout.byName[string(s.text)]
		return nil
	}
	var key string
	if err := json.Unmarshal([]byte(`"`+string(s.text)+`"`), &key); err == nil {
		top.field = top.layout.byName[key]
	}
	return nil
}

// beginText begins a string that is a value.
func (s *jsonScanner) beginText() error {
	s.mask = nil
	if err := s.value(); err != nil {
		return err
	}
	l, _, base, _ := s.content()
	if l == nil || !l.mask {
		return nil
	}
	s.mask, s.base = l.byName["paths"], base
	return s.count(s.base, s.mask)
}

// content returns the layout of the message that begins here, the field that holds it, the index of its counters, and
// that of the item. The counters of an item are new.
func (s *jsonScanner) content() (l *layout, in *field, base, index int) {
	top := s.top()
	switch {
	case top == nil:
		return s.root, nil, s.counts.open(s.root.counters), 0
	case top.field == nil || top.field.child == nil || top.field.child.opaque:
		return nil, nil, 0, 0
	case top.field.isMap && top.layout == nil:
		value := top.field.child.byNumber[2] // the value of an entry
		if value == nil {
			return nil, nil, 0, 0
		}
		return value.child, top.field, s.counts.open(value.child.counters), s.index(top.base, top.field)
	case top.list:
		return top.field.child, top.field, s.counts.open(top.field.child.counters), s.index(top.base, top.field)
	case top.field.isList():
		return nil, nil, 0, 0 // the decoder expects a list
	case top.field.offset < 0:
		return top.field.child, top.field, s.counts.open(top.field.child.counters), 0
	default:
		return top.field.child, top.field, top.base + top.field.offset, 0
	}
}

// open begins an object or a list.
func (s *jsonScanner) open(list bool) error {
	if err := s.value(); err != nil {
		return err
	}
	if len(s.frames) >= MaxDepth {
		return tooDeep()
	}
	top, frame := s.top(), jsonFrame{list: list, key: !list, top: len(s.items)}
	switch {
	case top != nil && top.layout != nil && top.field != nil && top.field.isList():
		if list != top.field.isMap { // a list, or a map
			frame.field, frame.base = top.field, top.base
		}
	case !list:
		frame.layout, frame.in, frame.base, frame.index = s.content()
	}
	s.frames = append(s.frames, frame)
	return nil
}

// unknown counts a value where the contract knows nothing.
func (s *jsonScanner) unknown() error {
	s.elements++
	if s.elements > MaxElements {
		return tooManyElements()
	}
	return nil
}

// count counts an item of a list, of the message whose counters begin at base.
func (s *jsonScanner) count(base int, f *field) error {
	if !s.add(base, f, 1) {
		return tooManyItems(s.path(f), f)
	}
	if s.elements > MaxElements {
		return tooManyElements()
	}
	return nil
}

// path returns the path of a list.
func (s *jsonScanner) path(f *field) string {
	var steps []string
	for _, frame := range s.frames {
		if frame.in != nil {
			steps = append(steps, step(frame.in, frame.index))
		}
	}
	if s.mask == f {
		if top := s.top(); top != nil && top.field != nil {
			steps = append(steps, top.field.name)
		}
	}
	return strings.Join(append(steps, f.name), ".")
}
