package tracking

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/convert"
	"github.com/zebrands/catalog/internal/fault"
)

const (
	day = 24 * time.Hour
	// defaultDays is the default length of a span in days, unless its steps are hours.
	defaultDays = 30
	// maxPoints bounds the points of a series.
	maxPoints = 10_000
)

// The range of a Timestamp is the years 1 to 9999.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// span is a half-open time range in whole steps.
type span struct {
	start, end time.Time
	step       time.Duration
}

// timeRange is a request with a time range.
type timeRange interface {
	GetStartTime() *timestamppb.Timestamp
	GetEndTime() *timestamppb.Timestamp
}

// seriesSpan returns the span of a time series, or a fault if it is empty or has too many points.
func seriesSpan(req interface {
	timeRange
	GetGranularity() catalogv1.Granularity
},
) (span, error) {
	step, length := day, defaultDays*day
	if req.GetGranularity() == catalogv1.Granularity_GRANULARITY_HOUR {
		step, length = time.Hour, day
	}
	s, err := newSpan(req.GetStartTime(), req.GetEndTime(), step, length)
	if err != nil {
		return span{}, err
	}
	if n := s.points(); n > maxPoints {
		return span{}, fault.Field("start_time", fault.FieldOutOfRange,
			"must be at most %d points before end_time, but is %d", maxPoints, n)
	}
	return s, nil
}

// rankingSpan returns the span of a ranking, or a fault if it is empty.
func rankingSpan(req timeRange) (span, error) {
	return newSpan(req.GetStartTime(), req.GetEndTime(), time.Hour, defaultDays*day)
}

// newSpan returns the span between two times, rounded outwards to whole steps. By default, it ends now and has the
// given length.
func newSpan(from, to *timestamppb.Timestamp, step, length time.Duration) (span, error) {
	if err := convert.CheckTime("start_time", from); err != nil {
		return span{}, err
	}
	if err := convert.CheckTime("end_time", to); err != nil {
		return span{}, err
	}
	end := time.Now().UTC()
	if to != nil {
		end = to.AsTime()
	}
	start := end.Add(-length)
	if from != nil {
		start = from.AsTime()
	} else if start.Before(firstTime) {
		start = firstTime
	}
	if !start.Before(end) {
		if to != nil {
			return span{}, fault.Field("end_time", fault.FieldOutOfRange, "must be after start_time")
		}
		return span{}, fault.Field("start_time", fault.FieldOutOfRange,
			"must be before end_time, which is now if it is not set")
	}
	s := span{start: floor(start, step), end: floor(end, step), step: step}
	if s.end.Before(end) {
		s.end = s.end.Add(step)
	}
	return s, nil
}

// floor rounds a time down to the hour or day in UTC. Truncate works, because its zero is midnight of a day.
func floor(t time.Time, step time.Duration) time.Time {
	return t.UTC().Truncate(step)
}

// points returns the number of steps.
func (s span) points() int {
	seconds := s.end.Unix() - s.start.Unix() // a Duration overflows after 292 years
	return int(seconds / int64(s.step/time.Second))
}

// at returns the start of the i-th step.
func (s span) at(i int) time.Time {
	return s.start.Add(time.Duration(i) * s.step)
}

// index returns the step of a time in the span.
func (s span) index(t time.Time) int {
	return span{start: s.start, end: floor(t, s.step), step: s.step}.points()
}

// before returns the preceding span of the same length, clipped at firstTime.
func (s span) before() span {
	start := firstTime
	// Seconds, because a Duration overflows after 292 years.
	if seconds := 2*s.start.Unix() - s.end.Unix(); seconds > firstTime.Unix() {
		start = time.Unix(seconds, 0).UTC()
	}
	return span{start: start, end: s.start, step: s.step}
}

// queryEnd returns the end for database queries, clipped to year 9999: SQLite compares times as text, where the
// year 10000 sorts before 9999.
func (s span) queryEnd() time.Time {
	if s.end.After(lastTime) {
		return lastTime
	}
	return s.end
}
