package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// file is one file of the corpus.
type file struct {
	Cases []testCase `yaml:"cases"`
}

// testCase is a sequence of steps. Its texts may hold variables:
//
//	${unique}        a word of this run of the case alone
//	${uuid}          a UUID of this run of the case alone
//	${name}          what an earlier step saved
//	${repeat x 200}  200 times x
type testCase struct {
	Name string `yaml:"name"`
	// Fresh gives the case a server of its own; other cases of a database share one. Such a case runs
	// over one protocol only.
	Fresh *freshServer `yaml:"fresh"`
	// Binary leaves out the protocols with JSON, which cannot say what the case says: a field mask of "*".
	Binary bool   `yaml:"binary"`
	Steps  []step `yaml:"steps"`
}

// freshServer says what a server of a case's own starts with.
type freshServer struct {
	Admins int      `yaml:"admins"`
	Env    []string `yaml:"env"`
}

// step does one of three things: it calls an RPC, sends an HTTP request as it stands, or reads a mail
// from the local mailbox.
type step struct {
	RPC  string `yaml:"rpc"`
	Raw  *raw   `yaml:"raw"`
	Mail *mail  `yaml:"mail"`

	// As is the role of the caller: empty for anonymous, "admin", "second", or "stale" for the second one an hour after
	// they signed in.
	As string `yaml:"as"`
	// Token is an access token to call with instead.
	Token   string            `yaml:"token"`
	Headers map[string]string `yaml:"headers"`
	Request any               `yaml:"request"`
	// Receive is the number of responses to take of a stream before the client leaves it: at least 1. The answer holds
	// them in "responses".
	Receive int `yaml:"receive"`

	// Response must be part of the answer: see match.
	Response any `yaml:"response"`
	// Error must be the answer, if set; otherwise the call must succeed.
	Error *wantError `yaml:"error"`
	// Save keeps values of the answer by their path, such as "products.0.id".
	Save map[string]string `yaml:"save"`
	// Repeat is how often the step is done; the answer to the last is what counts.
	Repeat int `yaml:"repeat"`
	// Eventually repeats the step until the answer is as it must be.
	Eventually bool `yaml:"eventually"`
}

// raw is an HTTP request that no client of ours would send, and what comes back.
type raw struct {
	Method  string            `yaml:"method"`
	Path    string            `yaml:"path"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	// Base64 is the body instead, for what is not text.
	Base64 string `yaml:"base64"`
	// Gzip compresses the body.
	Gzip bool `yaml:"gzip"`

	// Status is the HTTP status that must come back; 0 means 200.
	Status          int               `yaml:"status"`
	ResponseHeaders map[string]string `yaml:"response_headers"`
	// ResponseText must be part of the body.
	ResponseText string `yaml:"response_text"`
}

// mail is a mail in the local mailbox.
type mail struct {
	To string `yaml:"to"`
	// Contains are texts of which the mail must hold each, in its subject or its text.
	Contains []string `yaml:"contains"`
	// Without are texts of which it must hold none.
	Without []string `yaml:"without"`
	// Save keeps the first group of a regular expression in the mail's text.
	Save map[string]string `yaml:"save"`
}

// wantError is what an error must look like.
type wantError struct {
	Code   string `yaml:"code"`
	Reason string `yaml:"reason"`
	// Fields are all the fields to blame; if not set, any may be.
	Fields []string `yaml:"fields"`
	// Violations are the same with the reason of each.
	Violations map[string]string `yaml:"violations"`
	// Message is a part of the message.
	Message string `yaml:"message"`
	// Metadata is a part of the ErrorInfo's metadata.
	Metadata map[string]string `yaml:"metadata"`
	// Retry says that the error must tell how long to wait.
	Retry bool `yaml:"retry"`
}

// loadCorpus returns the files of the corpus by name.
func loadCorpus(t *testing.T) map[string]file {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	corpus := map[string]file{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		f, err := parseFile(content)
		require.NoError(t, err, path)
		corpus[strings.TrimSuffix(filepath.Base(path), ".yaml")] = f
	}
	return corpus
}

func parseFile(content []byte) (file, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var f file
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return f, err
	}
	for _, c := range f.Cases {
		for i := range c.Steps {
			if err := c.Steps[i].check(); err != nil {
				return f, fmt.Errorf("%s, step %d: %w", c.Name, i+1, err)
			}
		}
	}
	return f, nil
}

func (s *step) check() error {
	kinds := 0
	for _, set := range []bool{s.RPC != "", s.Raw != nil, s.Mail != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return errors.New("must have one of rpc, raw and mail")
	case s.Error != nil && s.Response != nil:
		return errors.New("cannot want both an error and a response")
	case s.RPC != "":
		method, err := methodNamed(s.RPC)
		if err == nil && s.Receive != 0 && !method.IsStreamingServer() {
			return errors.New("receive is for streams")
		}
		return err
	}
	return nil
}

// onlyRaw reports whether the case depends on no protocol.
func (c *testCase) onlyRaw() bool {
	for i := range c.Steps {
		if c.Steps[i].RPC != "" {
			return false
		}
	}
	return true
}
