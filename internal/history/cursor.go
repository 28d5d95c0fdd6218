package history

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/fault"
)

// Sizes of the parts of a cursor, in bytes.
const sequenceBytes, digestBytes = 8, 8

// cursorAfter returns the position after a change: its sequence and a digest of its row, so that the cursor does
// not match another change that has the same sequence after a restore. Without a change it is the position
// before the first one.
func cursorAfter(c *ent.ProductChange) string {
	raw := make([]byte, sequenceBytes, sequenceBytes+digestBytes)
	if c != nil {
		binary.BigEndian.PutUint64(raw, uint64(c.ID)) //nolint:gosec // the database counts from 1
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, rowDigest(c)...))
}

// rowDigest identifies the row of a change.
func rowDigest(c *ent.ProductChange) []byte {
	h := sha256.New()
	if c != nil {
		fmt.Fprintf(h, "%d %s %d %d %s", c.ID, c.ProductID, c.Version, c.CreateTime.UnixMicro(), c.ActorID)
	}
	return h.Sum(nil)[:digestBytes]
}

// parseCursor returns the sequence of a cursor; 0 for an empty one. Returns CURSOR_INVALID unless
// cursorAfter returns it for a change that the history holds.
func parseCursor(ctx context.Context, db *ent.Client, cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != sequenceBytes+digestBytes || base64.RawURLEncoding.EncodeToString(raw) != cursor {
		return 0, cursorInvalid(err)
	}
	sequence := int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // a forged one is not found
	var row *ent.ProductChange
	if sequence != 0 {
		row, err = db.ProductChange.Get(ctx, sequence)
		if ent.IsNotFound(err) {
			return 0, cursorInvalid(err)
		}
		if err != nil {
			return 0, fmt.Errorf("look up the change of a cursor: %w", err)
		}
	}
	if !bytes.Equal(rowDigest(row), raw[sequenceBytes:]) {
		return 0, cursorInvalid(nil)
	}
	return sequence, nil
}

func cursorInvalid(cause error) error {
	return fault.New(fault.FailedPrecondition, fault.CursorInvalid,
		"The history does not contain this cursor. Copy the catalog again and start without a cursor.").Because(cause)
}
