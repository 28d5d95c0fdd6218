package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// base replaces the document's header as generated.
//
//go:embed base.json
var base []byte

// examples are example requests by the last segment of an operation's path.
//
//go:embed examples.json
var examples []byte

// optional are Connect's parameters that the server does not require and only Connect clients use.
var optional = []string{"Connect-Protocol-Version", "Connect-Timeout-Ms", "base64", "compression", "connect"}

var indented = regexp.MustCompile(`\n (\S)`)

// complete adds access, examples, caching and the header to the generated document.
func complete(raw []byte, methods []method) ([]byte, error) {
	document, err := parse(raw)
	if err != nil {
		return nil, err
	}
	ours, err := parse(base)
	if err != nil {
		return nil, err
	}
	requests, err := parse(examples)
	if err != nil {
		return nil, err
	}
	tidy(document)
	paths := &yaml.Node{Kind: yaml.MappingNode}
	for _, m := range methods {
		item := get(document, "paths", m.path)
		for _, verb := range []string{"get", "post"} {
			if operation := get(item, verb); operation != nil {
				if err := describe(operation, m, get(requests, m.path[strings.LastIndex(m.path, "/")+1:])); err != nil {
					return nil, err
				}
			}
		}
		if operation := get(item, "get"); operation != nil {
			describeCaching(operation)
		}
		set(paths, m.path, item)
	}
	set(ours, "tags", sorted(get(document, "tags"), get(ours, "tags")))
	set(ours, "paths", paths)
	components := get(ours, "components")
	schemas, err := simplify(paths, get(document, "components", "schemas"), get(components, "schemas"))
	if err != nil {
		return nil, err
	}
	set(components, "schemas", schemas)
	var b, out bytes.Buffer
	if err := write(&b, ours); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, b.Bytes(), "", " "); err != nil {
		return nil, fmt.Errorf("indent the document: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// describe adds the required access and an example to an operation.
func describe(operation *yaml.Node, m method, example *yaml.Node) error {
	parameters := get(operation, "parameters")
	parameters.Content = slices.DeleteFunc(parameters.Content, func(p *yaml.Node) bool {
		return slices.Contains(optional, get(p, "name").Value)
	})
	describeAccess(operation, m)
	if example == nil {
		example = &yaml.Node{Kind: yaml.MappingNode}
	}
	if body := get(operation, "requestBody", "content", "application/json"); body != nil {
		set(body, "example", example)
	}
	for _, p := range parameters.Content {
		switch get(p, "name").Value {
		case "message":
			if err := describeMessage(p, example); err != nil {
				return err
			}
		case "encoding":
			encoding := &yaml.Node{Kind: yaml.MappingNode}
			set(encoding, "type", text("string"))
			set(encoding, "enum", &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{text("json")}})
			set(p, "schema", encoding)
			set(p, "example", text("json"))
		}
	}
	summary := get(operation, "summary")
	summary.Value = indented.ReplaceAllString(summary.Value, " $1")
	failed := get(operation, "responses", "default")
	set(failed, "description",
		text("An error. Its code determines the HTTP status; its details contain a stable reason."))
	set(get(failed, "content", "application/json"), "schema", reference("schemas/Error"))
	return nil
}

// describeAccess adds who may call an operation.
func describeAccess(operation *yaml.Node, m method) {
	if !m.adminsOnly {
		return
	}
	security := &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{scheme("accessToken")}}
	if m.keys != "" {
		security.Content = append(security.Content, scheme("apiKey"))
		description := get(operation, "description")
		description.Value += "\n\n" + m.keys
	}
	set(operation, "security", security)
}

// describeMessage makes the request of a GET a string: generators have no other way to write JSON into an address.
func describeMessage(parameter, example *yaml.Node) error {
	var encoded bytes.Buffer
	if err := write(&encoded, example); err != nil {
		return err
	}
	schema := &yaml.Node{Kind: yaml.MappingNode}
	set(schema, "type", text("string"))
	set(schema, "contentMediaType", text("application/json"))
	set(schema, "contentSchema", get(parameter, "content", "application/json", "schema"))
	remove(parameter, "content")
	set(parameter, "description", text("The request message as JSON."))
	set(parameter, "schema", schema)
	set(parameter, "example", text(encoded.String()))
	return nil
}

// scheme returns the requirement of a security scheme.
func scheme(name string) *yaml.Node {
	requirement := &yaml.Node{Kind: yaml.MappingNode}
	set(requirement, name, &yaml.Node{Kind: yaml.SequenceNode})
	return requirement
}

// describeCaching adds the caching headers and the 304 response to a GET.
func describeCaching(operation *yaml.Node) {
	parameters, responses := get(operation, "parameters"), get(operation, "responses")
	parameters.Content = append(parameters.Content, reference("parameters/IfNoneMatch"))
	headers := &yaml.Node{Kind: yaml.MappingNode}
	set(headers, "ETag", reference("headers/ETag"))
	set(headers, "Cache-Control", reference("headers/CacheControl"))
	set(get(responses, "200"), "headers", headers)
	set(responses, "304", reference("responses/NotModified"))
}

// reference returns a $ref to a component of the document.
func reference(component string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	set(node, "$ref", text("#/components/"+component))
	return node
}

// tidy removes line breaks and redundant words from the descriptions in a tree.
func tidy(document *yaml.Node) {
	walk(document, false, func(node *yaml.Node) {
		description := get(node, "description")
		if description == nil || description.Kind != yaml.ScalarNode {
			return
		}
		description.Value = strings.TrimPrefix(indented.ReplaceAllString(description.Value, "\n$1"), "(OPTIONAL) ")
		if description.Value == "" {
			remove(node, "description")
		}
	})
}

// sorted returns tags in the order of wanted.
func sorted(tags, wanted *yaml.Node) *yaml.Node {
	place := func(tag *yaml.Node) int {
		return slices.IndexFunc(wanted.Content, func(w *yaml.Node) bool { return w.Value == get(tag, "name").Value })
	}
	slices.SortStableFunc(tags.Content, func(a, b *yaml.Node) int { return place(a) - place(b) })
	return tags
}
