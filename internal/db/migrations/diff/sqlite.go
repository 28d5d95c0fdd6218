package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	atlas "ariga.io/atlas/sql/migrate"
	atlasschema "ariga.io/atlas/sql/schema"
)

// constant matches a default that SQLite gives to rows that exist.
var constant = regexp.MustCompile(`(?i)^(-?\d+(\.\d+)?|'([^']|'')*'|true|false)$`)

// inPlace collects the changes of a table that SQLite makes without rebuilding it. Atlas would rebuild the
// table for most of them: the new one has no triggers, and dropping the old one deletes the rows that
// refer to it.
type inPlace struct {
	changes []atlasschema.Change
	// drops are columns to drop, by the change that adds them: Atlas has no statement for the first, but
	// can undo the second.
	drops map[atlasschema.Change]bool
	// checks come and go with a column: SQLite changes no constraints of a table.
	checks map[atlasschema.Change][]*atlasschema.Check
}

// planInPlace returns statements for SQLite that leave tables, and so their rows and triggers, in place.
func (p *planner) planInPlace(ctx context.Context, changes []atlasschema.Change) ([]*atlas.Change, error) {
	collected := &inPlace{
		drops:  map[atlasschema.Change]bool{},
		checks: map[atlasschema.Change][]*atlasschema.Check{},
	}
	for _, change := range changes {
		modify, ok := change.(*atlasschema.ModifyTable)
		if !ok {
			collected.changes = append(collected.changes, change)
			continue
		}
		if reason := collected.add(modify); reason != "" {
			return nil, p.refuse(ctx, modify.T.Name, reason)
		}
	}
	statements, err := p.statements(ctx, collected.changes)
	if err != nil {
		return nil, err
	}
	for _, statement := range statements {
		if err := collected.finish(statement); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

// add adds the changes of a table. It returns what SQLite cannot do, if anything.
func (c *inPlace) add(modify *atlasschema.ModifyTable) (reason string) {
	var changes []atlasschema.Change
	var columns []*atlasschema.AddColumn
	for _, change := range modify.Changes {
		switch change := change.(type) {
		case *atlasschema.AddIndex, *atlasschema.DropIndex:
			changes = append(changes, change)
		case *atlasschema.ModifyIndex:
			changes = append(changes, &atlasschema.DropIndex{I: change.From}, &atlasschema.AddIndex{I: change.To})
		case *atlasschema.AddColumn:
			column, ok := standalone(change.C)
			if !ok {
				return fmt.Sprintf("add column %s with a default that is no constant", change.C.Name)
			}
			columns = append(columns, column)
		case *atlasschema.DropColumn:
			column, ok := standalone(change.C)
			if !ok {
				return fmt.Sprintf("give column %s back with a default that is no constant", change.C.Name)
			}
			c.drops[column] = true
			columns = append(columns, column)
		case *atlasschema.AddCheck, *atlasschema.DropCheck: // below: they need the columns
		default:
			return impossible(change)
		}
	}
	for _, change := range modify.Changes {
		if !c.attach(change, columns) {
			return impossible(change)
		}
	}
	for _, column := range columns {
		changes = append(changes, column)
	}
	slices.SortStableFunc(changes, func(a, b atlasschema.Change) int { return cmp.Compare(c.rank(a), c.rank(b)) })
	c.changes = append(c.changes, &atlasschema.ModifyTable{T: modify.T, Changes: changes})
	return ""
}

// attach makes a constraint come or go with a column that its expression names. It reports false if there
// is none.
func (c *inPlace) attach(change atlasschema.Change, columns []*atlasschema.AddColumn) bool {
	var check *atlasschema.Check
	switch change := change.(type) {
	case *atlasschema.AddCheck:
		check = change.C
	case *atlasschema.DropCheck:
		check = change.C
	default:
		return true
	}
	for _, column := range columns {
		name := regexp.QuoteMeta(column.C.Name)
		if regexp.MustCompile(`\b` + name + `\b`).MatchString(check.Expr) {
			c.checks[column] = append(c.checks[column], check)
			return true
		}
	}
	return false
}

// rank orders changes: an index goes before its columns, and comes after them.
func (c *inPlace) rank(change atlasschema.Change) int {
	if _, ok := change.(*atlasschema.DropIndex); ok {
		return 0
	}
	if c.drops[change] {
		return 1
	}
	if _, ok := change.(*atlasschema.AddColumn); ok {
		return 2
	}
	return 3
}

// finish completes a statement where Atlas cannot. Returns an error if a statement to undo is not a single one.
func (c *inPlace) finish(statement *atlas.Change) error {
	change, ok := statement.Source.(*atlasschema.AddColumn)
	if !ok {
		return nil
	}
	for _, check := range c.checks[change] {
		statement.Cmd += fmt.Sprintf(" CONSTRAINT %#q CHECK (%s)", check.Name, check.Expr)
	}
	if c.drops[change] {
		drop, ok := statement.Reverse.(string)
		if !ok {
			return fmt.Errorf("drop column %s: Atlas reverses its addition by %v, not by one statement",
				change.C.Name, statement.Reverse)
		}
		statement.Cmd, statement.Reverse = drop, statement.Cmd
		statement.Comment = strings.NewReplacer("add column", "drop column", " to table", " from table").
			Replace(statement.Comment)
	}
	return nil
}

// standalone returns the change that adds a column without its indexes, which come by themselves, and
// with a default as SQLite wants it here, without parentheses. It reports whether there is one.
func standalone(c *atlasschema.Column) (*atlasschema.AddColumn, bool) {
	column := *c
	column.Indexes = nil
	if raw, ok := c.Default.(*atlasschema.RawExpr); ok {
		value := raw.X
		for strings.HasPrefix(value, "(") && strings.HasSuffix(value, ")") {
			value = value[1 : len(value)-1]
		}
		if !constant.MatchString(value) {
			return nil, false
		}
		column.Default = &atlasschema.Literal{V: value}
	}
	return &atlasschema.AddColumn{C: &column}, true
}

// impossible describes a change that SQLite cannot make in place.
func impossible(change atlasschema.Change) string {
	switch change := change.(type) {
	case *atlasschema.ModifyColumn:
		return fmt.Sprintf("change the type, nullability or default of column %s", change.To.Name)
	case *atlasschema.AddForeignKey:
		return "add foreign key " + change.F.Symbol
	case *atlasschema.DropForeignKey:
		return "drop foreign key " + change.F.Symbol
	case *atlasschema.ModifyForeignKey:
		return "change foreign key " + change.To.Symbol
	case *atlasschema.AddCheck:
		return "add constraint " + change.C.Name
	case *atlasschema.DropCheck:
		return "drop constraint " + change.C.Name
	case *atlasschema.ModifyCheck:
		return "change constraint " + change.To.Name
	default:
		return fmt.Sprintf("make a change of type %T", change)
	}
}

// refuse returns the error for a change that SQLite makes only by rebuilding a table.
func (p *planner) refuse(ctx context.Context, table, reason string) error {
	rows, err := p.tx.QueryContext(ctx, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", table)
	if err != nil {
		return fmt.Errorf("read the triggers: %w", err)
	}
	defer rows.Close()
	var triggers []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("read the triggers: %w", err)
		}
		triggers = append(triggers, name)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the triggers: %w", err)
	}
	hint := ""
	if len(triggers) > 0 {
		hint = ", and create its triggers again (" + strings.Join(triggers, ", ") + ")"
	}
	return fmt.Errorf("SQLite cannot %s without rebuilding table %s: %s%s", reason, table, byHand, hint)
}
