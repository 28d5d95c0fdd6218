package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/telemetry"
)

// serverVariable makes this program a server to be measured: the floor if its only argument says so, or
// else the catalog with the flags of serve. It is a process of its own so that its processor time and
// allocations are its own.
const serverVariable = "BENCH_SERVER"

const floorArgument = "floor"

// server is a running server, seen from outside.
type server struct {
	// url is where it answers; side is where it says what it used.
	url, side string
	client    *http.Client
	process   *exec.Cmd
	stdin     io.Closer
}

// addresses is what a server prints once it is ready.
type addresses struct {
	URL  string `json:"url"`
	Side string `json:"side"`
}

// startServer starts a server in a folder of its own, until the benchmark ends.
func (b *bench) startServer(ctx context.Context, args ...string) (*server, error) {
	dir, err := os.MkdirTemp(b.folder, "server-")
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), serverVariable+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	srv := &server{client: newHTTP1(), process: cmd, stdin: stdin}
	b.onClose(srv.stop)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("a server with %q did not start: %w", args, err)
	}
	var at addresses
	if err := json.Unmarshal(line, &at); err != nil {
		return nil, fmt.Errorf("a server with %q did not start: %w", args, err)
	}
	srv.url, srv.side = at.URL, at.Side
	return srv, nil
}

// startCatalog starts the catalog on a database.
func (b *bench) startCatalog(ctx context.Context, databaseURL string, flags ...string) (*server, error) {
	return b.startServer(ctx, append(flags, "--addr=localhost:0", "--data-dir=.", "--log-level=error",
		"--database-url="+databaseURL)...)
}

// stop ends the server, which goes when its standard input does.
func (s *server) stop() error {
	if err := errors.Join(s.stdin.Close(), s.process.Wait()); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

// usage asks the server what it has used so far.
func (s *server) usage(ctx context.Context) (usage, error) { return s.askUsage(ctx, "/usage") }

// memory asks the server how much memory it uses after a garbage collection, in bytes.
func (s *server) memory(ctx context.Context) (uint64, error) {
	u, err := s.askUsage(ctx, "/usage?"+collectParameter)
	return u.Memory, err
}

func (s *server) askUsage(ctx context.Context, path string) (usage, error) {
	var u usage
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.side+path, http.NoBody)
	if err != nil {
		return u, fmt.Errorf("usage: %w", err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return u, fmt.Errorf("usage: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&u); err != nil {
		return u, fmt.Errorf("usage: %w", err)
	}
	return u, nil
}

// serve is the server process. It prints where it is and runs until its standard input ends.
func serve(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent, whatever the error
		cancel()
	}()
	if slices.Equal(args, []string{floorArgument}) {
		return serveFloor(ctx)
	}
	return serveCatalog(ctx, args)
}

func serveFloor(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	handler := http.NewServeMux()
	handler.Handle("/", newFloor())
	handler.HandleFunc("/usage", serveUsage)
	s := &http.Server{Handler: handler, Protocols: new(http.Protocols), ReadHeaderTimeout: requestTimeout}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	url := "http://" + listener.Addr().String()
	return serveUntil(ctx, s, listener, addresses{URL: url, Side: url})
}

// serveCatalog serves the whole catalog. Beside it, at another port, are what it used and an update
// without hook, history and job, to compare with.
func serveCatalog(ctx context.Context, args []string) error {
	var cfg config.Config
	parser, err := kong.New(&cfg)
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	if _, err := parser.Parse(args); err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	log := telemetry.NewLogger(os.Stderr, cfg.LogLevel, false)
	a, err := app.New(ctx, cfg, log, io.Discard)
	if err != nil {
		return fmt.Errorf("open the catalog: %w", err)
	}
	plain, err := db.Open(ctx, cfg.URL(), log)
	if err != nil {
		return errors.Join(fmt.Errorf("open the database: %w", err), a.Close())
	}
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	side := http.NewServeMux()
	side.HandleFunc("/usage", serveUsage)
	side.HandleFunc("/debug/pprof/profile", pprof.Profile)
	side.HandleFunc("/update", func(w http.ResponseWriter, r *http.Request) { serveUpdate(w, r, plain) })
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s := &http.Server{Handler: side, ReadHeaderTimeout: requestTimeout}
	at := addresses{URL: a.URL(), Side: "http://" + listener.Addr().String()}
	return errors.Join(serveUntil(ctx, s, listener, at), <-ran, a.Close(), plain.Close())
}

// serveUpdate changes one column of one row in a transaction.
func serveUpdate(w http.ResponseWriter, r *http.Request, d *db.DB) {
	id, err := uuid.Parse(r.FormValue("id"))
	if err == nil {
		err = d.InTx(r.Context(), func(ctx context.Context, tx *ent.Tx) error {
			return tx.Product.UpdateOneID(id).AddPriceMinor(1).AddVersion(1).Exec(ctx)
		})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// serveUntil prints where the server is and serves until ctx is done.
func serveUntil(ctx context.Context, s *http.Server, listener net.Listener, at addresses) error {
	go func() {
		<-ctx.Done()
		_ = s.Close() // Serve returns either way
	}()
	if err := json.NewEncoder(os.Stdout).Encode(at); err != nil {
		return fmt.Errorf("print addresses: %w", err)
	}
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
