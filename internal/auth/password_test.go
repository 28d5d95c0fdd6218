package auth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

var cheap = auth.PasswordParams{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

func cheapPasswords() *auth.Passwords { return auth.NewPasswordsWith(cheap, 4) }

func TestPasswordsHaveTheRecommendedCosts(t *testing.T) {
	hash, err := auth.NewPasswords().Hash(t.Context(), "correct horse battery")
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, hash)
}

func TestVerify(t *testing.T) {
	p := cheapPasswords()
	hash, err := p.Hash(t.Context(), "Contraseña-é-12")
	require.NoError(t, err)
	again, err := p.Hash(t.Context(), "Contraseña-é-12")
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "every hash has a salt of its own")
	for name, tc := range map[string]struct {
		hash, password string
		want           bool
	}{
		"right":                    {hash, "Contraseña-é-12", true},
		"right, composed by parts": {hash, "Contrasen\u0303a-e\u0301-12", true},
		"wrong":                    {hash, "Contraseña-é-13", false},
		"case counts":              {hash, "contraseña-é-12", false},
		"spaces count":             {hash, " Contraseña-é-12", false},
		"empty":                    {hash, "", false},
		"no hash":                  {"", "Contraseña-é-12", false},
		"no hash, empty":           {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := p.Hashed()
			got, err := p.Verify(t.Context(), tc.hash, tc.password, nil)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.Equal(t, before+1, p.Hashed(), "a hash is computed in every case")
		})
	}
}

func TestVerifyRefusesHashesThatCouldStopTheServer(t *testing.T) {
	const salt, key = "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, hash := range []string{
		"x",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt,
		"$argon2i$v=19$m=64,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=4294967295,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$!$" + key,
		"$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=1,$" + salt + "$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key + "\n",
		"$argon2id$v=19$m=64,t=1,p=1$" + salt[1:] + "B$" + key,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$AAAA",
	} {
		p := cheapPasswords()
		ok, err := p.Verify(t.Context(), hash, "correct horse battery", nil)
		require.Error(t, err, hash)
		require.False(t, ok)
		require.Zero(t, p.Hashed())
	}
}

func TestHashingWaitsForItsTurnOnlyAsLongAsTheCall(t *testing.T) {
	p := auth.NewPasswordsWith(cheap, 0) // nobody ever gets a turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Hash(ctx, "correct horse battery")
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Verify(ctx, "", "correct horse battery", nil)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFloodOfOneNetworkIsRefused(t *testing.T) {
	const tries, waiting = 40, 32
	p := auth.NewPasswordsWith(cheap, 0) // nobody ever gets a turn
	ctx, cancel := context.WithCancel(t.Context())
	from := func(addr string) context.Context { return auth.WithClient(ctx, client(addr)) }
	errs := make(chan error, tries)
	for i := range tries {
		go func() {
			_, err := p.Verify(from(fmt.Sprintf("2001:db8::%x", i)), "", "correct horse battery", nil)
			errs <- err
		}()
	}
	for range tries - waiting {
		err := <-errs
		require.True(t, fault.Is(err, fault.SignInThrottled), err)
	}
	cancel()
	_, err := p.Verify(from("2001:db8:0:1::1"), "", "correct horse battery", nil)
	require.ErrorIs(t, err, context.Canceled, "another network may wait")
	for range waiting {
		require.ErrorIs(t, <-errs, context.Canceled)
	}
	_, err = p.Verify(from("2001:db8::1"), "", "correct horse battery", nil)
	require.ErrorIs(t, err, context.Canceled, "who left makes room")
}

func TestWhoIsNotAllowedAnyMoreCostsNoHash(t *testing.T) {
	p := cheapPasswords()
	refused := errors.New("throttled")
	_, err := p.Verify(t.Context(), "", "correct horse battery", func(context.Context) error { return refused })
	require.ErrorIs(t, err, refused)
	require.Zero(t, p.Hashed())
}

func TestCheckPassword(t *testing.T) {
	for name, tc := range map[string]struct {
		password string
		ok       bool
	}{
		"twelve characters":          {"abcdefghijkl", true},
		"twelve, more bytes":         {"ñññññññññññx", true},
		"eleven":                     {"abcdefghijk", false},
		"eleven, more bytes":         {"ñññññññññññ", false},
		"eleven, twelve when split":  {"abcdefghije\u0301", false},
		"128":                        {strings.Repeat("ab", 64), true},
		"129":                        {strings.Repeat("ab", 64) + "c", false},
		"one character":              {strings.Repeat("a", 20), false},
		"the e-mail address":         {"Ana.Lopez@Example.com", false},
		"spaces between":             {"four words are fine", true},
		"empty":                      {"", false},
		"not UTF-8":                  {"correct horse \xff battery", false},
		"control character":          {"correct horse \x00 battery", false},
		"very long is refused early": {strings.Repeat("x", 1<<16), false},
	} {
		t.Run(name, func(t *testing.T) {
			err := auth.CheckPassword("password", tc.password, "ana.lopez@example.com")
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.True(t, fault.Is(err, fault.FieldInvalid), err)
		})
	}
}
