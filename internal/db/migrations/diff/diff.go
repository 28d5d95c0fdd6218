package main

import (
	"context"
	"errors"
	"fmt"

	atlas "ariga.io/atlas/sql/migrate"
	atlasschema "ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqltool"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/zebrands/catalog/internal/db"
)

// diff writes to dir what a migrated database lacks of the schema in ent/schema. It reports whether
// there was anything to write.
func diff(ctx context.Context, d *db.DB, dir atlas.Dir, name string) (bool, error) {
	planner, err := schema.NewMigrate(entsql.OpenDB(d.Dialect(), d.SQL()),
		schema.WithDir(dir),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithMigrationMode(schema.ModeInspect), // what the versions really made, not a replay of their text
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
		schema.WithErrNoPlan(true),
		schema.WithDiffHook(keepHandWritten),
	)
	if err != nil {
		return false, fmt.Errorf("diff: %w", err)
	}
	tables, err := tables()
	if err != nil {
		return false, err
	}
	err = planner.NamedDiff(ctx, name, tables...)
	if errors.Is(err, atlas.ErrNoPlan) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("diff: %w", err)
	}
	return true, nil
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

// keepHandWritten removes the drops of what was written by hand from a plan.
func keepHandWritten(next schema.Differ) schema.Differ {
	return schema.DiffFunc(func(current, desired *atlasschema.Schema) ([]atlasschema.Change, error) {
		changes, err := next.Diff(current, desired)
		if err != nil {
			return nil, err
		}
		var kept []atlasschema.Change
		for _, change := range changes {
			if table, ok := change.(*atlasschema.ModifyTable); ok {
				table.Changes = withoutHandWritten(table.Changes)
				if len(table.Changes) == 0 {
					continue
				}
			}
			kept = append(kept, change)
		}
		return kept, nil
	})
}

func withoutHandWritten(changes []atlasschema.Change) []atlasschema.Change {
	kept := make([]atlasschema.Change, 0, len(changes))
	for _, change := range changes {
		switch drop := change.(type) {
		case *atlasschema.DropColumn:
			if handWritten[drop.C.Name] {
				continue
			}
		case *atlasschema.DropIndex:
			if handWritten[drop.I.Name] {
				continue
			}
		}
		kept = append(kept, change)
	}
	return kept
}
