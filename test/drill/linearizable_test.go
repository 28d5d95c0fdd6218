package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// timeline records calls at given seconds.
type timeline struct{ *recording }

func newTimeline() timeline {
	t := timeline{newRecording("test")}
	t.swap(0, 1, "a", "", "a0", done)
	t.swap(0, 1, "b", "", "b0", done)
	return t
}

func (t timeline) at(second int) time.Time { return t.epoch.Add(time.Duration(second) * time.Second) }

func (t timeline) swap(begin, end int, register, old, value string, how outcome) {
	t.swapped(0, t.at(begin), t.at(end), swap{register: register, old: old, new: value}, how)
}

func (t timeline) get(begin, end int, register, value string) {
	t.got(1, t.at(begin), t.at(end), register, value)
}

func (t timeline) list(begin, end int, a, b string) {
	t.listed(2, t.at(begin), t.at(end), map[string]string{"a": a, "b": b})
}

// A check that cannot fail proves nothing: each violation differs in one call from something allowed.
func TestCheckOfLinearizability(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(t timeline)
		broken string
	}{
		{"reads see the last write", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.get(4, 5, "a", "a1")
			t.list(4, 5, "a1", "b0")
		}, ""},
		{"a get that begins after a write is stale", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.get(4, 5, "a", "a0")
		}, "test, a: 3 calls: not linearizable"},
		{"a get during a write sees either", func(t timeline) {
			t.swap(2, 5, "a", "a0", "a1", done)
			t.get(3, 4, "a", "a0")
			t.get(3, 4, "a", "a1")
		}, ""},
		{"a get goes back", func(t timeline) {
			t.swap(2, 9, "a", "a0", "a1", done)
			t.get(3, 4, "a", "a1")
			t.get(5, 6, "a", "a0")
		}, "test, a: 4 calls: not linearizable"},
		{"an outdated etag is refused", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.swap(4, 5, "a", "a0", "a2", refused)
			t.get(6, 7, "a", "a1")
		}, ""},
		{"an outdated etag is accepted", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.swap(4, 5, "a", "a0", "a2", done)
		}, "test, a: 3 calls: not linearizable"},
		{"a current etag is refused", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", refused)
		}, "test, a: 2 calls: not linearizable"},
		{"a lost write happens much later", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", unknown)
			t.get(4, 5, "a", "a0")
			t.get(8, 9, "a", "a1")
		}, ""},
		{"a lost write never happens", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", unknown)
			t.swap(4, 5, "a", "a0", "a2", done)
			t.get(6, 7, "a", "a2")
		}, ""},
		{"a lost write is undone", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", unknown)
			t.get(4, 5, "a", "a1")
			t.get(6, 7, "a", "a0")
		}, "test, a: 4 calls: not linearizable"},
		{"a lost write happens after its etag was outdated", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", unknown)
			t.swap(4, 5, "a", "a0", "a2", done)
			t.get(6, 7, "a", "a1")
		}, "test, a: 4 calls: not linearizable"},
		{"another register changes", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.get(4, 5, "b", "b0")
		}, ""},
		{"a list mixes two moments", func(t timeline) {
			t.swap(2, 3, "a", "a0", "a1", done)
			t.swap(4, 5, "b", "b0", "b1", done)
			t.list(2, 6, "a0", "b1")
		}, "test, lists: 5 calls: not linearizable"},
		{"a list leaves out a product", func(t timeline) {
			t.listed(2, t.at(2), t.at(3), map[string]string{"a": "a0"})
		}, "test, lists: 3 calls: not linearizable"},
		{"a list is older than the one before", func(t timeline) {
			t.swap(2, 9, "a", "a0", "a1", done)
			t.list(3, 4, "a1", "b0")
			t.list(5, 6, "a0", "b0")
		}, "test, lists: 5 calls: not linearizable"},
		{"an etag stands for two values", func(t timeline) {
			t.tagged("a", "1", "a0")
			t.tagged("b", "1", "b0")
			t.tagged("a", "1", "a1")
		}, `etag 1 of a stands for "a0" and for "a1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := newTimeline()
			c.record(line)
			broken := line.check("")
			if c.broken == "" {
				assert.Empty(t, broken)
			} else {
				assert.Equal(t, []string{c.broken}, broken)
			}
		})
	}
}

// Lost writes may happen at any later time, but the check stays fast however many there are.
func TestManyLostWritesAreDecided(t *testing.T) {
	line := newTimeline()
	value := "a0"
	for n := 2; n < 2000; n += 2 {
		line.swap(n, n+1, "a", value, value+"?", unknown)
		line.get(n, n+1, "a", value)
		line.list(n, n+1, value, "b0")
		next := line.at(n).Format(time.TimeOnly)
		line.swap(n, n+1, "a", value, next, done)
		value = next
	}
	assert.Empty(t, line.check(""))
}

func TestViolationsHaveAPage(t *testing.T) {
	line := newTimeline()
	line.get(2, 3, "a", "never")
	dir := t.TempDir()
	broken := line.check(dir)
	require.Len(t, broken, 1)
	_, path, _ := strings.Cut(broken[0], ": see ")
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(page), "get a:")
}
