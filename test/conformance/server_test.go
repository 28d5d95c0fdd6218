package conformance

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/rpc"
	conformancev1 "github.com/zebrands/catalog/test/conformance/gen/connectrpc/conformance/v1"
	"github.com/zebrands/catalog/test/conformance/gen/connectrpc/conformance/v1/conformancev1connect"
)

// maxRequestBytes is the limit of a request where the suite sets none: the default of the program.
const maxRequestBytes = 4 << 20

var errAuthenticated = errors.New("the suite has no tokens")

// serve is the server under test: it reads what it should support from standard input, and serves until it is told to
// stop.
func serve() error {
	var want conformancev1.ServerCompatRequest
	if err := readMessage(os.Stdin, &want); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	limit := maxRequestBytes
	if want.GetMessageReceiveLimit() > 0 {
		limit = int(want.GetMessageReceiveLimit())
	}
	server, err := newServer(limit)
	if err != nil {
		return err
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return net.InvalidAddrError(listener.Addr().String())
	}
	have := conformancev1.ServerCompatResponse{Host: "127.0.0.1", Port: uint32(address.Port)}
	if err := writeMessage(os.Stdout, &have); err != nil {
		return err
	}
	select {
	case err := <-serving:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// newServer returns a server with everything that stands between a socket and a service in the catalog.
func newServer(limit int) (*http.Server, error) {
	open, err := public()
	if err != nil {
		return nil, err
	}
	chain := rpc.Chain{
		Authenticate:    func(context.Context, string) (auth.Principal, error) { return auth.Principal{}, errAuthenticated },
		Streams:         &rpc.Streams{},
		SendTimeout:     time.Minute,
		MaxRequestBytes: limit,
	}
	options := append([]connect.HandlerOption{open, connect.WithInterceptors(detailed{})}, chain.HandlerOptions()...)
	path, handler := conformancev1connect.NewConformanceServiceHandler(service{}, options...)
	mux := http.NewServeMux()
	mux.Handle(path, rpc.Transport(limit, handler))
	mux.Handle("/", rpc.Transport(limit, rpc.NotFound()))
	observer := rpc.Observer{
		Log:     slog.New(slog.DiscardHandler),
		Timeout: time.Minute,
		Streams: rpc.StreamPaths([]string{conformancev1connect.ConformanceServiceName}),
	}
	server := &http.Server{
		Handler: observer.Wrap(mux), Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return server, nil
}

// public returns the option that lets everybody call the suite's methods: its contract does not have our access option,
// and a method without it is refused.
func public() (connect.HandlerOption, error) {
	file := protodesc.ToFileDescriptorProto(conformancev1.File_connectrpc_conformance_v1_service_proto)
	for _, m := range file.GetService()[0].GetMethod() {
		options := &descriptorpb.MethodOptions{IdempotencyLevel: m.GetOptions().GetIdempotencyLevel().Enum()}
		proto.SetExtension(options, catalogv1.E_Access, catalogv1.Access_ACCESS_PUBLIC)
		m.Options = options
	}
	open, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return nil, err
	}
	methods := open.Services().Get(0).Methods()
	return connect.WithConditionalHandlerOptions(func(spec connect.Spec) []connect.HandlerOption {
		name := spec.Procedure[strings.LastIndexByte(spec.Procedure, '/')+1:]
		return []connect.HandlerOption{connect.WithSchema(methods.ByName(protoreflect.Name(name)))}
	}), nil
}

// readMessage reads a message behind its size.
func readMessage(from io.Reader, m proto.Message) error {
	var size uint32
	if err := binary.Read(from, binary.BigEndian, &size); err != nil {
		return fmt.Errorf("read size: %w", err)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(from, raw); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	return proto.Unmarshal(raw, m)
}

func writeMessage(to io.Writer, m proto.Message) error {
	raw, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	_, err = to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(raw))), raw...))
	return err
}
