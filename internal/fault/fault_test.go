package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
)

func TestFieldsSumUpTheFirstViolation(t *testing.T) {
	one := fault.Field("product.sku", fault.FieldTooLong, "must not be longer than %d characters", 64)
	require.Equal(t, "product.sku: must not be longer than 64 characters", one.Message)
	require.Equal(t, fault.FieldTooLong, one.Violations[0].Reason)

	two := fault.Fields(
		fault.Violation{Field: "product.sku", Description: "is required"},
		fault.Violation{Field: "product.name", Description: "is required"},
	)
	require.Equal(t, "product.sku: is required (and 1 more)", two.Message)
	require.Equal(t, fault.FieldInvalid, two.Reason)
}

func TestFieldsWithoutAReasonHaveThatOfTheFault(t *testing.T) {
	f := fault.ReasonedFields(fault.PageTokenInvalid, fault.Violation{Field: "page_token", Description: "is not ours"})
	require.Equal(t, fault.FieldReason("PAGE_TOKEN_INVALID"), f.Violations[0].Reason)
}

func TestWithinPlacesFieldsBelowAPath(t *testing.T) {
	plain := fault.Field("product.sku", fault.FieldRequired, "is required").Within("requests[3]")
	require.Equal(t, "requests[3].product.sku", plain.Violations[0].Field)
	require.Equal(t, fault.FieldRequired, plain.Violations[0].Reason)
	require.Equal(t, "requests[3].product.sku: is required", plain.Message)

	taken := fault.New(fault.AlreadyExists, fault.SKUTaken, "the SKU is taken").Within("requests[3]")
	require.Equal(t, "requests[3]: the SKU is taken", taken.Message)
}

func TestCopiesLeaveTheOriginalAlone(t *testing.T) {
	original := fault.New(fault.NotFound, fault.ProductNotFound, "no such product")
	changed := original.With("id", "1").Because(errors.New("boom")).After(1)
	require.Empty(t, original.Metadata)
	require.NoError(t, original.Cause)
	require.Zero(t, original.RetryAfter)
	require.Equal(t, map[string]string{"id": "1"}, changed.Metadata)
	require.Equal(t, "PRODUCT_NOT_FOUND: no such product: boom", changed.Error())
}

func TestIsFindsAWrappedFault(t *testing.T) {
	err := fmt.Errorf("list: %w", fault.New(fault.Invalid, fault.FilterInvalid, "no"))
	require.True(t, fault.Is(err, fault.FilterInvalid))
	require.False(t, fault.Is(err, fault.FieldInvalid))
	require.False(t, fault.Is(nil, fault.FieldInvalid))
}
