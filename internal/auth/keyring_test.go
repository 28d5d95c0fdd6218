package auth_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

// keySource stands for the store of a KeyRing.
type keySource struct {
	keys  atomic.Pointer[auth.Keys]
	err   atomic.Pointer[error]
	reads atomic.Int64
	// slow is how long a read takes.
	slow time.Duration
}

func (s *keySource) read(ctx context.Context) (*auth.Keys, error) {
	s.reads.Add(1)
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := s.err.Load(); err != nil {
		return nil, *err
	}
	return s.keys.Load(), nil
}

// follow puts new keys into the source, the first of which signs.
func (s *keySource) follow(t *testing.T, pemText string) {
	t.Helper()
	keys, err := auth.ParseKeys(pemText)
	require.NoError(t, err)
	s.keys.Store(keys)
}

func open(t *testing.T, s *keySource) *auth.KeyRing {
	t.Helper()
	ring, err := auth.OpenKeys(t.Context(), slog.New(slog.DiscardHandler), s.read)
	require.NoError(t, err)
	return ring
}

func tokensOf(ring *auth.KeyRing) *auth.Tokens { return auth.NewTokens(ring, testIssuer, testAudience) }

// signedBy returns a token that the first key of a PEM text signs.
func signedBy(t *testing.T, pemText string) string {
	t.Helper()
	keys, err := auth.ParseKeys(pemText)
	require.NoError(t, err)
	token, _, err := tokensOf(auth.FixedKeys(keys)).Issue(auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}, time.Now())
	require.NoError(t, err)
	return token
}

func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	require.NoError(t, err)
	id, _ := parsed.Header["kid"].(string)
	return id
}

func TestUnknownKeyIsReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := privatePEM(t, newKey(t)), privatePEM(t, newKey(t))
		source := &keySource{slow: 10 * time.Millisecond}
		source.follow(t, first)
		tokens := tokensOf(open(t, source))
		source.follow(t, second+first)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := tokens.Verify(t.Context(), signedBy(t, second))
				assertNoError(t, err)
			})
		}
		wg.Wait()
		require.EqualValues(t, 2, source.reads.Load(), "at the start, and once for all who did not know the key")
		_, err := tokens.Verify(t.Context(), signedBy(t, first))
		require.NoError(t, err)
	})
}

// assertNoError is for goroutines, which must not end the test.
func assertNoError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestFloodOfForgedKeysReadsOncePerSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &keySource{}
		source.follow(t, privatePEM(t, newKey(t)))
		tokens := tokensOf(open(t, source))
		forged := signedBy(t, privatePEM(t, newKey(t)))
		const seconds = 10
		for range seconds * 100 {
			var wg sync.WaitGroup
			for range 5 {
				wg.Go(func() {
					if _, err := tokens.Verify(t.Context(), forged); !fault.Is(err, fault.TokenInvalid) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			<-time.After(10 * time.Millisecond)
		}
		require.EqualValues(t, 1+seconds, source.reads.Load())
	})
}

func TestKeysFollowTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := privatePEM(t, newKey(t)), privatePEM(t, newKey(t))
		source := &keySource{}
		source.follow(t, first)
		ring := open(t, source)
		go ring.Run(t.Context())
		tokens := tokensOf(ring)
		old := signedBy(t, first)
		source.follow(t, second+first)
		<-time.After(6 * time.Second)
		token, _, err := tokens.Issue(auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}, time.Now())
		require.NoError(t, err)
		require.Equal(t, kid(t, signedBy(t, second)), kid(t, token), "the new key signs")
		_, err = tokens.Verify(t.Context(), old)
		require.NoError(t, err, "the former one verifies")

		source.follow(t, second)
		<-time.After(6 * time.Second)
		_, err = tokens.Verify(t.Context(), old)
		require.True(t, fault.Is(err, fault.TokenInvalid), "it is gone: %v", err)
		<-time.After(15 * time.Minute)
		_, err = tokens.Verify(t.Context(), old)
		require.True(t, fault.Is(err, fault.TokenExpired), "whose key is gone may refresh: %v", err)
	})
}

func TestKeysThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := privatePEM(t, newKey(t))
		source := &keySource{}
		source.follow(t, known)
		var logged strings.Builder
		ring, err := auth.OpenKeys(t.Context(), slog.New(slog.NewTextHandler(&logged, nil)), source.read)
		require.NoError(t, err)
		stopped := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			defer close(stopped)
			ring.Run(ctx)
		}()
		tokens := tokensOf(ring)
		claims := auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}
		away := errors.New("the database is away")
		source.err.Store(&away)

		<-time.After(30 * time.Second)
		_, err = tokens.Verify(t.Context(), signedBy(t, known))
		require.NoError(t, err, "what is known is good for a while")
		_, _, err = tokens.Issue(claims, time.Now())
		require.NoError(t, err)
		_, err = tokens.Verify(t.Context(), signedBy(t, privatePEM(t, newKey(t))))
		require.True(t, fault.Is(err, fault.DatabaseUnavailable), "the key may be a new one: %v", err)

		<-time.After(time.Minute)
		_, err = tokens.Verify(t.Context(), signedBy(t, known))
		require.True(t, fault.Is(err, fault.DatabaseUnavailable), "the key may be gone: %v", err)
		_, _, err = tokens.Issue(claims, time.Now())
		require.True(t, fault.Is(err, fault.DatabaseUnavailable), "another one may sign: %v", err)

		source.err.Store(nil)
		<-time.After(2 * time.Second)
		_, err = tokens.Verify(t.Context(), signedBy(t, known))
		require.NoError(t, err)
		_, _, err = tokens.Issue(claims, time.Now())
		require.NoError(t, err)
		stop()
		<-stopped
		require.Equal(t, 1, strings.Count(logged.String(), "cannot be read"), "once: %s", &logged)
	})
}

// A process that was stopped for a while comes back before its timer does.
func TestOldKeysAreReadBeforeUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := privatePEM(t, newKey(t)), privatePEM(t, newKey(t))
		source := &keySource{}
		source.follow(t, first)
		tokens := tokensOf(open(t, source)) // without Run
		source.follow(t, second)
		<-time.After(2 * time.Minute)
		_, err := tokens.Verify(t.Context(), signedBy(t, first))
		require.True(t, fault.Is(err, fault.TokenInvalid), err)
		_, err = tokens.Verify(t.Context(), signedBy(t, second))
		require.NoError(t, err)
	})
}

func TestOpenKeysNeedsKeysThatCanBeRead(t *testing.T) {
	away := errors.New("the database is away")
	source := &keySource{}
	source.err.Store(&away)
	_, err := auth.OpenKeys(t.Context(), slog.New(slog.DiscardHandler), source.read)
	require.ErrorIs(t, err, away)
}
