package files

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is where the lock is, in the upper half of 64 bits: behind the end of any file, because nobody
// else could read or write a byte that is locked.
const lockedByte = 0x7fffffff

func tryLock(file *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(file.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{OffsetHigh: lockedByte})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, os.NewSyscallError("LockFileEx", err)
}

func syncFolder(*os.File) error { return nil }

// publish closes first: Windows does not rename open files.
func publish(file *os.File, path string) error {
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// removeLocked closes first: Windows does not remove open files.
func removeLocked(file *os.File) error {
	return errors.Join(file.Close(), ignore(os.Remove(file.Name()), os.ErrNotExist))
}
