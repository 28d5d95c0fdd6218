package main

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// schemaPrefix precedes the name of a schema in a reference.
const schemaPrefix = "#/components/schemas/"

// simplify returns schemas that are usable in the code that generators make of them, and names them so in paths:
//
//   - Names are short and have no dots, and titles are gone: generators name a type by the last part of either, which
//     several schemas share.
//   - Resources, and all else that is in responses, may have further fields, so that clients outlive newer servers.
//     They have no required or read-only fields, because the same schema is in requests, where an update sends a part.
//   - A oneof is a set of optional fields.
//   - 64-bit integers are strings, as the server sends them.
//
// Those in ours replace generated ones. Those that nothing refers to are dropped.
func simplify(paths, schemas, ours *yaml.Node) (*yaml.Node, error) {
	if err := shorten(paths, schemas); err != nil {
		return nil, err
	}
	for i := 0; i < len(ours.Content); i += 2 {
		set(schemas, ours.Content[i].Value, ours.Content[i+1])
	}
	used := reachable(schemas, paths)
	kept := &yaml.Node{Kind: yaml.MappingNode}
	for pair := range slices.Chunk(schemas.Content, 2) {
		if used[pair[0].Value] {
			set(kept, pair[0].Value, pair[1])
		}
	}
	walk(kept, true, simplifySchema)
	for _, item := range valuesOf(paths) {
		for _, operation := range valuesOf(item) {
			for name := range reachable(kept, get(operation, "responses")) {
				remove(get(kept, name), "required", "additionalProperties")
			}
		}
	}
	return kept, nil
}

// shorten replaces the names of schemas by short ones, also where they are referred to.
func shorten(paths, schemas *yaml.Node) error {
	names, taken := make(map[string]string), make(map[string]string)
	for i := 0; i < len(schemas.Content); i += 2 {
		name := schemas.Content[i].Value
		short := shortName(name)
		if other, ok := taken[short]; ok {
			return fmt.Errorf("%s and %s would have the same name, %s", other, name, short)
		}
		names[name], taken[short] = short, name
		schemas.Content[i].Value = short
	}
	rename := func(node *yaml.Node) {
		if ref := get(node, "$ref"); ref != nil {
			if short, ok := names[strings.TrimPrefix(ref.Value, schemaPrefix)]; ok {
				ref.Value = schemaPrefix + short
			}
		}
	}
	walk(paths, true, rename)
	walk(schemas, true, rename)
	return nil
}

// shortName returns DeliveryState for catalog.v1.Delivery.State, and Timestamp for google.protobuf.Timestamp.
func shortName(name string) string {
	var b strings.Builder
	name = strings.TrimPrefix(strings.TrimPrefix(name, "catalog.v1."), "google.protobuf.")
	for part := range strings.SplitSeq(name, ".") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}

// simplifySchema simplifies a schema, without those in it.
func simplifySchema(schema *yaml.Node) {
	remove(schema, "title")
	if kind := get(schema, "type"); kind != nil && kind.Kind == yaml.SequenceNode {
		set(schema, "type", text("string")) // integer, string and null
	}
	if readOnly := get(schema, "readOnly"); readOnly != nil {
		remove(schema, "readOnly")
		describeSchema(schema, "The server sets it.")
	}
	if get(schema, "oneOf") != nil || get(schema, "allOf") != nil {
		flatten(schema)
	}
}

// flatten makes a schema with oneofs a set of optional fields. One with other fields, too, has allOf: the fields, and
// each oneof.
func flatten(schema *yaml.Node) {
	properties := &yaml.Node{Kind: yaml.MappingNode}
	parts := []*yaml.Node{schema}
	if all := get(schema, "allOf"); all != nil {
		parts = append(parts, all.Content...)
	}
	var sentences []string
	for _, part := range parts {
		if fields := get(part, "properties"); fields != nil {
			properties.Content = append(properties.Content, fields.Content...)
		}
		if required := get(part, "required"); required != nil {
			set(schema, "required", required)
		}
		alternatives := get(part, "oneOf")
		if alternatives == nil {
			continue
		}
		var names []string
		for _, alternative := range alternatives.Content {
			field := get(alternative, "properties")
			properties.Content = append(properties.Content, field.Content...)
			names = append(names, "`"+field.Content[0].Value+"`")
		}
		last := len(names) - 1
		sentences = append(sentences, "Set one of "+strings.Join(names[:last], ", ")+" and "+names[last]+".")
	}
	remove(schema, "oneOf", "allOf")
	set(schema, "properties", properties)
	set(schema, "additionalProperties", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	describeSchema(schema, strings.Join(sentences, " "))
}

// describeSchema adds a sentence to the description of a schema.
func describeSchema(schema *yaml.Node, sentence string) {
	if description := get(schema, "description"); description != nil {
		description.Value += " " + sentence
		return
	}
	set(schema, "description", text(sentence))
}

// walk calls back with every mapping in a tree, outer ones first, unless its keys are names: those of properties or, if
// named, those of node.
func walk(node *yaml.Node, named bool, visit func(*yaml.Node)) {
	if node.Kind == yaml.MappingNode && !named {
		visit(node)
	}
	for i, child := range node.Content {
		isProperties := i%2 == 1 && node.Kind == yaml.MappingNode && !named && node.Content[i-1].Value == "properties"
		walk(child, isProperties, visit)
	}
}

// reachable returns the names of the schemas that trees refer to, directly or through others.
func reachable(schemas *yaml.Node, trees ...*yaml.Node) map[string]bool {
	found := make(map[string]bool)
	for len(trees) > 0 {
		tree := trees[0]
		trees = trees[1:]
		walk(tree, false, func(node *yaml.Node) {
			ref := get(node, "$ref")
			if ref == nil {
				return
			}
			if name, ok := strings.CutPrefix(ref.Value, schemaPrefix); ok && !found[name] {
				found[name] = true
				trees = append(trees, get(schemas, name))
			}
		})
	}
	return found
}

// valuesOf returns the values of a mapping.
func valuesOf(mapping *yaml.Node) []*yaml.Node {
	var values []*yaml.Node
	for pair := range slices.Chunk(mapping.Content, 2) {
		values = append(values, pair[1])
	}
	return values
}
