package auth

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/signingkey"
	"github.com/zebrands/catalog/internal/db"
)

// keyFile is the file in the data folder that holds the signing key on SQLite.
const keyFile = "signing-key.pem"

// keyLock is the PostgreSQL advisory lock under which the first signing key is made.
const keyLock = 0x6361746b6579

// LoadKeys returns the keys of access tokens: those of pemText (see ParseKeys) if it is not empty, or
// else those kept in the database on PostgreSQL and in dataDir on SQLite, made there at the first
// start. Processes that start together get the same key. Returns an error if the keys cannot be read
// or are open to every user of the machine.
func LoadKeys(ctx context.Context, d *db.DB, dataDir, pemText string) (*Keys, error) {
	switch {
	case pemText != "":
		return ParseKeys(pemText)
	case d.Dialect() == dialect.Postgres:
		return databaseKeys(ctx, d)
	default:
		return fileKeys(filepath.Join(dataDir, keyFile))
	}
}

func fileKeys(path string) (*Keys, error) {
	keys, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if err := createKeyFile(path); err != nil {
		return nil, fmt.Errorf("create signing key: %w", err)
	}
	return readKeyFile(path)
}

func readKeyFile(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("auth: every user of this machine may use %s: run chmod 600 on it", path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	keys, err := ParseKeys(string(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

// createKeyFile makes a new key at path, whole or not at all. A key that another process put there
// meanwhile is left as it is: a link never replaces a file.
func createKeyFile(path string) error {
	keys, err := GenerateKeys()
	if err != nil {
		return err
	}
	der, err := keys.privatePKCS8()
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, keyFile+".*") // only its owner may read it
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if err := writeSynced(tmp, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der})); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func writeSynced(file *os.File, content []byte) error {
	_, err := file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes a new name in dir outlast a crash of the machine. Windows cannot and need not.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	handle, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}

// databaseKeys returns the keys of the table: the newest signs, all verify.
func databaseKeys(ctx context.Context, d *db.DB) (*Keys, error) {
	var rows []*ent.SigningKey
	err := d.InTx(ctx, func(ctx context.Context, tx *ent.Tx) error {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(keyLock)); err != nil {
			return err
		}
		var err error
		rows, err = tx.SigningKey.Query().
			Order(ent.Desc(signingkey.FieldCreateTime, signingkey.FieldID)).
			All(ctx)
		if err != nil || len(rows) > 0 {
			return err
		}
		row, err := insertKey(ctx, tx)
		rows = []*ent.SigningKey{row}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load signing keys: %w", err)
	}
	var blocks []byte
	for _, row := range rows {
		blocks = append(blocks, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: row.PrivateKey})...)
	}
	return ParseKeys(string(blocks))
}

func insertKey(ctx context.Context, tx *ent.Tx) (*ent.SigningKey, error) {
	keys, err := GenerateKeys()
	if err != nil {
		return nil, err
	}
	der, err := keys.privatePKCS8()
	if err != nil {
		return nil, err
	}
	return tx.SigningKey.Create().SetID(keys.SignerID()).SetPrivateKey(der).Save(ctx)
}
