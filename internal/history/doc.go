// Package history owns what is known about the changes of products: the hook that writes each change in
// the transaction that makes it, and the lists of what was written. Who wants to hear of changes listens
// to the hook.
//
// Package change, below it, has the types that the generated code of the tables needs.
package history
