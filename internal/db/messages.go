package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent/dialect"

	"github.com/zebrands/catalog/ent"
)

// topics are the subscriptions by topic.
type topics struct {
	mu   sync.RWMutex
	last int
	all  map[string]map[int]func(text string)
}

// Subscribe calls fn with each message that is published to a topic, which is one word, until the returned function is
// called. On PostgreSQL it requires Watch, and every watching process receives every message; on SQLite it receives
// those of its own process. Delivery is at most once: a message can be lost with a connection, so subscribers must
// also poll. fn must be fast.
func (d *DB) Subscribe(topic string, fn func(text string)) (unsubscribe func()) {
	t := &d.topics
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string]map[int]func(string){}
	}
	if t.all[topic] == nil {
		t.all[topic] = map[int]func(string){}
	}
	t.last++
	id := t.last
	t.all[topic][id] = fn
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.all[topic], id)
	}
}

func (t *topics) tell(topic, text string) {
	t.mu.RLock()
	fns := slices.Collect(maps.Values(t.all[topic]))
	t.mu.RUnlock()
	for _, fn := range fns {
		fn(text)
	}
}

// Publish sends a message when the transaction tx commits. Returns ErrNotInTx outside InTx.
func Publish(ctx context.Context, tx *ent.Tx, topic, text string) error {
	u, ok := ctx.Value(unitKey{}).(*unit)
	if !ok {
		return ErrNotInTx
	}
	message := topic + " " + text
	if u.dialect == dialect.SQLite {
		u.messages = append(u.messages, message)
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, message); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// tellAll delivers the messages of a transaction on SQLite.
func (t *topics) tellAll(messages []string) {
	for _, message := range messages {
		topic, text, _ := strings.Cut(message, " ")
		t.tell(topic, text)
	}
}
