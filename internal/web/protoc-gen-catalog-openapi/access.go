package main

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/pluginpb"
)

// accessField and keyField are the numbers of the options catalog.v1.access and catalog.v1.api_key. Their generated Go
// code cannot be used: it is generated in the same run as this document.
const accessField, keyField = 50480, 50481

// adminAccess is ACCESS_ADMIN.
const adminAccess = 2

// keyAccess says which API keys may call a method, by the number of catalog.v1.KeyAccess.
var keyAccess = map[uint64]string{1: "Every API key may call it.", 2: "API keys with `ACCESS_WRITE` may call it."}

// method is a method of the contract.
type method struct {
	path       string
	adminsOnly bool
	// keys says which API keys may call the method; empty if none may.
	keys string
}

// methodsOf returns the methods in the contract's order.
func methodsOf(request *pluginpb.CodeGeneratorRequest) []method {
	var methods []method
	for _, file := range request.GetProtoFile() {
		for _, service := range file.GetService() {
			for _, m := range service.GetMethod() {
				options := m.GetOptions().ProtoReflect().GetUnknown()
				methods = append(methods, method{
					path:       "/" + file.GetPackage() + "." + service.GetName() + "/" + m.GetName(),
					adminsOnly: varint(options, accessField) == adminAccess,
					keys:       keyAccess[varint(options, keyField)],
				})
			}
		}
	}
	return methods
}

// varint returns the value of a varint field in an encoded message; 0 if it is absent.
func varint(raw []byte, field protowire.Number) uint64 {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return 0
		}
		raw = raw[n:]
		if number == field && kind == protowire.VarintType {
			value, _ := protowire.ConsumeVarint(raw)
			return value
		}
		if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
			return 0
		}
		raw = raw[n:]
	}
	return 0
}
