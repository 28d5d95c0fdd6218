package clock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zebrands/catalog/internal/clock"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// machine is a machine's clock, which tests move.
type machine struct{ now time.Time }

func (m *machine) read() time.Time { return m.now }

// ask returns a database's time, half of the round trip after it is asked.
func (m *machine) ask(database time.Time, trip time.Duration) func() (time.Time, error) {
	return func() (time.Time, error) {
		m.now = m.now.Add(trip)
		return database.Add(trip / 2), nil
	}
}

func TestTheClockFollowsTheDatabase(t *testing.T) {
	m := &machine{now: noon.Add(time.Hour)}
	c := clock.New(m.read)
	require.Equal(t, noon.Add(time.Hour), c.Now(), "nobody has told it")
	require.NoError(t, c.Follow(m.ask(noon, 10*time.Millisecond)))
	require.Equal(t, noon.Add(5*time.Millisecond), c.Now(), "half a trip behind, never ahead")
	require.InDelta(t, -time.Hour, c.Offset(), float64(time.Second))

	m.now = m.now.Add(time.Second)
	require.Equal(t, noon.Add(time.Second+5*time.Millisecond), c.Now())

	// A slow answer says less than is known.
	before := c.Offset()
	require.NoError(t, c.Follow(m.ask(noon.Add(time.Second+10*time.Millisecond), time.Minute)))
	require.Equal(t, before, c.Offset())
	// A faster one says more.
	require.NoError(t, c.Follow(m.ask(noon.Add(61*time.Second+10*time.Millisecond), 2*time.Millisecond)))
	require.Equal(t, before+4*time.Millisecond, c.Offset())
	// Somebody sets the database's clock, or the machine's.
	require.NoError(t, c.Follow(m.ask(noon.Add(-time.Hour), 0)))
	require.Equal(t, noon.Add(-time.Hour), c.Now())

	failure := errors.New("away")
	require.ErrorIs(t, c.Follow(func() (time.Time, error) { return noon, failure }), failure)
	require.Equal(t, noon.Add(-time.Hour), c.Now())
}

func TestTheClockHasThePrecisionOfTheDatabases(t *testing.T) {
	c := clock.New(func() time.Time { return noon.In(time.FixedZone("", 3600)).Add(1999) })
	require.Equal(t, noon.Add(time.Microsecond), c.Now())
	require.Equal(t, time.Minute, c.Until(noon.Add(time.Minute+time.Microsecond)))
	require.Equal(t, time.Minute, c.Since(noon.Add(time.Microsecond-time.Minute)))
}
