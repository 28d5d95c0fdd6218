package auth

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/recoverycode"
)

const (
	// RecoveryCodes is how many codes an administrator gets at once.
	RecoveryCodes = 10
	// codeGroups groups of codeGroup characters, each of which has 5 random bits, make 100 random bits. So nobody
	// guesses a code, and a plain hash of it suffices.
	codeGroups, codeGroup = 4, 5
)

// crockford has the characters of recovery codes: Crockford's base 32 has none that look alike.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewRecoveryCodes replaces the recovery codes of an administrator and returns the new ones, such as
// 7KQ2M-0X9PA-V3TBD-H5RWN.
func NewRecoveryCodes(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) ([]string, error) {
	if err := DeleteRecoveryCodes(ctx, tx, adminID); err != nil {
		return nil, err
	}
	codes := make([]string, RecoveryCodes)
	rows := make([]*ent.RecoveryCodeCreate, RecoveryCodes)
	for i := range codes {
		codes[i] = newRecoveryCode()
		rows[i] = tx.RecoveryCode.Create().SetID(codeDigest(adminID, codes[i])).SetAdminID(adminID)
	}
	if err := tx.RecoveryCode.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, fmt.Errorf("store recovery codes: %w", err)
	}
	return codes, nil
}

// UseRecoveryCode deletes a recovery code of an administrator. Returns SECOND_FACTOR_FAILED if there is none. Of
// concurrent callers with one code exactly one succeeds, if its transaction commits.
func UseRecoveryCode(ctx context.Context, tx *ent.Tx, adminID uuid.UUID, typed string) error {
	used, err := tx.RecoveryCode.Delete().
		Where(recoverycode.ID(codeDigest(adminID, typed)), recoverycode.AdminID(adminID)).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("use recovery code: %w", err)
	}
	if used == 0 {
		return ErrFactorRefused
	}
	return nil
}

// DeleteRecoveryCodes deletes the recovery codes of an administrator.
func DeleteRecoveryCodes(ctx context.Context, tx *ent.Tx, adminID uuid.UUID) error {
	if _, err := tx.RecoveryCode.Delete().Where(recoverycode.AdminID(adminID)).Exec(ctx); err != nil {
		return fmt.Errorf("delete recovery codes: %w", err)
	}
	return nil
}

func newRecoveryCode() string {
	groups := make([]string, codeGroups)
	for i := range groups {
		group := randomBytes(codeGroup)
		for j, b := range group {
			group[j] = crockford[int(b)%len(crockford)] // 256 is a multiple of 32
		}
		groups[i] = string(group)
	}
	return strings.Join(groups, "-")
}

// codeDigest returns the storage id of a recovery code as somebody typed it. Blanks, hyphens and case do not matter,
// and letters that a code never has count as the digits that they look like.
func codeDigest(adminID uuid.UUID, typed string) string {
	code := strings.Map(func(r rune) rune {
		switch r = unicode.ToUpper(r); {
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		case r == '-' || unicode.IsSpace(r):
			return -1
		}
		return r
	}, typed)
	return digest(adminID.String() + " " + code)
}
