package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Stats is a snapshot of the queue.
type Stats struct {
	// OldestDue is, for each lane, how long the oldest due job has been waiting to start; 0 if there is none.
	OldestDue map[string]time.Duration
	// Jobs counts unfinished and discarded jobs.
	Jobs []JobCount
}

// JobCount is the number of jobs of a kind in a state.
type JobCount struct {
	Kind string
	// State is River's, except that all jobs for later are "scheduled".
	State rivertype.JobState
	Count int64
}

// Stats returns a snapshot of the queue. It reads jobs that are not completed, through their index: there may be many
// completed ones, which are kept for an hour.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	s := Stats{OldestDue: map[string]time.Duration{}}
	for _, lane := range []string{river.QueueDefault, mailLane} {
		var seconds float64
		if err := q.db.ReadSQL().QueryRowContext(ctx, q.oldestDue(lane)).Scan(&seconds); err != nil {
			return Stats{}, fmt.Errorf("age of the oldest job: %w", err)
		}
		s.OldestDue[lane] = max(0, time.Duration(seconds*float64(time.Second)))
	}
	var err error
	s.Jobs, err = q.countJobs(ctx)
	return s, err
}

// oldestDue returns the query for the age of a lane's oldest due job in seconds. It finds the first job of each state
// and priority in the index from which workers fetch.
func (q *Queue) oldestDue(lane string) string {
	states := []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}
	priorities := []int{firstPriority, bulkPriority}
	firsts := make([]string, 0, len(states)*len(priorities))
	for _, state := range states {
		for _, priority := range priorities {
			firsts = append(firsts, fmt.Sprintf("SELECT min(scheduled_at) AS due FROM river_job"+
				" WHERE state = '%s' AND queue = '%s' AND priority = %d", state, lane, priority))
		}
	}
	age := "extract(epoch FROM now() - min(due))"
	if q.db.Dialect() == dialect.SQLite {
		age = "(julianday('now') - julianday(min(due))) * 86400"
	}
	return "SELECT coalesce(" + age + ", 0) FROM (" + strings.Join(firsts, " UNION ALL ") + ") AS firsts"
}

func (q *Queue) countJobs(ctx context.Context) ([]JobCount, error) {
	now := "now()"
	if q.db.Dialect() == dialect.SQLite {
		now = "datetime('now', 'subsec')"
	}
	rows, err := q.db.ReadSQL().QueryContext(ctx,
		"SELECT kind, CASE WHEN state = 'available' AND scheduled_at > "+now+
			" THEN 'scheduled' ELSE state END AS s, count(*)"+
			" FROM river_job WHERE state IN ('available', 'cancelled', 'discarded', 'retryable', 'running', 'scheduled')"+
			" GROUP BY kind, s ORDER BY kind, s")
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	var counts []JobCount
	for rows.Next() {
		var c JobCount
		if err := rows.Scan(&c.Kind, &c.State, &c.Count); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		counts = append(counts, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return counts, nil
}
