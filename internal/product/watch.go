package product

import (
	"context"
	"errors"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/db"
	"github.com/zebrands/catalog/internal/fault"
	"github.com/zebrands/catalog/internal/history"
)

const (
	// maxStreams and maxStreamsPerActor are the limits of open streams without the option MaxStreams.
	maxStreams, maxStreamsPerActor = 1000, 20
	// heartbeat is the default time after which a stream without changes sends its cursor. The contract promises 15 s.
	heartbeat = 10 * time.Second
	// streamRetryAfter is the retry delay for callers while there are too many streams.
	streamRetryAfter = 10 * time.Second
)

var errNoPrincipal = errors.New("product: a stream without an administrator")

// Option configures NewService.
type Option func(*Service)

// MaxStreams bounds the open streams of the service, and those of each administrator and API key.
func MaxStreams(all, perActor int) Option {
	return func(s *Service) { s.streams.max, s.streams.maxPerActor = all, perActor }
}

// Heartbeat sets the time after which a stream without changes sends its cursor.
func Heartbeat(d time.Duration) Option { return func(s *Service) { s.streams.heartbeat = d } }

// streams are the open streams of changes.
type streams struct {
	feed             *history.Feed
	guard            *auth.Guard
	heartbeat        time.Duration
	max, maxPerActor int

	mu      sync.Mutex
	open    int
	byActor map[uuid.UUID]int
}

func newStreams(d *db.DB) *streams {
	return &streams{
		feed: history.NewFeed(d), guard: auth.NewGuard(d), heartbeat: heartbeat,
		max: maxStreams, maxPerActor: maxStreamsPerActor, byActor: map[uuid.UUID]int{},
	}
}

// WatchProductChanges streams the changes after a cursor, until the caller, the session, the API key or the process
// ends it. Returns TOO_MANY_STREAMS, SESSION_ENDED, TOKEN_EXPIRED, API_KEY_INVALID, DATABASE_UNAVAILABLE, or the faults
// of history.Feed.
func (s *Service) WatchProductChanges(
	ctx context.Context, req *catalogv1.WatchProductChangesRequest,
	stream *connect.ServerStream[catalogv1.WatchProductChangesResponse],
) error {
	p, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return errNoPrincipal
	}
	leave, err := s.streams.enter(p.ActorID())
	if err != nil {
		return err
	}
	defer leave()
	guarded, release := s.streams.guard.Hold(ctx, p)
	defer release()
	err = s.streams.feed.Watch(guarded, req, s.streams.heartbeat, stream.Send)
	if guarded.Err() != nil {
		return context.Cause(guarded) // whatever failed because of it
	}
	return err
}

// enter counts a stream until leave is called. Returns TOO_MANY_STREAMS.
func (s *streams) enter(actor uuid.UUID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byActor[actor] >= s.maxPerActor:
		return nil, tooMany("You have too many open streams; end one of them, or try again later.", s.maxPerActor)
	case s.open >= s.max:
		return nil, tooMany("The server has too many open streams; try again later.", s.max)
	}
	s.open++
	s.byActor[actor]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		s.byActor[actor]--
		if s.byActor[actor] == 0 {
			delete(s.byActor, actor)
		}
	}, nil
}

func tooMany(message string, limit int) error {
	return fault.New(fault.Throttled, fault.TooManyStreams, "%s The limit is %d.", message, limit).After(streamRetryAfter)
}
