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
	// keyFile is the file in the data folder where earlier releases kept the signing key on SQLite.
	keyFile = "signing-key.pem"
	// keyPropagation bounds how long processes still sign with the previous key: keyMaxAge plus a margin.
	keyPropagation = 2 * time.Minute
	// keyOverlap is how long a key verifies after its successor begins to sign: until its last token has
	// expired.
	keyOverlap = AccessTokenLifetime + keyPropagation
)

var (
	errKeyNotFound = errors.New("there is no key with this id")
	errKeySigns    = errors.New("this is the current signing key; rotate the keys first")
)

// KeyStore stores the keys of access tokens in the database: public halves in a table that every process
// reads, private keys in another one.
type KeyStore struct {
	d       *db.DB
	dataDir string
}

// NewKeyStore returns the store of a database. It imports the key file of earlier releases from dataDir.
func NewKeyStore(d *db.DB, dataDir string) *KeyStore { return &KeyStore{d: d, dataDir: dataDir} }

// KeyState is a state in the life cycle of a key.
type KeyState string

// The states of a key, in order.
const (
	KeyNext     KeyState = "next"     // verifies, will sign later
	KeySigns    KeyState = "signs"    // signs and verifies
	KeyVerifies KeyState = "verifies" // was replaced, still verifies
	KeyExpired  KeyState = "expired"  // unused, will be deleted
)

// KeyInfo describes a key of the store.
type KeyInfo struct {
	ID    string
	State KeyState
	// SignTime is when the key begins to sign.
	SignTime time.Time
	// ExpireTime is when the key stops verifying; zero if not known yet.
	ExpireTime time.Time
}

// Public returns the public keys. It does not read the private ones.
func (s *KeyStore) Public(ctx context.Context) (*Keys, error) {
	keys, err := publicKeys(ctx, s.d.Reader().VerificationKey)
	if err != nil {
		return nil, fmt.Errorf("read the public keys: %w", err)
	}
	return keys, nil
}

// Signing returns the keys including the private ones.
func (s *KeyStore) Signing(ctx context.Context) (*Keys, error) {
	keys, err := s.Public(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.d.Reader().SigningKey.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the private keys: %w", err)
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

// List describes the keys, newest first.
func (s *KeyStore) List(ctx context.Context) ([]KeyInfo, error) {
	keys, err := s.Public(ctx)
	if err != nil {
		return nil, err
	}
	return keys.describe(s.d.Now()), nil
}

// Prepare creates the first key if there is none. Processes that start concurrently agree on one key.
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
		return insert(ctx, tx, first.list[0], tx.Clock.Now())
	})
	if err != nil {
		return fmt.Errorf("create the signing key: %w", err)
	}
	return s.removeKeyFile()
}

// firstKeys returns the keys of the key file if there is one, or else a new key. The first one is to sign.
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
	keys.list = slices.DeleteFunc(keys.list, func(key tokenKey) bool { return key.private == nil })
	if len(keys.list) == 0 {
		return GenerateKeys()
	}
	return keys, nil
}

// removeKeyFile deletes the key file, so that the private key is stored only once.
func (s *KeyStore) removeKeyFile() error {
	if s.d.Dialect() != dialect.SQLite {
		return nil
	}
	if err := os.Remove(filepath.Join(s.dataDir, keyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the key file, which is in the database now: %w", err)
	}
	return nil
}

// Publish adds the public halves of private keys that the previous release created. It needs the private
// keys.
func (s *KeyStore) Publish(ctx context.Context) error {
	if err := s.change(ctx, publish); err != nil {
		return fmt.Errorf("publish the public keys: %w", err)
	}
	return nil
}

// Rotate adds a key that verifies immediately and signs after lead, which must give all verifiers time to
// learn of it. The previous key verifies until its last token has expired. It returns the new key.
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
		now := tx.Clock.Now()
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
		return KeyInfo{}, fmt.Errorf("rotate the signing keys: %w", err)
	}
	return added, nil
}

// Retire deletes a key: its tokens are rejected as soon as every process has refreshed its keys. Returns an
// error if it is the current signing key or does not exist.
func (s *KeyStore) Retire(ctx context.Context, id string) error {
	err := s.change(ctx, func(ctx context.Context, tx *ent.Tx) error {
		keys, err := publicKeys(ctx, tx.VerificationKey)
		if err != nil {
			return err
		}
		for _, k := range keys.describe(tx.Clock.Now()) {
			switch {
			case k.ID != id:
			case k.State == KeySigns:
				return errKeySigns
			default:
				return remove(ctx, tx, id)
			}
		}
		return errKeyNotFound
	})
	if err != nil {
		return fmt.Errorf("retire key %s: %w", id, err)
	}
	return nil
}

// change runs fn in a transaction, serialized with other changes of the keys.
func (s *KeyStore) change(ctx context.Context, fn func(ctx context.Context, tx *ent.Tx) error) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if err := db.LockTx(ctx, tx, db.KeysLock); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

// publicKeys reads the public keys, ordered by sign time, latest first.
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

// describe returns the state of each key.
func (k *Keys) describe(now time.Time) []KeyInfo {
	infos := make([]KeyInfo, 0, len(k.list))
	signs := false // whether a preceding key signs
	for i, key := range k.list {
		info := KeyInfo{ID: key.id, State: KeyVerifies, SignTime: key.from, ExpireTime: key.until}
		switch {
		case key.from.After(now) && i < len(k.list)-1: // without an earlier one it signs already
			info.State = KeyNext
		case !signs:
			info.State, signs = KeySigns, true
		case !key.verifies(now):
			info.State = KeyExpired
		}
		infos = append(infos, info)
	}
	return infos
}

// publish adds the public halves of private keys that lack them.
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
		SetID(k.id).SetPublicKey(k.public).SetSignTime(signTime).Exec(ctx)
}

func remove(ctx context.Context, tx *ent.Tx, id string) error {
	if err := removePrivate(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.VerificationKey.Delete().Where(verificationkey.ID(id)).Exec(ctx)
	return err
}

func removePrivate(ctx context.Context, tx *ent.Tx, id string) error {
	_, err := tx.SigningKey.Delete().Where(signingkey.ID(id)).Exec(ctx)
	return err
}

// cleanupKeys deletes expired keys, and the private halves of keys that no process signs with any more.
func cleanupKeys(ctx context.Context, tx *ent.Tx) error {
	keys, err := publicKeys(ctx, tx.VerificationKey)
	if err != nil {
		return err
	}
	now := tx.Clock.Now()
	for _, key := range keys.list {
		switch {
		case !key.verifies(now):
			err = remove(ctx, tx, key.id)
		case !key.until.IsZero() && key.until.Add(-AccessTokenLifetime).Before(now):
			err = removePrivate(ctx, tx, key.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
