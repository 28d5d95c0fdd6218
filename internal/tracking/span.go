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
	// defaultDays is the length of a span whose start is not given, in days, unless it is in hours.
	defaultDays = 30
	// maxPoints is how many points a series has at most.
	maxPoints = 10_000
)

// The years that a Timestamp can hold are 1 to 9999.
var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// span is a range of time in whole steps, without its end.
type span struct {
	start, end time.Time
	step       time.Duration
}

// timeRange is a request with a range of time.
type timeRange interface {
	GetStartTime() *timestamppb.Timestamp
	GetEndTime() *timestamppb.Timestamp
}

// seriesSpan returns the span of a series. Returns a fault if it is empty or has too many points.
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

// rankingSpan returns the span of a ranking. Returns a fault if it is empty.
func rankingSpan(req timeRange) (span, error) {
	return newSpan(req.GetStartTime(), req.GetEndTime(), time.Hour, defaultDays*day)
}

// newSpan returns the span between two times, of which the end is now and the start a length before
// the end if they are not given, rounded outwards to whole steps.
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

// floor rounds a time down to the hour or day in UTC. Time.Truncate counts from the first of January
// in year 1, midnight, as both do.
func floor(t time.Time, step time.Duration) time.Time {
	return t.UTC().Truncate(step)
}

// points returns how many steps the span has.
func (s span) points() int {
	seconds := s.end.Unix() - s.start.Unix() // a Duration holds 292 years only
	return int(seconds / int64(s.step/time.Second))
}

// at returns the start of the i-th step.
func (s span) at(i int) time.Time {
	return s.start.Add(time.Duration(i) * s.step)
}

// index returns which step a time in the span is in.
func (s span) index(t time.Time) int {
	return span{start: s.start, end: floor(t, s.step), step: s.step}.points()
}

// before returns the span of the same length that ends where this one starts, without what lies
// before the first time.
func (s span) before() span {
	start := firstTime
	// Seconds, because a Duration holds 292 years only.
	if seconds := 2*s.start.Unix() - s.end.Unix(); seconds > firstTime.Unix() {
		start = time.Unix(seconds, 0).UTC()
	}
	return span{start: start, end: s.start, step: s.step}
}

// queryEnd returns the end as the databases can compare it: SQLite compares times as text, in which
// the year 10000 comes before 9999.
func (s span) queryEnd() time.Time {
	if s.end.After(lastTime) {
		return lastTime
	}
	return s.end
}
