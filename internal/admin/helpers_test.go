package admin_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/queue"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/logs"
)

// perHour is how many administrators each may invite in an hour.
const perHour = 60

const goodPassword = "correct horse battery"

// world is both services on a database with one administrator, Ana, who is signed in.
type world struct {
	d         *db.DB
	passwords *auth.Passwords
	guard     *auth.Authenticator
	service   *admin.Service
	auth      *admin.AuthService
	log       *logs.Log

	ana     *catalogv1.Admin
	session *catalogv1.SignInResponse
	// ctx is for calls by Ana.
	ctx context.Context //nolint:containedctx // scoped to a test
}

// each runs a test on each database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newEmptyWorld(t, d)
		w.insertAna(t)
		w.session = w.signIn(t, "ana@example.com", goodPassword)
		w.ana = w.session.GetAdmin()
		w.ctx = w.as(t, w.session.GetAccessToken())
		fn(t, w)
	})
}

func newEmptyWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	keys, err := auth.GenerateKeys()
	require.NoError(t, err)
	q, err := queue.New(d, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	tokens := auth.NewTokens(auth.FixedKeys(keys), "https://catalog.test", "catalog")
	passwords := auth.NewPasswordsWith(auth.PasswordParams{MemoryKiB: 64, Iterations: 1, Parallelism: 1}, 4)
	passkeys, err := auth.NewPasskeys("https://catalog.test")
	require.NoError(t, err)
	log := &logs.Log{}
	d.HookSecurityEvents(auth.LogEvents(slog.New(slog.NewJSONHandler(log, nil))))
	return &world{
		d: d, passwords: passwords, log: log,
		guard:   auth.NewAuthenticator(d, tokens),
		service: admin.NewService(d, q, passwords, perHour),
		auth:    admin.NewAuthService(d, q, tokens, passwords, passkeys, slog.New(slog.NewJSONHandler(log, nil))),
	}
}

// insertAna creates the first administrator, with a cheap password hash.
func (w *world) insertAna(t *testing.T) {
	t.Helper()
	hash, err := w.passwords.Hash(t.Context(), goodPassword)
	require.NoError(t, err)
	require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		return tx.Admin.Create().SetEmail("ana@example.com").SetName("Ana").SetPasswordHash(hash).Exec(ctx)
	}))
}

// from returns a context for anonymous calls from a network address.
func from(ctx context.Context, addr string) context.Context {
	return auth.WithClient(ctx, auth.Client{Address: netip.MustParseAddr(addr), UserAgent: "test"})
}

// as returns a context for calls with an access token.
func (w *world) as(t *testing.T, accessToken string) context.Context {
	t.Helper()
	p, err := w.guard.Authenticate(t.Context(), accessToken)
	require.NoError(t, err)
	return auth.WithPrincipal(from(t.Context(), "192.0.2.1"), p)
}

func (w *world) signIn(t *testing.T, email, password string) *catalogv1.SignInResponse {
	t.Helper()
	resp, err := w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{Email: email, Password: password})
	require.NoError(t, err)
	return resp
}

// create creates an administrator; without a password they are invited.
func (w *world) create(t *testing.T, email, password string) *catalogv1.Admin {
	t.Helper()
	resp, err := w.service.CreateAdmin(w.ctx, &catalogv1.CreateAdminRequest{
		Admin: &catalogv1.Admin{Email: email, Name: email}, Password: password,
	})
	require.NoError(t, err)
	return resp.GetAdmin()
}

func (w *world) delete(t *testing.T, id string) {
	t.Helper()
	_, err := w.service.DeleteAdmin(w.ctx, &catalogv1.DeleteAdminRequest{Id: id})
	require.NoError(t, err)
}

func (w *world) get(t *testing.T, id string) *catalogv1.Admin {
	t.Helper()
	resp, err := w.service.GetAdmin(w.ctx, &catalogv1.GetAdminRequest{Id: id})
	require.NoError(t, err)
	return resp.GetAdmin()
}

func (w *world) disable(id string) error {
	_, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{Id: id, Disabled: true}})
	return err
}

// move sets an administrator's e-mail address.
func (w *world) move(t *testing.T, id, email string) *catalogv1.Admin {
	t.Helper()
	resp, err := w.service.UpdateAdmin(w.ctx, &catalogv1.UpdateAdminRequest{Admin: &catalogv1.Admin{Id: id, Email: email}})
	require.NoError(t, err)
	return resp.GetAdmin()
}

// token issues the token that the mail would contain.
func (w *world) token(t *testing.T, purpose onetimetoken.Purpose, adminID string) string {
	t.Helper()
	id := uuid.MustParse(adminID)
	var token string
	require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		var err error
		token, err = auth.IssueOneTimeToken(ctx, tx, purpose, &id, time.Hour)
		return err
	}))
	return token
}

// mails returns the purposes of the account mails queued for an administrator.
func (w *world) mails(t *testing.T, adminID string) []string {
	t.Helper()
	var purposes []string
	for _, args := range jobs[queue.AccountMailArgs](t, w.d) {
		if args.AdminID.String() == adminID {
			purposes = append(purposes, args.Purpose)
		}
	}
	return purposes
}

// notices returns the addresses that are told of an event that concerns an administrator.
func (w *world) notices(t *testing.T, adminID string) []string {
	t.Helper()
	var addresses []string
	for _, args := range jobs[queue.SecurityNoticeArgs](t, w.d) {
		if args.AdminID.String() == adminID {
			addresses = append(addresses, args.Email)
		}
	}
	return addresses
}

// jobs returns the arguments of the queued jobs of a kind, oldest first.
func jobs[A river.JobArgs](t *testing.T, d *db.DB) []A {
	t.Helper()
	var kind A
	rows, err := d.SQL().QueryContext(t.Context(), `SELECT args FROM river_job WHERE kind = $1 ORDER BY id`, kind.Kind())
	require.NoError(t, err)
	defer rows.Close()
	var all []A
	for rows.Next() {
		var raw []byte
		require.NoError(t, rows.Scan(&raw))
		var args A
		require.NoError(t, json.Unmarshal(raw, &args))
		all = append(all, args)
	}
	require.NoError(t, rows.Err())
	return all
}

func requireEnded(t *testing.T, w *world, accessToken string) {
	t.Helper()
	_, err := w.guard.Authenticate(t.Context(), accessToken)
	requireReason(t, err, fault.SessionEnded)
}

func requireReason(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	require.Error(t, err)
	require.True(t, fault.Is(err, want), "%v is not %s", err, want)
}
