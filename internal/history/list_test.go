package history_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
	"github.com/zebrands/catalog/internal/product/fields"
)

func (w *world) list(req *catalogv1.ListProductChangesRequest) (*catalogv1.ListProductChangesResponse, error) {
	w.t.Helper()
	return history.List(w.t.Context(), w.db.Reader(), uuid.Nil, req)
}

func (w *world) mustList(req *catalogv1.ListProductChangesRequest) *catalogv1.ListProductChangesResponse {
	w.t.Helper()
	resp, err := w.list(req)
	require.NoError(w.t, err)
	return resp
}

// follow returns the sequences of all changes after a cursor, read in pages of the given size, and the last
// cursor.
func (w *world) follow(cursor string, size int32) ([]int64, string) {
	w.t.Helper()
	var sequences []int64
	for {
		resp := w.mustList(&catalogv1.ListProductChangesRequest{OrderBy: "sequence", Cursor: cursor, PageSize: size})
		require.NotEmpty(w.t, resp.GetNextCursor())
		if len(resp.GetChanges()) == 0 {
			require.True(w.t, cursor == "" || cursor == resp.GetNextCursor(), "nothing new: the cursor stays")
			return sequences, resp.GetNextCursor()
		}
		for _, c := range resp.GetChanges() {
			sequences = append(sequences, c.GetSequence())
		}
		cursor = resp.GetNextCursor()
	}
}

func TestACursorContinuesWhereItStopped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		none, start := w.follow("", 10)
		require.Empty(t, none)
		p := w.product(w.ana, "followed")
		for i := range 6 {
			w.rename(w.ana, p, fmt.Sprint("Name ", i))
		}
		all := make([]int64, 0, 7)
		for _, row := range w.changes() {
			all = append(all, row.ID)
		}
		for _, from := range []string{"", start} {
			for _, size := range []int32{1, 3, 7, 100} {
				followed, end := w.follow(from, size)
				require.Equal(t, all, followed)
				nothing, same := w.follow(end, size)
				require.Empty(t, nothing)
				require.Equal(t, end, same)
			}
		}
		newest := w.mustList(&catalogv1.ListProductChangesRequest{PageSize: 2})
		older := w.mustList(&catalogv1.ListProductChangesRequest{PageSize: 2, PageToken: newest.GetNextPageToken()})
		require.Empty(t, older.GetNextCursor())
		w.rename(w.luis, p, "Later")
		followed, _ := w.follow(newest.GetNextCursor(), 100)
		require.Len(t, followed, 1, "the newest page tells where to continue")

		oldest := w.mustList(&catalogv1.ListProductChangesRequest{OrderBy: "sequence", PageSize: 3})
		require.Equal(t, all[0], oldest.GetChanges()[0].GetSequence())
		second := w.mustList(&catalogv1.ListProductChangesRequest{
			OrderBy: "sequence", PageSize: 3, PageToken: oldest.GetNextPageToken(),
		})
		require.Equal(t, all[3], second.GetChanges()[0].GetSequence())
		_, err := w.list(&catalogv1.ListProductChangesRequest{PageToken: oldest.GetNextPageToken()})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "a token of the other order: %v", err)
		_, err = w.list(&catalogv1.ListProductChangesRequest{OrderBy: "create_time"})
		require.True(t, fault.Is(err, fault.OrderByInvalid), "%v", err)
	})
}

// A change carries the product as it was after it, so that a reader of changes alone has a copy of the catalog.
func TestAChangeCarriesTheProduct(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.product(w.ana, "copied")
		var states []*catalogv1.Product
		state := func() { states = append(states, fields.Message(w.get(p.ID))) }
		state()
		w.rename(w.ana, p, "Renamed")
		state()
		w.tx(w.as(w.luis), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(p.ID).SetDeleteTime(p.CreateTime.AddDate(1, 0, 0)).Exec(ctx)
		})
		state()
		changes := w.mustList(&catalogv1.ListProductChangesRequest{OrderBy: "sequence"}).GetChanges()
		require.Len(t, changes, len(states))
		for i, c := range changes {
			require.True(t, proto.Equal(states[i], c.GetProduct()), "%v\n%v", states[i], c.GetProduct())
			require.Equal(t, c.GetEtag(), c.GetProduct().GetEtag())
		}
		require.NotNil(t, changes[2].GetProduct().GetDeleteTime())
	})
}

func TestACursorOfAnotherHistoryIsInvalid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.product(w.ana, "one")
		_, cursor := w.follow("", 10)
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		require.NoError(t, err)
		raw[len(raw)-1] ^= 1
		otherDigest := base64.RawURLEncoding.EncodeToString(raw)
		raw[len(raw)-1] ^= 1
		raw[0] |= 0x80
		for _, bad := range []string{
			"x", "AAAA", cursor + "\n", "\n" + cursor, cursor + "=", cursor[:len(cursor)-1] + "_", otherDigest,
			base64.RawURLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
		} {
			_, err := w.list(&catalogv1.ListProductChangesRequest{Cursor: bad})
			require.True(t, fault.Is(err, fault.CursorInvalid), "%q: %v", bad, err)
		}
		// After a restore, another change has the sequence of the cursor.
		w.tx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE product_changes SET version = version + 1`)
			return err
		})
		_, err = w.list(&catalogv1.ListProductChangesRequest{Cursor: cursor})
		require.True(t, fault.Is(err, fault.CursorInvalid), "%v", err)
	})
}
