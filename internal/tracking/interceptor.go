package tracking

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	catalogv1 "github.com/zebrands/catalog/gen/catalog/v1"
	"github.com/zebrands/catalog/internal/auth"
	"github.com/zebrands/catalog/internal/clock"
)

// failureLogInterval rate-limits log lines about journal write failures.
const failureLogInterval = 10 * time.Second

// Interceptor counts successful reads of products by anonymous callers. It must be the innermost interceptor,
// after authentication and validation.
type Interceptor struct {
	journal *Journal
	bots    *botMatcher
	clock   *clock.Clock
	log     *slog.Logger
	quota   quota

	counted   [2][2]atomic.Int64 // counted products, by kind and bot
	uncounted atomic.Int64       // products lost to journal failures

	mu     sync.Mutex
	lost   int64     // lost reads since the last log line
	logged time.Time // when a failure was last logged
}

// NewInterceptor returns an interceptor that appends to a journal, with the times of a clock. Returns an error only if
// the embedded bot list is invalid.
func NewInterceptor(journal *Journal, c *clock.Clock, log *slog.Logger) (*Interceptor, error) {
	bots, err := newBotMatcher()
	if err != nil {
		return nil, err
	}
	return &Interceptor{journal: journal, clock: c, bots: bots, log: log}, nil
}

// WrapUnary counts the products of a response before it is sent. If the journal cannot be written, it counts in
// memory, and logs that; the call does not fail.
func (i *Interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		if err != nil {
			return resp, err
		}
		if _, admin := auth.PrincipalFrom(ctx); admin {
			return resp, nil
		}
		if isSpeculative(req.Header()) {
			return resp, nil
		}
		kind, products := productsIn(resp.Any())
		if len(products) == 0 {
			return resp, nil
		}
		read := Read{
			Time:     i.clock.Now(),
			Kind:     kind,
			Bot:      i.bots.Match(req.Header().Get("User-Agent")),
			Products: products,
		}
		read.From = i.origin(ctx, req.Any(), read)
		if err := i.journal.Append(read); err != nil && !i.keep(ctx, read, err) {
			return resp, nil
		}
		i.counted[read.Kind][index(read.Bot)].Add(int64(len(products)))
		return resp, nil
	}
}

// WrapStreamingClient returns next: streams are not counted.
func (i *Interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler returns next: streams are not counted.
func (i *Interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// origin returns the product from which the reader came to the product of a read, if that counts; zero if not.
func (i *Interceptor) origin(ctx context.Context, request any, read Read) uuid.UUID {
	get, ok := request.(*catalogv1.GetProductRequest)
	if !ok || read.Bot || get.GetFromProductId() == "" {
		return uuid.Nil
	}
	from, err := uuid.Parse(get.GetFromProductId())
	if err != nil || from == read.Products[0] {
		return uuid.Nil
	}
	if !i.quota.spend(read.Time, auth.ClientFrom(ctx).Network(), from, read.Products[0]) {
		return uuid.Nil
	}
	return from
}

func index(bot bool) int {
	if bot {
		return 1
	}
	return 0
}

// keep counts a read in memory after the journal failed. Returns false if there was no room: the read is not counted.
func (i *Interceptor) keep(ctx context.Context, read Read, err error) bool {
	kept := i.journal.Keep(read)
	i.mu.Lock()
	defer i.mu.Unlock()
	if !kept {
		i.uncounted.Add(int64(len(read.Products)))
		i.lost += int64(len(read.Products))
	}
	now := time.Now()
	if now.Sub(i.logged) < failureLogInterval {
		return kept
	}
	if i.lost > 0 {
		i.log.ErrorContext(ctx, "reads were answered but not counted", "error", err, "reads", i.lost)
	} else {
		i.log.ErrorContext(ctx, "the journal cannot be written: reads are counted in memory", "error", err)
	}
	i.logged, i.lost = now, 0
	return kept
}

// productsIn returns the ids of the products in a response and the kind of read; none for other responses.
func productsIn(response any) (Kind, []uuid.UUID) {
	switch m := response.(type) {
	case *catalogv1.GetProductResponse:
		return View, ids(m.GetProduct())
	case *catalogv1.BatchGetProductsResponse:
		return View, ids(m.GetProducts()...)
	case *catalogv1.ListProductsResponse:
		return Impression, ids(m.GetProducts()...)
	case *catalogv1.ListTrendingProductsResponse:
		return Impression, ids(m.GetProducts()...)
	case *catalogv1.ListRelatedProductsResponse:
		products := make([]*catalogv1.Product, len(m.GetEntries()))
		for i, entry := range m.GetEntries() {
			products[i] = entry.GetProduct()
		}
		return Impression, ids(products...)
	default:
		return View, nil
	}
}

// isSpeculative reports whether a browser loads something that nobody may ever see. A prerendered page sends the header
// with each of its requests.
func isSpeculative(header http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		purpose, _, _ := strings.Cut(header.Get(name), ";")
		if strings.EqualFold(strings.TrimSpace(purpose), "prefetch") {
			return true
		}
	}
	return false
}

// ids returns the ids of products, each once however often it was asked for.
func ids(products ...*catalogv1.Product) []uuid.UUID {
	list := make([]uuid.UUID, 0, len(products))
	for _, p := range products {
		if id, err := uuid.Parse(p.GetId()); err == nil { // the server made the id, so it parses
			list = append(list, id)
		}
	}
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, compareIDs)
	return slices.Compact(list)
}
