// Package history records the changes of products: a hook writes each change in the transaction that makes it and
// notifies listeners, and lists read the changes.
//
// Its subpackage change has the types that the generated code of the tables needs.
package history
