package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/admin"
	"github.com/zebrands/catalog/ent/apikey"
	"github.com/zebrands/catalog/ent/delivery"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/passkey"
	"github.com/zebrands/catalog/ent/passkeychallenge"
	"github.com/zebrands/catalog/ent/predicate"
	"github.com/zebrands/catalog/ent/productchange"
	"github.com/zebrands/catalog/ent/securityevent"
	"github.com/zebrands/catalog/ent/session"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/queue"
)

// erasedDomain ends the addresses of erased administrators. Nobody can have mail there (RFC 2606).
const erasedDomain = "@erased.invalid"

// eraseChunk is how many rows a transaction of an erasure changes, so that writers do not wait long.
const eraseChunk = 500

// Traces are the names and addresses that an administrator had, as far as the database knows them.
type Traces struct{ Names, Addresses []string }

// Erase replaces the name and the addresses of a deleted administrator by a pseudonym, everywhere in the database, and
// returns their id. Removal elsewhere is up to forget, which runs before and after. It runs while servers do, in small
// transactions; after a failure, run it again. It is idempotent. who is an id or an address. It is for operators with
// access to the database.
func Erase(ctx context.Context, d *db.DB, who string, forget func(Traces) error) (uuid.UUID, error) {
	ctx = auth.AsOperator(ctx)
	row, err := findDeleted(ctx, d, who)
	if err != nil {
		return uuid.Nil, err
	}
	traces, err := tracesOf(ctx, d, row)
	if err != nil {
		return uuid.Nil, err
	}
	if err := forget(traces); err != nil {
		return uuid.Nil, err
	}
	e := eraser{d: d, id: row.ID, pseudonym: pseudonymOf(row.ID)}
	for _, step := range []func(context.Context) error{
		e.jobs, e.credentials, e.sessions, e.deliveries, e.keys, e.changes, e.events,
	} {
		if err := step(ctx); err != nil {
			return uuid.Nil, fmt.Errorf("erase administrator %s: %w", row.ID, err)
		}
	}
	if err := forget(traces); err != nil {
		return uuid.Nil, err
	}
	return row.ID, d.InTx(ctx, e.finish)
}

// pseudonymOf returns what replaces the name and the address of an administrator.
func pseudonymOf(id uuid.UUID) person {
	sum := sha256.Sum256(id[:])
	return person{
		name:  "Former administrator " + hex.EncodeToString(sum[:4]),
		email: hex.EncodeToString(sum[:16]) + erasedDomain,
	}
}

// erased reports whether an administrator was erased.
func erased(row *ent.Admin) bool { return row.Email == pseudonymOf(row.ID).email }

// findDeleted returns the deleted administrator with an id or an address.
func findDeleted(ctx context.Context, d *db.DB, who string) (*ent.Admin, error) {
	var where predicate.Admin
	if id, err := uuid.Parse(who); err == nil {
		where = admin.ID(id)
	} else {
		email, bad := cleanEmail(who)
		if bad != (problem{}) {
			return nil, errors.New("name an administrator by their id or e-mail address")
		}
		where = admin.Email(email)
	}
	rows, err := d.Reader().Admin.Query().Where(where).Order(admin.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	var deleted []string
	for _, row := range rows {
		if row.DeleteTime != nil {
			deleted = append(deleted, row.ID.String())
		}
	}
	switch {
	case len(rows) == 0:
		return nil, errors.New("there is no such administrator, or they were erased already")
	case len(deleted) == 0:
		return nil, errors.New("delete the administrator first: only a deleted one can be erased")
	case len(rows) > 1:
		return nil, fmt.Errorf("several administrators have or had that address; name a deleted one by id: %s",
			strings.Join(deleted, ", "))
	default:
		return rows[0], nil
	}
}

// tracesOf returns the names and addresses that the rows about an administrator have.
func tracesOf(ctx context.Context, d *db.DB, row *ent.Admin) (Traces, error) {
	t := Traces{Names: []string{row.Name}, Addresses: []string{row.Email, row.PendingEmail}}
	names, err := d.Reader().ProductChange.Query().Where(productchange.ActorID(row.ID)).
		GroupBy(productchange.FieldActorName).Strings(ctx)
	if err != nil {
		return t, err
	}
	addresses, err := d.Reader().Delivery.Query().Where(delivery.RecipientID(row.ID)).
		GroupBy(delivery.FieldRecipientEmail).Strings(ctx)
	if err != nil {
		return t, err
	}
	events, err := d.Reader().SecurityEvent.Query().Where(securityevent.AdminID(row.ID)).All(ctx)
	if err != nil {
		return t, err
	}
	for _, event := range events {
		names = append(names, event.AdminName, event.Details["old_name"], event.Details["new_name"])
		addresses = append(addresses, event.Details["old_email"], event.Details["new_email"])
	}
	own := pseudonymOf(row.ID)
	return Traces{
		Names:     distinct(append(t.Names, names...), own.name),
		Addresses: distinct(append(t.Addresses, addresses...), own.email),
	}, nil
}

// distinct returns the distinct texts that are neither empty nor a pseudonym.
func distinct(texts []string, pseudonym string) []string {
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" || text == pseudonym })
	slices.Sort(texts)
	return slices.Compact(texts)
}

// eraser replaces what is known of an administrator. Each of its steps is idempotent.
type eraser struct {
	d         *db.DB
	id        uuid.UUID
	pseudonym person
}

// inBatches repeats a step until it has changed fewer rows than a batch has. The step returns how many it has changed,
// and the id of the last one, after which the next batch begins.
func (e *eraser) inBatches(
	ctx context.Context, step func(ctx context.Context, tx *ent.Tx, after int64) (changed int, last int64, err error),
) error {
	for after := int64(0); ; {
		var changed int
		var last int64
		err := e.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) (err error) {
			changed, last, err = step(ctx, tx, after)
			return err
		})
		if err != nil || changed < eraseChunk {
			return err
		}
		after = last
	}
}

// jobs deletes the jobs that have the addresses in their arguments, which would also create mails to them.
func (e *eraser) jobs(ctx context.Context) error {
	return e.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error { return queue.DeleteMailsTo(ctx, tx, e.id) })
}

// credentials deletes what the administrator signed in with, and their preferences.
func (e *eraser) credentials(ctx context.Context) error {
	return e.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := tx.Passkey.Delete().Where(passkey.AdminID(e.id)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.PasskeyChallenge.Delete().Where(passkeychallenge.AdminID(e.id)).Exec(ctx); err != nil {
			return err
		}
		if err := auth.DeleteRecoveryCodes(ctx, tx, e.id); err != nil {
			return err
		}
		if _, err := tx.OneTimeToken.Delete().Where(onetimetoken.AdminID(e.id)).Exec(ctx); err != nil {
			return err
		}
		err := tx.NotificationPreference.DeleteOneID(e.id).Exec(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// sessions clears where the sessions came from.
func (e *eraser) sessions(ctx context.Context) error {
	return e.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.Session.Update().Where(session.AdminID(e.id)).SetUserAgent("").SetIPAddress("").Exec(ctx)
	})
}

// deliveries replaces the addresses of mails, and gives up those that were not sent yet.
func (e *eraser) deliveries(ctx context.Context) error {
	return e.inBatches(ctx, func(ctx context.Context, tx *ent.Tx, _ int64) (int, int64, error) {
		ids, err := tx.Delivery.Query().
			Where(delivery.RecipientID(e.id), delivery.RecipientEmailNEQ(e.pseudonym.email)).
			Limit(eraseChunk).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return 0, 0, err
		}
		const why = "the recipient was erased"
		err = tx.Delivery.Update().Where(delivery.IDIn(ids...), delivery.StateEQ(delivery.StatePending)).
			SetState(delivery.StateFailed).ClearAttemptTime().Exec(ctx)
		if err != nil {
			return 0, 0, err
		}
		return len(ids), 0, tx.Delivery.Update().Where(delivery.IDIn(ids...)).
			SetRecipientEmail(e.pseudonym.email).SetLastError(why).Exec(ctx)
	})
}

// keyIDs returns the ids of the API keys that the administrator created.
func (e *eraser) keyIDs(ctx context.Context) ([]uuid.UUID, error) {
	return e.d.Reader().APIKey.Query().Where(apikey.AdminID(e.id)).IDs(ctx)
}

// keys revokes the API keys. Their names are those of programs.
func (e *eraser) keys(ctx context.Context) error {
	return e.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		return tx.APIKey.Update().Where(apikey.AdminID(e.id), apikey.RevokeTimeIsNil()).
			SetRevokeTime(tx.Clock.Now()).Exec(ctx)
	})
}

// nameOf returns what replaces an actor's name.
func (e *eraser) nameOf(name string, isKey bool) string {
	if isKey {
		return auth.RenameCreator(name, e.pseudonym.name)
	}
	return e.pseudonym.name
}

// changes replaces the name in the history of products.
func (e *eraser) changes(ctx context.Context) error {
	keys, err := e.keyIDs(ctx)
	if err != nil {
		return err
	}
	return e.inBatches(ctx, func(ctx context.Context, tx *ent.Tx, after int64) (int, int64, error) {
		rows, err := tx.ProductChange.Query().
			Where(productchange.ActorIDIn(append(keys, e.id)...), productchange.IDGT(after)).
			Where(productchange.Not(productchange.ActorNameHasSuffix(e.pseudonym.name)),
				productchange.Not(productchange.ActorNameHasSuffix(e.pseudonym.name+")"))).
			Order(productchange.ByID()).Limit(eraseChunk).
			Select(productchange.FieldID, productchange.FieldActorID, productchange.FieldActorName).
			All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, 0, err
		}
		byName := map[string][]int64{} // few names: one statement each
		for _, row := range rows {
			name := e.nameOf(row.ActorName, row.ActorID != e.id)
			byName[name] = append(byName[name], row.ID)
		}
		for name, ids := range byName {
			if err := tx.ProductChange.Update().Where(productchange.IDIn(ids...)).SetActorName(name).Exec(ctx); err != nil {
				return 0, 0, err
			}
		}
		return len(rows), rows[len(rows)-1].ID, nil
	})
}

// events replaces what security events say about the administrator.
func (e *eraser) events(ctx context.Context) error {
	keys, err := e.keyIDs(ctx)
	if err != nil {
		return err
	}
	return e.inBatches(ctx, func(ctx context.Context, tx *ent.Tx, after int64) (int, int64, error) {
		rows, err := tx.SecurityEvent.Query().
			Where(securityevent.Or(securityevent.AdminID(e.id), securityevent.ActorIDIn(append(keys, e.id)...)),
				securityevent.IDGT(after)).
			Order(securityevent.ByID()).Limit(eraseChunk).All(ctx)
		if err != nil || len(rows) == 0 {
			return 0, 0, err
		}
		for _, row := range rows {
			if err := e.event(ctx, tx, row); err != nil {
				return 0, 0, err
			}
		}
		return len(rows), rows[len(rows)-1].ID, nil
	})
}

// event replaces what one security event says. It keeps the address of another administrator who did it.
func (e *eraser) event(ctx context.Context, tx *ent.Tx, row *ent.SecurityEvent) error {
	update := tx.SecurityEvent.UpdateOne(row)
	concerned := row.AdminID != nil && *row.AdminID == e.id
	if concerned {
		update.SetAdminName(e.pseudonym.name)
		if len(row.Details) > 0 {
			update.SetDetails(e.details(row.Details))
		}
	}
	byOther := row.ActorID == nil && row.ActorName != "" // the operator
	if row.ActorID != nil {
		admins, err := tx.Admin.Query().Where(admin.ID(*row.ActorID), admin.IDNEQ(e.id)).Exist(ctx)
		if err != nil {
			return err
		}
		if byOther = admins; !byOther {
			update.SetActorName(e.nameOf(row.ActorName, *row.ActorID != e.id))
		}
	}
	if !byOther {
		update.SetIPAddress("").SetUserAgent("")
	}
	return update.Exec(ctx)
}

// details returns details without names and addresses.
func (e *eraser) details(of map[string]string) map[string]string {
	kept := make(map[string]string, len(of))
	for key, value := range of {
		switch {
		case strings.HasSuffix(key, "_email"):
			value = e.pseudonym.email
		case key == "old_name" || key == "new_name":
			value = e.pseudonym.name
		case key == "passkey_name":
			continue
		}
		kept[key] = value
	}
	return kept
}

// finish replaces the administrator's own row, and records the erasure once.
func (e *eraser) finish(ctx context.Context, tx *ent.Tx) error {
	row, err := lockAdmin(ctx, tx, admin.ID(e.id))
	if err != nil {
		return err
	}
	switch {
	case row.DeleteTime == nil:
		return errors.New("the administrator was restored meanwhile; delete them, and erase again")
	case erased(row):
		return nil
	}
	row, err = row.Update().
		SetName(e.pseudonym.name).SetEmail(e.pseudonym.email).SetPendingEmail("").SetPasswordHash("").
		ClearLastSignInTime().AddVersion(1).Save(ctx)
	if err != nil {
		return err
	}
	_, err = auth.RecordEvent(ctx, tx, auth.Event{Type: catalogv1.SecurityEvent_TYPE_ADMIN_ERASED, Admin: row})
	return err
}
