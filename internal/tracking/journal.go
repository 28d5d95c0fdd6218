package tracking

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

const (
	segmentSuffix = ".journal"
	corruptSuffix = ".corrupt"
)

// errClosed is returned by Append after Close.
var errClosed = errors.New("journal is closed")

// Journal is a folder of append-only segments. A segment is held by an exclusive flock: the live one
// by the journal that appends to it, a closed one by the rollup that adds it. So any number of
// processes can share a folder, and what a dead one leaves behind is free for the next. Safe for
// concurrent use.
type Journal struct {
	dir string

	mu     sync.Mutex
	live   *os.File // nil until the next append
	size   int64    // of live
	buf    []byte
	closed bool
}

// OpenJournal returns the journal in a folder, which it makes if it is missing.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Journal{dir: dir}, nil
}

// Append writes a read to the live segment with one write. When it returns nil, the read survives
// the end of the process. When it returns an error, the read is not counted.
func (j *Journal) Append(r Read) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	if j.live == nil {
		if err := j.start(); err != nil {
			return err
		}
	}
	record, err := appendRecord(j.buf[:0], r)
	if err != nil {
		return err
	}
	j.buf = record
	if _, err := j.live.Write(record); err != nil {
		return errors.Join(fmt.Errorf("append to journal: %w", err), j.undo())
	}
	j.size += int64(len(record))
	return nil
}

// undo removes a half-written record, so that those that follow stay readable. If even that fails,
// the segment ends here.
func (j *Journal) undo() error {
	if err := j.live.Truncate(j.size); err != nil {
		return errors.Join(fmt.Errorf("repair journal: %w", err), j.rotate())
	}
	return nil
}

// start opens a new live segment and locks it.
func (j *Journal) start() error {
	for j.live == nil {
		path := filepath.Join(j.dir, uuid.Must(uuid.NewV7()).String()+segmentSuffix)
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("start segment: %w", err)
		}
		held, err := hold(file)
		if err == nil && held {
			_, err = file.WriteString(segmentMagic)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("start segment: %w", err), file.Close(), os.Remove(path))
		}
		if held {
			j.live, j.size = file, int64(len(segmentMagic))
		} else if err := file.Close(); err != nil { // a rollup was faster to lock it, and removes it
			return fmt.Errorf("start segment: %w", err)
		}
	}
	return nil
}

// Rotate closes the live segment, if there is one. The next append starts another.
func (j *Journal) Rotate() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rotate()
}

func (j *Journal) rotate() error {
	if j.live == nil {
		return nil
	}
	live := j.live
	j.live, j.size = nil, 0
	if err := live.Close(); err != nil {
		return fmt.Errorf("close segment: %w", err)
	}
	return nil
}

// liveSize returns how many bytes the live segment has, 0 if there is none.
func (j *Journal) liveSize() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// Close closes the live segment for good. Appends fail from now on.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	return j.rotate()
}

// closedSegment is a segment that is held until it is released, and that nobody appends to.
type closedSegment struct {
	id   string
	file *os.File
}

// takeClosed holds and returns the closed segment at a path, if nobody else holds it and
// it is still there; nil otherwise.
func takeClosed(path string) (*closedSegment, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil //nolint:nilnil // no segment is no error
	} else if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	held, err := hold(file)
	if err != nil || !held {
		return nil, errors.Join(err, file.Close())
	}
	name := filepath.Base(path)
	return &closedSegment{id: name[:len(name)-len(segmentSuffix)], file: file}, nil
}

// remove removes the segment's file.
func (s *closedSegment) remove() error {
	if err := os.Remove(s.file.Name()); err != nil {
		return fmt.Errorf("remove segment: %w", err)
	}
	return nil
}

// setAside keeps the segment's file under a name that is not read again, and returns it.
func (s *closedSegment) setAside() (string, error) {
	path := filepath.Join(filepath.Dir(s.file.Name()), s.id+corruptSuffix)
	if err := os.Rename(s.file.Name(), path); err != nil {
		return "", fmt.Errorf("set segment aside: %w", err)
	}
	return path, nil
}

// release lets others hold the segment.
func (s *closedSegment) release() error {
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("close segment: %w", err)
	}
	return nil
}

// paths returns the paths of all segments, the oldest first.
func (j *Journal) paths() ([]string, error) {
	entries, err := os.ReadDir(j.dir) // by name, and a version 7 UUID starts with the time
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == segmentSuffix {
			paths = append(paths, filepath.Join(j.dir, entry.Name()))
		}
	}
	return paths, nil
}

// sync makes removals durable.
func (j *Journal) sync() error {
	dir, err := os.Open(j.dir)
	if err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	return nil
}

// hold locks a file without waiting, until it is closed or the process ends. Returns false if another
// holds it, or if another held it and removed the file.
func hold(file *os.File) (bool, error) {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("lock %s: %w", filepath.Base(file.Name()), err)
	}
	ours, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", filepath.Base(file.Name()), err)
	}
	there, err := os.Stat(file.Name())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("lock %s: %w", filepath.Base(file.Name()), err)
	}
	return os.SameFile(ours, there), nil
}
