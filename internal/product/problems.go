package product

import (
	"errors"
	"fmt"

	"github.com/zebrands/catalog/internal/fault"
)

// problems collects everything that is wrong with a request, so that the caller learns it at once.
type problems struct {
	reason     fault.Reason
	violations []fault.Violation
	err        error
}

// addf notes that a field is not valid.
func (ps *problems) addf(field string, reason fault.FieldReason, format string, args ...any) {
	ps.join(fault.Field(field, reason, format, args...))
}

// within notes what is wrong by err: if it is a fault, its fields stand below path. nil is no problem.
func (ps *problems) within(path string, err error) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		err = f.Within(path)
	}
	ps.merge(err)
}

// merge notes the violations of err, if it is a fault about fields. nil is no problem. Any other error
// stands for all the problems.
func (ps *problems) merge(err error) {
	var f *fault.Error
	switch {
	case err == nil:
	case errors.As(err, &f) && len(f.Violations) > 0:
		ps.join(f)
	case ps.err == nil:
		ps.err = err
	}
}

func (ps *problems) join(f *fault.Error) {
	if len(ps.violations) > 0 && ps.reason != f.Reason {
		ps.reason = fault.FieldInvalid
	} else {
		ps.reason = f.Reason
	}
	ps.violations = append(ps.violations, f.Violations...)
}

// fault returns nil if there were no problems, and otherwise one fault with all of them. Its reason is
// theirs if they share one, and FIELD_INVALID if not.
func (ps *problems) fault() error {
	switch {
	case ps.err != nil:
		return ps.err
	case len(ps.violations) > 0:
		return fault.ReasonedFields(ps.reason, ps.violations...)
	default:
		return nil
	}
}

// request names one request of a batch in a path.
func request(i int) string {
	return fmt.Sprintf("requests[%d]", i)
}
