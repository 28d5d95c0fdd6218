package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/zebrands/catalog/ent/securityevent"
	"github.com/zebrands/catalog/test/authenticator"
	"github.com/zebrands/catalog/test/dbtest"
)

const passkeyOrigin = "http://localhost:8080"

// errorInfo returns the reason and the metadata of an error.
func errorInfo(t *testing.T, err error) (reason string, metadata map[string]string) {
	t.Helper()
	var answer *connect.Error
	require.ErrorAs(t, err, &answer)
	for _, detail := range answer.Details() {
		value, err := detail.Value()
		require.NoError(t, err)
		if info, ok := value.(*errdetails.ErrorInfo); ok {
			return info.GetReason(), info.GetMetadata()
		}
	}
	require.FailNow(t, "no ErrorInfo")
	return "", nil
}

// credentials is a request of SignIn. factor may be nil.
func credentials(a account, factor object) object {
	request := object{"email": a.email, "password": a.password}
	if factor != nil {
		request["secondFactor"] = factor
	}
	return request
}

// TestPasskeys is a person's way with passkeys, through the front door.
func TestPasskeys(t *testing.T) {
	for _, dialect := range dbtest.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := newServer(t, dialect, 2, "CATALOG_PUBLIC_URL="+passkeyOrigin)
			device := authenticator.New(passkeyOrigin)
			options := s.must(t, "admin", "AuthService/CreatePasskeyChallenge", object{"purpose": "PURPOSE_CREATE"})["options"]
			request := object{"name": "laptop", "credential": device.Create(t, options.(string))}
			added := s.must(t, "admin", "AuthService/CreatePasskey", request)
			codes := added["recoveryCodes"].([]any)
			require.Len(t, codes, 10)
			_, err := s.do(t, protocols()[0], "admin", "AuthService/CreatePasskey", request)
			reason, _ := errorInfo(t, err)
			require.Equal(t, "PASSKEY_INVALID", reason)

			for _, p := range protocols() { // gRPC has the options in a trailer
				_, err := s.do(t, p, "", "AuthService/SignIn", credentials(accounts[0], nil))
				reason, metadata := errorInfo(t, err)
				require.Equal(t, "SECOND_FACTOR_REQUIRED", reason)
				factor := object{"passkey": device.Get(t, metadata["passkey_options"])}
				_, err = s.do(t, p, "", "AuthService/SignIn", credentials(accounts[0], factor))
				require.NoError(t, err, p.name)
				_, err = s.do(t, p, "", "AuthService/SignIn", credentials(accounts[0], factor))
				reason, _ = errorInfo(t, err)
				require.Equal(t, "SECOND_FACTOR_FAILED", reason, "a replay")
			}
			t.Run("race for a recovery code", func(t *testing.T) {
				counts := race(func(int) error {
					_, err := s.do(t, protocols()[0], "", "AuthService/SignIn", credentials(accounts[0], object{"recoveryCode": codes[0]}))
					return err
				})
				require.Equal(t, map[connect.Code]int{0: 1, connect.CodeUnauthenticated: racers - 1}, counts)
			})
			signInAs(t, s, device)
			require.Len(t, s.must(t, "admin", "AuthService/CreateRecoveryCodes", nil)["recoveryCodes"], 10)
			t.Run("policy", func(t *testing.T) { requirePasskeys(t, s) })
			t.Run("commands", func(t *testing.T) { removePasskeys(t, s) })
			signInAs(t, s, device)
			s.must(t, "admin", "AuthService/DeletePasskey", object{"id": added["passkey"].(object)["id"]})
		})
	}
}

// requirePasskeys requires passkeys of everybody, so that the second account adds one while it signs in.
func requirePasskeys(t *testing.T, s *server) {
	t.Helper()
	s.token(t, "second")
	s.must(t, "admin", "AuthService/UpdateSecurityPolicy", object{"securityPolicy": object{"requireSecondFactor": true}})
	_, err := s.do(t, protocols()[0], "second", "AuthService/GetCurrentAdmin", nil)
	reason, _ := errorInfo(t, err)
	require.Equal(t, "SESSION_ENDED", reason)

	_, err = s.do(t, protocols()[0], "", "AuthService/SignIn", credentials(accounts[1], nil))
	_, metadata := errorInfo(t, err)
	credential := authenticator.New(passkeyOrigin).Create(t, metadata["new_passkey_options"])
	signedIn := s.must(t, "", "AuthService/SignIn",
		credentials(accounts[1], object{"newPasskey": object{"name": "phone", "credential": credential}}))
	require.Len(t, signedIn["recoveryCodes"].([]any), 10)
	require.Equal(t, true, signedIn["admin"].(object)["secondFactor"])
	s.tokens["second"] = signedIn["accessToken"].(string)
}

// removePasskeys helps the second account, who lost everything. A command that signs in says what it needs.
func removePasskeys(t *testing.T, s *server) {
	t.Helper()
	lost := accounts[1]
	export := s.process.Command(t.Context(), "export", "--server", s.base, "--email", lost.email, "--password-stdin")
	output, err := runWithPassword(export, lost.password)
	require.Error(t, err)
	require.Contains(t, output, "use an API key")

	output, err = runWithPassword(s.process.Command(t.Context(), "admin", "remove-passkeys", "nobody@example.com"), "")
	require.Error(t, err)
	require.Contains(t, output, "There is no such administrator")
	output, err = runWithPassword(s.process.Command(t.Context(), "admin", "remove-passkeys", lost.email), "")
	require.NoError(t, err, output)
	require.Contains(t, output, "1 passkeys removed")

	_, err = s.do(t, protocols()[0], "", "AuthService/SignIn", credentials(lost, nil))
	_, metadata := errorInfo(t, err)
	require.Contains(t, metadata, "new_passkey_options")

	d := dbtest.Open(t, s.database)
	event, err := d.Reader().SecurityEvent.Query().Where(securityevent.Type("passkey_deleted")).Only(t.Context())
	require.NoError(t, err)
	require.Equal(t, "operator", event.ActorName)
	require.Nil(t, event.ActorID)
}

func runWithPassword(cmd *exec.Cmd, password string) (string, error) {
	cmd.Stdin = strings.NewReader(password + "\n")
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// signInAs signs the first account in with a passkey, for the calls that follow.
func signInAs(t *testing.T, s *server, device *authenticator.Authenticator) {
	t.Helper()
	_, err := s.do(t, protocols()[0], "", "AuthService/SignIn", credentials(accounts[0], nil))
	_, metadata := errorInfo(t, err)
	factor := object{"passkey": device.Get(t, metadata["passkey_options"])}
	s.tokens["admin"] = s.must(t, "", "AuthService/SignIn", credentials(accounts[0], factor))["accessToken"].(string)
}
