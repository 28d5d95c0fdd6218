package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	atlasschema "ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqlite"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/zebrands/catalog/internal/db"
)

// byHand is what to do where no statement is written.
const byHand = `write the version by hand (CONTRIBUTING.md, "Add a migration by hand")`

// handWritten names the columns and indexes that ent/schema does not know.
var handWritten = map[string]bool{
	"search_vector":         true,
	"product_search_vector": true,
	// PostgreSQL writes their conditions in another way than it is told.
	"delivery_pending": true,
	"delivery_failed":  true,
	// Ent makes the table of an edge by itself.
	"notification_batch_deliveries_delivery": true,
}

// request describes a version to plan.
type request struct {
	name    string
	tables  []*schema.Table // the schema after the version
	renames []rename
}

// rename says that a column gets another name. A comparison of two schemas cannot tell this from a
// column that is dropped and another one that is added.
type rename struct{ table, from, to string }

// parseRename reads "products.old:new".
func parseRename(text string) (rename, error) {
	table, columns, _ := strings.Cut(text, ".")
	from, to, _ := strings.Cut(columns, ":")
	if table == "" || from == "" || to == "" {
		return rename{}, fmt.Errorf("%q names no renamed column: write it as products.old:new", text)
	}
	return rename{table: table, from: from, to: to}, nil
}

// tables returns the tables that ent/schema asks for. The program does not know them: see ent/generate.
func tables() ([]*schema.Table, error) {
	graph, err := entc.LoadGraph("github.com/zebrands/catalog/ent/schema", &gen.Config{})
	if err != nil {
		return nil, fmt.Errorf("read ent/schema: %w", err)
	}
	tables, err := graph.Tables()
	if err != nil {
		return nil, fmt.Errorf("read ent/schema: %w", err)
	}
	return tables, nil
}

// planner plans in a transaction that is never committed: it applies what it plans, to see what the
// database says.
type planner struct {
	dialect string
	tx      *sql.Tx
	driver  atlas.Driver
	desired *atlasschema.Schema
}

// plan returns the statements that a migrated database lacks of a schema, and those that undo them; nil
// if it lacks none. They were tried on the database, and undone. Returns an error that says what to do if
// they would lose rows or triggers, or cannot be undone.
func plan(ctx context.Context, d *db.DB, r request) (*atlas.Plan, error) {
	desired, err := describe(ctx, d, r.tables) // before the transaction: SQLite has one connection that writes
	if err != nil {
		return nil, err
	}
	tx, err := d.SQL().BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // an error leaves the scratch database as it is, too
	p := &planner{dialect: d.Dialect(), tx: tx, desired: desired}
	open := map[string]func(atlasschema.ExecQuerier) (atlas.Driver, error){
		dialect.Postgres: postgres.Open, dialect.SQLite: sqlite.Open,
	}
	if p.driver, err = open[p.dialect](tx); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return p.plan(ctx, r)
}

// describe returns Ent's tables as Atlas knows them.
func describe(ctx context.Context, d *db.DB, tables []*schema.Table) (*atlasschema.Schema, error) {
	ent, err := schema.NewMigrate(entsql.OpenDB(d.Dialect(), d.SQL()))
	if err != nil {
		return nil, fmt.Errorf("read ent/schema: %w", err)
	}
	realm, err := ent.StateReader(tables...).ReadState(ctx)
	if err != nil {
		return nil, fmt.Errorf("read ent/schema: %w", err)
	}
	return realm.Schemas[0], nil
}

func (p *planner) plan(ctx context.Context, r request) (*atlas.Plan, error) {
	before, err := p.inspect(ctx)
	if err != nil {
		return nil, err
	}
	planned := &atlas.Plan{Name: r.name}
	for _, rename := range r.renames {
		changes, err := p.rename(ctx, before, rename)
		if err != nil {
			return nil, err
		}
		planned.Changes = append(planned.Changes, changes...)
	}
	missing, err := p.missing(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := p.planChanges(ctx, missing)
	if err != nil {
		return nil, err
	}
	if err := p.apply(ctx, changes); err != nil {
		return nil, err
	}
	if planned.Changes = append(planned.Changes, changes...); len(planned.Changes) == 0 {
		return nil, nil //nolint:nilnil // nothing to do is an answer
	}
	if missing, err = p.missing(ctx); err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: %s differs from ent/schema still: %s", p.dialect, names(missing), byHand)
	}
	return planned, p.undo(ctx, planned, before)
}

func (p *planner) inspect(ctx context.Context) (*atlasschema.Schema, error) {
	tables := make([]string, 0, len(p.desired.Tables))
	for _, table := range p.desired.Tables {
		tables = append(tables, table.Name)
	}
	current, err := p.driver.InspectSchema(ctx, "", &atlasschema.InspectOptions{
		Tables: tables, Mode: atlasschema.InspectSchemas | atlasschema.InspectTables,
	})
	if err != nil {
		return nil, fmt.Errorf("inspect the schema: %w", err)
	}
	return current, nil
}

// rename renames a column, and returns the statement.
func (p *planner) rename(ctx context.Context, current *atlasschema.Schema, r rename) ([]*atlas.Change, error) {
	has := func(s *atlasschema.Schema, column string) bool {
		table, ok := s.Table(r.table)
		if ok {
			_, ok = table.Column(column)
		}
		return ok
	}
	if !has(current, r.from) || has(current, r.to) || has(p.desired, r.from) || !has(p.desired, r.to) {
		return nil, fmt.Errorf(
			"%s.%s cannot become %s: the migrations so far must have the one column, and ent/schema the other",
			r.table, r.from, r.to)
	}
	table, _ := current.Table(r.table)
	column := &atlasschema.RenameColumn{From: atlasschema.NewColumn(r.from), To: atlasschema.NewColumn(r.to)}
	changes, err := p.statements(ctx, []atlasschema.Change{
		&atlasschema.ModifyTable{T: table, Changes: []atlasschema.Change{column}},
	})
	if err != nil {
		return nil, err
	}
	return changes, p.apply(ctx, changes)
}

// missing returns what the database lacks of the desired schema, without what was written by hand.
func (p *planner) missing(ctx context.Context) ([]atlasschema.Change, error) {
	current, err := p.inspect(ctx)
	if err != nil {
		return nil, err
	}
	p.desired.Name, p.desired.Attrs = current.Name, current.Attrs
	changes, err := p.driver.SchemaDiff(current, p.desired)
	if err != nil {
		return nil, fmt.Errorf("compare the schema: %w", err)
	}
	return slices.DeleteFunc(changes, func(change atlasschema.Change) bool {
		modify, ok := change.(*atlasschema.ModifyTable)
		if ok {
			modify.Changes = slices.DeleteFunc(modify.Changes, isHandWritten)
		}
		return ok && len(modify.Changes) == 0
	}), nil
}

// isHandWritten reports whether a change drops what was written by hand.
func isHandWritten(change atlasschema.Change) bool {
	switch drop := change.(type) {
	case *atlasschema.DropColumn:
		return handWritten[drop.C.Name]
	case *atlasschema.DropIndex:
		return handWritten[drop.I.Name]
	default:
		return false
	}
}

func (p *planner) planChanges(ctx context.Context, changes []atlasschema.Change) ([]*atlas.Change, error) {
	for _, change := range changes {
		switch change := change.(type) {
		case *atlasschema.AddTable:
		case *atlasschema.ModifyTable:
			if err := checkColumns(change); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%T: %s", change, byHand)
		}
	}
	if p.dialect == dialect.SQLite {
		return p.planInPlace(ctx, changes)
	}
	return p.statements(ctx, inSteps(changes))
}

// inSteps gives constraints and dropped indexes statements of their own: constraints after columns are
// added, both before they are dropped. PostgreSQL drops them with a column, and Atlas relies on that, but
// they do not come back with it.
func inSteps(changes []atlasschema.Change) []atlasschema.Change {
	var split []atlasschema.Change
	for _, change := range changes {
		modify, ok := change.(*atlasschema.ModifyTable)
		if !ok {
			split = append(split, change)
			continue
		}
		var parts [3][]atlasschema.Change
		for _, change := range modify.Changes {
			part := 1
			switch change.(type) {
			case *atlasschema.DropCheck, *atlasschema.DropIndex:
				part = 0
			case *atlasschema.AddCheck:
				part = 2
			}
			parts[part] = append(parts[part], change)
		}
		for _, part := range parts {
			if len(part) > 0 {
				split = append(split, &atlasschema.ModifyTable{T: modify.T, Changes: part})
			}
		}
	}
	return split
}

// checkColumns returns an error if a table's columns cannot come, or come back, while it has rows.
func checkColumns(modify *atlasschema.ModifyTable) error {
	var added, dropped []string
	for _, change := range modify.Changes {
		switch change := change.(type) {
		case *atlasschema.AddColumn:
			if isRequired(change.C) {
				return fmt.Errorf("%s.%s is NOT NULL without a default, so rows that exist cannot get it: "+
					"make the field Optional, or give it a Default (one of JSON: entsql.Default)", modify.T.Name, change.C.Name)
			}
			added = append(added, change.C.Name)
		case *atlasschema.DropColumn:
			if isRequired(change.C) {
				return fmt.Errorf("%s.%s is NOT NULL without a default, so Down cannot give it back to rows that exist: %s",
					modify.T.Name, change.C.Name, byHand)
			}
			dropped = append(dropped, change.C.Name)
		}
	}
	if len(added) > 0 && len(dropped) > 0 {
		return fmt.Errorf("%s gets %s and loses %s: if a column is renamed, add RENAME=%[1]s.%[4]s:%[5]s; "+
			"if not, make two versions, since columns are dropped a release after their last use",
			modify.T.Name, strings.Join(added, ", "), strings.Join(dropped, ", "), dropped[0], added[0])
	}
	return nil
}

func isRequired(c *atlasschema.Column) bool {
	return !c.Type.Null && c.Default == nil
}

// statements returns Atlas's statements for changes.
func (p *planner) statements(ctx context.Context, changes []atlasschema.Change) ([]*atlas.Change, error) {
	planned, err := p.driver.PlanChanges(ctx, "", changes, func(o *atlas.PlanOptions) { o.SchemaQualifier = new(string) })
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return planned.Changes, nil
}

func (p *planner) apply(ctx context.Context, changes []*atlas.Change) error {
	for _, change := range changes {
		if err := p.exec(ctx, change.Cmd); err != nil {
			return err
		}
	}
	return nil
}

// undo applies a plan's reverse, and returns an error unless the schema is then what it was before.
func (p *planner) undo(ctx context.Context, planned *atlas.Plan, before *atlasschema.Schema) error {
	for _, change := range slices.Backward(planned.Changes) {
		statements, err := change.ReverseStmts()
		if err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		for _, statement := range statements {
			if err := p.exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	after, err := p.inspect(ctx)
	if err != nil {
		return err
	}
	changes, err := p.driver.SchemaDiff(after, before)
	if err != nil {
		return fmt.Errorf("compare the schema: %w", err)
	}
	if len(changes) > 0 {
		return fmt.Errorf("%s: Down does not bring %s back as before: %s", p.dialect, names(changes), byHand)
	}
	return nil
}

func (p *planner) exec(ctx context.Context, statement string) error {
	if _, err := p.tx.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s refuses %q: %w: %s", p.dialect, statement, err, byHand)
	}
	return nil
}

// names returns the names of the tables that differ.
func names(changes []atlasschema.Change) string {
	var tables []string
	for _, change := range changes {
		switch change := change.(type) {
		case *atlasschema.AddTable:
			tables = append(tables, change.T.Name)
		case *atlasschema.ModifyTable:
			tables = append(tables, change.T.Name)
		case *atlasschema.DropTable:
			tables = append(tables, change.T.Name)
		}
	}
	return strings.Join(tables, ", ")
}
