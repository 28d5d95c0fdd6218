package queue

import (
	"context"
	"database/sql"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/zebrands/catalog/internal/clock"
)

// riverTime makes River tell the time by the clock of the database, which it compares with times in the database. River
// offers that for tests.
type riverTime struct{ clock *clock.Clock }

// Now returns the current time, with a monotonic reading.
func (t riverTime) Now() time.Time { return t.clock.Reading() }

// NowOrNil returns nil: statements use the time of the database itself.
func (riverTime) NowOrNil() *time.Time { return nil }

// GetExecutor returns the executor of statements.
func (d wakingDriver) GetExecutor() riverdriver.Executor {
	return clockExecutor{d.Driver.GetExecutor(), d.waker.clock}
}

// clockExecutor corrects the times of River's maintenance, which are the machine's whatever riverTime says. With a
// clock that is ahead it would take every running job for stuck, and run it again.
type clockExecutor struct {
	riverdriver.Executor

	clock *clock.Clock
}

var _ riverdriver.Driver[*sql.Tx] = wakingDriver{}

// JobGetStuck returns jobs that have been running for too long.
func (e clockExecutor) JobGetStuck(
	ctx context.Context, params *riverdriver.JobGetStuckParams,
) ([]*rivertype.JobRow, error) {
	corrected := *params
	corrected.StuckHorizon = params.StuckHorizon.Add(e.clock.Offset())
	return e.Executor.JobGetStuck(ctx, &corrected)
}

// JobRescueMany makes stuck jobs available again.
func (e clockExecutor) JobRescueMany(
	ctx context.Context, params *riverdriver.JobRescueManyParams,
) (*struct{}, error) {
	corrected := *params
	corrected.StuckHorizon = params.StuckHorizon.Add(e.clock.Offset())
	return e.Executor.JobRescueMany(ctx, &corrected)
}

// JobDeleteBefore deletes jobs that ended long ago.
func (e clockExecutor) JobDeleteBefore(ctx context.Context, params *riverdriver.JobDeleteBeforeParams) (int, error) {
	corrected, offset := *params, e.clock.Offset()
	corrected.CancelledFinalizedAtHorizon = params.CancelledFinalizedAtHorizon.Add(offset)
	corrected.CompletedFinalizedAtHorizon = params.CompletedFinalizedAtHorizon.Add(offset)
	corrected.DiscardedFinalizedAtHorizon = params.DiscardedFinalizedAtHorizon.Add(offset)
	return e.Executor.JobDeleteBefore(ctx, &corrected)
}

// QueueDeleteExpired deletes the rows of lanes that nobody has worked for long.
func (e clockExecutor) QueueDeleteExpired(
	ctx context.Context, params *riverdriver.QueueDeleteExpiredParams,
) ([]string, error) {
	corrected := *params
	corrected.UpdatedAtHorizon = params.UpdatedAtHorizon.Add(e.clock.Offset())
	return e.Executor.QueueDeleteExpired(ctx, &corrected)
}
