package fault

import "errors"

// Problems collects everything that is wrong with a request, so that the caller learns it at once. The
// zero value has none.
type Problems struct {
	reason     Reason
	violations []Violation
	err        error
}

// Addf notes that a field is not valid.
func (ps *Problems) Addf(field string, reason FieldReason, format string, args ...any) {
	ps.join(Field(field, reason, format, args...))
}

// Within notes what is wrong by err: if it is an Error, its fields stand below path. nil is no problem.
func (ps *Problems) Within(path string, err error) {
	if f, ok := errors.AsType[*Error](err); ok {
		err = f.Within(path)
	}
	ps.Merge(err)
}

// Merge notes the violations of err, if it is an Error about fields. nil is no problem. Any other error
// stands for all the problems.
func (ps *Problems) Merge(err error) {
	var f *Error
	switch {
	case err == nil:
	case errors.As(err, &f) && len(f.Violations) > 0:
		ps.join(f)
	case ps.err == nil:
		ps.err = err
	}
}

func (ps *Problems) join(f *Error) {
	if len(ps.violations) > 0 && ps.reason != f.Reason {
		ps.reason = FieldInvalid
	} else {
		ps.reason = f.Reason
	}
	ps.violations = append(ps.violations, f.Violations...)
}

// Fatal returns the error that stands for all the problems, nil if there is none.
func (ps *Problems) Fatal() error { return ps.err }

// Fault returns nil if there were no problems, and otherwise one fault with all of them. Its reason is
// theirs if they share one, and FIELD_INVALID if not.
func (ps *Problems) Fault() error {
	switch {
	case ps.err != nil:
		return ps.err
	case len(ps.violations) > 0:
		return ReasonedFields(ps.reason, ps.violations...)
	default:
		return nil
	}
}
