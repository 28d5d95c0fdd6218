package history_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/history"
)

// keyOf returns an API key of an administrator.
func keyOf(creator auth.Principal, name string) auth.Principal {
	return auth.Principal{
		AdminID: creator.AdminID, Name: name + " (key of " + creator.Name + ")",
		Key: auth.Key{ID: uuid.New(), Access: catalogv1.ApiKey_ACCESS_WRITE},
	}
}

// An API key is the actor of its changes, apart from its creator.
func TestHistoryNamesAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		erp := keyOf(w.ana, "erp")
		p := w.product(erp, "KEYED")
		w.rename(w.ana, p, "By hand")
		changes := w.changes()
		require.Equal(t, erp.Key.ID, changes[0].ActorID)
		require.Equal(t, erp.Key.ID, *changes[0].APIKeyID)
		require.Equal(t, "erp (key of Ana)", changes[0].ActorName)
		require.Equal(t, w.ana.AdminID, changes[1].ActorID)
		require.Nil(t, changes[1].APIKeyID)
		require.Equal(t, []auth.Principal{erp, w.ana}, []auth.Principal{w.told[0].by, w.told[1].by})

		for filter, want := range map[string]int{
			"":                                      2,
			`actor = "` + erp.Key.ID.String() + `"`: 1,
			`actor = "erp (key of Ana)"`:            1,
			`actor : "key of"`:                      1,
			`actor = "Ana"`:                         1,
		} {
			found, err := history.List(t.Context(), w.db.Reader(), p.ID,
				&catalogv1.ListProductChangesRequest{OrderBy: "sequence", Filter: filter})
			require.NoError(t, err)
			require.Len(t, found.GetChanges(), want, filter)
			for _, c := range found.GetChanges() {
				byKey := c.GetActorName() == erp.Name
				require.Equal(t, byKey, c.GetApiKeyId() != "", filter)
				require.Equal(t, byKey, c.GetApiKeyId() == c.GetActorId(), filter)
			}
		}
	})
}

func TestKeyAndCreatorShareNoTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		err := w.db.InTx(w.as(w.ana), func(ctx context.Context, tx *ent.Tx) error {
			if err := draft(tx, "ONE").Exec(ctx); err != nil {
				return err
			}
			return draft(tx, "TWO").Exec(auth.WithPrincipal(ctx, keyOf(w.ana, "erp")))
		})
		require.ErrorContains(t, err, "share a transaction")
		require.Empty(t, w.changes())
	})
}
