package admin_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/apikey"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/productchange"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history/change"
	"github.com/zebrands/catalog/internal/mail"
)

// mentions returns the columns of the whole database that have one of the texts.
func (w *world) mentions(t *testing.T, texts ...string) []string {
	t.Helper()
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if w.d.Dialect() == "postgres" {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()" +
			" AND table_type = 'BASE TABLE'"
	}
	var found []string
	tables := w.read(t, list)
	require.Greater(t, len(tables), 15)
	for _, table := range tables {
		for _, row := range w.read(t, fmt.Sprintf(`SELECT * FROM %q`, table[0])) { //nolint:unqueryvet // every column
			for _, value := range row {
				if slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(value, text) }) {
					found = append(found, table[0]+": "+value)
				}
			}
		}
	}
	return found
}

// read returns the rows of a query as texts.
func (w *world) read(t *testing.T, query string) [][]string {
	t.Helper()
	rows, err := w.d.ReadSQL().QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var all [][]string
	for rows.Next() {
		values, targets := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(t, rows.Scan(targets...))
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = string(value)
		}
		all = append(all, row)
	}
	require.NoError(t, rows.Err())
	return all
}

const (
	leaver        = "Zacarias Quux"
	leaverAddress = "zacarias@example.com"
)

// leaveTraces creates an administrator, leaves traces of them everywhere, and deletes them.
func (w *world) leaveTraces(t *testing.T, changes int) uuid.UUID {
	t.Helper()
	resp, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
		Admin: &catalogv1.Admin{Email: leaverAddress, Name: "Zacarias Q."}, Password: goodPassword,
	})
	require.NoError(t, err)
	id := uuid.MustParse(resp.GetAdmin().GetId())
	elsewhere := auth.WithClient(t.Context(), auth.Client{Address: netip.MustParseAddr("203.0.113.99"), UserAgent: "Zacphone"})
	_, err = w.auth.SignIn(elsewhere, &catalogv1.SignInRequest{Email: leaverAddress, Password: "wrong"})
	requireReason(t, err, fault.SignInFailed)
	_, err = w.auth.SignIn(elsewhere, &catalogv1.SignInRequest{Email: leaverAddress, Password: goodPassword})
	require.NoError(t, err)
	_, err = w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{
		Admin: &catalogv1.Admin{Id: id.String(), Name: leaver, Email: "zacarias.new@example.com"},
	})
	require.NoError(t, err)
	require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		key, err := tx.APIKey.Create().SetAdminID(id).SetName("erp").SetAccess(apikey.AccessWrite).
			SetDigest("d").SetPrefix("zck_").Save(ctx)
		if err != nil {
			return err
		}
		rows := make([]*ent.ProductChangeCreate, changes)
		for i := range rows {
			rows[i] = tx.ProductChange.Create().SetProductID(uuid.New()).SetSku("S").SetProductName("P").
				SetOperation(change.Created).SetVersion(1).SetFields([]change.Field{}).SetActorID(id).SetActorName(leaver)
			if i%3 == 0 {
				rows[i].SetActorID(key.ID).SetAPIKeyID(key.ID).SetActorName("erp (key of " + leaver + ")")
			}
		}
		for chunk := range slices.Chunk(rows, 500) {
			if err := tx.ProductChange.CreateBulk(chunk...).Exec(ctx); err != nil {
				return err
			}
		}
		if err := tx.Passkey.Create().SetAdminID(id).SetName("Zacphone").SetCredentialID([]byte{1}).
			SetCredential([]byte(leaverAddress)).Exec(ctx); err != nil {
			return err
		}
		return tx.Delivery.Create().SetRecipientID(id).SetRecipientEmail(leaverAddress).SetDedupKey("batch/1").
			SetLastError("550 " + leaverAddress + " is unknown").Exec(ctx)
	}))
	w.delete(t, id.String())
	return id
}

// erase erases an administrator, and calls forget with their traces.
func (w *world) erase(t *testing.T, who string, forget func(admin.Traces) error) error {
	t.Helper()
	_, err := admin.Erase(t.Context(), w.d, who, forget)
	return err
}

func ignore(admin.Traces) error { return nil }

func TestErase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.leaveTraces(t, 1200)
		personal := []string{"Zacarias", "zacarias", "Quux", "Zacphone", "203.0.113.99"}
		require.Greater(t, len(w.mentions(t, personal...)), 1000, "the search finds what is there")
		mailbox := mail.NewMailbox(t.TempDir())
		for i, m := range []mail.Message{
			{To: []netmail.Address{{Name: "Z", Address: leaverAddress}}, Text: "to the old address"},
			{To: []netmail.Address{{Address: "ana@example.com"}}, Text: leaver + " changed the price"},
			{To: []netmail.Address{{Address: "ana@example.com"}}, Text: "Quuxly"},
		} {
			m.ID, m.Subject, m.HTML = fmt.Sprintf("%d@catalog.test", i), "News", "<p>"+m.Text
			m.From.Address = "catalog@catalog.test"
			_, err := mailbox.Send(t.Context(), m)
			require.NoError(t, err)
		}
		forget := func(traces admin.Traces) error {
			require.Contains(t, traces.Names, leaver)
			require.Contains(t, traces.Names, "Zacarias Q.")
			require.Contains(t, traces.Addresses, leaverAddress)
			return mailbox.Remove(func(l *mail.Letter) bool { return l.Mentions(slices.Concat(traces.Names, traces.Addresses)) })
		}
		require.NoError(t, w.erase(t, id.String(), forget))
		require.Empty(t, w.mentions(t, personal...))
		left, err := mailbox.List(mail.Position{}, 10, func(*mail.Item) bool { return true })
		require.NoError(t, err)
		require.Len(t, left, 1, "the mail that does not mention them")

		row := w.d.Reader().Admin.GetX(t.Context(), id)
		require.Regexp(t, `^Former administrator [0-9a-f]{8}$`, row.Name)
		require.Regexp(t, `^[0-9a-f]{32}@erased\.invalid$`, row.Email)
		names, err := w.d.Reader().ProductChange.Query().GroupBy(productchange.FieldActorName).Strings(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, []string{row.Name, "erp (key of " + row.Name + ")"}, names)
		require.Zero(t, w.d.Reader().Delivery.Query().Where(delivery.StateEQ(delivery.StatePending)).CountX(t.Context()))
		last := w.trail(t, len(w.trail(t, 0))-1)[0]
		require.Equal(t, "admin_erased", last.Type)
		require.Equal(t, "operator", last.ActorName)
		require.Equal(t, "192.0.2.1", w.trail(t, 1)[0].IPAddress, "what Ana did came from Ana's address")

		n := len(w.trail(t, 0))
		require.NoError(t, w.erase(t, id.String(), ignore), "again")
		require.Len(t, w.trail(t, 0), n, "it is recorded once")
		_, err = w.service.UndeleteAdmin(w.ctx, &catalogv1.UndeleteAdminRequest{Id: id.String()})
		requireReason(t, err, fault.AdminNotFound)
	})
}

func TestEraseIsForDeletedAdministrators(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		require.ErrorContains(t, w.erase(t, "ana@example.com", ignore), "delete the administrator first")
		left := w.create(t, "bea@example.com", goodPassword)
		_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: left.GetId()})
		require.NoError(t, err)
		w.create(t, "bea@example.com", goodPassword)
		require.ErrorContains(t, w.erase(t, "bea@example.com", ignore), left.GetId(), "another one has the address now")
		require.ErrorContains(t, w.erase(t, "nobody@example.com", ignore), "no such administrator")
		require.ErrorContains(t, w.erase(t, "nobody", ignore), "id or e-mail address")
		require.Equal(t, "Ana", w.d.Reader().Admin.GetX(t.Context(), uuid.MustParse(w.ana.GetId())).Name)
	})
}

// What failed half-way is completed by the next try.
func TestEraseIsResumed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.leaveTraces(t, 10)
		calls := 0
		err := w.erase(t, id.String(), func(admin.Traces) error {
			calls++
			if calls == 2 { // all but the administrator's own row is done
				return errors.New("the disk is gone")
			}
			return nil
		})
		require.ErrorContains(t, err, "the disk is gone")
		require.NotEmpty(t, w.mentions(t, leaver))
		require.NoError(t, w.erase(t, id.String(), func(traces admin.Traces) error {
			require.Contains(t, traces.Names, leaver, "the row still knows what to look for elsewhere")
			return nil
		}))
		require.Empty(t, w.mentions(t, "Zacarias", "zacarias"))
	})
}
