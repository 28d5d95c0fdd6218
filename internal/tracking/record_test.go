package tracking

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func newIDs(n int) []uuid.UUID {
	list := make([]uuid.UUID, n)
	for i := range list {
		list[i] = uuid.Must(uuid.NewV7())
	}
	return list
}

func sampleReads() []Read {
	at := time.Date(2026, 3, 1, 12, 59, 59, 0, time.UTC)
	return []Read{
		{Time: at, Kind: View, Products: newIDs(1)},
		{Time: at, Kind: View, Bot: true, Products: newIDs(2)},
		{Time: at.Add(time.Second), Kind: Impression, Products: newIDs(1000)},
		{Time: at.Add(time.Hour), Kind: Impression, Bot: true, Products: newIDs(1)},
	}
}

func segmentOf(t testing.TB, reads ...Read) []byte {
	t.Helper()
	segment := []byte(views.magic)
	for _, r := range reads {
		var err error
		segment, err = appendRecord(segment, r)
		require.NoError(t, err)
	}
	return segment
}

func readAll(segment []byte) ([]Read, error) {
	var reads []Read
	err := readSegment(bytes.NewReader(segment), views, func(r Read) { reads = append(reads, r) })
	return reads, err
}

func TestSegmentHoldsWhatWasAppended(t *testing.T) {
	want := sampleReads()
	got, err := readAll(segmentOf(t, want...))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestTransitionsHaveSegmentsOfTheirOwn(t *testing.T) {
	from := newIDs(1)[0]
	want := Read{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Kind: View, From: from, Products: newIDs(1)}
	segment, err := appendRecord([]byte(transitions.magic), want)
	require.NoError(t, err)
	var got []Read
	require.NoError(t, readSegment(bytes.NewReader(segment), transitions, func(r Read) { got = append(got, r) }))
	require.Equal(t, []Read{want}, got)
	_, err = readAll(segment)
	require.ErrorIs(t, err, errCorrupt, "in the format of the releases before")

	empty, err := appendRecord([]byte(transitions.magic), Read{Kind: View})
	require.NoError(t, err)
	none := func(Read) { t.Fatal("no read") }
	require.ErrorIs(t, readSegment(bytes.NewReader(empty), transitions, none), errCorrupt, "no origin")
}

func TestEmptySegmentHoldsNothing(t *testing.T) {
	for _, segment := range [][]byte{{}, []byte(views.magic)} {
		got, err := readAll(segment)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func TestTornSegmentKeepsItsWholeRecords(t *testing.T) {
	first := sampleReads()[0]
	whole := segmentOf(t, first)
	segment := segmentOf(t, first, sampleReads()[1])
	for cut := len(whole) + 1; cut < len(segment); cut++ {
		got, err := readAll(segment[:cut])
		require.ErrorIs(t, err, errCorrupt, "cut at %d", cut)
		require.Equal(t, []Read{first}, got, "cut at %d", cut)
	}
}

func TestFlippedBitEndsTheSegment(t *testing.T) {
	reads := sampleReads()[:2]
	start := len(segmentOf(t, reads[0]))
	for bit := range 8 * (len(segmentOf(t, reads...)) - start) {
		segment := segmentOf(t, reads...)
		segment[start+bit/8] ^= 1 << (bit % 8)
		got, err := readAll(segment)
		require.ErrorIs(t, err, errCorrupt, "bit %d", bit)
		require.Equal(t, reads[:1], got, "bit %d", bit)
	}
}

func TestReadTooLargeForARecordIsRefused(t *testing.T) {
	_, err := appendRecord(nil, Read{Products: make([]uuid.UUID, maxBody/idSize)})
	require.ErrorIs(t, err, errTooMany)
}

func FuzzReadSegment(f *testing.F) {
	f.Add([]byte{}, false)
	f.Add(segmentOf(f, sampleReads()[:2]...), false) // small, because every find is made as small as it gets
	moved, err := appendRecord([]byte(transitions.magic), Read{From: newIDs(1)[0], Products: newIDs(1)})
	require.NoError(f, err)
	f.Add(moved, true)
	f.Fuzz(func(t *testing.T, segment []byte, isMoves bool) {
		format := views
		if isMoves {
			format = transitions
		}
		again := []byte(format.magic)
		err := readSegment(bytes.NewReader(segment), format, func(r Read) {
			var err error
			again, err = appendRecord(again, r)
			require.NoError(t, err)
		})
		if err == nil && len(segment) > 0 {
			require.Equal(t, segment, again)
		} else if len(again) > len(format.magic) {
			require.True(t, bytes.HasPrefix(segment, again))
		}
	})
}
