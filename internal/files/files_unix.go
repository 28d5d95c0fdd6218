//go:build unix

package files

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryLock(file *os.File) (bool, error) {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, os.NewSyscallError("flock", err)
}

func syncFolder(folder *os.File) error {
	return folder.Sync() //nolint:wrapcheck // it names the folder
}

// publish renames before it closes: the lock keeps other processes from removing the file.
func publish(file *os.File, path string) error {
	return errors.Join(os.Rename(file.Name(), path), file.Close())
}

func removeLocked(file *os.File) error { return ignore(os.Remove(file.Name()), os.ErrNotExist) }
