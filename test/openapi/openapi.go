// Package openapi checks requests and responses against the schemas of the OpenAPI document.
package openapi

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// location is the document's address among resources of the compiler.
const location = "https://catalog.example/openapi.json"

// Document is an OpenAPI 3.1 document. It is safe for concurrent use.
type Document struct {
	root     map[string]any
	mu       sync.Mutex
	compiler *jsonschema.Compiler // guarded by mu
}

// Parse reads a document.
func Parse(raw []byte) (*Document, error) {
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	root, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("OpenAPI document: it is a %T", content)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(location, root); err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	return &Document{root: root, compiler: c}, nil
}

// Get returns what is at a path of keys; nil if there is nothing.
func (d *Document) Get(path ...string) any {
	var node any = d.root
	for _, key := range path {
		object, _ := node.(map[string]any)
		node = object[key]
	}
	return node
}

// Check returns an error if JSON does not conform to the schema at a path of keys.
func (d *Document) Check(value []byte, path ...string) error {
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return fmt.Errorf("%s: %w", value, err)
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var pointer strings.Builder
	for _, key := range path {
		pointer.WriteString("/" + escape.Replace(key))
	}
	d.mu.Lock()
	schema, err := d.compiler.Compile(location + "#" + pointer.String())
	d.mu.Unlock()
	if err != nil {
		return fmt.Errorf("schema at %v: %w", path, err)
	}
	if err := schema.Validate(instance); err != nil {
		return fmt.Errorf("%s: %w", value, err)
	}
	return nil
}
