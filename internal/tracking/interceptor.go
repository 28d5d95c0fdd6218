package tracking

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
)

// failureLogInterval is how often a journal that cannot be written is logged at most.
const failureLogInterval = 10 * time.Second

// Interceptor counts successful reads of products by anonymous callers. It must stand behind
// authentication and validation, next to the handler.
type Interceptor struct {
	journal *Journal
	bots    *botMatcher
	log     *slog.Logger

	counted   [2][2]atomic.Int64 // products in answers that were counted, by kind and whether a robot read
	uncounted atomic.Int64       // those that could not be

	mu     sync.Mutex
	lost   int64     // reads that were not counted and not logged yet
	logged time.Time // when a failure was last logged
}

// NewInterceptor returns an interceptor that appends to a journal. Returns an error only if the list
// of robots that is built in does not compile.
func NewInterceptor(journal *Journal, log *slog.Logger) (*Interceptor, error) {
	bots, err := newBotMatcher()
	if err != nil {
		return nil, err
	}
	return &Interceptor{journal: journal, bots: bots, log: log}, nil
}

// WrapUnary counts what a call returned, before the response leaves. A read that cannot be written to
// the journal is answered all the same, and logged.
func (i *Interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		if err != nil {
			return resp, err
		}
		if _, admin := auth.PrincipalFrom(ctx); admin {
			return resp, nil
		}
		kind, products := productsIn(resp.Any())
		if len(products) == 0 {
			return resp, nil
		}
		read := Read{
			Time:     time.Now(),
			Kind:     kind,
			Bot:      i.bots.Match(req.Header().Get("User-Agent")),
			Products: products,
		}
		if err := i.journal.Append(read); err != nil {
			i.failed(ctx, len(products), err)
			return resp, nil
		}
		i.counted[read.Kind][index(read.Bot)].Add(int64(len(products)))
		return resp, nil
	}
}

// WrapStreamingClient returns next: no call that counts is a stream.
func (i *Interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler returns next: no call that counts is a stream.
func (i *Interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func index(bot bool) int {
	if bot {
		return 1
	}
	return 0
}

func (i *Interceptor) failed(ctx context.Context, products int, err error) {
	i.uncounted.Add(int64(products))
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lost += int64(products)
	if now := time.Now(); now.Sub(i.logged) >= failureLogInterval {
		i.log.ErrorContext(ctx, "reads were answered but not counted", "error", err, "reads", i.lost)
		i.logged, i.lost = now, 0
	}
}

// productsIn returns the ids of the products that a response holds, and how they were read; none for
// a response that does not count.
func productsIn(response any) (Kind, []uuid.UUID) {
	switch m := response.(type) {
	case *catalogv1.GetProductResponse:
		return View, ids(m.GetProduct())
	case *catalogv1.BatchGetProductsResponse:
		return View, ids(m.GetProducts()...)
	case *catalogv1.ListProductsResponse:
		return Impression, ids(m.GetProducts()...)
	default:
		return View, nil
	}
}

func ids(products ...*catalogv1.Product) []uuid.UUID {
	list := make([]uuid.UUID, 0, len(products))
	for _, p := range products {
		if id, err := uuid.Parse(p.GetId()); err == nil { // the server made the id, so it parses
			list = append(list, id)
		}
	}
	return list
}
