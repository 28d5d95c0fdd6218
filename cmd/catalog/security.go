package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/app"
	"github.com/zebrands/catalog/internal/config"
	"github.com/zebrands/catalog/internal/fault"
)

type adminEraseCmd struct {
	config.Storage
	config.Logging

	Who string `arg:"" help:"Id or e-mail address of a deleted administrator." name:"id-or-address"`
}

// Help is shown by admin erase --help.
func (*adminEraseCmd) Help() string {
	return "Replaces the name and the addresses of a deleted administrator by a pseudonym everywhere in the database: in the " +
		"history, in mails, in security events. Removes the mails of the local mailbox that mention them. Cannot be undone. " +
		"Runs while the server does, and can be repeated after a failure. Backups and mails that were sent keep what they " +
		"have: see docs/privacy.md. Prints the id of the administrator."
}

// Run erases the administrator.
func (c *adminEraseCmd) Run(ctx context.Context) error {
	id, err := app.EraseAdmin(ctx, c.Storage, newLogger(c.Logging), c.Who)
	if err != nil {
		return err
	}
	fmt.Println(id)
	return nil
}

type adminEventsCmd struct {
	config.Storage
	config.Logging

	Filter string    `env:"CATALOG_FILTER" help:"Export only matching events; the syntax is that of ListSecurityEvents." placeholder:"FILTER"`
	From   time.Time `env:"CATALOG_FROM" help:"Export only events from this time on, such as 2026-01-31T00:00:00Z." placeholder:"TIME"`
	To     time.Time `env:"CATALOG_TO" help:"Export only events before this time." placeholder:"TIME"`
	Format string    `default:"csv" enum:"csv,json" env:"CATALOG_FORMAT" help:"csv, or json: one event a line."`
}

// Help is shown by admin events --help.
func (*adminEventsCmd) Help() string {
	return "Prints the audit trail from the database, newest event first, whether or not the server is running. In CSV a cell " +
		"that a spreadsheet would take for a formula begins with an apostrophe."
}

// Run prints the events.
func (c *adminEventsCmd) Run(ctx context.Context) error {
	write, flush := c.writer()
	err := app.ExportSecurityEvents(ctx, c.Storage, newLogger(c.Logging), c.filter(), write)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return errors.New(f.Message)
	}
	return errors.Join(err, flush())
}

// filter returns the filter with the times.
func (c *adminEventsCmd) filter() string {
	var conditions []string
	if strings.TrimSpace(c.Filter) != "" {
		conditions = append(conditions, "("+c.Filter+")")
	}
	if !c.From.IsZero() {
		conditions = append(conditions, "create_time >= "+strconv.Quote(c.From.UTC().Format(time.RFC3339Nano)))
	}
	if !c.To.IsZero() {
		conditions = append(conditions, "create_time < "+strconv.Quote(c.To.UTC().Format(time.RFC3339Nano)))
	}
	return strings.Join(conditions, " AND ")
}

// writer returns a function that prints an event, and one that ends the output.
func (c *adminEventsCmd) writer() (write func(*catalogv1.SecurityEvent) error, flush func() error) {
	if c.Format == "json" {
		return func(event *catalogv1.SecurityEvent) error {
			line, err := protojson.Marshal(event)
			if err != nil {
				return err
			}
			_, err = fmt.Println(string(line))
			return err
		}, func() error { return nil }
	}
	table := csv.NewWriter(os.Stdout)
	header := []string{
		"id", "create_time", "type", "actor_id", "actor_name", "admin_id", "admin_name", "session_id", "api_key_id",
		"ip_address", "user_agent", "details",
	}
	started := table.Write(header)
	return func(e *catalogv1.SecurityEvent) error {
		row := []string{
			strconv.FormatInt(e.GetId(), 10), e.GetCreateTime().AsTime().Format(time.RFC3339Nano), e.GetType().String(),
			e.GetActorId(), e.GetActorName(), e.GetAdminId(), e.GetAdminName(), e.GetSessionId(), e.GetApiKeyId(),
			e.GetIpAddress(), e.GetUserAgent(), detailsText(e.GetDetails()),
		}
		for i, cell := range row {
			row[i] = noFormula(cell)
		}
		return errors.Join(started, table.Write(row))
	}, func() error { table.Flush(); return errors.Join(started, table.Error()) }
}

// detailsText returns details as JSON; empty if there are none.
func detailsText(details map[string]string) string {
	if len(details) == 0 {
		return ""
	}
	text, err := json.Marshal(details)
	if err != nil { // strings always marshal
		return ""
	}
	return string(text)
}

// noFormula returns a cell that no spreadsheet takes for a formula. Strangers choose some of them.
func noFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
