package product

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

var errNotYet = errors.New("product: not built yet")

// WatchProductChanges is not built yet.
func (s *Service) WatchProductChanges(
	context.Context, *catalogv1.WatchProductChangesRequest, *connect.ServerStream[catalogv1.WatchProductChangesResponse],
) error {
	return errNotYet
}
