package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/signingkey"
	"github.com/zebrands/catalog/ent/verificationkey"
	"github.com/zebrands/catalog/internal/db"
)

const (
	// keyFile is the file in the data folder that held the signing key before the database did, on SQLite.
	keyFile = "signing-key.pem"
	// keyLock is the PostgreSQL advisory lock under which keys are made and removed.
	keyLock = 0x6361746b6579
	// keySwitch is how long the last process may take to follow when another key signs: keyMaxAge, and what
	// clocks differ.
	keySwitch = 2 * time.Minute
	// keyOverlap is how long a key verifies after another one has begun to sign: until its last token has
	// expired.
	keyOverlap = AccessTokenLifetime + keySwitch
)

var (
	errNoSuchKey = errors.New("there is no key with this id")
	errKeySigns  = errors.New("the key signs now: rotate first, so that another one does")
)

// KeyStore keeps the keys of access tokens in the database: what is public in one table, which every
// process reads, and the secrets in another one.
type KeyStore struct {
	d       *db.DB
	dataDir string
}

// NewKeyStore returns the store of a database. The data folder may hold the signing key of a catalog that
// kept it there.
func NewKeyStore(d *db.DB, dataDir string) *KeyStore { return &KeyStore{d: d, dataDir: dataDir} }

// KeyState says what a key is for.
type KeyState string

// The states of a key, in the order in which it has them.
const (
	KeyNext     KeyState = "next"     // verifies, and will sign
	KeySigns    KeyState = "signs"    // signs and verifies
	KeyVerifies KeyState = "verifies" // verifies what it signed before
	KeyExpired  KeyState = "expired"  // does nothing any more, and will be removed
)

// KeyInfo describes a key of the store.
type KeyInfo struct {
	ID    string
	State KeyState
	// SignTime is when the key begins to sign.
	SignTime time.Time
	// ExpireTime is when it ends to verify; zero if that is not known yet.
	ExpireTime time.Time
}

// Public returns the keys without the secrets, which it does not read.
func (s *KeyStore) Public(ctx context.Context) (*Keys, error) {
	keys, err := publicKeys(ctx, s.d.Reader().VerificationKey)
	if err != nil {
		return nil, fmt.Errorf("read the sign-in keys: %w", err)
	}
	return keys, nil
}

// Signing returns the keys with their secrets.
func (s *KeyStore) Signing(ctx context.Context) (*Keys, error) {
	keys, err := s.Public(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.d.Reader().SigningKey.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the signing keys: %w", err)
	}
	for _, row := range rows {
		secret, err := parsePrivate(row.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", row.ID, err)
		}
		for i := range keys.list {
			if keys.list[i].id == secret.id {
				keys.list[i].private = secret.private
			}
		}
	}
	return keys, nil
}

// List describes the keys, the newest first.
func (s *KeyStore) List(ctx context.Context) ([]KeyInfo, error) {
	keys, err := s.Public(ctx)
	if err != nil {
		return nil, err
	}
	return keys.describe(time.Now()), nil
}

// Prepare makes the first key if there is none. Processes that start together get the same one.
func (s *KeyStore) Prepare(ctx context.Context) error {
	err := s.change(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := publish(ctx, tx); err != nil {
			return err
		}
		keys, err := publicKeys(ctx, tx.VerificationKey)
		if err != nil || len(keys.list) > 0 {
			return err
		}
		first, err := s.firstKeys()
		if err != nil {
			return err
		}
		return insert(ctx, tx, first.list[0], time.Now())
	})
	if err != nil {
		return fmt.Errorf("make the sign-in key: %w", err)
	}
	return s.removeKeyFile()
}

// firstKeys returns keys of which the first is to sign: that of the key file if there is one, or else a
// new one.
func (s *KeyStore) firstKeys() (*Keys, error) {
	if s.d.Dialect() != dialect.SQLite {
		return GenerateKeys()
	}
	text, err := os.ReadFile(filepath.Join(s.dataDir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return GenerateKeys()
	}
	if err != nil {
		return nil, err
	}
	keys, err := ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyFile, err)
	}
	keys.list = slices.DeleteFunc(keys.list, func(one tokenKey) bool { return one.private == nil })
	if len(keys.list) == 0 {
		return GenerateKeys()
	}
	return keys, nil
}

// removeKeyFile removes the key file: a secret stays in one place.
func (s *KeyStore) removeKeyFile() error {
	if s.d.Dialect() != dialect.SQLite {
		return nil
	}
	if err := os.Remove(filepath.Join(s.dataDir, keyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the signing key that is in the database now: %w", err)
	}
	return nil
}

// Publish makes known what is public of keys that a release before left. Processes that only verify
// cannot do it.
func (s *KeyStore) Publish(ctx context.Context) error {
	if err := s.change(ctx, publish); err != nil {
		return fmt.Errorf("publish the sign-in keys: %w", err)
	}
	return nil
}

// Rotate adds a key that verifies at once and signs after lead, in which all who verify tokens must
// learn of it. The key before then verifies until its last token has expired. It returns the new key.
func (s *KeyStore) Rotate(ctx context.Context, lead time.Duration) (KeyInfo, error) {
	if err := s.Prepare(ctx); err != nil {
		return KeyInfo{}, err
	}
	var added KeyInfo
	err := s.change(ctx, func(ctx context.Context, tx *ent.Tx) error {
		keys, err := GenerateKeys()
		if err != nil {
			return err
		}
		now := time.Now()
		if err := insert(ctx, tx, keys.list[0], now.Add(lead)); err != nil {
			return err
		}
		all, err := publicKeys(ctx, tx.VerificationKey)
		if err != nil {
			return err
		}
		infos := all.describe(now)
		added = infos[slices.IndexFunc(infos, func(k KeyInfo) bool { return k.ID == keys.list[0].id })]
		return nil
	})
	if err != nil {
		return KeyInfo{}, fmt.Errorf("rotate the sign-in keys: %w", err)
	}
	return added, nil
}

// Retire removes a key at once: tokens that it signed are refused as soon as every process has read the
// keys again. Returns an error if the key signs now or does not exist.
func (s *KeyStore) Retire(ctx context.Context, id string) error {
	err := s.change(ctx, func(ctx context.Context, tx *ent.Tx) error {
		keys, err := publicKeys(ctx, tx.VerificationKey)
		if err != nil {
			return err
		}
		for _, k := range keys.describe(time.Now()) {
			switch {
			case k.ID != id:
			case k.State == KeySigns:
				return errKeySigns
			default:
				return remove(ctx, tx, id)
			}
		}
		return errNoSuchKey
	})
	if err != nil {
		return fmt.Errorf("retire key %s: %w", id, err)
	}
	return nil
}

// change runs fn in a transaction that no other one that changes keys overlaps.
func (s *KeyStore) change(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if s.d.Dialect() == dialect.Postgres {
			if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(keyLock)); err != nil {
				return err
			}
		}
		return fn(ctx, tx)
	})
}

// publicKeys reads what is public. The key that signs last comes first.
func publicKeys(ctx context.Context, from *ent.VerificationKeyClient) (*Keys, error) {
	rows, err := from.Query().Order(
		verificationkey.BySignTime(sql.OrderDesc()), verificationkey.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, err
	}
	keys := &Keys{}
	var until time.Time
	for _, row := range rows {
		if len(row.PublicKey) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("public key %s: %w", row.ID, errKeys)
		}
		k := publicKey(row.PublicKey)
		k.from, k.until = row.SignTime, until
		keys.list = append(keys.list, k)
		until = row.SignTime.Add(keyOverlap)
	}
	return keys, nil
}

// describe says what each key is for.
func (k *Keys) describe(now time.Time) []KeyInfo {
	infos := make([]KeyInfo, 0, len(k.list))
	signs := false // whether one further in front does
	for _, one := range k.list {
		info := KeyInfo{ID: one.id, State: KeyVerifies, SignTime: one.from, ExpireTime: one.until}
		switch {
		case one.from.After(now):
			info.State = KeyNext
		case !signs:
			info.State, signs = KeySigns, true
		case !one.verifies(now):
			info.State = KeyExpired
		}
		infos = append(infos, info)
	}
	return infos
}

// publish adds what is public of secrets of which nothing public is known.
func publish(ctx context.Context, tx *ent.Tx) error {
	rows, err := tx.SigningKey.Query().Where(func(s *sql.Selector) {
		known := sql.Table(verificationkey.Table)
		s.Where(sql.NotIn(s.C(signingkey.FieldID), sql.Select(known.C(verificationkey.FieldID)).From(known)))
	}).All(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		k, err := parsePrivate(row.PrivateKey)
		if err != nil {
			return fmt.Errorf("signing key %s: %w", row.ID, err)
		}
		if err := insertPublic(ctx, tx, k, row.CreateTime); err != nil {
			return err
		}
	}
	return nil
}

func insert(ctx context.Context, tx *ent.Tx, k tokenKey, signTime time.Time) error {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return fmt.Errorf("encode signing key: %w", err)
	}
	if err := tx.SigningKey.Create().SetID(k.id).SetPrivateKey(der).Exec(ctx); err != nil {
		return err
	}
	return insertPublic(ctx, tx, k, signTime)
}

func insertPublic(ctx context.Context, tx *ent.Tx, k tokenKey, signTime time.Time) error {
	return tx.VerificationKey.Create().
		SetID(k.id).SetPublicKey(k.public).SetSignTime(microseconds(signTime)).Exec(ctx)
}

func remove(ctx context.Context, tx *ent.Tx, id string) error {
	if err := removeSecret(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.VerificationKey.Delete().Where(verificationkey.ID(id)).Exec(ctx)
	return err
}

func removeSecret(ctx context.Context, tx *ent.Tx, id string) error {
	_, err := tx.SigningKey.Delete().Where(signingkey.ID(id)).Exec(ctx)
	return err
}

// cleanupKeys removes keys that have expired, and the secrets of those that no process can sign with any
// more.
func cleanupKeys(ctx context.Context, tx *ent.Tx) error {
	keys, err := publicKeys(ctx, tx.VerificationKey)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, one := range keys.list {
		switch {
		case !one.verifies(now):
			err = remove(ctx, tx, one.id)
		case !one.until.IsZero() && one.until.Add(-AccessTokenLifetime).Before(now):
			err = removeSecret(ctx, tx, one.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
