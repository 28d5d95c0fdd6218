package rpc_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/rpc"
)

func TestErrorsOfTheDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		code   connect.Code
		reason fault.Reason
	}{
		"deadlock":      {&pq.Error{Code: "40P01"}, connect.CodeAborted, fault.ConcurrentChange},
		"serialization": {&pq.Error{Code: "40001"}, connect.CodeAborted, fault.ConcurrentChange},
		"shutting down": {&pq.Error{Code: "57P01"}, connect.CodeUnavailable, fault.DatabaseUnavailable},
		"connection":    {driver.ErrBadConn, connect.CodeUnavailable, fault.DatabaseUnavailable},
		"anything else": {errors.New("secret"), connect.CodeInternal, fault.InternalError},
	} {
		t.Run(name, func(t *testing.T) {
			err := rpc.Error(t.Context(), fmt.Errorf("update: %w", c.err))
			code, reason := reasonOf(t, err)
			require.Equal(t, c.code, code)
			require.Equal(t, c.reason, reason)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}
