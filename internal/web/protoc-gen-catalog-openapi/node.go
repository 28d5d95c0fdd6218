package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// JSON is parsed as YAML, of which it is a subset, because YAML nodes keep the order of keys.

// get returns the value at a path of keys; nil if there is none or node is nil.
func get(node *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		i := index(node, key)
		if i < 0 {
			return nil
		}
		node = node.Content[i+1]
	}
	return node
}

func index(node *yaml.Node, key string) int {
	if node == nil || node.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// set replaces the value of a key in place, or appends it.
func set(node *yaml.Node, key string, value *yaml.Node) {
	if i := index(node, key); i >= 0 {
		node.Content[i+1] = value
		return
	}
	node.Content = append(node.Content, text(key), value)
}

func remove(node *yaml.Node, keys ...string) {
	for _, key := range keys {
		if i := index(node, key); i >= 0 {
			node.Content = slices.Delete(node.Content, i, i+2)
		}
	}
}

// text returns a string node.
func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// parse parses JSON into a node.
func parse(raw []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, err
	}
	return document.Content[0], nil
}

// write appends a node as JSON.
func write(b *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.MappingNode, yaml.SequenceNode:
		return writeMany(b, node)
	case yaml.ScalarNode:
		if node.Tag != "!!str" {
			b.WriteString(node.Value)
			return nil
		}
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if err := e.Encode(node.Value); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the line feed
		return nil
	default:
		return fmt.Errorf("JSON has nothing like %q in line %d", node.Value, node.Line)
	}
}

func writeMany(b *bytes.Buffer, node *yaml.Node) error {
	brackets := "[]"
	if node.Kind == yaml.MappingNode {
		brackets = "{}"
	}
	b.WriteByte(brackets[0])
	for i, child := range node.Content {
		switch {
		case node.Kind == yaml.MappingNode && i%2 == 1:
			b.WriteByte(':')
		case i > 0:
			b.WriteByte(',')
		}
		if err := write(b, child); err != nil {
			return err
		}
	}
	b.WriteByte(brackets[1])
	return nil
}
