package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	testIssuer   = "https://catalog.test"
	testAudience = "catalog"
)

func newTokens(t testing.TB) *auth.Tokens {
	t.Helper()
	keys, err := auth.GenerateKeys()
	require.NoError(t, err)
	return auth.NewTokens(auth.FixedKeys(keys), testIssuer, testAudience)
}

func TestIssueFollowsRFC9068(t *testing.T) {
	keys, err := auth.GenerateKeys()
	require.NoError(t, err)
	claims := auth.Claims{AdminID: uuid.New(), SessionID: uuid.New(), AuthTime: time.Unix(1_800_000_000, 999_999_000)}
	start := time.Now()
	token, expire, err := auth.NewTokens(auth.FixedKeys(keys), testIssuer, testAudience).Issue(claims, start)
	require.NoError(t, err)
	require.WithinDuration(t, start.Add(15*time.Minute), expire, time.Second)

	var body jwt.MapClaims
	parsed, _, err := jwt.NewParser().ParseUnverified(token, &body)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"alg": "EdDSA", "typ": "at+jwt", "kid": keys.SignerID()}, parsed.Header)
	require.Equal(t, testIssuer, body["iss"])
	require.Equal(t, []any{testAudience}, body["aud"])
	require.Equal(t, claims.AdminID.String(), body["sub"])
	require.Equal(t, claims.SessionID.String(), body["sid"])
	require.NotEmpty(t, body["jti"])
	require.InDelta(t, 1_800_000_000, body["auth_time"], 0, "in whole seconds, as RFC 9068 has it")
	require.InDelta(t, 15*60, body["exp"].(float64)-body["iat"].(float64), 0)
}

func TestVerifyToken(t *testing.T) {
	private := newKey(t)
	keys, err := auth.ParseKeys(privatePEM(t, private))
	require.NoError(t, err)
	tokens := auth.NewTokens(auth.FixedKeys(keys), testIssuer, testAudience)
	public := private.Public().(ed25519.PublicKey)
	stranger := newKey(t)

	type parts struct {
		method jwt.SigningMethod
		key    any
		header map[string]any
		claims jwt.MapClaims
	}
	now := time.Now()
	good := func() parts {
		return parts{
			method: jwt.SigningMethodEdDSA, key: private,
			header: map[string]any{"kid": keys.SignerID(), "typ": "at+jwt"},
			claims: jwt.MapClaims{
				"iss": testIssuer, "aud": testAudience, "sub": uuid.NewString(), "sid": uuid.NewString(),
				"jti": uuid.NewString(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
			},
		}
	}
	expired := now.Add(-time.Hour).Unix()
	for name, tc := range map[string]struct {
		change func(*parts)
		want   fault.Reason
	}{
		"good":                        {func(*parts) {}, ""},
		"good, typ in full":           {func(p *parts) { p.header["typ"] = "application/at+jwt" }, ""},
		"good, several audiences":     {func(p *parts) { p.claims["aud"] = []string{"other", testAudience} }, ""},
		"expired":                     {func(p *parts) { p.claims["exp"] = expired }, fault.TokenExpired},
		"expired and wrong audience":  {func(p *parts) { p.claims["exp"], p.claims["aud"] = expired, "other" }, fault.TokenInvalid},
		"expired and forged":          {func(p *parts) { p.claims["exp"] = expired; p.key = stranger }, fault.TokenInvalid},
		"alg none":                    {func(p *parts) { p.method, p.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType }, fault.TokenInvalid},
		"HS256 with the public key":   {func(p *parts) { p.method, p.key = jwt.SigningMethodHS256, []byte(public) }, fault.TokenInvalid},
		"HS256 with the public PEM":   {func(p *parts) { p.method, p.key = jwt.SigningMethodHS256, []byte(publicPEM(t, public)) }, fault.TokenInvalid},
		"another key":                 {func(p *parts) { p.key = stranger }, fault.TokenInvalid},
		"unknown kid":                 {func(p *parts) { p.header["kid"] = "other" }, fault.TokenInvalid},
		"no kid":                      {func(p *parts) { delete(p.header, "kid") }, fault.TokenInvalid},
		"kid is no text":              {func(p *parts) { p.header["kid"] = 7 }, fault.TokenInvalid},
		"typ JWT":                     {func(p *parts) { p.header["typ"] = "JWT" }, fault.TokenInvalid},
		"no typ":                      {func(p *parts) { delete(p.header, "typ") }, fault.TokenInvalid},
		"an extension to understand":  {func(p *parts) { p.header["crit"] = []string{"b64"} }, fault.TokenInvalid},
		"wrong issuer":                {func(p *parts) { p.claims["iss"] = "https://evil.test" }, fault.TokenInvalid},
		"no issuer":                   {func(p *parts) { delete(p.claims, "iss") }, fault.TokenInvalid},
		"wrong audience":              {func(p *parts) { p.claims["aud"] = "other" }, fault.TokenInvalid},
		"no audience":                 {func(p *parts) { delete(p.claims, "aud") }, fault.TokenInvalid},
		"never expires":               {func(p *parts) { delete(p.claims, "exp") }, fault.TokenInvalid},
		"issued in the future":        {func(p *parts) { p.claims["iat"] = now.Add(time.Hour).Unix() }, fault.TokenInvalid},
		"not valid yet":               {func(p *parts) { p.claims["nbf"] = now.Add(time.Hour).Unix() }, fault.TokenInvalid},
		"no subject":                  {func(p *parts) { delete(p.claims, "sub") }, fault.TokenInvalid},
		"subject is no id":            {func(p *parts) { p.claims["sub"] = "1 OR 1=1" }, fault.TokenInvalid},
		"subject spelled otherwise":   {func(p *parts) { p.claims["sub"] = "urn:uuid:" + uuid.NewString() }, fault.TokenInvalid},
		"session in capitals":         {func(p *parts) { p.claims["sid"] = strings.ToUpper(uuid.NewString()) }, fault.TokenInvalid},
		"no session":                  {func(p *parts) { delete(p.claims, "sid") }, fault.TokenInvalid},
		"more than a token ever has":  {func(p *parts) { p.claims["x"] = strings.Repeat("x", 4096) }, fault.TokenInvalid},
		"a refresh token's claim set": {func(p *parts) { p.claims = jwt.MapClaims{} }, fault.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := good()
			tc.change(&p)
			unsigned := jwt.NewWithClaims(p.method, p.claims)
			delete(unsigned.Header, "typ")
			maps.Copy(unsigned.Header, p.header)
			token, err := unsigned.SignedString(p.key)
			require.NoError(t, err)
			_, err = tokens.Verify(t.Context(), token)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.True(t, fault.Is(err, tc.want), err)
		})
	}
}

func TestVerifyRefusesChangedTokens(t *testing.T) {
	tokens := newTokens(t)
	token, _, err := tokens.Issue(auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}, time.Now())
	require.NoError(t, err)
	parts := strings.Split(token, ".")
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	other := strings.Replace(string(body), `"sub":"`, `"sub":"0`, 1)
	for _, changed := range []string{
		"", "x", "..", token + "\n", token[:len(token)-1] + "\r\n" + token[len(token)-1:], token + "x", token + ".x", " " + token, strings.TrimRight(token, "A") + "=",
		parts[0] + "." + parts[1] + ".",
		parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(other)) + "." + parts[2],
	} {
		_, err := tokens.Verify(t.Context(), changed)
		require.True(t, fault.Is(err, fault.TokenInvalid), "%q: %v", changed, err)
	}
}

func FuzzVerify(f *testing.F) {
	tokens := newTokens(f)
	token, _, err := tokens.Issue(auth.Claims{AdminID: uuid.New(), SessionID: uuid.New()}, time.Now())
	require.NoError(f, err)
	parts := strings.Split(token, ".")
	f.Add(token)
	f.Add("")
	f.Add("..")
	f.Add(token + "\n")
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add("eyJhbGciOiJub25lIn0." + parts[1] + ".")
	f.Add("bnVsbA.bnVsbA.bnVsbA")
	f.Fuzz(func(t *testing.T, candidate string) {
		if _, err := tokens.Verify(t.Context(), candidate); err == nil && candidate != token {
			t.Fatalf("accepted %q", candidate)
		}
	})
}
