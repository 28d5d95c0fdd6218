package auth_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/dbtest"
)

func issue(t *testing.T, d *db.DB, purpose onetimetoken.Purpose, id *uuid.UUID, ttl time.Duration) string {
	t.Helper()
	var token string
	require.NoError(t, d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		var err error
		token, err = auth.IssueOneTimeToken(ctx, tx, purpose, id, ttl)
		return err
	}))
	return token
}

func use(t *testing.T, d *db.DB, purpose onetimetoken.Purpose, token string) (id *uuid.UUID, err error) {
	t.Helper()
	err = d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		id, err = auth.UseOneTimeToken(ctx, tx, purpose, token)
		return err
	})
	return id, err
}

func TestOneTimeTokens(t *testing.T) {
	const reset, invite, setup = onetimetoken.PurposePasswordReset, onetimetoken.PurposeInvitation, onetimetoken.PurposeSetup
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ana, bea := uuid.New(), uuid.New()
		refuse := func(purpose onetimetoken.Purpose, token string) {
			t.Helper()
			require.True(t, fault.Is(auth.CheckOneTimeToken(t.Context(), d, purpose, token), fault.OneTimeTokenInvalid))
			_, err := use(t, d, purpose, token)
			require.True(t, fault.Is(err, fault.OneTimeTokenInvalid), err)
		}
		token := issue(t, d, reset, &ana, time.Hour)
		other := issue(t, d, reset, &bea, time.Hour)
		refuse(invite, token)
		refuse(setup, token)
		refuse(reset, "unknown")
		require.NoError(t, auth.CheckOneTimeToken(t.Context(), d, reset, token))
		got, err := use(t, d, reset, token)
		require.NoError(t, err)
		require.Equal(t, ana, *got)
		refuse(reset, token)

		refuse(reset, issue(t, d, reset, &ana, -time.Second))
		older := issue(t, d, invite, &ana, time.Hour)
		issue(t, d, invite, &ana, time.Hour)
		refuse(invite, older)
		older, newer := issue(t, d, reset, &ana, time.Hour), issue(t, d, reset, &ana, time.Hour)
		_, err = use(t, d, reset, older)
		require.NoError(t, err, "anybody may ask for a newer one")
		refuse(reset, newer)
		_, err = use(t, d, reset, other)
		require.NoError(t, err, "those of others stay")

		first := issue(t, d, setup, nil, time.Hour)
		second := issue(t, d, setup, nil, time.Hour)
		refuse(setup, first)
		got, err = use(t, d, setup, second)
		require.NoError(t, err)
		require.Nil(t, got)
	})
}

func TestOfManyUsesAtOnceOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ana := uuid.New()
		token := issue(t, d, onetimetoken.PurposeInvitation, &ana, time.Hour)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := use(t, d, onetimetoken.PurposeInvitation, token); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
	})
}
