package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/apikey"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
)

const readAccess, writeAccess = catalogv1.ApiKey_ACCESS_READ, catalogv1.ApiKey_ACCESS_WRITE

// keys authenticates keys of the world.
func (w *world) keys() *auth.APIKeys {
	return auth.NewAPIKeys(w.d, slog.New(slog.DiscardHandler), auth.APIKeyLimit{Burst: 1})
}

func (w *world) createKey(t *testing.T, req *catalogv1.CreateApiKeyRequest) *catalogv1.CreateApiKeyResponse {
	t.Helper()
	resp, err := w.auth.CreateApiKey(w.ctx, req)
	require.NoError(t, err)
	return resp
}

// noticed returns the addresses that are told of events, by the ids of the events.
func (w *world) noticed(t *testing.T) map[int64][]string {
	t.Helper()
	rows, err := w.d.SQL().QueryContext(t.Context(), `SELECT args FROM river_job WHERE kind = 'security_notice'`)
	require.NoError(t, err)
	defer rows.Close()
	told := map[int64][]string{}
	for rows.Next() {
		var raw []byte
		require.NoError(t, rows.Scan(&raw))
		var args queue.SecurityNoticeArgs
		require.NoError(t, json.Unmarshal(raw, &args))
		told[args.EventID] = append(told[args.EventID], args.Email)
	}
	require.NoError(t, rows.Err())
	return told
}

func TestCreatedKeyWorks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		expire := w.d.Now().Add(time.Hour).Truncate(time.Microsecond)
		created := w.createKey(t, &catalogv1.CreateApiKeyRequest{
			Name: "  ERP  ", Access: writeAccess, ExpireTime: timestamppb.New(expire),
		})
		key := created.GetApiKey()
		require.Equal(t, "ERP", key.GetName())
		require.Equal(t, writeAccess, key.GetAccess())
		require.Equal(t, created.GetSecret()[:8], key.GetPrefix())
		require.Equal(t, w.ana.GetId(), key.GetCreatorId())
		require.Equal(t, "Ana", key.GetCreatorName())
		require.Equal(t, expire, key.GetExpireTime().AsTime())
		require.Nil(t, key.GetRevokeTime())
		require.Nil(t, key.GetLastUseTime())

		p, err := w.keys().Authenticate(t.Context(), created.GetSecret())
		require.NoError(t, err)
		require.Equal(t, key.GetId(), p.Key.ID.String())
		require.Equal(t, "ERP (key of Ana)", p.Name)

		row := w.d.Reader().APIKey.GetX(t.Context(), uuid.MustParse(key.GetId()))
		require.NotContains(t, fmt.Sprintf("%+v", *row), created.GetSecret()[8:], "only a digest is stored")
	})
}

func TestKeysAreRefusedWithTheirField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			req    *catalogv1.CreateApiKeyRequest
			field  string
			reason fault.FieldReason
		}{
			"blank name":       {&catalogv1.CreateApiKeyRequest{Name: " \u200b "}, "name", fault.FieldRequired},
			"name with a line": {&catalogv1.CreateApiKeyRequest{Name: "a\nb"}, "name", fault.FieldControlCharacters},
			"past":             {&catalogv1.CreateApiKeyRequest{Name: "erp", ExpireTime: timestamppb.New(w.d.Now())}, "expire_time", fault.FieldOutOfRange},
			"no time":          {&catalogv1.CreateApiKeyRequest{Name: "erp", ExpireTime: &timestamppb.Timestamp{Seconds: 1 << 60}}, "expire_time", fault.FieldOutOfRange},
		} {
			c.req.Access = readAccess
			_, err := w.auth.CreateApiKey(w.ctx, c.req)
			var f *fault.Error
			require.ErrorAs(t, err, &f, name)
			require.Len(t, f.Violations, 1, name)
			require.Equal(t, c.field, f.Violations[0].Field, name)
			require.Equal(t, c.reason, f.Violations[0].Reason, name)
		}
		require.Zero(t, w.d.Reader().APIKey.Query().CountX(t.Context()))
	})
}

func TestKeysOfAnAdministratorAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const limit = 100
		first := w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: "first", Access: readAccess})
		insert := func(owner string, n int, expire *time.Time) {
			require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
				rows := make([]*ent.APIKeyCreate, n)
				for i := range rows {
					rows[i] = tx.APIKey.Create().SetAdminID(uuid.MustParse(owner)).SetName("erp").SetAccess(apikey.AccessRead).
						SetDigest(uuid.NewString()).SetPrefix("zck_0000").SetNillableExpireTime(expire)
				}
				return tx.APIKey.CreateBulk(rows...).Exec(ctx)
			}))
		}
		past := w.d.Now()
		insert(w.ana.GetId(), limit-2, nil)
		insert(w.ana.GetId(), 3, &past)
		insert(w.create(t, "luis@example.com", "staple battery horse").GetId(), limit, nil)
		w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: "last", Access: readAccess})
		_, err := w.auth.CreateApiKey(w.ctx, &catalogv1.CreateApiKeyRequest{Name: "one more", Access: readAccess})
		requireReason(t, err, fault.APIKeyLimit)
		_, err = w.auth.RevokeApiKey(w.ctx, &catalogv1.RevokeApiKeyRequest{Id: first.GetApiKey().GetId()})
		require.NoError(t, err)
		w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: "one more", Access: readAccess})
	})
}

func TestKeysAreListedNewestFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, name := range []string{"a", "b", "c"} {
			w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: name, Access: readAccess})
		}
		revoked := w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: "d", Access: writeAccess}).GetApiKey()
		_, err := w.auth.RevokeApiKey(w.ctx, &catalogv1.RevokeApiKeyRequest{Id: revoked.GetId()})
		require.NoError(t, err)
		var names []string
		req := &catalogv1.ListApiKeysRequest{PageSize: 3}
		for {
			resp, err := w.auth.ListApiKeys(w.ctx, req)
			require.NoError(t, err)
			for _, key := range resp.GetApiKeys() {
				names = append(names, key.GetName())
				require.Equal(t, "Ana", key.GetCreatorName())
				require.Equal(t, key.GetName() == "d", key.GetRevokeTime() != nil)
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		require.Equal(t, "d c b a", strings.Join(names, " "))
		_, err = w.auth.ListApiKeys(w.ctx, &catalogv1.ListApiKeysRequest{PageToken: "nonsense"})
		requireReason(t, err, fault.PageTokenInvalid)
	})
}

// Any administrator can revoke a key. Both ends are in the audit trail, and the creator is told.
func TestKeyIsRevokedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		created := w.createKey(t, &catalogv1.CreateApiKeyRequest{Name: "ERP", Access: readAccess})
		id := created.GetApiKey().GetId()
		w.create(t, "luis@example.com", "staple battery horse")
		luis := w.as(t, w.signIn(t, "luis@example.com", "staple battery horse").GetAccessToken())
		for range 2 {
			_, err := w.auth.RevokeApiKey(luis, &catalogv1.RevokeApiKeyRequest{Id: id})
			require.NoError(t, err)
		}
		_, err := w.keys().Authenticate(t.Context(), created.GetSecret())
		requireReason(t, err, fault.APIKeyInvalid)
		_, err = w.auth.RevokeApiKey(luis, &catalogv1.RevokeApiKeyRequest{Id: w.ana.GetId()})
		requireReason(t, err, fault.APIKeyNotFound)

		events := w.d.Reader().SecurityEvent.Query().
			Where(securityevent.TypeIn("api_key_created", "api_key_revoked")).
			Order(securityevent.ByID()).
			AllX(t.Context())
		require.Len(t, events, 2)
		for i, actor := range []string{"Ana", "luis@example.com"} {
			require.Equal(t, actor, events[i].ActorName)
			require.Equal(t, w.ana.GetId(), events[i].AdminID.String())
			require.Equal(t, id, events[i].APIKeyID.String())
			require.Equal(t, map[string]string{"key_name": "ERP"}, events[i].Details)
			require.Equal(t, []string{"ana@example.com"}, w.noticed(t)[events[i].ID])
		}
	})
}
