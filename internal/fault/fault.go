// Package fault is the domain error. It separates the public part, which callers see, from the cause, which
// is only logged.
package fault

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Kind classifies a fault. Package rpc maps each kind to a status code.
type Kind int

// The kinds. The zero value is Internal, so an unset kind never blames the caller.
const (
	Internal Kind = iota
	Invalid
	NotFound
	AlreadyExists
	FailedPrecondition
	Aborted
	Unauthenticated
	PermissionDenied
	Throttled
	TooLarge
	Unavailable
	Unimplemented
	Canceled
	TimedOut
)

// Violation is a request field with the rule that it violates.
type Violation struct {
	// Field is the path from the request message in proto field names, such as "product.price.amount" or
	// "requests[3].product.sku". Empty means the whole message.
	Field string
	// Reason is the stable name of the violated rule; empty means the reason of the fault.
	Reason FieldReason
	// Description is a sentence without the field's name, such as "must not be negative".
	Description string
}

// Error is an error that callers may see. Everything in it except Cause is public.
type Error struct {
	Kind   Kind
	Reason Reason
	// Message is a sentence that a person can act on.
	Message string
	// Violations are the invalid fields, if any.
	Violations []Violation
	// Metadata holds machine-readable values, such as the id of the product that holds a SKU.
	Metadata map[string]string
	// RetryAfter is how long to wait before a retry; 0 if unknown.
	RetryAfter time.Duration
	// Cause is logged, never sent to the caller.
	Cause error
}

// New returns a fault with a public message.
func New(kind Kind, reason Reason, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Fields returns an Invalid fault with reason FIELD_INVALID and the given violations. Its message repeats
// the first one.
func Fields(violations ...Violation) *Error {
	return ReasonedFields(FieldInvalid, violations...)
}

// ReasonedFields is Fields with another reason, which is also the default reason of the violations.
func ReasonedFields(reason Reason, violations ...Violation) *Error {
	for i := range violations {
		violations[i].Reason = cmp.Or(violations[i].Reason, FieldReason(reason))
	}
	e := &Error{Kind: Invalid, Reason: reason, Violations: violations}
	e.Message = e.summary()
	return e
}

// Field returns an Invalid fault with reason FIELD_INVALID and one violation.
func Field(field string, reason FieldReason, format string, args ...any) *Error {
	return Fields(Violation{Field: field, Reason: reason, Description: fmt.Sprintf(format, args...)})
}

func (e *Error) summary() string {
	first := e.Violations[0].Description
	if field := e.Violations[0].Field; field != "" {
		first = field + ": " + first
	}
	if more := len(e.Violations) - 1; more > 0 {
		return fmt.Sprintf("%s (and %d more)", first, more)
	}
	return first
}

// With returns a copy of the fault with an additional metadata entry.
func (e *Error) With(key, value string) *Error {
	c := *e
	c.Metadata = maps.Clone(e.Metadata)
	if c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	c.Metadata[key] = value
	return &c
}

// Because returns a copy of the fault with a cause, which is only logged.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// After returns a copy of the fault with a RetryAfter.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.RetryAfter = wait
	return &c
}

// Within returns a copy of the fault with path, such as "requests[3]", prefixed to its fields and its
// message.
func (e *Error) Within(path string) *Error {
	c := *e
	c.Violations = make([]Violation, len(e.Violations))
	for i, v := range e.Violations {
		v.Field = path + "." + v.Field
		c.Violations[i] = v
	}
	if len(e.Violations) > 0 && e.Message == e.summary() {
		c.Message = c.summary()
	} else {
		c.Message = path + ": " + e.Message
	}
	return &c
}

// Error returns the public text and the cause, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Reason, e.Message)
	if e.Cause != nil {
		fmt.Fprintf(&b, ": %v", e.Cause)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether err is a fault with the given reason.
func Is(err error, reason Reason) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reason
}
