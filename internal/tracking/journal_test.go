package tracking

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func openJournal(t testing.TB, dir string) *Journal {
	t.Helper()
	j, err := OpenJournal(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

// takeAll sums and removes every segment that nobody holds.
func takeAll(t testing.TB, j *Journal) *totals {
	t.Helper()
	names, err := j.names()
	require.NoError(t, err)
	sums := newTotals()
	for _, name := range names {
		segment, err := j.take(name)
		require.NoError(t, err)
		if segment != nil {
			f, ok := formatNamed(name)
			require.True(t, ok)
			if err := readSegment(segment, f, sums.add); !errors.Is(err, errCorrupt) { // a kill may tear the last record
				require.NoError(t, err)
			}
			require.NoError(t, j.remove(name))
			require.NoError(t, segment.Close())
		}
	}
	return sums
}

func TestConcurrentAppendsAreAllKept(t *testing.T) {
	j := openJournal(t, t.TempDir())
	const callers, each = 8, 500
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range each {
				if i%100 == 0 {
					require.NoError(t, j.Rotate())
				}
				require.NoError(t, j.Append(Read{Time: time.Now(), Products: newIDs(2)}))
			}
		})
	}
	wg.Wait()
	require.NoError(t, j.Rotate())
	require.EqualValues(t, callers*each*2, takeAll(t, j).reads())
}

func TestLiveSegmentIsNotTaken(t *testing.T) {
	dir := t.TempDir()
	live, other := openJournal(t, dir), openJournal(t, dir)
	require.NoError(t, live.Append(Read{Time: time.Now(), Products: newIDs(1)}))
	require.True(t, takeAll(t, other).empty())
	require.NoError(t, live.Append(Read{Time: time.Now(), Products: newIDs(1)}))
	require.NoError(t, live.Rotate())
	require.EqualValues(t, 2, takeAll(t, other).reads())
}

func TestFailedAppendDoesNotSpoilWhatFollows(t *testing.T) {
	j := openJournal(t, t.TempDir())
	one := Read{Time: time.Now(), Products: newIDs(1)}
	require.NoError(t, j.Append(one))
	writable := j.live[views].file
	names, err := j.names()
	require.NoError(t, err)
	readOnly, err := j.folder.Open(names[0])
	require.NoError(t, err)
	j.live[views].file = readOnly // every write fails, and so does repairing it
	require.Error(t, j.Append(one))
	require.NoError(t, j.Append(one), "in a new segment")
	require.NoError(t, writable.Close())
	require.NoError(t, j.Rotate())
	require.EqualValues(t, 2, takeAll(t, j).reads())
}

func TestAppendAfterCloseFails(t *testing.T) {
	j := openJournal(t, t.TempDir())
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Append(Read{Products: newIDs(1)}), errClosed)
}

func TestIdleJournalHasNoFiles(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	require.NoError(t, j.Rotate())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Empty(t, files)
}

const childDir = "CATALOG_TEST_JOURNAL"

// TestKilledProcessLosesNoCount appends in a child process, which says after each append how many it
// made, and kills it.
func TestKilledProcessLosesNoCount(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		appendUntilKilled(t, dir)
	}
	dir := t.TempDir()
	for range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcessLosesNoCount$")
		child.Env = append(os.Environ(), childDir+"="+dir)
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		lines, said := bufio.NewScanner(out), int64(0)
		for lines.Scan() {
			if said, err = strconv.ParseInt(lines.Text(), 10, 64); said == 200 {
				require.NoError(t, child.Process.Kill())
			}
			require.NoError(t, err)
		}
		require.Error(t, child.Wait(), "it was killed")
		kept := takeAll(t, openJournal(t, dir)).reads()
		require.GreaterOrEqual(t, kept, said)
		require.LessOrEqual(t, kept, said+1, "the last append may not have been said")
	}
}

func appendUntilKilled(t *testing.T, dir string) {
	t.Helper()
	j := openJournal(t, dir)
	for n := 1; ; n++ {
		read := Read{Time: time.Now(), Products: newIDs(1)}
		if n%2 == 0 {
			read.From = uuid.Must(uuid.NewV7())
		}
		require.NoError(t, j.Append(read))
		_, err := os.Stdout.WriteString(strconv.Itoa(n) + "\n")
		require.NoError(t, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, products := range []int{1, 50, 1000} {
		b.Run(strconv.Itoa(products), func(b *testing.B) {
			j := openJournal(b, b.TempDir())
			read := Read{Time: time.Now(), Products: make([]uuid.UUID, products)}
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := j.Append(read); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
