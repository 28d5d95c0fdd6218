// Package tracking counts which products anonymous callers read.
//
// Interceptor appends every counted read to the Journal, a file, before the response leaves. Rollup
// adds the journal's closed segments to the database about once a second, each exactly once. Service
// answers questions about the sums.
//
// A process that is killed loses no count of an answered read, because the kernel holds what was
// written. The journal is not synced to the disk: a power cut or a crash of the kernel may lose what
// the kernel had not written yet, on Linux about the last 30 seconds.
package tracking
