package rpc

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/wire"
)

// Replicas of two builds may encode the same message with different white space, or compress the same bytes
// differently.
func TestBuildsShareNoTagOfDifferentBytes(t *testing.T) {
	one, other := wire.Digest([]byte(`{"product":{"sku":"a"}}`)), wire.Digest([]byte(`{"product": {"sku":"a"}}`))
	require.NotEqual(t, entityTag(one, false), entityTag(other, false))
	require.NotEqual(t, entityTag(one, true), entityTag(one, false))

	before := entityTag(one, true)
	t.Cleanup(func(build string) func() { return func() { gzipBuild = build } }(gzipBuild))
	gzipBuild = "-gzip-" + wire.Digest([]byte("go2.0"))[:6]
	require.NotEqual(t, before, entityTag(one, true))
}

// names finds every tag that net/http finds, which is stricter, and only tags that the header contains.
func FuzzNames(f *testing.F) {
	const tag = `"AbC-_1"`
	for _, seed := range []string{
		tag, "W/" + tag, `"x",` + tag, `,, W/"x" ,` + tag + `, "y"`, "*", ` "x" , *`, `"`, `W/`, `""`, `x, ` + tag, `"a b", ` + tag,
		`W/W/` + tag, `"AbC-_1`, `AbC-_1"`, "", `"x"` + tag,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\r\n") {
			return // headers cannot contain these
		}
		w := httptest.NewRecorder()
		w.Header().Set("ETag", tag)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Header.Set("If-None-Match", value)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(nil))
		found := names([]string{value}, tag)
		if w.Code == http.StatusNotModified {
			require.True(t, found)
		}
		if found {
			require.True(t, strings.Contains(value, tag) || strings.Contains(value, "*"))
		}
	})
}
