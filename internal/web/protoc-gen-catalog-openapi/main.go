// Command protoc-gen-catalog-openapi is a buf plugin that generates the OpenAPI 3.1 document. It runs
// protoc-gen-connect-openapi and post-processes its output: it adds the required access, examples and the
// server, and removes parameters that the server does not require.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// options of protoc-gen-connect-openapi.
const options = "path=openapi.json,format=json,allow-get,short-service-tags,short-operation-ids," +
	"with-google-error-detail,trim-unused-types"

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "protoc-gen-catalog-openapi:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	raw, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	var request pluginpb.CodeGeneratorRequest
	if err := proto.Unmarshal(raw, &request); err != nil {
		return err
	}
	removeStreams(&request)
	response, err := generate(ctx, &request)
	if err != nil {
		return err
	}
	for _, file := range response.GetFile() {
		completed, err := complete([]byte(file.GetContent()), methodsOf(&request))
		if err != nil {
			return fmt.Errorf("%s: %w", file.GetName(), err)
		}
		file.Content = new(string(completed))
	}
	if raw, err = proto.Marshal(response); err != nil {
		return err
	}
	_, err = stdout.Write(raw)
	return err
}

// removeStreams removes streaming methods: OpenAPI cannot describe their messages, which have a binary prefix each.
func removeStreams(request *pluginpb.CodeGeneratorRequest) {
	for _, file := range request.GetProtoFile() {
		for _, service := range file.GetService() {
			service.Method = slices.DeleteFunc(service.GetMethod(), func(m *descriptorpb.MethodDescriptorProto) bool {
				return m.GetClientStreaming() || m.GetServerStreaming()
			})
		}
	}
}

// generate runs protoc-gen-connect-openapi on the request.
func generate(ctx context.Context, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	request.Parameter = new(options)
	raw, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=tools/go.mod", "protoc-gen-connect-openapi")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(raw), &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("protoc-gen-connect-openapi: %w", err)
	}
	response := &pluginpb.CodeGeneratorResponse{}
	return response, proto.Unmarshal(out.Bytes(), response)
}
