package admin

import (
	"context"
	"strconv"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
)

// GetSecurityPolicy implements catalog.v1.AuthService.
func (s *AuthService) GetSecurityPolicy(
	ctx context.Context, _ *catalogv1.GetSecurityPolicyRequest,
) (*catalogv1.GetSecurityPolicyResponse, error) {
	required, err := auth.SecondFactorRequired(ctx, s.d.Reader().SecurityPolicy)
	if err != nil {
		return nil, err
	}
	return &catalogv1.GetSecurityPolicyResponse{
		SecurityPolicy: &catalogv1.SecurityPolicy{RequireSecondFactor: required},
	}, nil
}

// UpdateSecurityPolicy implements catalog.v1.AuthService. The caller's row is locked, so that nobody deletes their
// passkey meanwhile.
func (s *AuthService) UpdateSecurityPolicy(
	ctx context.Context, req *catalogv1.UpdateSecurityPolicyRequest,
) (*catalogv1.UpdateSecurityPolicyResponse, error) {
	who, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	required := req.GetSecurityPolicy().GetRequireSecondFactor()
	err = s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		row, err := lockAdmin(ctx, tx, admin.ID(who.AdminID), isActive())
		if err != nil {
			return err
		}
		if err := db.LockTx(ctx, tx, db.PolicyLock); err != nil {
			return err
		}
		if required {
			if err := mustHavePasskey(ctx, tx, row.ID); err != nil {
				return err
			}
		}
		changed, err := auth.RequireSecondFactor(ctx, tx, required)
		if err != nil || !changed {
			return err
		}
		return record(ctx, tx, s.queue, auth.Event{
			Type: catalogv1.SecurityEvent_TYPE_SECURITY_POLICY_UPDATED, Admin: row,
			Details: map[string]string{"require_second_factor": strconv.FormatBool(required)},
		})
	})
	if err != nil {
		return nil, err
	}
	return &catalogv1.UpdateSecurityPolicyResponse{
		SecurityPolicy: &catalogv1.SecurityPolicy{RequireSecondFactor: required},
	}, nil
}
