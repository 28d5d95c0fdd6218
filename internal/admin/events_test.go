package admin_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/fault"
)

// listEvents returns the ids of the events that a filter selects, read in pages.
func (w *world) listEvents(t *testing.T, filter string, pageSize int32) []int64 {
	t.Helper()
	var ids []int64
	req := &catalogv1.ListSecurityEventsRequest{Filter: filter, PageSize: pageSize}
	for {
		resp, err := w.auth.ListSecurityEvents(w.ctx, req)
		require.NoError(t, err, filter)
		require.LessOrEqual(t, len(resp.GetSecurityEvents()), int(pageSize))
		for _, event := range resp.GetSecurityEvents() {
			ids = append(ids, event.GetId())
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			return ids
		}
	}
}

func TestListSecurityEvents(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 7
		var ids, sessions []string
		actor := uuid.New()
		require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			if _, err := tx.SecurityEvent.Delete().Exec(ctx); err != nil {
				return err
			}
			for i := range n {
				create := tx.SecurityEvent.Create().SetType("sign_in").SetAdminName("Ana").SetIPAddress("192.0.2.1").
					SetCreateTime(time.Date(2026, 1, i+1, 0, 0, 0, 0, time.UTC)).SetSessionID(uuid.New())
				if i%2 == 1 {
					create.SetType("admin_updated").SetActorID(actor).SetActorName("Luis")
				}
				row, err := create.Save(ctx)
				if err != nil {
					return err
				}
				ids = append(ids, fmt.Sprint(row.ID))
				sessions = append(sessions, row.SessionID.String())
			}
			return nil
		}))
		for filter, want := range map[string][]int{
			"":                                     {6, 5, 4, 3, 2, 1, 0},
			"type = TYPE_SIGN_IN":                  {6, 4, 2, 0},
			"type = ADMIN_UPDATED":                 {5, 3, 1},
			"type != TYPE_ADMIN_UPDATED":           {6, 4, 2, 0},
			`actor = "` + actor.String() + `"`:     {5, 3, 1},
			`actor != "` + actor.String() + `"`:    {6, 4, 2, 0},
			`NOT actor = "` + actor.String() + `"`: {6, 4, 2, 0},
			`actor = Luis`:                         {5, 3, 1},
			`actor = luis`:                         {},
			`actor:ui`:                             {5, 3, 1},
			`admin = "Ana" AND actor != "Luis"`:    {6, 4, 2, 0},
			`actor = "` + actor.String() + `" OR admin = "nobody"`:        {5, 3, 1},
			`session_id = "` + sessions[2] + `"`:                          {2},
			`session_id != "` + sessions[2] + `"`:                         {6, 5, 4, 3, 1, 0},
			`api_key_id = "` + actor.String() + `"`:                       {},
			`ip_address = "192.0.2.1" AND type = SIGN_IN`:                 {6, 4, 2, 0},
			`ip_address:"192.0"`:                                          {6, 5, 4, 3, 2, 1, 0},
			`ip_address != "192.0.2.1"`:                                   {},
			`create_time > "2026-01-03T00:00:00Z" AND NOT type = SIGN_IN`: {5, 3},
			`create_time >= timestamp("2026-01-06T00:00:00Z")`:            {6, 5},
		} {
			wanted := []string{}
			for _, i := range want {
				wanted = append(wanted, ids[i])
			}
			for _, size := range []int32{1, 3, 50} {
				got := []string{}
				for _, id := range w.listEvents(t, filter, size) {
					got = append(got, fmt.Sprint(id))
				}
				require.Equal(t, wanted, got, "%s by %d", filter, size)
			}
			exported := []string{}
			require.NoError(t, admin.ExportEvents(t.Context(), w.d, filter, func(e *catalogv1.SecurityEvent) error {
				exported = append(exported, fmt.Sprint(e.GetId()))
				return nil
			}))
			require.Equal(t, wanted, exported, filter)
		}
		for _, filter := range []string{
			"type = BOOM", "type = TYPE_UNSPECIFIED", "type < SIGN_IN", "price > 1", "sku = x", "session_id = x", "actor > a",
			"create_time = yesterday", "create_time:2026", "details = x", "Ana",
		} {
			_, err := w.auth.ListSecurityEvents(w.ctx, &catalogv1.ListSecurityEventsRequest{Filter: filter})
			requireReason(t, err, fault.FilterInvalid)
		}
		first, err := w.auth.ListSecurityEvents(w.ctx, &catalogv1.ListSecurityEventsRequest{PageSize: 1})
		require.NoError(t, err)
		_, err = w.auth.ListSecurityEvents(w.ctx,
			&catalogv1.ListSecurityEventsRequest{PageSize: 1, PageToken: first.GetNextPageToken(), Filter: "type = SIGN_IN"})
		requireReason(t, err, fault.PageTokenInvalid)
	})
}
