// Package clock is the clock of times that processes compare: the database's, whose machine all of them share.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock tells the time. A clock that follows a database's is never ahead of it, so that what is due now by this clock
// is due by the database's. It is safe for concurrent use.
type Clock struct {
	machine func() time.Time
	start   time.Time    // a reading of machine
	offset  atomic.Int64 // of the database's clock, in nanoseconds
	follows atomic.Bool
}

// Machine returns a clock that is the machine's until Follow.
func Machine() *Clock { return New(time.Now) }

// New is Machine with another machine's clock.
func New(machine func() time.Time) *Clock { return &Clock{machine: machine, start: machine()} }

// Now returns the current time with the precision of both databases: UTC, in whole microseconds.
func (c *Clock) Now() time.Time { return c.Reading().UTC().Truncate(time.Microsecond) }

// Until returns the time until t.
func (c *Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// Since returns the time since t.
func (c *Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Reading returns the current time with a monotonic reading, for measurements.
func (c *Clock) Reading() time.Time {
	if !c.follows.Load() {
		return c.machine()
	}
	return c.local().Add(time.Duration(c.offset.Load()))
}

// Offset returns how far the database's clock is ahead of the machine's.
func (c *Clock) Offset() time.Duration { return c.Reading().Round(0).Sub(c.machine().Round(0)) }

// local returns the time that has passed since start by the monotonic clock, added to start: somebody who sets the
// machine's clock does not change it.
func (c *Clock) local() time.Time { return c.start.Add(c.machine().Sub(c.start)) }

// Follow corrects the clock by the database's. ask returns the time of the database; it was that at some moment while
// ask ran. So the offset has bounds. One that is within them stays: they are wide when the network is slow.
func (c *Clock) Follow(ask func() (time.Time, error)) error {
	sent := c.local()
	database, err := ask()
	if err != nil {
		return err
	}
	least, most := database.Sub(c.local()), database.Sub(sent)
	offset := time.Duration(c.offset.Load())
	if !c.follows.Load() || offset < least || offset > most {
		c.offset.Store(int64(least))
		c.follows.Store(true)
	}
	return nil
}
