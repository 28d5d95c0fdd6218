package notification_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/notificationpreference"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/notification"
)

func TestListDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.work()
		for i := range 3 {
			w.product(w.ana, fmt.Sprintf("SKU-%d", i))
			w.until(func() bool { return len(w.deliveries()) == 2*(i+1) && w.allIn(delivery.StateSent) })
		}
		s := notification.NewService(w.db, w.queue, nil, w.health)
		list := func(req *catalogv1.ListDeliveriesRequest) *catalogv1.ListDeliveriesResponse {
			resp, err := s.ListDeliveries(t.Context(), req)
			require.NoError(t, err)
			return resp
		}
		rows := w.deliveries()
		var ids []string
		req := &catalogv1.ListDeliveriesRequest{PageSize: 4}
		for {
			resp := list(req)
			for _, d := range resp.GetDeliveries() {
				ids = append(ids, d.GetId())
			}
			if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
				break
			}
		}
		require.Len(t, ids, 6)
		for i, id := range ids {
			require.Equal(t, rows[5-i].ID.String(), id)
		}

		sequence := w.changes()[1].ID
		about := list(&catalogv1.ListDeliveriesRequest{ChangeSequence: sequence}).GetDeliveries()
		require.Len(t, about, 2)
		require.Equal(t, []int64{sequence}, about[0].GetChangeSequences())
		require.Equal(t, int32(1), about[0].GetChangeCount())
		require.NotNil(t, about[0].GetSendTime())
		require.Equal(t, catalogv1.Delivery_STATE_SENT, about[0].GetState())
		require.Len(t, list(&catalogv1.ListDeliveriesRequest{RecipientId: w.luis.ID.String()}).GetDeliveries(), 3)
		require.Empty(t, list(&catalogv1.ListDeliveriesRequest{RecipientId: w.ana.ID.String()}).GetDeliveries())
		require.Len(t, list(&catalogv1.ListDeliveriesRequest{State: catalogv1.Delivery_STATE_SENT}).GetDeliveries(), 6)
		require.Empty(t, list(&catalogv1.ListDeliveriesRequest{State: catalogv1.Delivery_STATE_FAILED}).GetDeliveries())

		token := list(&catalogv1.ListDeliveriesRequest{PageSize: 1}).GetNextPageToken()
		_, err := s.ListDeliveries(t.Context(), &catalogv1.ListDeliveriesRequest{
			PageToken: token, State: catalogv1.Delivery_STATE_SENT,
		})
		require.True(t, fault.Is(err, fault.PageTokenInvalid), "a token of another list: %v", err)
	})
}

// Together, digests have more batches than a statement can have parameters.
func TestDigestAboutManyBatches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.prefer(w.luis, notificationpreference.FrequencyDaily)
		w.product(w.ana, "SKU-1")
		w.work()
		w.until(func() bool { return len(w.deliveries()) == 2 })
		w.manyBatches()
		s := notification.NewService(w.db, w.queue, nil, w.health)
		resp, err := s.ListDeliveries(t.Context(), &catalogv1.ListDeliveriesRequest{})
		require.NoError(t, err)
		for _, d := range resp.GetDeliveries() {
			require.Equal(t, []int64{w.changes()[0].ID}, d.GetChangeSequences())
		}
		for _, d := range w.deliveries() {
			if strings.HasPrefix(d.DedupKey, "daily/") {
				w.deliver(d.ID)
			}
		}
		w.until(func() bool { return w.mailer.received()["luis@example.com"] == 1 })
	})
}

func TestPreferences(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := notification.NewService(w.db, w.queue, nil, w.health)
		frequency := func(a *ent.Admin) catalogv1.Preferences_Frequency {
			resp, err := s.GetPreferences(w.as(a), &catalogv1.GetPreferencesRequest{})
			require.NoError(t, err)
			return resp.GetPreferences().GetFrequency()
		}
		set := func(ctx context.Context, f catalogv1.Preferences_Frequency, paths ...string) error {
			req := &catalogv1.UpdatePreferencesRequest{Preferences: &catalogv1.Preferences{Frequency: f}}
			if len(paths) > 0 {
				req.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
			}
			_, err := s.UpdatePreferences(ctx, req)
			return err
		}
		require.Equal(t, catalogv1.Preferences_FREQUENCY_IMMEDIATE, frequency(w.ana))
		require.NoError(t, set(w.as(w.ana), catalogv1.Preferences_FREQUENCY_DAILY))
		require.NoError(t, set(w.as(w.ana), catalogv1.Preferences_FREQUENCY_HOURLY, "frequency"))
		require.NoError(t, set(w.as(w.ana), catalogv1.Preferences_FREQUENCY_UNSPECIFIED)) // sets no field
		require.Equal(t, catalogv1.Preferences_FREQUENCY_HOURLY, frequency(w.ana))
		require.Equal(t, catalogv1.Preferences_FREQUENCY_IMMEDIATE, frequency(w.luis))
		require.True(t, fault.Is(set(w.as(w.ana), catalogv1.Preferences_FREQUENCY_DAILY, "color"), fault.UpdateMaskInvalid))
		require.True(t, fault.Is(set(w.as(w.ana), catalogv1.Preferences_FREQUENCY_UNSPECIFIED, "*"), fault.FieldInvalid))
		require.True(t, fault.Is(set(w.as(w.ana), 99, "*"), fault.FieldInvalid))
		require.True(t, fault.Is(set(t.Context(), catalogv1.Preferences_FREQUENCY_DAILY), fault.TokenRequired))
		require.Equal(t, catalogv1.Preferences_FREQUENCY_HOURLY, frequency(w.ana))
	})
}
