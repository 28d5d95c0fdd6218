package tracking

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/zebrands/catalog/internal/files"
)

// corruptSuffix is the suffix of segments that are not read again.
const corruptSuffix = ".corrupt"

// errClosed is returned by Append after Close.
var errClosed = errors.New("journal is closed")

// Journal is a write-ahead log: a folder of append-only segments. An exclusive file lock guards each segment: the
// journal that appends to them holds the live ones, and the rollup that adds it a closed one. So processes can share a
// folder and take over the segments of dead ones. It is safe for concurrent use.
type Journal struct {
	dir   string
	spare spare

	mu     sync.Mutex
	folder *os.Root
	live   map[format]*segment // those that are appended to
	buf    []byte
	closed bool
}

// segment is a live segment.
type segment struct {
	file *os.File
	size int64
}

// OpenJournal opens the journal in a folder, creating it if needed.
func OpenJournal(dir string) (*Journal, error) {
	folder, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Journal{dir: dir, folder: folder, live: map[format]*segment{}}, nil
}

func openFolder(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil { //nolint:gosec // the operator names the folder
		return nil, fmt.Errorf("open journal: %w", err)
	}
	folder, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return folder, nil
}

// root returns the folder.
func (j *Journal) root() *os.Root {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.folder
}

// reopen opens the folder again if it was removed or replaced. It keeps the reads of the live segments; the others are
// lost with the folder. Nothing else may use the folder meanwhile but Append.
func (j *Journal) reopen() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	there, err := os.Stat(j.dir)
	if err == nil {
		opened, statErr := j.folder.Stat(".")
		if statErr == nil && os.SameFile(opened, there) {
			return nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open journal: %w", err)
	}
	err = errors.Join(j.rescue(), j.rotate())
	folder, openErr := openFolder(j.dir)
	if openErr != nil {
		return errors.Join(err, openErr)
	}
	err = errors.Join(err, wrap("close journal", j.folder.Close()))
	j.folder = folder
	return err
}

// rescue keeps the reads of the live segments, which have no name any more.
func (j *Journal) rescue() error {
	var errs []error
	lost := 0
	for f, live := range j.live {
		if _, err := live.file.Seek(0, io.SeekStart); err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, readSegment(live.file, f, func(r Read) {
			if !j.spare.add(r) {
				lost += len(r.Products)
			}
		}))
	}
	if lost > 0 {
		errs = append(errs, fmt.Errorf("%d reads of the removed segments are not counted: too many wait in memory", lost))
	}
	return wrap("rescue segments", errors.Join(errs...))
}

// Keep counts a read that Append refused in memory, until the rollup adds it to the database. It does not survive a
// crash. Returns false if there is no room for it, or if the journal is closed.
func (j *Journal) Keep(r Read) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return !j.closed && j.spare.add(r)
}

// Append writes a read to the live segment with one write. If it returns nil, the read survives a crash of the
// process. If it returns an error, the read is not counted.
func (j *Journal) Append(r Read) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errClosed
	}
	f := formatOf(r)
	if j.live[f] == nil {
		if err := j.start(f); err != nil {
			return err
		}
	}
	record, err := appendRecord(j.buf[:0], r)
	if err != nil {
		return err
	}
	j.buf = record
	live := j.live[f]
	if _, err := live.file.Write(record); err != nil {
		return errors.Join(fmt.Errorf("append to journal: %w", err), j.undo(f))
	}
	live.size += int64(len(record))
	return nil
}

// undo truncates a torn record, so that later ones stay readable. If that fails too, it closes the segment.
func (j *Journal) undo(f format) error {
	live := j.live[f]
	if err := live.file.Truncate(live.size); err != nil {
		return errors.Join(fmt.Errorf("repair journal: %w", err), j.rotateOne(f))
	}
	return nil
}

// start opens a new live segment and locks it.
func (j *Journal) start(f format) error {
	for j.live[f] == nil {
		name := uuid.Must(uuid.NewV7()).String() + f.suffix
		file, err := j.folder.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("start segment: %w", err)
		}
		held, err := hold(j.folder, file, name)
		if err == nil && held {
			_, err = file.WriteString(f.magic)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("start segment: %w", err), file.Close(), j.folder.Remove(name))
		}
		if held {
			j.live[f] = &segment{file, int64(len(f.magic))}
		} else if err := file.Close(); err != nil { // a rollup was faster to lock it, and removes it
			return fmt.Errorf("start segment: %w", err)
		}
	}
	return nil
}

// Rotate closes the live segments. The next append starts another.
func (j *Journal) Rotate() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.rotate()
}

func (j *Journal) rotate() error {
	errs := make([]error, 0, len(formats))
	for _, f := range formats {
		errs = append(errs, j.rotateOne(f))
	}
	return errors.Join(errs...)
}

func (j *Journal) rotateOne(f format) error {
	live := j.live[f]
	if live == nil {
		return nil
	}
	delete(j.live, f)
	if err := live.file.Close(); err != nil {
		return fmt.Errorf("close segment: %w", err)
	}
	return nil
}

// liveSize returns the size of the live segments in bytes.
func (j *Journal) liveSize() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	var sum int64
	for _, live := range j.live {
		sum += live.size
	}
	return sum
}

// bytes returns the total size of the segments that are not in the database yet.
func (j *Journal) bytes() (int64, error) {
	names, err := j.names()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, name := range names {
		info, err := j.root().Stat(name)
		if errors.Is(err, fs.ErrNotExist) { // added meanwhile
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("measure segment: %w", err)
		}
		sum += info.Size()
	}
	return sum, nil
}

// Close closes the live segments and the folder. Nothing can be appended or added from now on.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	if err := errors.Join(j.rotate(), j.folder.Close()); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// names returns the names of all segments, oldest first.
func (j *Journal) names() ([]string, error) {
	entries, err := fs.ReadDir(j.root().FS(), ".") // by name, and a version 7 UUID starts with the time
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if _, ok := formatNamed(entry.Name()); ok {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// take opens and holds a closed segment. Returns nil if somebody else holds it or has removed it.
func (j *Journal) take(name string) (*os.File, error) {
	file, err := j.root().Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a segment that is gone is no error
	} else if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	held, err := hold(j.root(), file, name)
	if err != nil || !held {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// hold locks a segment's file without waiting, until it is closed or the process ends. Returns false
// if another holds it, or has held it and removed the file.
func hold(folder *os.Root, file *os.File, name string) (bool, error) {
	if locked, err := files.TryLock(file); err != nil || !locked {
		return false, wrap("lock segment", err)
	}
	ours, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("lock segment: %w", err)
	}
	there, err := folder.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("lock segment: %w", err)
	}
	return os.SameFile(ours, there), nil
}

// remove removes a segment that is held.
func (j *Journal) remove(name string) error {
	if err := j.root().Remove(name); err != nil {
		return fmt.Errorf("remove segment: %w", err)
	}
	return nil
}

// segmentID returns the id of a segment by its file's name.
func segmentID(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// setAside keeps a segment that is held under a name that is not read again, which it returns.
func (j *Journal) setAside(name string) (string, error) {
	aside := segmentID(name) + corruptSuffix
	if err := j.root().Rename(name, aside); err != nil {
		return "", fmt.Errorf("set segment aside: %w", err)
	}
	return aside, nil
}

// sync makes removals durable.
func (j *Journal) sync() error {
	folder, err := j.root().Open(".")
	if err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	if err := errors.Join(files.SyncFolder(folder), folder.Close()); err != nil {
		return fmt.Errorf("sync journal: %w", err)
	}
	return nil
}
