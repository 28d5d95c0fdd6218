// Package tracking counts anonymous reads of products.
//
// Interceptor appends every read to the Journal, a write-ahead log, before the response is sent. Rollup adds
// closed segments of the journal to the database about once a second, each exactly once. Service implements the
// queries.
//
// A killed process loses no counts of answered reads, because the page cache survives it. The journal is not
// fsynced: a power failure or kernel crash may lose the last writes, on Linux about 30 seconds.
package tracking
