package admin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/ent/onetimetoken"
	"github.com/zebrands/catalog/ent/securityevent"
	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/test/authenticator"
)

const testOrigin = "https://catalog.test"

// begin returns the options of a ceremony of the caller.
func (w *world) begin(
	ctx context.Context, t *testing.T, purpose catalogv1.CreatePasskeyChallengeRequest_Purpose,
) string {
	t.Helper()
	resp, err := w.auth.CreatePasskeyChallenge(ctx, &catalogv1.CreatePasskeyChallengeRequest{Purpose: purpose})
	require.NoError(t, err)
	return resp.GetOptions()
}

// addPasskey adds a passkey of the caller.
func (w *world) addPasskey(
	ctx context.Context, t *testing.T, device *authenticator.Authenticator, name string,
) *catalogv1.CreatePasskeyResponse {
	t.Helper()
	options := w.begin(ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
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
	require.ErrorAs(t, err, &f)
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
		added := w.addPasskey(w.ctx, t, device, " Ana's laptop ")
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

func withNewPasskey(credential string) *catalogv1.SecondFactor {
	return &catalogv1.SecondFactor{Factor: &catalogv1.SecondFactor_NewPasskey_{
		NewPasskey: &catalogv1.SecondFactor_NewPasskey{Credential: credential},
	}}
}

// signInOptions returns the options for Ana's passkey.
func (w *world) signInOptions(t *testing.T) string {
	t.Helper()
	_, err := w.signInWith(t, nil)
	return asked(t, err, "passkey_options")
}

// requirePolicy requires a second factor of everybody.
func (w *world) requirePolicy(t *testing.T) {
	t.Helper()
	_, err := w.auth.UpdateSecurityPolicy(w.ctx, &catalogv1.UpdateSecurityPolicyRequest{
		SecurityPolicy: &catalogv1.SecurityPolicy{RequireSecondFactor: true},
	})
	require.NoError(t, err)
}

func TestPasskeyAssertionsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		w.addPasskey(w.ctx, t, device, "")
		used := device.Get(t, w.signInOptions(t))
		_, err := w.signInWith(t, withPasskey(used))
		require.NoError(t, err)

		other := authenticator.New(testOrigin)
		w.create(t, "bea@example.com", goodPassword)
		beaCtx := w.as(t, w.signIn(t, "bea@example.com", goodPassword).GetAccessToken())
		w.addPasskey(beaCtx, t, other, "")

		clone := device.Copy()
		device.Get(t, w.signInOptions(t)) // now the clone's counter is behind
		_, err = w.signInWith(t, withPasskey(device.Get(t, w.signInOptions(t))))
		require.NoError(t, err)

		elsewhere, subdomain := *device, *device
		elsewhere.Origin = "https://catalog.test.evil.example"
		subdomain.RPID = "evil.example"
		reauthentication := w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_REAUTHENTICATE)
		creation := w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
		const made = `{"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "rpId": "catalog.test"}`
		for _, c := range []struct{ name, assertion, cause string }{
			{"replayed", used, "the challenge is unknown"},
			{"of a page elsewhere", elsewhere.Get(t, w.signInOptions(t)), "Error validating origin"},
			{"for another site", subdomain.Get(t, w.signInOptions(t)), "RP Hash mismatch"},
			{"of somebody else", other.Get(t, w.signInOptions(t)), "not owned by the user"},
			{"of a clone", clone.Get(t, w.signInOptions(t)), "counter of the passkey did not increase"},
			{"for another purpose", device.Get(t, reauthentication), "the challenge is unknown"},
			{"for no challenge", device.Get(t, made), "the challenge is unknown"},
			{"of the other ceremony", device.Create(t, creation), "Error unmarshalling auth data"},
			{"not of this world", "{}", "ID missing"},
		} {
			_, err := w.signInWith(t, withPasskey(c.assertion))
			requireReason(t, err, fault.SecondFactorFailed)
			require.ErrorContains(t, err, c.cause, c.name)
			w.clearLimits(t)
		}

		// The challenge of somebody else's sign-in.
		_, err = w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{
			Email: "bea@example.com", Password: goodPassword, SecondFactor: withPasskey(other.Get(t, w.signInOptions(t))),
		})
		requireReason(t, err, fault.SecondFactorFailed)
	})
}

// clearLimits forgets failures.
func (w *world) clearLimits(t *testing.T) {
	t.Helper()
	require.NoError(t, w.d.InTx(t.Context(), func(ctx context.Context, tx *ent.Tx) error {
		_, err := tx.Throttle.Delete().Exec(ctx)
		return err
	}))
}

func TestClonedPasskeyIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		w.addPasskey(w.ctx, t, device, "")
		clone := device.Copy()
		_, err := w.signInWith(t, withPasskey(device.Get(t, w.signInOptions(t))))
		require.NoError(t, err)
		_, err = w.signInWith(t, withPasskey(clone.Get(t, w.signInOptions(t))))
		requireReason(t, err, fault.SecondFactorFailed)

		event, err := w.d.Reader().SecurityEvent.Query().Where(securityevent.Type("second_factor_failed")).Only(t.Context())
		require.NoError(t, err)
		require.Equal(t, "passkey", event.Details["factor"])
		require.Contains(t, event.Details["problem"], "copy")
	})
}

func TestChallengesExpire(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		w.addPasskey(w.ctx, t, device, "")
		options := w.signInOptions(t)
		creation := w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
		w.age(t)

		_, err := w.signInWith(t, withPasskey(device.Get(t, options)))
		requireReason(t, err, fault.SecondFactorFailed)
		_, err = w.auth.CreatePasskey(w.ctx, &catalogv1.CreatePasskeyRequest{Credential: device.Create(t, creation)})
		requireReason(t, err, fault.PasskeyInvalid)

		require.NoError(t, auth.Cleanup(t.Context(), w.d))
		left, err := w.d.Reader().PasskeyChallenge.Query().Count(t.Context())
		require.NoError(t, err)
		require.Zero(t, left)
	})
}

// age makes all challenges as old as they may be.
func (w *world) age(t *testing.T) {
	t.Helper()
	_, err := w.d.SQL().ExecContext(t.Context(), `UPDATE passkey_challenges SET expire_time = $1`, w.d.Now())
	require.NoError(t, err)
}

func TestChallengesOfAnAdministratorAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 103 {
			w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
		}
		kept, err := w.d.Reader().PasskeyChallenge.Query().Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 100, kept)
	})
}

// An attacker with the password displaces few challenges of its owner.
func TestChallengesForThePasswordAreThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		w.addPasskey(w.ctx, t, device, "")
		for range 30 {
			w.signInOptions(t)
		}
		_, err := w.signInWith(t, nil)
		requireReason(t, err, fault.SignInThrottled)
	})
}

func TestWrongPasswordNeverTellsOfTheSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		codes := w.addPasskey(w.ctx, t, device, "").GetRecoveryCodes()
		for name, factor := range map[string]*catalogv1.SecondFactor{
			"none": nil, "passkey": withPasskey(device.Get(t, w.signInOptions(t))), "code": withCode(codes[0]),
		} {
			_, err := w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{
				Email: "ana@example.com", Password: "wrong horse battery", SecondFactor: factor,
			})
			require.EqualError(t, err, "SIGN_IN_FAILED: The e-mail address or the password is wrong.", name)
		}
		_, err := w.signInWith(t, withCode(codes[0])) // not used up
		require.NoError(t, err)
	})
}

// Wrong factors count like wrong passwords, and a right password alone clears nothing.
func TestSecondFactorIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		for i := range 10 {
			_, err := w.signInWith(t, withCode("00000-00000-00000-00000"))
			requireReason(t, err, fault.SecondFactorFailed)
			if i < 9 {
				w.signInOptions(t)
			}
		}
		_, err := w.signInWith(t, nil)
		requireReason(t, err, fault.SignInThrottled)
		_, err = w.signInWith(t, withCode("00000-00000-00000-00000"))
		requireReason(t, err, fault.SignInThrottled)
	})
}

func TestWrongSecondFactorIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		before := len(w.notices(t, w.ana.GetId()))
		const tries = 8
		for i := range tries {
			_, err := w.signInWith(t, withCode("00000-00000-00000-00000"))
			requireReason(t, err, fault.SecondFactorFailed)
			require.Len(t, w.notices(t, w.ana.GetId()), before+min(i+1, 5), "and the mails are no flood")
		}
		failed := securityevent.Type("second_factor_failed")
		require.Equal(t, tries, w.d.Reader().SecurityEvent.Query().Where(failed).CountX(t.Context()))
	})
}

func TestRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.auth.CreateRecoveryCodes(w.ctx, &catalogv1.CreateRecoveryCodesRequest{})
		requireReason(t, err, fault.PasskeyNotFound)

		old := w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "").GetRecoveryCodes()
		require.Regexp(t, `^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$`, old[0])
		typed := strings.ToLower(strings.ReplaceAll(old[0], "-", " "))
		typed = strings.NewReplacer("0", "o", "1", "l").Replace(typed)
		_, err = w.signInWith(t, withCode(typed))
		require.NoError(t, err)
		_, err = w.signInWith(t, withCode(old[0]))
		requireReason(t, err, fault.SecondFactorFailed)
		require.EqualValues(t, 9, w.listPasskeys(t).GetRecoveryCodeCount())

		fresh, err := w.auth.CreateRecoveryCodes(w.ctx, &catalogv1.CreateRecoveryCodesRequest{})
		require.NoError(t, err)
		require.Len(t, fresh.GetRecoveryCodes(), 10)
		_, err = w.signInWith(t, withCode(old[1]))
		requireReason(t, err, fault.SecondFactorFailed)
		_, err = w.signInWith(t, withCode(fresh.GetRecoveryCodes()[0]))
		require.NoError(t, err)

		stored, err := w.d.Reader().RecoveryCode.Query().First(t.Context())
		require.NoError(t, err)
		require.Len(t, stored.ID, 64, "a digest")
		require.Subset(t, w.events(t, w.ana.GetId()), []string{
			"passkey_created", "recovery_code_used", "second_factor_failed", "recovery_codes_created",
		})
	})
}

func (w *world) listPasskeys(t *testing.T) *catalogv1.ListPasskeysResponse {
	t.Helper()
	resp, err := w.auth.ListPasskeys(w.ctx, &catalogv1.ListPasskeysRequest{AdminId: w.ana.GetId()})
	require.NoError(t, err)
	return resp
}

func TestRecoveryCodeWorksOnceAtTheSameTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		codes := w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "").GetRecoveryCodes()
		const callers = 4
		results := make(chan error, callers)
		for range callers {
			go func() {
				_, err := w.signInWith(t, withCode(codes[0]))
				results <- err
			}()
		}
		winners := 0
		for range callers {
			if err := <-results; err == nil {
				winners++
			} else {
				requireReason(t, err, fault.SecondFactorFailed)
			}
		}
		require.Equal(t, 1, winners)
	})
}

func TestCreatePasskeyRefusesWhatIsNotNew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		options := w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE)
		credential := device.Create(t, options)
		_, err := w.auth.CreatePasskey(w.ctx, &catalogv1.CreatePasskeyRequest{Name: "a\x01b", Credential: credential})
		requireReason(t, err, fault.FieldInvalid)
		created, err := w.auth.CreatePasskey(w.ctx, &catalogv1.CreatePasskeyRequest{Credential: credential})
		require.NoError(t, err)
		require.Equal(t, "This device", created.GetPasskey().GetName())

		w.create(t, "bea@example.com", goodPassword)
		bea := w.as(t, w.signIn(t, "bea@example.com", goodPassword).GetAccessToken())
		elsewhere := authenticator.New("https://evil.example")
		const create = catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE
		for _, c := range []struct {
			name       string
			ctx        context.Context //nolint:containedctx // scoped to a test
			credential string
			why        string
		}{
			{"used challenge", w.ctx, credential, "answers no challenge"},
			{"same passkey again", w.ctx, device.Again(t, w.begin(w.ctx, t, create)), "was added before"},
			{"somebody else's passkey", bea, device.Again(t, w.begin(bea, t, create)), "was added before"},
			{"somebody else's challenge", bea, device.Create(t, w.begin(w.ctx, t, create)), "answers no challenge"},
			{"of a page elsewhere", w.ctx, elsewhere.Create(t, w.begin(w.ctx, t, create)), "Error validating origin"},
			{"of the other ceremony", w.ctx, device.Get(t, w.signInOptions(t)), "is not an answer"},
			{"not of this world", w.ctx, "{}", "is not an answer"},
		} {
			_, err := w.auth.CreatePasskey(c.ctx, &catalogv1.CreatePasskeyRequest{Credential: c.credential})
			requireReason(t, err, fault.PasskeyInvalid)
			require.ErrorContains(t, err, c.why, c.name)
		}
	})
}

// TestNoDeviceCreatesAPasskeyInVain needs the proof of identity before the ceremony, and not after it.
func TestNoDeviceCreatesAPasskeyInVain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := w.longAgo(t)
		_, err := w.auth.CreatePasskeyChallenge(ctx, &catalogv1.CreatePasskeyChallengeRequest{
			Purpose: catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE,
		})
		requireReason(t, err, fault.ReauthenticationRequired)
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		w.begin(ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_REAUTHENTICATE)
	})
}

func TestPasskeysOfAnAdministratorAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		for i := range 10 {
			codes := w.addPasskey(w.ctx, t, device, "").GetRecoveryCodes()
			require.Equal(t, i == 0, len(codes) == 10)
		}
		_, err := w.auth.CreatePasskeyChallenge(w.ctx, &catalogv1.CreatePasskeyChallengeRequest{
			Purpose: catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE,
		})
		requireReason(t, err, fault.PasskeyLimit)
	})
}

func TestDeletePasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		first := w.addPasskey(w.ctx, t, device, "first").GetPasskey()
		second := w.addPasskey(w.ctx, t, device, "second").GetPasskey()
		w.create(t, "bea@example.com", goodPassword)
		bea := w.as(t, w.signIn(t, "bea@example.com", goodPassword).GetAccessToken())
		remove := func(id string) error {
			_, err := w.auth.DeletePasskey(bea, &catalogv1.DeletePasskeyRequest{Id: id})
			return err
		}

		require.NoError(t, remove(first.GetId()))
		requireReason(t, remove(first.GetId()), fault.PasskeyNotFound)
		left := w.listPasskeys(t)
		require.Equal(t, "second", left.GetPasskeys()[0].GetName())
		require.EqualValues(t, 10, left.GetRecoveryCodeCount())
		require.True(t, w.get(t, w.ana.GetId()).GetSecondFactor())

		require.NoError(t, remove(second.GetId()))
		require.Zero(t, w.listPasskeys(t).GetRecoveryCodeCount())
		require.False(t, w.get(t, w.ana.GetId()).GetSecondFactor())
		w.signIn(t, "ana@example.com", goodPassword)
	})
}

func TestListAdminsTellsWhoHasPasskeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.create(t, "bea@example.com", goodPassword)
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		resp, err := w.service.ListAdmins(w.ctx, &catalogv1.ListAdminsRequest{})
		require.NoError(t, err)
		require.True(t, resp.GetAdmins()[0].GetSecondFactor())
		require.False(t, resp.GetAdmins()[1].GetSecondFactor())
	})
}

func TestReauthenticateWithPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.auth.CreatePasskeyChallenge(w.ctx, &catalogv1.CreatePasskeyChallengeRequest{
			Purpose: catalogv1.CreatePasskeyChallengeRequest_PURPOSE_REAUTHENTICATE,
		})
		requireReason(t, err, fault.PasskeyNotFound)

		device := authenticator.New(testOrigin)
		w.addPasskey(w.ctx, t, device, "")
		prove := func(assertion string) error {
			_, err := w.auth.Reauthenticate(w.ctx, &catalogv1.ReauthenticateRequest{
				Proof: &catalogv1.ReauthenticateRequest_Passkey{Passkey: assertion},
			})
			return err
		}
		options := func() string {
			return w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_REAUTHENTICATE)
		}
		assertion := device.Get(t, options())
		require.NoError(t, prove(assertion))
		requireReason(t, prove(assertion), fault.SecondFactorFailed)
		requireReason(t, prove(device.Get(t, w.signInOptions(t))), fault.SecondFactorFailed)

		device.Unverified = true // a security key that somebody found
		_, err = w.signInWith(t, withPasskey(device.Get(t, w.signInOptions(t))))
		require.NoError(t, err, "beside the password it will do")
		requireReason(t, prove(device.Get(t, options())), fault.SecondFactorFailed)

		for range 7 {
			requireReason(t, prove("{}"), fault.SecondFactorFailed)
		}
		requireReason(t, prove(device.Get(t, options())), fault.SignInThrottled)
		require.Subset(t, w.events(t, w.ana.GetId()), []string{"reauthenticated", "reauthentication_failed"})
	})
}

func TestPolicyRequiresSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.auth.UpdateSecurityPolicy(w.ctx, &catalogv1.UpdateSecurityPolicyRequest{
			SecurityPolicy: &catalogv1.SecurityPolicy{RequireSecondFactor: true},
		})
		requireReason(t, err, fault.PasskeyNotFound)

		w.create(t, "bea@example.com", goodPassword)
		bea := w.signIn(t, "bea@example.com", goodPassword)
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		w.requirePolicy(t)
		w.requirePolicy(t) // idempotent
		policy, err := w.auth.GetSecurityPolicy(w.ctx, &catalogv1.GetSecurityPolicyRequest{})
		require.NoError(t, err)
		require.True(t, policy.GetSecurityPolicy().GetRequireSecondFactor())
		requireEnded(t, w, bea.GetAccessToken())
		w.as(t, w.session.GetAccessToken()) // Ana has added a passkey since

		signIn := func(factor *catalogv1.SecondFactor) (*catalogv1.SignInResponse, error) {
			return w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{
				Email: "bea@example.com", Password: goodPassword, SecondFactor: factor,
			})
		}
		_, err = signIn(nil)
		device := authenticator.New(testOrigin)
		credential := device.Create(t, asked(t, err, "new_passkey_options"))
		elsewhere := authenticator.New("https://evil.example")
		_, err = signIn(nil)
		_, err = signIn(withNewPasskey(elsewhere.Create(t, asked(t, err, "new_passkey_options"))))
		requireReason(t, err, fault.SecondFactorFailed)

		enrolled, err := signIn(withNewPasskey(credential))
		require.NoError(t, err)
		require.Len(t, enrolled.GetRecoveryCodes(), 10)
		require.True(t, enrolled.GetAdmin().GetSecondFactor())
		w.requirePolicy(t)
		w.as(t, enrolled.GetAccessToken())

		_, err = signIn(withNewPasskey(credential))
		requireReason(t, err, fault.SecondFactorFailed)
		_, err = signIn(nil)
		_, err = signIn(withPasskey(device.Get(t, asked(t, err, "passkey_options"))))
		require.NoError(t, err)

		changes, err := w.d.Reader().SecurityEvent.Query().
			Where(securityevent.Type("security_policy_updated")).Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, changes)
	})
}

// A sign-in with the password alone and the change of the policy: the session either ends or is refused.
func TestPolicyLeavesNoSessionBehind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		w.create(t, "bea@example.com", goodPassword)
		for range 5 {
			results := make(chan *catalogv1.SignInResponse, 4)
			for range cap(results) {
				go func() {
					resp, _ := w.auth.SignIn(from(t.Context(), "192.0.2.1"), &catalogv1.SignInRequest{
						Email: "bea@example.com", Password: goodPassword,
					})
					results <- resp
				}()
			}
			w.requirePolicy(t)
			for range cap(results) {
				if resp := <-results; resp != nil {
					requireEnded(t, w, resp.GetAccessToken())
				}
			}
			_, err := w.auth.UpdateSecurityPolicy(w.ctx, &catalogv1.UpdateSecurityPolicyRequest{
				SecurityPolicy: &catalogv1.SecurityPolicy{},
			})
			require.NoError(t, err)
			w.clearLimits(t)
		}
	})
}

func TestResetNeedsTheSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		codes := w.addPasskey(w.ctx, t, device, "").GetRecoveryCodes()
		token := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		const newPassword = "another horse battery"
		reset := func(factor *catalogv1.SecondFactor) (*catalogv1.ResetPasswordResponse, error) {
			return w.auth.ResetPassword(from(t.Context(), "192.0.2.1"), &catalogv1.ResetPasswordRequest{
				Token: token, NewPassword: newPassword, SecondFactor: factor,
			})
		}
		_, err := reset(nil)
		options := asked(t, err, "passkey_options")
		_, err = reset(withCode("00000-00000-00000-00000"))
		requireReason(t, err, fault.SecondFactorFailed)
		_, err = reset(withNewPasskey(authenticator.New(testOrigin).Create(t,
			w.begin(w.ctx, t, catalogv1.CreatePasskeyChallengeRequest_PURPOSE_CREATE))))
		requireReason(t, err, fault.SecondFactorFailed)
		w.as(t, w.session.GetAccessToken()) // nothing has changed
		_, err = w.signInWith(t, withCode(codes[0]))
		require.NoError(t, err)

		done, err := reset(withPasskey(device.Get(t, options)))
		require.NoError(t, err)
		require.True(t, done.GetAdmin().GetSecondFactor())
		requireEnded(t, w, w.session.GetAccessToken())
		_, err = reset(nil)
		requireReason(t, err, fault.OneTimeTokenInvalid)
	})
}

func TestResetLimitsSecondFactors(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		codes := w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "").GetRecoveryCodes()
		token := w.token(t, onetimetoken.PurposePasswordReset, w.ana.GetId())
		reset := func(code string) error {
			_, err := w.auth.ResetPassword(from(t.Context(), "192.0.2.1"), &catalogv1.ResetPasswordRequest{
				Token: token, NewPassword: "another horse battery", SecondFactor: withCode(code),
			})
			return err
		}
		for range 10 {
			requireReason(t, reset("00000-00000-00000-00000"), fault.SecondFactorFailed)
		}
		requireReason(t, reset(codes[0]), fault.SignInThrottled)
	})
}

func TestInvitationUnderThePolicyAddsAPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.addPasskey(w.ctx, t, authenticator.New(testOrigin), "")
		w.requirePolicy(t)
		bea := w.create(t, "bea@example.com", "")
		token := w.token(t, onetimetoken.PurposeInvitation, bea.GetId())
		accept := func(factor *catalogv1.SecondFactor) (*catalogv1.AcceptInvitationResponse, error) {
			return w.auth.AcceptInvitation(from(t.Context(), "192.0.2.1"), &catalogv1.AcceptInvitationRequest{
				Token: token, Password: goodPassword, SecondFactor: factor,
			})
		}
		_, err := accept(nil)
		device := authenticator.New(testOrigin)
		accepted, err := accept(withNewPasskey(device.Create(t, asked(t, err, "new_passkey_options"))))
		require.NoError(t, err)
		require.Len(t, accepted.GetRecoveryCodes(), 10)
		require.True(t, accepted.GetAdmin().GetSecondFactor())
	})
}

func TestChangePasswordKeepsTheSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		device := authenticator.New(testOrigin)
		added := w.addPasskey(w.ctx, t, device, "").GetPasskey()
		bea := w.create(t, "bea@example.com", goodPassword)
		beaSession := w.signIn(t, "bea@example.com", goodPassword)
		w.addPasskey(w.as(t, beaSession.GetAccessToken()), t, authenticator.New(testOrigin), "")

		changed, err := w.auth.ChangePassword(w.ctx, &catalogv1.ChangePasswordRequest{
			CurrentPassword: goodPassword, NewPassword: "another horse battery",
		})
		require.NoError(t, err)
		w.ctx = w.as(t, changed.GetAccessToken())
		_, err = w.auth.DeletePasskey(w.ctx, &catalogv1.DeletePasskeyRequest{Id: added.GetId()})
		require.NoError(t, err)
		_, err = w.auth.UpdateSecurityPolicy(w.as(t, beaSession.GetAccessToken()), &catalogv1.UpdateSecurityPolicyRequest{
			SecurityPolicy: &catalogv1.SecurityPolicy{RequireSecondFactor: true},
		})
		require.NoError(t, err)
		w.as(t, changed.GetAccessToken()) // it began with a second factor
		require.NotEmpty(t, bea.GetId())
	})
}
