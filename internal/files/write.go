package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// partial is the pattern of the names of incomplete files.
const partial = ".catalog-*.partial"

// Write creates a file with what fill writes, or replaces it. The file appears atomically when it is complete and on
// disk; its mode is 0600 unless fill changes it. A killed process leaves an incomplete file in the same folder, which
// the next call for that folder removes.
func Write(path string, fill func(file *os.File) error) (err error) {
	folder := filepath.Dir(path)
	if err := removePartial(folder); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	file, err := createPartial(folder)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err = errors.Join(fill(file), file.Sync()); err == nil {
		err = publish(file, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), ignore(file.Close(), os.ErrClosed),
			ignore(os.Remove(file.Name()), fs.ErrNotExist))
	}
	return nil
}

func ignore(err, ignored error) error {
	if errors.Is(err, ignored) {
		return nil
	}
	return err
}

// createPartial creates an incomplete file and locks it. A process that removes the files of killed ones may have
// taken it for one before it was locked.
func createPartial(folder string) (*os.File, error) {
	for {
		file, err := os.CreateTemp(folder, partial)
		if err != nil {
			return nil, err //nolint:wrapcheck // it names the file
		}
		locked, err := TryLock(file)
		if err == nil && locked && isAt(file, file.Name()) {
			return file, nil
		}
		if err := errors.Join(err, file.Close(), ignore(os.Remove(file.Name()), fs.ErrNotExist)); err != nil {
			return nil, err
		}
	}
}

// isAt reports whether an open file is the one at a path.
func isAt(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(opened, there)
}

// removePartial removes the incomplete files that no process holds.
func removePartial(folder string) error {
	found, err := filepath.Glob(filepath.Join(folder, partial))
	if err != nil {
		return err //nolint:wrapcheck // the pattern is valid
	}
	for _, path := range found {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) { // complete by now, or somebody else's
			continue
		}
		if err != nil {
			return err //nolint:wrapcheck // it names the file
		}
		locked, err := TryLock(file)
		if locked {
			err = errors.Join(err, removeLocked(file))
		}
		if err := errors.Join(err, ignore(file.Close(), os.ErrClosed)); err != nil {
			return err
		}
	}
	return nil
}
