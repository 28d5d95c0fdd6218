// Command generate makes package ent from ent/schema, as Ent's own command does, but without Ent's way to
// change the schema of a database: that would bring Atlas, HCL and their dependencies into the program,
// which has versioned migrations instead.
package main

import (
	"fmt"
	"os"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/zebrands/catalog/internal/clock"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate works in the folder ent.
func generate() error {
	storage, err := gen.NewStorage("sql")
	if err != nil {
		return err
	}
	storage.SchemaMode &^= gen.Migrate
	config := &gen.Config{Storage: storage, Features: []gen.Feature{
		gen.FeatureLock, gen.FeatureModifier, gen.FeatureUpsert, gen.FeatureExecQuery,
	}}
	return entc.Generate("./schema", config, entc.TemplateDir("./template"),
		entc.Dependency(entc.DependencyName("Clock"), entc.DependencyType(&clock.Clock{})))
}
