package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/zebrands/catalog/internal/fault"
)

// reasonOf returns the reason of an API error; "" if it has none.
func reasonOf(err error) fault.Reason {
	return fault.Reason(errorInfo(err).GetReason())
}

func errorInfo(err error) *errdetails.ErrorInfo {
	return detailOf[*errdetails.ErrorInfo](err)
}

// detailOf returns the detail of type T of an API error; nil if it has none.
func detailOf[T any](err error) (none T) {
	var answer *connect.Error
	if !errors.As(err, &answer) {
		return none
	}
	for _, detail := range answer.Details() {
		value, err := detail.Value()
		if err != nil {
			continue // unknown type
		}
		if t, ok := any(value).(T); ok {
			return t
		}
	}
	return none
}

// messageOf returns the message of an API error.
func messageOf(err error) string {
	if answer, ok := errors.AsType[*connect.Error](err); ok {
		return answer.Message()
	}
	return err.Error()
}

// missing describes the SKUs that BatchGetProducts did not find.
type missing struct {
	// skus are the first of them. The server truncates a long list.
	skus []string
	// count is the number of missing SKUs; 0 if the server does not report it.
	count int
}

// missingSKUs returns the missing SKUs of err; empty if it is a different error.
func missingSKUs(err error) (missing, error) {
	if connect.CodeOf(err) != connect.CodeNotFound || reasonOf(err) != fault.ProductNotFound {
		return missing{}, nil
	}
	var m missing
	metadata := errorInfo(err).GetMetadata()
	if err := json.Unmarshal([]byte(metadata["missing_skus"]), &m.skus); err != nil {
		return missing{}, fmt.Errorf("the server did not say which products are missing: %w", err)
	}
	if count, err := strconv.Atoi(metadata["missing_count"]); err == nil {
		m.count = count
	}
	return m, nil
}

// isRowFault reports whether an API error is due to the content of the request, not to the connection or the server.
func isRowFault(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeOutOfRange:
		return true
	case connect.CodeResourceExhausted:
		return reasonOf(err) == fault.RequestTooLarge
	default:
		return false
	}
}

// isPassing reports whether an error is transient: the server was unavailable or a concurrent change conflicted. Then
// a retry from the catalog's current state may succeed.
func isPassing(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeAborted, connect.CodeAlreadyExists, connect.CodeNotFound:
		return true
	case connect.CodeDeadlineExceeded:
		return reasonOf(err) == fault.DeadlineExceeded // the server's deadline, not the client's
	default:
		return false
	}
}

// blamed is an invalid field of one request of a batch.
type blamed struct {
	request       int
	field, reason string
}

// blame returns the invalid fields that an API error names, for a batch of size requests.
func blame(err error, size int) []blamed {
	var list []blamed
	for _, v := range detailOf[*errdetails.BadRequest](err).GetFieldViolations() {
		i, field, ok := splitRequest(v.GetField())
		if ok && i < size {
			list = append(list, blamed{request: i, field: field, reason: v.GetDescription()})
		}
	}
	return list
}

// splitRequest splits "requests[3].product.price.amount" into 3 and "price.amount".
func splitRequest(path string) (request int, field string, ok bool) {
	rest, ok := strings.CutPrefix(path, "requests[")
	if !ok {
		return 0, "", false
	}
	number, field, ok := strings.Cut(rest, "]")
	if !ok {
		return 0, "", false
	}
	request, err := strconv.Atoi(number)
	if err != nil || request < 0 {
		return 0, "", false
	}
	field = strings.TrimPrefix(strings.TrimPrefix(field, ".product"), ".")
	return request, field, true
}
