// Package files is what files need that systems do differently: locks that end with their process, and
// folders that keep what was done in them when the power goes.
package files

import "os"

// TryLock takes an exclusive lock on an open file without waiting for it. Returns false if somebody else
// holds it, in this process or in another one. The lock is that of this opening of the file: it ends when
// file is closed, or when its process ends, however it ends. Others can read, write, rename and remove the
// file meanwhile. Locks the whole file on Unix (flock), and on Windows a byte that no file has.
//
// github.com/gofrs/flock opens the lock's file by itself. On Windows, where a locked byte can be written
// through the handle that holds the lock alone and an open file cannot be removed, that rules out a lock on
// the file that is written.
func TryLock(file *os.File) (bool, error) { return tryLock(file) }

// SyncFolder makes it durable which files are in a folder: what was created, renamed and removed. The folder
// must be open. Windows writes that to its journal by itself, and knows no such call.
func SyncFolder(folder *os.File) error { return syncFolder(folder) }
