// Package pagination makes and reads the opaque tokens of paged lists.
//
// A token holds where the next page starts, bound to the query that it belongs to: a token of another
// query, or one that was tampered with, is refused. Tokens carry no secret and grant nothing.
package pagination

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/zebrands/catalog/internal/fault"
)

// DefaultSize is how many items a page holds if the caller does not say.
const DefaultSize = 50

// sumSize is how many bytes of the query's digest a token carries.
const sumSize = 12

// Size returns how many items a page holds for a page_size, which validation has kept within bounds.
func Size(pageSize int32) int {
	if pageSize == 0 {
		return DefaultSize
	}
	return int(pageSize)
}

// Token returns the token for the page that starts behind position, in the list that query describes.
// Both must marshal to JSON; query holds everything that makes the list what it is, but for the size
// of a page.
func Token(query, position any) (string, error) {
	pos, err := json.Marshal(position)
	if err != nil {
		return "", fmt.Errorf("page token: %w", err)
	}
	sum, err := digest(query, pos)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(sum, pos...)), nil
}

// Parse reads a token into position, a pointer. Returns false without touching position if the token
// is empty, and a fault with reason PAGE_TOKEN_INVALID if it was not made by Token for this query.
func Parse(token string, query, position any) (bool, error) {
	if token == "" {
		return false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < sumSize {
		return false, Invalid(err)
	}
	sum, err := digest(query, raw[sumSize:])
	if err != nil {
		return false, err
	}
	if !bytes.Equal(sum, raw[:sumSize]) {
		return false, Invalid(nil)
	}
	if err := json.Unmarshal(raw[sumSize:], position); err != nil {
		return false, Invalid(err)
	}
	return true, nil
}

func digest(query any, position []byte) ([]byte, error) {
	q, err := json.Marshal(query)
	if err != nil {
		return nil, fmt.Errorf("page token: %w", err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d:", len(q))
	h.Write(q)
	h.Write(position)
	return h.Sum(nil)[:sumSize], nil
}

// Invalid returns the fault for a token that was not made for this list, with reason PAGE_TOKEN_INVALID.
// For callers whose positions must be more than JSON.
func Invalid(cause error) error {
	return fault.ReasonedFields(fault.PageTokenInvalid, fault.Violation{
		Field:       "page_token",
		Description: "is not a token that this list returned; ask for the first page again",
	}).Because(cause)
}
