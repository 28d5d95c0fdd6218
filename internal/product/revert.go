package product

import (
	"context"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
)

// RevertProductChange is not built yet.
func (s *Service) RevertProductChange(
	context.Context, *catalogv1.RevertProductChangeRequest,
) (*catalogv1.RevertProductChangeResponse, error) {
	return nil, errNotYet
}
