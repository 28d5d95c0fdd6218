package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
	"github.com/zebrands/catalog/test/dbtest"
	"github.com/zebrands/catalog/test/fleet"
	"github.com/zebrands/catalog/test/logs"
)

const (
	replicas = 3
	// drainDelay is longer than nginx keeps an idle connection to a replica.
	drainDelay = 3 * time.Second
	// requestTimeout is how long the servers let a request take.
	requestTimeout = 20 * time.Second
	// patience bounds what the drill waits for: a start, a stop, a recovery.
	patience = 2 * time.Minute
	password = "correct horse battery staple"
)

// drill is a fleet, and who uses it.
type drill struct {
	plan

	out     io.Writer
	dir     string
	program string
	cluster *dbtest.Cluster
	// proxy is the way of the last replica to PostgreSQL.
	proxy    *dbtest.Proxy
	mailgun  *fleet.Mailgun
	nginx    *fleet.Nginx
	replicas []*fleet.Process
	// writers change products of their own, the clock changes one that everybody looks at, and the auditor
	// changes nothing. Each hears of what the others do.
	writers        []*person
	clock, auditor *person
	// jobs asks the queue itself, which the API does not show.
	jobs *sql.DB
}

// person is an administrator.
type person struct{ id, name, email string }

func start(ctx context.Context, p plan, out io.Writer) (*drill, error) {
	d := &drill{plan: p, out: out}
	for _, step := range []func(context.Context) error{
		d.build, d.startDatabase, d.startReplicas, d.startNginx, d.createPeople,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, d.stop(context.WithoutCancel(ctx)))
		}
	}
	return d, nil
}

func (d *drill) build(ctx context.Context) error {
	var err error
	if d.dir, err = os.MkdirTemp("", "catalog-drill-"); err != nil {
		return err
	}
	d.program, err = fleet.Build(ctx, d.dir)
	return err
}

func (d *drill) startDatabase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	// What was committed must be there after a crash, as in production.
	if d.cluster, err = dbtest.StartCluster(ctx, "synchronous_commit=on"); err != nil {
		return err
	}
	if d.proxy, err = dbtest.StartProxy(ctx, d.cluster.URL); err != nil {
		return err
	}
	if d.jobs, err = sql.Open("postgres", d.cluster.URL); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	d.mailgun, err = fleet.StartMailgun(true)
	return err
}

func (d *drill) startReplicas(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i := range replicas {
		dir := filepath.Join(d.dir, fmt.Sprint("replica-", i+1))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		database := d.cluster.URL
		if i == replicas-1 {
			database = d.proxy.URL
		}
		env := append([]string{
			"CATALOG_DATABASE_URL=" + database,
			"CATALOG_PUBLIC_URL=http://catalog.example.com",
			"CATALOG_TRUSTED_PROXIES=127.0.0.0/8",
			"CATALOG_NOTIFY_WINDOW=100ms",
			"CATALOG_DRAIN_DELAY=" + drainDelay.String(),
			"CATALOG_REQUEST_TIMEOUT=" + requestTimeout.String(),
			"CATALOG_LOG_LEVEL=warn",
		}, d.mailgun.Env()...)
		replica, err := fleet.NewProcess(ctx, d.program, dir, env...)
		if err != nil {
			return err
		}
		d.replicas = append(d.replicas, replica)
		if err := replica.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *drill) startNginx(ctx context.Context) error {
	dir := filepath.Join(d.dir, "nginx")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	d.nginx, err = fleet.StartNginx(ctx, dir, fleet.To(d.replicas...)...)
	return err
}

func (d *drill) createPeople(ctx context.Context) error {
	people := make([]*person, 0, 5)
	for _, name := range []string{"Ana", "Ben", "Cleo", "Dora", "Eve"} {
		p := &person{name: name, email: strings.ToLower(name) + "@example.com"}
		cmd := d.replicas[0].Command(ctx, "admin", "create", "--email", p.email, "--name", name, "--password-stdin")
		cmd.Stdin = strings.NewReader(password + "\n")
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("create %s: %w: %s", name, err, output)
		}
		people = append(people, p)
	}
	d.writers, d.clock, d.auditor = people[:3], people[3], people[4]
	return nil
}

func (d *drill) people() []*person {
	return append(slices.Clip(d.writers), d.clock, d.auditor)
}

// stop ends everything, and writes the logs.
func (d *drill) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var errs []error
	if d.proxy != nil {
		d.proxy.Heal()
	}
	for i, replica := range d.replicas {
		errs = append(errs, replica.Stop(ctx))
		for _, sign := range []string{"DATA RACE", "panic:"} {
			if strings.Contains(replica.Log.String(), sign) {
				errs = append(errs, fmt.Errorf("the log of replica %d says %q", i+1, sign))
			}
		}
	}
	if d.nginx != nil {
		errs = append(errs, d.nginx.Stop(ctx))
	}
	if d.mailgun != nil {
		d.mailgun.Stop()
	}
	if d.jobs != nil {
		errs = append(errs, d.jobs.Close())
	}
	if d.proxy != nil {
		d.proxy.Close()
	}
	if d.cluster != nil {
		errs = append(errs, d.cluster.Stop())
	}
	errs = append(errs, d.writeLogs(), os.RemoveAll(d.dir))
	return errors.Join(errs...)
}

func (d *drill) writeLogs() error {
	if d.logs == "" {
		return nil
	}
	if err := os.MkdirAll(d.logs, 0o755); err != nil {
		return err
	}
	logs := map[string]*logs.Log{}
	for i, replica := range d.replicas {
		logs[fmt.Sprintf("replica-%d.log", i+1)] = replica.Log
	}
	if d.nginx != nil {
		logs["nginx.log"] = d.nginx.Log
	}
	for name, log := range logs {
		if err := os.WriteFile(filepath.Join(d.logs, name), []byte(log.String()), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// sayf prints a line about what happens just now.
func (d *drill) sayf(format string, args ...any) {
	fmt.Fprintf(d.out, "%s  %s\n", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}

// api is a way to call the catalog.
type api struct {
	via           string
	products      catalogv1connect.ProductServiceClient
	auth          catalogv1connect.AuthServiceClient
	notifications catalogv1connect.NotificationServiceClient
	tracking      catalogv1connect.TrackingServiceClient
}

func newAPI(via string, client connect.HTTPClient, url string, options ...connect.ClientOption) api {
	return api{
		via:           via,
		products:      catalogv1connect.NewProductServiceClient(client, url, options...),
		auth:          catalogv1connect.NewAuthServiceClient(client, url, options...),
		notifications: catalogv1connect.NewNotificationServiceClient(client, url, options...),
		tracking:      catalogv1connect.NewTrackingServiceClient(client, url, options...),
	}
}

// The ways to call nginx. Callers who do not keep their connections are not touched by a reload of nginx,
// which ends idle ones.
type ways struct{ json, get, grpc api }

func (d *drill) ways(token string, keep bool) ways {
	client := func(h2c bool) connect.HTTPClient {
		transport := &http.Transport{DisableKeepAlives: !keep, MaxIdleConnsPerHost: 100, Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(!h2c)
		transport.Protocols.SetUnencryptedHTTP2(h2c)
		return &caller{http: &http.Client{Transport: transport}, token: token}
	}
	return ways{
		json: newAPI("JSON", client(false), d.nginx.URL, connect.WithProtoJSON()),
		get:  newAPI("GET", client(false), d.nginx.URL, connect.WithProtoJSON(), connect.WithHTTPGet()),
		grpc: newAPI("gRPC", client(true), d.nginx.H2CURL, connect.WithGRPC()),
	}
}

// direct is a way to call one replica, past nginx, with a token or as nobody.
func (d *drill) direct(replica int, token string) api {
	client := &caller{http: &http.Client{Transport: &http.Transport{}}, token: token}
	return newAPI(fmt.Sprint("replica ", replica+1), client, d.replicas[replica].URL, connect.WithProtoJSON())
}

// caller sends requests as nobody, or with a token.
type caller struct {
	http  *http.Client
	token string
}

// Do sends a request.
func (c *caller) Do(req *http.Request) (*http.Response, error) {
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.http.Do(req)
}

// signIn returns an access token of a person.
func (d *drill) signIn(ctx context.Context, p *person) (string, error) {
	res, err := d.ways("", true).json.auth.SignIn(ctx, &catalogv1.SignInRequest{Email: p.email, Password: password})
	if err != nil {
		return "", fmt.Errorf("sign in as %s: %w", p.name, err)
	}
	p.id = res.GetAdmin().GetId()
	return res.GetAccessToken(), nil
}
