package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/zebrands/catalog/ent"
	"github.com/zebrands/catalog/internal/admin"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/db"
)

// Who signs in to the measured catalog.
const (
	adminEmail    = "bench@example.com"
	adminPassword = "correct horse battery staple"
)

// serverVariable makes this program a server to be measured: "floor", or the catalog on the database
// with this URL. It is a process of its own so that its processor time and allocations are its own.
const serverVariable = "BENCH_SERVER"

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

// startServer starts a server: "floor", or a database's URL.
func startServer(ctx context.Context, what, dataDir string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Dir = dataDir
	cmd.Env = append(os.Environ(), serverVariable+"="+what)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", what, err)
	}
	srv := &server{client: newHTTP1(), process: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", what, err), srv.stop())
	}
	var at addresses
	if err := json.Unmarshal(line, &at); err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start: %w", what, err), srv.stop())
	}
	srv.url, srv.side = at.URL, at.Side
	return srv, nil
}

// stop ends the server, which goes when its standard input does.
func (s *server) stop() error {
	if err := errors.Join(s.stdin.Close(), s.process.Wait()); err != nil {
		return fmt.Errorf("stop server: %w", err)
	}
	return nil
}

// usage asks the server what it has used so far.
func (s *server) usage(ctx context.Context) (usage, error) {
	var u usage
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.side+"/usage", http.NoBody)
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
func serve(what string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent, whatever the error
		cancel()
	}()
	if what == "floor" {
		return serveFloor(ctx)
	}
	return serveCatalog(ctx, what)
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
func serveCatalog(ctx context.Context, databaseURL string) error {
	var cfg config.Config
	parser, err := kong.New(&cfg)
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	args := []string{"--addr=localhost:0", "--data-dir=.", "--database-url=" + databaseURL, "--log-level=error"}
	if _, err := parser.Parse(args); err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	a, err := app.New(ctx, cfg, log, io.Discard)
	if err != nil {
		return fmt.Errorf("open the catalog: %w", err)
	}
	plain, err := db.Open(ctx, databaseURL, log)
	if err != nil {
		return errors.Join(fmt.Errorf("open the database: %w", err), a.Close())
	}
	if _, err := admin.CreateWithPassword(ctx, plain, adminEmail, "Bench", adminPassword); err != nil {
		return errors.Join(fmt.Errorf("create administrator: %w", err), a.Close())
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
	line, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("print addresses: %w", err)
	}
	if _, err := os.Stdout.WriteString(strings.TrimSpace(string(line)) + "\n"); err != nil {
		return fmt.Errorf("print addresses: %w", err)
	}
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
