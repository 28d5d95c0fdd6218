package admin_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/authenticator"
)

const testOrigin = "https://catalog.test"

// begin returns the options of a ceremony of the caller.
func (w *world) begin(
	t *testing.T, ctx context.Context, purpose catalogv1.CreatePasskeyChallengeRequest_Purpose,
) string {
	t.Helper()
	resp, err := w.auth.CreatePasskeyChallenge(ctx, &catalogv1.CreatePasskeyChallengeRequest{Purpose: purpose})
	require.NoError(t, err)
	return resp.GetOptions()
}

// addPasskey adds a passkey of the caller.
func (w *world) addPasskey(
	t *testing.T, ctx context.Context, device *authenticator.Authenticator, name string,
) *catalogv1.CreatePasskeyResponse {
	t.Helper()
	options := w.begin(t, ctx, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
	resp, err := w.auth.CreatePasskey(ctx, &catalogv1.CreatePasskeyRequest{
		Name: name, Credential: device.Create(t, options),
	})
	require.NoError(t, err)
	return resp
}

// signInWith signs Ana in with a second factor.
func (w *world) signInWith(t *testing.T, factor *catalogv1.SecondFactor) (*catalogv1.SignInResponse, error) {
	t.Helper()
	return w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{
		Email: "ana@example.com", Password: goodPassword, SecondFactor: factor,
	})
}

// asked returns the options that come with SECOND_FACTOR_REQUIRED.
func asked(t *testing.T, err error, key string) string {
	t.Helper()
	requireReason(t, err, fault.SecondFactorRequired)
	var f *fault.Error
	require.True(t, errors.As(err, &f))
	require.NotEmpty(t, f.Metadata[key])
	return f.Metadata[key]
}

func withPasskey(assertion string) *catalogv1.SecondFactor {
	return &catalogv1.SecondFactor{Factor: &catalogv1.SecondFactor_Passkey{Passkey: assertion}}
}

func withCode(code string) *catalogv1.SecondFactor {
	return &catalogv1.SecondFactor{Factor: &catalogv1.SecondFactor_RecoveryCode{RecoveryCode: code}}
}

func TestSignInWithPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		added := w.addPasskey(t, w.ctx, device, " Ana's laptop ")
		require.Equal(t, "Ana's laptop", added.GetPasskey().GetName())
		require.Len(t, added.GetRecoveryCodes(), 10)

		_, err := w.signInWith(t, nil)
		options := asked(t, err, "passkey_options")
		signedIn, err := w.signInWith(t, withPasskey(device.Get(t, options)))
		require.NoError(t, err)
		require.True(t, signedIn.GetAdmin().GetSecondFactor())
		require.Empty(t, signedIn.GetRecoveryCodes())
		w.as(t, signedIn.GetAccessToken())
	})
}
