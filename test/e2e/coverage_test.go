package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// elsewhere lists reasons that no case of the corpus can bring about, and where they are tested.
var elsewhere = map[string]string{
	"INTERNAL":             "internal/rpc: no request may cause one",
	"ACCESS_UNDEFINED":     "internal/rpc: the contract gives every method an access",
	"REQUEST_CANCELED":     "internal/rpc: nobody is there to read it",
	"DEADLINE_EXCEEDED":    "TestDeadline",
	"DATABASE_UNAVAILABLE": "internal/rpc",
	"RATE_LIMITED":         "internal/product: it takes many callers at the same time",
	"RESPONSE_TOO_LARGE":   "internal/rpc",
	"SERVER_OVERLOADED":    "internal/rpc, and TestFloodsByStrangersTakeLittleMemory",
	"SHUTTING_DOWN":        "internal/app",
	"STORAGE_FULL":         "internal/app",
	"STORAGE_DAMAGED":      "internal/app",
	"SERVICE_NOT_SERVED":   "internal/app: the load balancer sends calls to who has the role",
	"CONCURRENT_CHANGE":    "internal/db: the database decides when",
	"TOO_MANY_STREAMS":     "internal/product: a case holds no stream open",
	"TOKEN_EXPIRED":        "TestTokensThatAreNotOurs",

	"SECOND_FACTOR_REQUIRED": "TestPasskeys: a case has no authenticator",
	"PASSKEY_INVALID":        "TestPasskeys: a case has no authenticator",
	"PASSKEY_LIMIT":          "internal/admin: a case has no authenticator",
}

// withAuthenticator lists RPCs that no case of the corpus can bring to succeed, because a case has no authenticator, and
// where they are tested.
var withAuthenticator = map[string]string{
	"AuthService/CreatePasskeyChallenge": "TestPasskeys",
	"AuthService/CreatePasskey":          "TestPasskeys",
	"AuthService/DeletePasskey":          "TestPasskeys",
	"AuthService/CreateRecoveryCodes":    "TestPasskeys",
}

// services returns every service of the contract.
func services() []protoreflect.ServiceDescriptor {
	var found []protoreflect.ServiceDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage("catalog.v1", func(fd protoreflect.FileDescriptor) bool {
		for i := range fd.Services().Len() {
			found = append(found, fd.Services().Get(i))
		}
		return true
	})
	return found
}

// methods returns every RPC of the contract by the name that the corpus gives it.
func methods() map[string]protoreflect.MethodDescriptor {
	found := map[string]protoreflect.MethodDescriptor{}
	for _, service := range services() {
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			found[string(service.Name())+"/"+string(m.Name())] = m
		}
	}
	return found
}

// TestCorpusCoversContract fails if an RPC has no case in which it succeeds, or a reason, be it of an
// error or of a field, no case in which it is the answer.
func TestCorpusCoversContract(t *testing.T) {
	succeeds := map[string]bool{}
	answered := map[string]bool{}
	blamed := map[string]bool{}
	for _, f := range loadCorpus(t) {
		for i := range f.Cases {
			for _, s := range f.Cases[i].Steps {
				switch {
				case s.Error != nil:
					answered[s.Error.Reason] = true
					for _, reason := range s.Error.Violations {
						blamed[reason] = true
					}
				case s.Raw != nil:
					answered[s.Raw.ResponseText] = true
				default:
					succeeds[s.RPC] = true
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(methods())) {
		if _, ok := withAuthenticator[name]; !ok {
			require.True(t, succeeds[name], "no case in which %s succeeds", name)
		}
	}
	for _, reason := range constants(t, "../../internal/fault/fieldreasons.go") {
		require.True(t, blamed[reason], "no case with a field that is %s", reason)
	}
	for _, reason := range constants(t, "../../internal/fault/reasons.go") {
		if _, ok := elsewhere[reason]; !ok {
			require.True(t, answered[reason], "no case with reason %s", reason)
		}
	}
}

// constants returns every text in capitals that a file declares as a constant.
func constants(t *testing.T, path string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	require.NoError(t, err)
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
				reason, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				if reason == strings.ToUpper(reason) {
					found = append(found, reason)
				}
			}
		}
		return true
	})
	require.NotEmpty(t, found)
	return found
}
