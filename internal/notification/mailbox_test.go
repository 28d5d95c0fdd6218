package notification_test

import (
	netmail "net/mail"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/mail"
	"github.com/zebrands/catalog/internal/notification"
)

func TestMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		box := mail.NewMailbox(t.TempDir())
		s := notification.NewService(w.db, w.queue, box, w.health)
		list := func(as *ent.Admin, size int32) []string {
			subjects := []string{}
			req := &catalogv1.ListMailboxMessagesRequest{PageSize: size}
			for range 10 {
				resp, err := s.ListMailboxMessages(w.as(as), req)
				require.NoError(t, err)
				for _, m := range resp.GetMessages() {
					require.Empty(t, m.GetText()+m.GetHtml())
					subjects = append(subjects, m.GetSubject())
				}
				if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
					break
				}
			}
			return subjects
		}
		require.Empty(t, list(w.ana, 0))

		for _, tag := range []string{"changes", "invitation", "password-reset", "not yet known", ""} {
			_, err := box.Send(t.Context(), mail.Message{
				ID: tag + "@example.com", Subject: "“" + tag + "” for Luis", Tag: tag, Text: "A link\n", HTML: "<p>A link",
				From: netmail.Address{Address: "catalog@example.com"},
				To:   []netmail.Address{{Name: "Luis", Address: "Luis@example.com"}},
			})
			require.NoError(t, err)
		}
		for _, size := range []int32{1, 2, 1000} {
			require.ElementsMatch(t, []string{"“changes” for Luis", "“invitation” for Luis"}, list(w.ana, size))
			require.Len(t, list(w.luis, size), 5, "all that is for himself")
		}

		all, err := s.ListMailboxMessages(w.as(w.luis), &catalogv1.ListMailboxMessagesRequest{})
		require.NoError(t, err)
		for _, m := range all.GetMessages() {
			resp, err := s.GetMailboxMessage(w.fresh(w.luis), &catalogv1.GetMailboxMessageRequest{Id: m.GetId()})
			require.NoError(t, err)
			m.Text, m.Html = "A link\n", "<p>A link"
			require.Equal(t, m.String(), resp.GetMessage().String())
			require.Equal(t, "Luis <Luis@example.com>", m.GetTo())
			require.Equal(t, "catalog@example.com", m.GetFrom())

			_, err = s.GetMailboxMessage(w.fresh(w.ana), &catalogv1.GetMailboxMessageRequest{Id: m.GetId()})
			if m.GetSubject() == "“changes” for Luis" || m.GetSubject() == "“invitation” for Luis" {
				require.NoError(t, err)
			} else {
				require.True(t, fault.Is(err, fault.MailboxMessageNotFound), "%s: %v", m.GetSubject(), err)
			}
		}
		for _, id := range []string{"missing.eml", "../../etc/passwd", "catalog.db"} {
			_, err := s.GetMailboxMessage(w.as(w.ana), &catalogv1.GetMailboxMessageRequest{Id: id})
			require.True(t, fault.Is(err, fault.MailboxMessageNotFound), "%v", err)
		}
	})
}

func TestMailboxIsNotInUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := notification.NewService(w.db, w.queue, nil, w.health)
		_, err := s.ListMailboxMessages(w.as(w.ana), &catalogv1.ListMailboxMessagesRequest{})
		require.True(t, fault.Is(err, fault.MailboxNotInUse), "%v", err)
		_, err = s.GetMailboxMessage(w.as(w.ana), &catalogv1.GetMailboxMessageRequest{Id: "a.eml"})
		require.True(t, fault.Is(err, fault.MailboxNotInUse), "%v", err)
	})
}

func TestInvitationsInTheMailboxNeedAFreshProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		box := mail.NewMailbox(t.TempDir())
		s := notification.NewService(w.db, w.queue, box, w.health)
		_, err := box.Send(t.Context(), mail.Message{
			ID: "invitation@example.com", Subject: "An invitation", Tag: "invitation", Text: "A link\n",
			From: netmail.Address{Address: "catalog@example.com"}, To: []netmail.Address{{Address: "new@example.com"}},
		})
		require.NoError(t, err)
		list, err := s.ListMailboxMessages(w.as(w.ana), &catalogv1.ListMailboxMessagesRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetMessages(), 1)
		read := func(authTime time.Time) error {
			p := auth.Principal{AdminID: w.ana.ID, Name: w.ana.Name, AuthTime: authTime}
			_, err := s.GetMailboxMessage(auth.WithPrincipal(t.Context(), p),
				&catalogv1.GetMailboxMessageRequest{Id: list.GetMessages()[0].GetId()})
			return err
		}
		stale := read(w.db.Now().Add(-auth.ReauthenticationLifetime - time.Second))
		require.True(t, fault.Is(stale, fault.ReauthenticationRequired), "%v", stale)
		require.NoError(t, read(w.db.Now()))
	})
}
