package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/wait"
)

var (
	http1 = newHTTPClient(false)
	http2 = newHTTPClient(true)
	// http1JSON is for RPCs in JSON.
	http1JSON = &http.Client{Transport: documented{http1.Transport}}
)

// newHTTPClient returns a client that speaks either HTTP/1.1 or HTTP/2 without TLS.
func newHTTPClient(h2c bool) *http.Client {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(!h2c)
	protocols.SetUnencryptedHTTP2(h2c)
	return &http.Client{Transport: &http.Transport{Protocols: protocols, DisableCompression: true}}
}

// protocol is one way to call RPCs.
type protocol struct {
	name    string
	http    *http.Client
	json    bool
	options []connect.ClientOption
}

// protocols lists every way in which the corpus calls RPCs.
func protocols() []protocol {
	return []protocol{
		{"connect-json-http1", http1JSON, true, []connect.ClientOption{connect.WithProtoJSON()}},
		{"connect-get-http1", http1JSON, true, []connect.ClientOption{connect.WithHTTPGet(), connect.WithProtoJSON()}},
		{"connect-proto-http2", http2, false, nil},
		{"grpc-http2", http2, false, []connect.ClientOption{connect.WithGRPC()}},
		{"grpcweb-http1", http1, false, []connect.ClientOption{connect.WithGRPCWeb()}},
	}
}

// methodNamed returns the descriptor of an RPC, such as "ProductService/GetProduct".
func methodNamed(name string) (protoreflect.MethodDescriptor, error) {
	full := catalogv1.File_catalog_v1_product_proto.Package() + "." +
		protoreflect.FullName(strings.ReplaceAll(name, "/", "."))
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(full)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	method, ok := d.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is not an RPC", name)
	}
	return method, nil
}

// call calls an RPC with a request in JSON and returns the response in JSON; of a stream, the first one in "responses".
// The error is a *connect.Error unless the request does not fit the contract.
func (p protocol) call(
	ctx context.Context, on *server, rpc string, header http.Header, request []byte,
) ([]byte, error) {
	return p.receive(ctx, on, rpc, header, request, 1)
}

// receive is call for some responses of a stream.
func (p protocol) receive(
	ctx context.Context, on *server, rpc string, header http.Header, request []byte, count int,
) ([]byte, error) {
	method, err := methodNamed(rpc)
	if err != nil {
		return nil, err
	}
	message, err := parseRequest(method, request)
	if err != nil {
		return nil, fmt.Errorf("request of %s: %w", rpc, err)
	}
	options := append([]connect.ClientOption{
		connect.WithSchema(method),
		connect.WithIdempotency(idempotency(method)),
		connect.WithResponseInitializer(initialize),
	}, p.options...)
	base := on.base
	if p.http == http2 {
		base = on.h2c
	}
	url := base + "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
	client := connect.NewClient[dynamicpb.Message, dynamicpb.Message](p.http, url, options...)
	req := connect.NewRequest(message)
	maps.Copy(req.Header(), header)
	if method.IsStreamingServer() {
		return receiveFirst(ctx, client, req, count)
	}
	resp, err := client.CallUnary(ctx, req)
	if err != nil {
		return nil, err
	}
	return toJSON.Marshal(resp.Msg)
}

var toJSON = protojson.MarshalOptions{EmitDefaultValues: true}

// receiveFirst returns the first responses of a stream, which it leaves then.
func receiveFirst(
	ctx context.Context, client *connect.Client[dynamicpb.Message, dynamicpb.Message],
	req *connect.Request[dynamicpb.Message], receive int,
) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, wait.Patience)
	defer cancel()
	stream, err := client.CallServerStream(ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() {
		cancel() // otherwise Close waits for the end of the stream
		_ = stream.Close()
	}()
	responses := make([]json.RawMessage, 0, receive)
	for len(responses) < receive {
		if !stream.Receive() {
			return nil, stream.Err()
		}
		response, err := toJSON.Marshal(stream.Msg())
		if err != nil {
			return nil, err
		}
		responses = append(responses, response)
	}
	return json.Marshal(map[string]any{"responses": responses})
}

// parseRequest reads a request from JSON, in which a field mask may be "*".
func parseRequest(method protoreflect.MethodDescriptor, request []byte) (*dynamicpb.Message, error) {
	message := dynamicpb.NewMessage(method.Input())
	everything := []byte(`"updateMask":"*"`)
	rest := bytes.Replace(request, everything, []byte(`"updateMask":""`), 1)
	if err := protojson.Unmarshal(rest, message); err != nil {
		return nil, err
	}
	if mask := method.Input().Fields().ByName("update_mask"); mask != nil && bytes.Contains(request, everything) {
		all := &fieldmaskpb.FieldMask{Paths: []string{"*"}}
		message.Set(mask, protoreflect.ValueOfMessage(all.ProtoReflect()))
	}
	return message, nil
}

func initialize(spec connect.Spec, message any) error {
	method, isMethod := spec.Schema.(protoreflect.MethodDescriptor)
	dynamic, isDynamic := message.(*dynamicpb.Message)
	if !isMethod || !isDynamic {
		return fmt.Errorf("no schema for %T", message)
	}
	*dynamic = *dynamicpb.NewMessage(method.Output())
	return nil
}

func idempotency(method protoreflect.MethodDescriptor) connect.IdempotencyLevel {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	if ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return connect.IdempotencyNoSideEffects
	}
	return connect.IdempotencyUnknown
}

// do calls an RPC as one of accounts, or as nobody if role is empty, and returns the response.
func (s *server) do(t *testing.T, p protocol, role, rpc string, request any) (map[string]any, error) {
	t.Helper()
	header := http.Header{}
	if role != "" {
		header.Set("Authorization", "Bearer "+s.token(t, role))
	}
	if request == nil {
		request = object{}
	}
	body, err := json.Marshal(request)
	require.NoError(t, err)
	out, err := p.call(t.Context(), s, rpc, header, body)
	if err != nil {
		return nil, err
	}
	return decodeObject(t, out), nil
}

// must is do over Connect with JSON for calls that have to succeed.
func (s *server) must(t *testing.T, role, rpc string, request any) map[string]any {
	t.Helper()
	out, err := s.do(t, protocols()[0], role, rpc, request)
	require.NoError(t, err, rpc)
	return out
}

// token returns an access token of one of accounts, who signs in again before their last sign-in is too old for what
// they do. The role "stale" is the second account, an hour after they signed in.
func (s *server) token(t *testing.T, role string) string {
	t.Helper()
	if token, ok := s.tokens[role]; ok && !aging(t, token) {
		return token
	}
	if role == "stale" {
		s.tokens[role] = s.staleToken(t, accounts[1])
		return s.tokens[role]
	}
	for _, a := range accounts {
		if a.role == role {
			pair := s.must(t, "", "AuthService/SignIn", object{"email": a.email, "password": a.password})
			s.tokens[role], _ = pair["accessToken"].(string)
			return s.tokens[role]
		}
	}
	require.FailNow(t, "no such role", role)
	return ""
}

// aging reports whether an access token was issued long ago. If it was issued at sign-in, it is soon too old for methods
// with the option reauthentication.
func aging(t *testing.T, token string) bool {
	t.Helper()
	at := time.Unix(int64(claimsOf(t, token)["iat"].(float64)), 0)
	return time.Since(at) > auth.ReauthenticationLifetime/2
}

// claimsOf returns the claims of an access token.
func claimsOf(t *testing.T, token string) claims {
	t.Helper()
	content := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, content)
	require.NoError(t, err)
	return claims(content)
}

// staleToken returns an access token of somebody who signed in an hour ago.
func (s *server) staleToken(t *testing.T, a account) string {
	t.Helper()
	pair := s.must(t, "", "AuthService/SignIn", object{"email": a.email, "password": a.password})
	d := dbtest.Open(t, s.database)
	_, err := d.SQL().ExecContext(t.Context(), "UPDATE sessions SET auth_time = $1 WHERE id = $2",
		d.Now().Add(-time.Hour), uuid.MustParse(claimsOf(t, pair["accessToken"].(string))["sid"].(string)))
	require.NoError(t, err)
	pair = s.must(t, "", "AuthService/RefreshSession", object{"refreshToken": pair["refreshToken"]})
	return pair["accessToken"].(string)
}

type object = map[string]any

// decodeObject reads a JSON object. Numbers keep their text.
func decodeObject(t *testing.T, raw []byte) object {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var out object
	require.NoError(t, decoder.Decode(&out), "%s", raw)
	return out
}
