package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/zebrands/catalog/gen/catalog/v1/catalogv1connect"
)

// subject is a server to measure, with what is needed to call it.
type subject struct {
	name   string
	server *server
	// meters measure the server and, if it is a process of its own, its database.
	meters []meter
	// products acts for the administrator.
	products catalogv1connect.ProductServiceClient
}

// database is one of those that the catalog runs on.
type database struct{ name, key string }

// databases lists them in the order of the tables.
func databases() []database { return []database{{"SQLite", "sqlite"}, {"PostgreSQL", "postgres"}} }

// create returns the URL of an empty database, which is gone when the benchmark ends.
func (d database) create(ctx context.Context, b *bench, suffix string) (string, error) {
	if d.key == "sqlite" {
		return "sqlite:" + b.folder + "/" + suffix + ".db", nil
	}
	return b.createDatabase(ctx, suffix)
}

// subject starts a catalog on a database that has an administrator.
func (d database) subject(ctx context.Context, b *bench, databaseURL string, flags ...string) (*subject, error) {
	srv, err := b.startCatalog(ctx, databaseURL, flags...)
	if err != nil {
		return nil, err
	}
	s := &subject{name: d.name, server: srv, meters: []meter{srv.usage}}
	if d.key == "postgres" {
		process, err := postgresProcess(ctx)
		if err != nil {
			return nil, err
		}
		s.meters = append(s.meters, processes(tree(process)))
	}
	client, err := signIn(ctx, srv.url)
	if err != nil {
		return nil, err
	}
	s.products = catalogv1connect.NewProductServiceClient(client, srv.url)
	return s, nil
}

// number writes a number with commas, such as 1,000,000, and no more digits than it needs.
func number(value float64) string {
	if value < 1 {
		return strconv.FormatFloat(value, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(math.Round(value), 'f', 0, 64)
	var out strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return out.String()
}

// millis writes a duration in milliseconds, with three digits that mean something.
func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms >= 100:
		return number(ms)
	case ms >= 10:
		return fmt.Sprintf("%.1f", ms)
	case ms >= 1:
		return fmt.Sprintf("%.2f", ms)
	default:
		return fmt.Sprintf("%.3f", ms)
	}
}

// micros writes a duration in whole microseconds.
func micros(d time.Duration) string { return number(float64(d) / float64(time.Microsecond)) }
