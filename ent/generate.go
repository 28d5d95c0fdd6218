// Package ent is the repository layer, generated from ent/schema by `make generate`.
package ent

//go:generate go run ./generate
