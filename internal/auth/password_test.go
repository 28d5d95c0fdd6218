package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

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

// TestAHashFromBeforeIsRenewed hashes as the release before did, in form NFC.
func TestAHashFromBeforeIsRenewed(t *testing.T) {
	const typed, today = "contrase\u00f1a \ufb01na", "contrase\u00f1a fina"
	p := cheapPasswords()
	before := oldHash(typed)
	verify := func(hash, password string) bool {
		ok, err := p.Verify(t.Context(), hash, password, nil)
		require.NoError(t, err)
		return ok
	}
	require.True(t, verify(before, typed))
	require.False(t, verify(before, today), "another text then")
	renewed, err := p.Renew(t.Context(), before, typed)
	require.NoError(t, err)
	require.True(t, verify(renewed, typed))
	require.True(t, verify(renewed, today))
	again, err := p.Renew(t.Context(), renewed, typed)
	require.NoError(t, err)
	require.Empty(t, again)

	hashed := p.Hashed()
	again, err = p.Renew(t.Context(), renewed, today)
	require.NoError(t, err)
	require.Empty(t, again)
	require.Equal(t, hashed, p.Hashed(), "a password without such characters costs nothing")
	for _, hash := range []string{"", before} {
		require.False(t, verify(hash, "wrong \ufb01"))
	}
	require.Equal(t, hashed+4, p.Hashed(), "an unknown account takes as long as a wrong password")
}

// oldHash hashes a password as it is, with the parameters of cheap.
func oldHash(form string) string {
	salt := []byte("0123456789abcdef")
	key := argon2.IDKey([]byte(form), salt, cheap.Iterations, cheap.MemoryKiB, cheap.Parallelism, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", cheap.MemoryKiB, cheap.Iterations, cheap.Parallelism,
		enc.EncodeToString(salt), enc.EncodeToString(key))
}

func TestCheckPassword(t *testing.T) {
	const good, bad, common = fault.FieldReason(""), fault.FieldControlCharacters, fault.FieldCommonPassword
	for name, tc := range map[string]struct {
		password string
		want     fault.FieldReason
	}{
		"twelve characters":          {"zgv kqx wmpd", good},
		"twelve, more bytes":         {"\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1x", good},
		"eleven":                     {"zgv kqx wmp", fault.FieldTooShort},
		"eleven, more bytes":         {"\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1\u00f1", fault.FieldTooShort},
		"eleven, twelve when split":  {"zgv kqx wme\u0301", fault.FieldTooShort},
		"128":                        {strings.Repeat("zgv kqx ", 16)[:127] + "!", good},
		"129":                        {strings.Repeat("zgv kqx ", 16) + "c", fault.FieldTooLong},
		"one character":              {strings.Repeat("a", 20), fault.FieldOneCharacter},
		"the e-mail address":         {"Ana.Lopez@Example.com", fault.FieldSameAsEmail},
		"spaces between":             {"four words are fine", good},
		"a common word in a phrase":  {"my password is none of them", good},
		"empty":                      {"", fault.FieldTooShort},
		"not UTF-8":                  {"correct horse \xff battery", bad},
		"control character":          {"correct horse \x00 battery", bad},
		"very long is refused early": {strings.Repeat("x", 1<<16), fault.FieldTooLong},
		"most used":                  {"qwerty123456", common},
		"most used, another case":    {"MotherFucker", common},
		"most used, fullwidth":       {"\uff51\uff57\uff45\uff52\uff54\uff59123456", common},
		"a sequence":                 {"ABCDEFGHIJKLM", common},
		"rows of keys":               {"1qaz2wsx!poiuytrewq", common},
		"a repetition":               {"kqx!kqx!kqx!kqx!", common},
		"a repetition, cut off":      {"zgvkqxw!zgvkqxw!zg", common},
		"the address and a year":     {"ana.lopez.2026!", common},
		"the name and a year":        {"Mar\u00eda-Fern\u00e1nda-26", common},
		"the catalog and a year":     {"Catalog2026!!", common},
	} {
		t.Run(name, func(t *testing.T) {
			err := auth.CheckPassword("password", tc.password, "ana.lopez@example.com", "Mar\u00eda Fernanda")
			if tc.want == good {
				require.NoError(t, err)
				return
			}
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tc.want, f.Violations[0].Reason)
		})
	}
}
