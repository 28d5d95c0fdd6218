// Package pagination creates and parses the opaque page tokens of lists.
//
// A token holds the position of the next page and a digest of its query: a token of another query, or a
// modified one, is rejected. Tokens are not secret and grant no access.
package pagination

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zebrands/catalog/internal/fault"
)

// DefaultSize is the page size for requests that set none.
const DefaultSize = 50

// sumSize is the length of the query's digest in a token, in bytes.
const sumSize = 12

// errNotCanonical is returned for a position that is valid JSON but not encoded as Token encodes it.
var errNotCanonical = errors.New("position: not the canonical encoding")

// Size returns the number of items per page for a validated page_size.
func Size(pageSize int32) int {
	if pageSize == 0 {
		return DefaultSize
	}
	return int(pageSize)
}

// Token returns the token of the page that starts after position in the list that query describes. Both
// must marshal to JSON. query holds all parameters of the list except the page size.
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

// Parse decodes a token into position, a pointer. Returns false and leaves position unchanged if the token
// is empty, and a fault with reason PAGE_TOKEN_INVALID unless it is, byte for byte, a token that Token returns
// for this query and some position.
func Parse(token string, query, position any) (bool, error) {
	if token == "" {
		return false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	// The decoder skips line breaks and ignores trailing bits.
	if err != nil || len(raw) < sumSize || base64.RawURLEncoding.EncodeToString(raw) != token {
		return false, Invalid(err)
	}
	sum, err := digest(query, raw[sumSize:])
	if err != nil {
		return false, err
	}
	if !bytes.Equal(sum, raw[:sumSize]) {
		return false, Invalid(nil)
	}
	if err := DecodePosition(raw[sumSize:], position); err != nil {
		return false, Invalid(err)
	}
	return true, nil
}

// DecodePosition decodes JSON into position, a pointer. Returns an error unless position marshals to the same
// bytes again: encoding/json alone accepts unknown and repeated fields, names in another case, and null for
// anything.
func DecodePosition(raw []byte, position any) error {
	if err := json.Unmarshal(raw, position); err != nil {
		return fmt.Errorf("position: %w", err)
	}
	again, err := json.Marshal(position)
	if err != nil {
		return fmt.Errorf("position: %w", err)
	}
	if !bytes.Equal(again, raw) {
		return errNotCanonical
	}
	return nil
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

// Invalid returns a fault with reason PAGE_TOKEN_INVALID, for callers that validate positions further.
func Invalid(cause error) error {
	return fault.ReasonedFields(fault.PageTokenInvalid, fault.Violation{
		Field:       "page_token",
		Description: "is not a token that this list returned; ask for the first page again",
	}).Because(cause)
}
